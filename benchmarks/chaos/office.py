"""Office: plans change while tablets pull; slow transactions commit late and out of order."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from benchmarks.chaos.dice import Dice

SLOW_S = (0.0, 0.0, 0.05, 0.2, 0.6)
"""How long a transaction stays open after its changes."""

RENAME = """
UPDATE patrol_stop SET name = :name, leave_at = leave_at + interval '1 minute'
WHERE id = (SELECT s.id FROM patrol_stop s JOIN patrol_task t ON t.id = s.task_id
            WHERE t.id = ANY(:tasks) ORDER BY md5(s.id::text || :word) LIMIT 1)
"""
MOVE = """
UPDATE patrol_stop SET task_id = :task, seq = (
  SELECT coalesce(max(seq), 0) + 1 FROM patrol_stop WHERE task_id = :task)
WHERE id = (SELECT s.id FROM patrol_stop s JOIN patrol_task t ON t.id = s.task_id
            WHERE t.id = ANY(:tasks) AND t.id <> :task ORDER BY md5(s.id::text || :word) LIMIT 1)
"""
REMOVE = """
DELETE FROM patrol_stop
WHERE id = (SELECT s.id FROM patrol_stop s JOIN patrol_task t ON t.id = s.task_id
            WHERE t.id = ANY(:tasks) ORDER BY md5(s.id::text || :word) LIMIT 1)
"""
ADD = """
INSERT INTO patrol_stop (task_id, grid_id, seq, object_kind, object_id, name, arrive_at, leave_at,
                         geom)
SELECT t.id, NULL, coalesce((SELECT max(seq) FROM patrol_stop WHERE task_id = t.id), 0) + 1,
       'outlet', 1, :name, t.starts_at, t.ends_at, 'SRID=4490;POINT(120.51 30.5)'
FROM patrol_task t WHERE t.id = :task
"""
DROP_TASK = """
DELETE FROM patrol_task WHERE id = :task AND :draw = 0
"""
LATER = "UPDATE patrol_task SET ends_at = ends_at + interval '1 minute' WHERE id = :task"
REASSIGN = """
UPDATE patrol_task SET crew_id = :crew, day = CAST(:today AS date) + 4 + :draw % 6
WHERE id = :task
"""
RENAME_OUTLET = """
UPDATE outlet SET name = :name
WHERE id = (SELECT id FROM outlet ORDER BY md5(id::text || :word) LIMIT 1)
"""
CLOSE_OUTLET = """
UPDATE outlet SET closed = NOT closed
WHERE id = (SELECT id FROM outlet ORDER BY md5(id::text || :word) LIMIT 1)
"""
ACTS = {
    "reassign": REASSIGN,
    "rename_outlet": RENAME_OUTLET,
    "close_outlet": CLOSE_OUTLET,
    "rename": RENAME,
    "move": MOVE,
    "remove": REMOVE,
    "add": ADD,
    "drop": DROP_TASK,
}

REMOVE_FIRST = """
DELETE FROM patrol_stop
WHERE id = (SELECT id FROM patrol_stop WHERE task_id = :task ORDER BY id LIMIT 1)
"""


@contextmanager
def slow_change(engine: Engine, tasks: list[int]) -> Iterator[None]:
    """Hold a change open while a later one is committed; tablets pull in between, in the block.

    The last word on a task is a stop that goes: whoever skips it, or is not told, shows it still.
    """
    with engine.begin() as slow:
        for task in tasks[1:]:
            slow.execute(text(REMOVE_FIRST), {"task": task})
        with engine.begin() as quick:
            quick.execute(text(LATER), {"task": tasks[0]})
        yield


class Office(threading.Thread):
    """One person at a desk: a change, some time, a commit, again, until told to stop."""

    def __init__(self, engine: Engine, tasks: dict[int, int], *, today: date, dice: Dice) -> None:
        super().__init__(daemon=True)
        self.done: Counter[str] = Counter()
        self._engine, self._today, self._dice = engine, today, dice
        self._tasks, self._crews = sorted(tasks), sorted(set(tasks.values()))
        self._over = threading.Event()

    def run(self) -> None:
        """Change the plans of the coming days."""
        while not self._over.is_set():
            try:
                self._change()
            except DBAPIError:  # two desks at one row, or the database was restarted
                self.done["undone"] += 1
            self._over.wait(0.1 + 0.6 * self._dice.share())

    def stop(self) -> None:
        """Finish the running change and go home."""
        self._over.set()
        self.join()

    def _change(self) -> None:
        acts = [self._dice.pick(sorted(ACTS)) for _ in range(1 + self._dice.below(3))]
        with self._engine.begin() as connection:
            for act in acts:
                task, word = self._dice.pick(self._tasks), str(self._dice.below(1 << 30))
                facts = {
                    "task": task,
                    "word": word,
                    "name": f"段{word}",
                    "today": self._today,
                    "tasks": self._tasks,
                    "crew": self._dice.pick(self._crews),
                    "draw": self._dice.below(40),
                }
                known = {key: facts[key] for key in facts if f":{key}" in ACTS[act]}
                connection.execute(text(ACTS[act]), known)
                connection.execute(text(LATER), {"task": task})
            time.sleep(self._dice.pick(SLOW_S))
        self.done.update(acts)
