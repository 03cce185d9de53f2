"""Truth: every tablet's outbox against the server's rows, files and effects after the run."""

import hashlib
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
STEPS = ("patrol_start", "patrol_pause", "patrol_resume", "patrol_end")


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
        server = Server(connection)
        for device, outbox in outboxes.items():
            items = outbox.items()
            _records(verdict, server, [i for i in items if i.kind != "segment"])
            _segments(verdict, server, [i for i in items if i.kind == "segment"])
            _effects(verdict, server, [i for i in items if i.kind != "segment"])
            _photos(verdict, server, outbox, files)
            for name, sha256 in outbox.other_bytes():
                verdict.held["quarantined"] += 1
                verdict.once(server.quarantine[name, sha256], f"other bytes of {name}")
            _numbers(verdict, server, device, items)
            for item in items:
                if item.state == "attention":
                    verdict.note("different", f"{item.kind} {item.name} needs attention")
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


class Server:
    """The server's rows, read once."""

    def __init__(self, connection: Connection) -> None:
        def rows(query: str) -> list[Any]:
            return list(connection.execute(text(query)).mappings())

        self.records = _by(
            rows("SELECT uid::text, kind, sha256, body, state, problem FROM sync_record"), "uid"
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


def _by(rows: list[Any], key: str) -> dict[Any, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _records(verdict: Verdict, server: Server, items: list[Item]) -> None:
    for item in items:
        verdict.held["records"] += 1
        rows, what = server.records.get(item.name, []), f"{item.kind} {item.name}"
        if not verdict.once(len(rows), what):
            continue
        for row in rows:
            verdict.same(row["sha256"], item.sha256, f"hash of {what}")
            verdict.same(bytes(row["body"]), item.body, f"bytes of {what}")
        state = "inbox" if item.kind == FUTURE_KIND else "taken"
        verdict.same(rows[0]["state"], state, f"state of {what} ({rows[0]['problem']})")


def _segments(verdict: Verdict, server: Server, items: list[Item]) -> None:
    for item in items:
        verdict.held["segments"] += 1
        rows, what = server.segments.get(item.name, []), f"segment {item.name}"
        if verdict.once(len(rows), what):
            verdict.same(rows[0]["sha256"], item.sha256, f"hash of {what}")
            verdict.same(rows[0]["fixes"], json.loads(item.body)["fixes"], f"fixes of {what}")


def _numbers(verdict: Verdict, server: Server, device: str, items: list[Item]) -> None:
    for item in items:
        found = server.numbers[device, item.seq]
        if found != 1:
            kind = "doubled" if found else "lost"
            verdict.note(kind, f"number {item.seq} of {device}: {found} rows")


def _photos(verdict: Verdict, server: Server, outbox: Outbox, files: Path) -> None:
    there = {file.stem: file for file in (files / "photos").rglob("*.jpg")}
    for sha256, _ in outbox.photos():
        verdict.held["photos"] += 1
        what = f"photo {sha256[:12]}"
        if not verdict.once(len(server.photos.get(sha256, [])), f"row of {what}"):
            continue
        if sha256 not in there:
            verdict.note("lost", f"file of {what}")
            continue
        body = there[sha256].read_bytes()
        verdict.same(hashlib.sha256(body).hexdigest(), sha256, f"bytes of {what}")
        verdict.same(body == outbox.photo(sha256), True, f"bytes of {what} on disk")


def _effects(verdict: Verdict, server: Server, items: list[Item]) -> None:
    """Check one set of effects for each record, and the end state that the numbers demand."""
    last_visit: dict[int, dict[str, Any]] = {}
    last_end: dict[int, dict[str, Any]] = {}
    for item in items:
        body = json.loads(item.body)
        if item.kind == "finding":
            _finding(verdict, server, item, body)
        elif item.kind == "site_photo":
            found = _log_photos(server, body["task_id"])[item.name]
            verdict.once(found, f"site photo {item.name} in its log")
        elif item.kind != FUTURE_KIND:
            verdict.once(len(server.events.get(item.name, [])), f"event of {item.kind} {item.name}")
        if item.kind == "stop_result":
            last_visit[body["stop_id"]] = body
        elif item.kind == "patrol_end":
            last_end[body["task_id"]] = body
        elif item.kind == "patrol_start":
            verdict.once(len(server.logs.get(body["task_id"], [])), f"log of {body['task_id']}")
    for stop_id, body in last_visit.items():
        stop = server.stops[stop_id]
        expected = (body["result"], body["reason"] or None)
        verdict.same((stop["result"], stop["result_reason"]), expected, f"result of stop {stop_id}")
    for task_id, body in last_end.items():
        verdict.same(server.tasks[task_id], "submitted", f"state of task {task_id}")
        for log in server.logs.get(task_id, []):
            told = (log["weather"], log["remark"])
            verdict.same(told, (body["weather"], body["remark"]), f"log of {task_id}")


def _finding(verdict: Verdict, server: Server, item: Item, body: dict[str, Any]) -> None:
    rows = server.findings.get(item.name, [])
    if not verdict.once(len(rows), f"finding {item.name}"):
        return
    verdict.same(rows[0]["description"], body["description"], f"text of finding {item.name}")
    photos = [row["photo_sha256"] for row in server.finding_photos.get(rows[0]["id"], [])]
    verdict.same(sorted(photos), sorted(item.photos), f"photos of finding {item.name}")


def _log_photos(server: Server, task_id: int) -> Counter[str]:
    logs = server.logs.get(task_id, [])
    return Counter(photo["record"] for log in logs for photo in log["form"].get("photos", []))
