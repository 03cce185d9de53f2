"""Tablet: one client process that writes down, sends, pulls and reconciles, and may die anywhere.

`python -m benchmarks.chaos.tablet FOLDER [--finish]`: the folder holds its orders and its outbox.
Started again after a kill it goes on from what its outbox holds. It ends with 0 when the server has
verified everything, with 3 when it could not come to that in time.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.chaos.capture import Capture
from benchmarks.chaos.dice import Dice
from benchmarks.chaos.faults import CAPTURE, PHOTO
from benchmarks.chaos.outbox import Outbox
from benchmarks.chaos.photos import PhotoSender
from benchmarks.chaos.records import RecordSender
from benchmarks.chaos.script import script
from benchmarks.chaos.server_line import Line, NotNow

BATCH = 8
TO_BE_REVISED = """state = 'received'
AND name IN (SELECT name FROM other_bytes WHERE NOT answered)"""
PAUSE_MIN_S, PAUSE_MAX_S = 0.02, 1.0


class Tablet:
    """The life of a tablet: write some items down, send what waits, pull, again."""

    def __init__(self, folder: Path) -> None:
        self.orders: dict[str, Any] = json.loads((folder / "orders.json").read_text())
        self.outbox = Outbox(folder / "outbox.sqlite")
        self.drafts = script(
            self.orders["tasks"],
            records=self.orders["records"],
            a_task=self.orders["records_a_task"],
            words=self.orders["words"],
        )
        faults = {int(place): name for place, name in self.orders["faults"].items()}
        struck = self.outbox.struck()
        self.faults = {place: name for place, name in faults.items() if place not in struck}
        self.dice = Dice("life", self.orders["words"], time.time_ns())
        self.outbox.put(crew_id=self.orders["crew_id"])
        self.line = Line(self.orders, self.outbox)
        self.capture = Capture(self.outbox, self.orders, (folder / "picture.jpg").read_bytes())
        self.records = RecordSender(self.line, self.outbox, self.take_fault)
        self.photos = PhotoSender(self.line, self.outbox, self.take_fault)
        if self.orders["control"]:
            self.drafts = [replace(draft, photos=()) for draft in self.drafts]
        self.said = ""
        self.deadline = time.monotonic() + self.orders["patience_s"]

    def take_fault(self, place: int, names: tuple[str, ...]) -> str:
        """Return the fault that strikes the item now, noted beforehand; empty when none does."""
        name = self.faults.get(place, "")
        if name not in names or not self.outbox.strike(place, name):
            return ""
        del self.faults[place]
        return name

    def live(self) -> None:
        """Write everything down and send it until the server has verified all of it."""
        pause = PAUSE_MIN_S
        while time.monotonic() < self.deadline:
            self.write_some()
            try:
                self.line.open()
                self.send()
                if self.orders["control"]:
                    if self.at_rest():
                        return
                    continue
                self.line.pull()
                pause = PAUSE_MIN_S
                if self.at_rest() and self.reconciled():
                    return
            except NotNow as problem:
                self.say(str(problem))
                time.sleep(max(pause * self.dice.share(), problem.after_s))
                pause = min(2 * pause, PAUSE_MAX_S)
        sys.exit(3)

    def say(self, reason: str) -> None:
        """Write why a round ended, for whoever wonders what a tablet waits for."""
        if reason != self.said:
            sys.stderr.write(f"{reason}\n")
            self.said = reason

    def finish(self) -> None:
        """Reconcile once more and pull what has changed since, without any fault."""
        self.faults = {}
        while time.monotonic() < self.deadline:
            try:
                self.line.open()
                self.send()
                self.line.pull()
                if self.reconciled():
                    self.outbox.put(fresh=self.line.package())
                    return
            except NotNow as problem:
                self.say(str(problem))
                time.sleep(max(PAUSE_MIN_S, problem.after_s))
        sys.exit(3)

    def write_some(self) -> None:
        """Write the next items into the outbox."""
        for place in range(self.outbox.count(), len(self.drafts))[:BATCH]:
            self.capture.write(self.drafts[place], place, fault=self.take_fault(place, CAPTURE))

    def send(self) -> None:
        """Send records, then photos in chunks."""
        waiting = self.outbox.items("state = 'waiting'")
        if any(self.faults.get(item.place) == "reordered" for item in waiting):
            for item in waiting:
                self.take_fault(item.place, ("reordered",))
            waiting = self.dice.shuffled(waiting)
        for item in waiting:
            self.records.send(item)
        for item in self.outbox.items(TO_BE_REVISED):
            self.records.send_other_bytes(item)
        for sha256, place in self.outbox.photos("state = 'waiting'"):
            self.photos.send(sha256, fault=self.take_fault(place, PHOTO))

    def at_rest(self) -> bool:
        """Whether all is written down and nothing waits to be sent."""
        return (
            self.outbox.count() == len(self.drafts)
            and not self.outbox.items("state = 'waiting'")
            and not self.outbox.photos("state = 'waiting'")
            and not self.outbox.items(TO_BE_REVISED)
        )

    def reconciled(self) -> bool:
        """Whether the server holds all of it; what it lacks is marked to be sent again."""
        told = self.line.manifest()
        missing = set(told["missing"])
        own = {sha256 for sha256, _ in self.outbox.photos()}
        to_come: set[str] = set()
        for each in told["incomplete"]:
            photos = set(each["missing_photos"])
            to_come |= photos & own
            if not photos <= own:  # the server waits for what nobody has
                self.outbox.mark(each["id"], "attention", each)
        for item in self.outbox.items():
            if item.name in missing:
                self.outbox.mark(item.name, "waiting", "missing in the manifest")
        for sha256 in own & (missing | to_come):
            self.outbox.mark_photo(sha256, "waiting")
        for name in told["different"]:
            self.outbox.mark(name, "attention", "different in the manifest")
        return not (missing or to_come)


def main() -> None:
    """Live, or only finish."""
    tablet = Tablet(Path(sys.argv[1]))
    if "--finish" in sys.argv[2:]:
        tablet.finish()
    else:
        tablet.live()


if __name__ == "__main__":
    main()
