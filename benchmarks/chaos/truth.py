"""Truth: every tablet's outbox against the server's rows, files and effects after the run."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from benchmarks.chaos.outbox import Item, Outbox
from benchmarks.chaos.script import FUTURE_KIND

NOTES_MAX = 12


@dataclass
class Verdict:
    """What is wrong, by kind; and how much there was of everything."""

    wrong: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, what: str) -> None:
        """Count a fault of the sync and keep the first ones in words."""
        self.wrong[kind] += 1
        if len(self.notes) < NOTES_MAX:
            self.notes.append(f"{kind}: {what}")

    @property
    def sentence(self) -> str:
        """The last line of a run."""
        kinds = ("lost", "doubled", "different", "skipped")
        return ", ".join(f"{kind} {self.wrong[kind]}" for kind in kinds)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong.total()

    def once(self, found: int, what: str) -> bool:
        """Note what is not there exactly once; return whether it is there."""
        if found == 0:
            self.note("lost", what)
        for _ in range(found - 1):
            self.note("doubled", what)
        return found > 0

    def same(self, found: object, expected: object, what: str) -> None:
        """Note what is there but differs."""
        if found != expected:
            self.note("different", f"{what}: {str(found)[:120]} instead of {str(expected)[:120]}")


def judge(engine: Engine, outboxes: dict[str, Outbox], files: Path) -> Verdict:
    """Compare everything that was written down with everything the server holds."""
    verdict = Verdict()
    with engine.connect() as connection:
        judge = Judge(verdict, Server(connection), files)
    for device, outbox in outboxes.items():
        judge.judge(device, outbox)
    return verdict


def judge_control(engine: Engine, outboxes: Iterable[Outbox]) -> Verdict:
    """Compare what the control's table holds."""
    verdict = Verdict()
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT sha256(body) FROM control_record"))
        found = Counter(bytes(row[0]).hex() for row in rows)
    for outbox in outboxes:
        for item in outbox.items("kind <> 'segment'"):
            verdict.held["records"] += 1
            verdict.once(found[item.sha256], f"{item.kind} {item.name}")
    return verdict


AS_OF_ITS_MAKING = ("last_visit", "next_segment")
"""Parts of a card that hold for the moment it was made: other tasks change them."""


def _shown(card: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a card without what it promises nothing about."""
    if card is None:
        return None
    kept = {key: value for key, value in card.items() if key not in AS_OF_ITS_MAKING}
    if "stops" in kept:
        kept["stops"] = [_shown(stop) for stop in kept["stops"]]
    return kept


def _difference(seen: dict[str, Any] | None, true: dict[str, Any] | None) -> str:
    if seen is None or true is None:
        return "not pulled" if seen is None else "still there"
    keys = [key for key in true if seen.get(key) != true[key]]
    return ", ".join(f"{key} {str(seen.get(key))[:60]} for {str(true[key])[:60]}" for key in keys)


class Server:
    """The server's rows, read once."""

    def __init__(self, connection: Connection) -> None:
        def rows(query: str) -> list[Any]:
            return list(connection.execute(text(query)).mappings())

        self.records = _by(
            rows(
                "SELECT uid::text, kind, sha256, body, state, problem, author_id,"
                " sender_id IS NOT NULL AS by_another FROM sync_record"
            ),
            "uid",
        )
        self.sheets = _by(
            rows("SELECT uid::text, stop_id, answers, filled_by FROM check_sheet"), "uid"
        )
        self.segments = _by(
            rows("SELECT log_uid || '/' || number AS name, sha256, fixes FROM track_segment"),
            "name",
        )
        self.events = _by(
            rows("SELECT facts->>'record' AS record, subject_kind FROM event"), "record"
        )
        self.findings = _by(
            rows("SELECT id, uid::text, description, finding_type FROM finding"), "uid"
        )
        self.finding_photos = _by(
            rows("SELECT finding_id, photo_sha256 FROM finding_photo"), "finding_id"
        )
        self.stops = {
            row["id"]: row for row in rows("SELECT id, result, result_reason FROM patrol_stop")
        }
        self._task_rows = rows(
            "SELECT id, crew_id FROM patrol_task WHERE state NOT IN ('planned', 'cancelled')"
        )
        self._stop_rows = _by(rows("SELECT task_id, id, name, result FROM patrol_stop"), "task_id")
        self.tasks = {row["id"]: row["state"] for row in rows("SELECT id, state FROM patrol_task")}
        self.logs = _by(
            rows("SELECT task_id, uid::text, weather, remark, form FROM patrol_log"), "task_id"
        )
        self.photos = _by(rows("SELECT sha256, size, media_type FROM photo"), "sha256")
        self.quarantine = Counter(
            (row["name"], row["sha256"]) for row in rows("SELECT name, sha256 FROM sync_quarantine")
        )
        self.numbers = Counter(
            (row["device"], row["seq"])
            for row in rows(
                "SELECT device_uid::text AS device, seq FROM sync_record"
                " UNION ALL SELECT device_uid::text, seq FROM track_segment"
            )
        )

    def stops_of_crew(self, crew_id: int) -> dict[int, set[tuple[int, str, str]]]:
        """Return the stops (id, name, result) of each task of a crew."""
        return {
            row["id"]: {
                (stop["id"], stop["name"], stop["result"])
                for stop in self._stop_rows.get(row["id"], [])
            }
            for row in self._task_rows
            if row["crew_id"] == crew_id
        }


def _by(rows: list[Any], key: str) -> dict[Any, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares one tablet after the other with the server."""

    verdict: Verdict
    server: Server
    files: Path

    def judge(self, device: str, outbox: Outbox) -> None:
        """Compare everything one tablet has written down."""
        items = outbox.items()
        records = [item for item in items if item.kind != "segment"]
        self._records(records)
        self._segments([item for item in items if item.kind == "segment"])
        self._effects(records)
        self._end_states(records)
        self._photos(outbox)
        self._mirror(outbox)
        for name, sha256 in outbox.other_bytes():
            self.verdict.held["quarantined"] += 1
            self.verdict.once(self.server.quarantine[name, sha256], f"other bytes of {name}")
        for item in items:
            found = self.server.numbers[device, item.seq]
            self.verdict.once(found, f"number {item.seq} of {device}")
            if item.state == "attention":
                self.verdict.note("different", f"{item.kind} {item.name} needs attention")

    def _records(self, items: list[Item]) -> None:
        for item in items:
            self.verdict.held["records"] += 1
            rows, what = self.server.records.get(item.name, []), f"{item.kind} {item.name}"
            if not self.verdict.once(len(rows), what):
                continue
            for row in rows:
                self.verdict.same(row["sha256"], item.sha256, f"hash of {what}")
                self.verdict.same(bytes(row["body"]), item.body, f"bytes of {what}")
            author = json.loads(item.body).get("author")
            self.verdict.same(rows[0]["by_another"], author is not None, f"sender of {what}")
            if author is not None:
                self.verdict.same(rows[0]["author_id"], author, f"author of {what}")
            state = "inbox" if item.kind == FUTURE_KIND else "taken"
            self.verdict.same(rows[0]["state"], state, f"state of {what} ({rows[0]['problem']})")

    def _segments(self, items: list[Item]) -> None:
        for item in items:
            self.verdict.held["segments"] += 1
            rows, what = self.server.segments.get(item.name, []), f"segment {item.name}"
            if self.verdict.once(len(rows), what):
                fixes = json.loads(item.body)["fixes"]
                self.verdict.same(rows[0]["sha256"], item.sha256, f"hash of {what}")
                self.verdict.same(rows[0]["fixes"], fixes, f"fixes of {what}")

    def _photos(self, outbox: Outbox) -> None:
        there = {file.stem: file for file in (self.files / "photos").rglob("*.jpg")}
        for sha256, _ in outbox.photos():
            self.verdict.held["photos"] += 1
            what = f"photo {sha256[:12]}"
            if not self.verdict.once(len(self.server.photos.get(sha256, [])), f"row of {what}"):
                continue
            if sha256 not in there:
                self.verdict.note("lost", f"file of {what}")
                continue
            body = there[sha256].read_bytes()
            if body != outbox.photo(sha256):
                self.verdict.note("different", f"bytes of {what} on disk: {len(body)} of them")

    def _mirror(self, outbox: Outbox) -> None:
        """Compare what a tablet knows by changes with what the package and the tables say."""
        mirror = outbox.mirror()
        fresh = {(row["kind"], str(row["id"])): row["card"] for row in outbox.get("fresh") or []}
        if not fresh:
            self.verdict.note("skipped", "a tablet never came to a last pull")
        self.verdict.held["cards"] += len(fresh)
        for name in mirror.keys() | fresh.keys():
            seen, true = _shown(mirror.get(name)), _shown(fresh.get(name))
            if seen != true:
                self.verdict.note("skipped", f"{name}: {_difference(seen, true)}")
        for number, stops in self.server.stops_of_crew(outbox.get("crew_id")).items():
            seen = mirror.get(("task", str(number)), {"stops": []})
            if {(stop["id"], stop["name"], stop["result"]) for stop in seen["stops"]} != stops:
                self.verdict.note("skipped", f"stops of task {number}")

    def _effects(self, items: list[Item]) -> None:
        """Check that each record has had its effect once."""
        for item in items:
            body, what = json.loads(item.body), f"{item.kind} {item.name}"
            if item.kind == "finding":
                self._finding(item, body)
            elif item.kind == "site_photo":
                shown = self._log_photos(body["task_id"])[item.name]
                self.verdict.once(shown, f"{what} in its log")
            elif item.kind == "check_form":
                self._sheet(item, body)
            elif item.kind != FUTURE_KIND:
                self.verdict.once(len(self.server.events.get(item.name, [])), f"event of {what}")
            if item.kind == "patrol_start":
                logs = self.server.logs.get(body["task_id"], [])
                self.verdict.once(len(logs), f"log of task {body['task_id']}")

    def _end_states(self, items: list[Item]) -> None:
        """Check the state that the records' numbers demand, in whatever order they came."""
        bodies = [json.loads(item.body) for item in items]
        visits = {body["stop_id"]: body for body in bodies if body["kind"] == "stop_result"}
        ends = {body["task_id"]: body for body in bodies if body["kind"] == "patrol_end"}
        for stop_id, body in visits.items():
            found = self.server.stops[stop_id]
            expected = (body["result"], body["reason"] or None)
            self.verdict.same(
                (found["result"], found["result_reason"]), expected, f"stop {stop_id}"
            )
        for task_id, body in ends.items():
            state = self.server.tasks[task_id]
            self.verdict.same(state, "submitted", f"state of task {task_id}")
            for log in self.server.logs.get(task_id, []):
                told = (log["weather"], log["remark"])
                self.verdict.same(told, (body["weather"], body["remark"]), f"log of {task_id}")

    def _sheet(self, item: Item, body: dict[str, Any]) -> None:
        rows = self.server.sheets.get(item.name, [])
        if self.verdict.once(len(rows), f"sheet {item.name}"):
            told = (rows[0]["stop_id"], rows[0]["answers"])
            said = (body["stop_id"], body["answers"])
            self.verdict.same(told, said, f"sheet {item.name}")

    def _finding(self, item: Item, body: dict[str, Any]) -> None:
        rows = self.server.findings.get(item.name, [])
        if not self.verdict.once(len(rows), f"finding {item.name}"):
            return
        told = rows[0]["description"]
        self.verdict.same(told, body["description"], f"text of finding {item.name}")
        photos = [row["photo_sha256"] for row in self.server.finding_photos.get(rows[0]["id"], [])]
        self.verdict.same(sorted(photos), sorted(item.photos), f"photos of finding {item.name}")

    def _log_photos(self, task_id: int) -> Counter[str]:
        logs = self.server.logs.get(task_id, [])
        return Counter(photo["record"] for log in logs for photo in log["form"].get("photos", []))
