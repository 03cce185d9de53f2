"""Photos on their way: in chunks from where the server stands, until it has checked the hash."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from benchmarks.chaos.outbox import Outbox
from benchmarks.chaos.server_line import Line, NotNow
from benchmarks.chaos.wire import Cut, Reply

CHUNK_BYTES = 64 * 1024
SLOW_CHUNK_BYTES = 1_500
SPOILS = {
    "chunk_reply_lost": "reply_lost",
    "chunk_truncated": "truncated",
    "chunk_on_slow_link": "slow",
}
AT_THE_END = frozenset(
    {"server_killed_before_fsync", "server_killed_after_rename", "server_killed_after_photo"}
)
ON_SERVER = AT_THE_END | {"server_killed_in_chunk", "disk_full_in_chunk"}


class PhotoSender:
    """Sends photos of the outbox, with the fault that strikes each."""

    def __init__(
        self, line: Line, outbox: Outbox, take_fault: Callable[[int, tuple[str, ...]], str]
    ) -> None:
        self._line, self._outbox, self._take_fault = line, outbox, take_fault

    def send(self, sha256: str, *, fault: str) -> None:
        """Send what the server lacks of a photo; a fault strikes one of the chunks."""
        body = self._outbox.photo(sha256)
        offset, complete = self._standing(sha256)
        while not complete:
            size = SLOW_CHUNK_BYTES if fault == "chunk_on_slow_link" else CHUNK_BYTES
            last = offset + size >= len(body)
            strikes = fault and (last or fault not in AT_THE_END)
            reply = self._patch(
                sha256, body, (offset, offset + size), fault=fault if strikes else ""
            )
            if strikes:
                fault = ""
            if reply.status not in (200, 201, 204, 409) and not _starts_again(reply):
                raise NotNow.answered(reply, "photo")
            offset = int(reply.headers.get("upload-offset", 0))
            complete = offset == len(body) and reply.status != 409
        self._outbox.mark_photo(sha256, "verified")

    def _standing(self, sha256: str) -> tuple[int, bool]:
        reply = self._line.ask("HEAD", f"/sync/blobs/{sha256}")
        if reply.status == 404:
            return 0, False
        if reply.status not in (200, 204):
            raise NotNow.answered(reply, "standing of a photo")
        complete = reply.headers.get("upload-complete") == "?1"
        return int(reply.headers.get("upload-offset", 0)), complete

    def _patch(self, sha256: str, body: bytes, piece: tuple[int, int], *, fault: str) -> Reply:
        start, end = piece
        chunk = body[start:end]
        headers = {
            "Content-Type": "application/partial-upload",
            "Upload-Offset": str(start),
            "Upload-Length": str(len(body)),
            "Upload-Complete": "?1" if end >= len(body) else "?0",
        }
        if fault in ON_SERVER:
            headers["X-Chaos"] = fault
        if fault == "chunk_corrupted":
            middle = len(chunk) // 2
            chunk = chunk[:middle] + bytes([chunk[middle] ^ 0xFF]) + chunk[middle + 1 :]
        path = f"/sync/blobs/{sha256}"
        if fault == "chunk_in_parallel":
            return self._twice(path, chunk, headers)
        if fault == "client_killed_in_photo":
            self._abandoned(path, chunk, headers)
        return self._line.ask("PATCH", path, chunk, headers=headers, spoil=SPOILS.get(fault, ""))

    def _twice(self, path: str, chunk: bytes, headers: dict[str, str]) -> Reply:
        """Send a chunk on two lines at once, as two open tabs would."""
        wires = [self._line.wire(), self._line.wire()]
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(wire.ask, "PATCH", path, chunk, headers=headers) for wire in wires]
        try:
            replies = [self._line.heard(each.result()) for each in asked]
        except Cut as error:
            raise NotNow(str(error)) from error
        return min(replies, key=lambda reply: reply.status)

    def _abandoned(self, path: str, chunk: bytes, headers: dict[str, str]) -> None:
        """Die after half of the chunk is sent."""
        with suppress(Cut):
            self._line.wire().ask("PATCH", path, chunk, headers=headers, spoil="truncated")
        os.kill(os.getpid(), signal.SIGKILL)


def _starts_again(reply: Reply) -> bool:
    """Whether the server found another hash at the end and takes the photo from the start."""
    return reply.status in (400, 422) and b"digest_mismatch" in reply.body
