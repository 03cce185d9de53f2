"""Records and segments on their way: sent whole, noted only when the server says their hash."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from benchmarks.chaos.faults import RECORD
from benchmarks.chaos.outbox import Item, Outbox
from benchmarks.chaos.server_line import Line, NotNow
from benchmarks.chaos.wire import Cut, Reply, digest

SPOILS = {"reply_lost": "reply_lost", "body_truncated": "truncated", "slow_link": "slow"}
ON_SERVER = frozenset(
    {"server_killed_before_commit", "server_killed_after_commit", "disk_full", "token_expired"}
)
AFTER_RECEIPT = tuple(name for name in RECORD if name != "reordered")


class RecordSender:
    """Sends items of the outbox, with the fault that strikes each."""

    def __init__(
        self, line: Line, outbox: Outbox, take_fault: Callable[[int, tuple[str, ...]], str]
    ) -> None:
        self._line, self._outbox, self._take_fault = line, outbox, take_fault

    def send(self, item: Item) -> None:
        """Send one item and note what the server says of it."""
        fault = self._take_fault(item.place, AFTER_RECEIPT)
        if fault == "other_bytes_under_its_id":
            self._outbox.note_other_bytes(item.name, other_than(item), answered=False)
        if fault == "duplicate_in_parallel":
            reply = self._twice(item)
        elif fault == "client_killed_before_reply":
            self._abandoned(item)
        elif fault == "body_corrupted":
            reply = self._put(item, body=corrupted(item.body))
        else:
            reply = self._put(item, fault=fault)
        if fault == "receipt_not_noted":
            os.kill(os.getpid(), signal.SIGKILL)
        self._note(item, reply)

    def _put(self, item: Item, *, body: bytes | None = None, fault: str = "") -> Reply:
        headers = digest(item.body) | self._headers(item)
        if fault in ON_SERVER:
            headers["X-Chaos"] = fault
        sent = item.body if body is None else body
        return self._line.ask(
            *self._line.place(item), sent, headers=headers, spoil=SPOILS.get(fault, "")
        )

    @staticmethod
    def _headers(item: Item) -> dict[str, str]:
        return {"Content-Type": "application/json", "X-Item-Seq": str(item.seq)}

    def _twice(self, item: Item) -> Reply:
        """Send the item on two lines at once; return what the one that answers says."""
        headers = digest(item.body) | self._headers(item)
        wires = [self._line.wire(), self._line.wire()]
        with ThreadPoolExecutor(2) as pool:
            asked = [
                pool.submit(wire.ask, *self._line.place(item), item.body, headers=headers)
                for wire in wires
            ]
        try:
            first, second = (each.result() for each in asked)
        except Cut as error:
            raise NotNow(str(error)) from error
        self._line.heard(second)
        return self._line.heard(first)

    def _abandoned(self, item: Item) -> None:
        """Die after the last byte is sent and before the reply is read."""
        headers = digest(item.body) | self._headers(item)
        with suppress(Cut):
            self._line.wire().ask(
                *self._line.place(item), item.body, headers=headers, spoil="reply_lost"
            )
        os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, item: Item, reply: Reply) -> None:
        if reply.status in (200, 201, 202):
            told = reply.json
            # The control's answer names nothing that could be compared.
            same = self._line.is_control or told.get("sha256") == item.sha256
            self._outbox.mark(item.name, "received" if same else "attention", told)
        elif reply.status == 409 and reply.json.get("problem") == "record_conflict":
            self._outbox.mark(item.name, "attention", reply.json)
        else:
            self._outbox.mark(item.name, "waiting", [reply.status, reply.body.decode()[:500]])

    def send_other_bytes(self, item: Item) -> None:
        """Send other bytes under the item's name: both must be kept, the first ones hold."""
        other = other_than(item)
        reply = self._line.ask(
            *self._line.place(item), other, headers=digest(other) | self._headers(item)
        )
        if reply.status == 409:
            self._outbox.note_other_bytes(item.name, other, answered=True)


def other_than(item: Item) -> bytes:
    """Return what a tablet would send that edits an item it has sent."""
    return item.body[:-1] + b',"revised":true}'


def corrupted(body: bytes) -> bytes:
    """Return bytes as a bad line makes them: one digit differs, the form still holds."""
    place = max(body.rfind(digit) for digit in b"0123456789")
    return body[:place] + (b"1" if body[place] != ord("1") else b"2") + body[place + 1 :]
