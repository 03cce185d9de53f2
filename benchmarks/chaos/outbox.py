"""Outbox: a tablet's own store in SQLite; what is in it is in it after a power cut."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS item (
  name TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, place INTEGER NOT NULL UNIQUE,
  kind TEXT NOT NULL, path TEXT NOT NULL, body BLOB NOT NULL, sha256 TEXT NOT NULL,
  photos TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', tries INTEGER NOT NULL DEFAULT 0,
  answer TEXT) STRICT;
CREATE TABLE IF NOT EXISTS blob (
  sha256 TEXT PRIMARY KEY, place INTEGER NOT NULL, body BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting') STRICT;
CREATE TABLE IF NOT EXISTS struck (place INTEGER PRIMARY KEY, fault TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS other_bytes (
  name TEXT, sha256 TEXT, answered INTEGER, PRIMARY KEY (name, sha256)) STRICT;
CREATE TABLE IF NOT EXISTS mirror (
  kind TEXT, id TEXT, card TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A record or segment as it was written: its bytes never change."""

    name: str
    seq: int
    place: int
    kind: str
    path: str
    body: bytes
    sha256: str
    photos: tuple[str, ...]
    state: str


_ITEM = "SELECT name, seq, place, kind, path, body, sha256, photos, state FROM item"


class Outbox:
    """What one tablet holds; each method is one transaction."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, flushed to the disk at its end."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def get(self, key: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return a noted value, or None."""
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, **values: object) -> None:
        """Note values."""
        with self.transaction() as database:
            database.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in values.items()],
            )

    def count(self) -> int:
        """Return how many items were written: the place of the next one in the script."""
        return int(self._database.execute("SELECT count(*) FROM item").fetchone()[0])

    def items(self, where: str = "1") -> list[Item]:
        """Return items in the order they were written."""
        rows = self._database.execute(f"{_ITEM} WHERE {where} ORDER BY seq")
        return [Item(*row[:7], photos=tuple(json.loads(row[7])), state=row[8]) for row in rows]

    def mark(self, name: str, state: str, answer: object = None) -> None:
        """Note what the server said of an item."""
        with self.transaction() as database:
            database.execute(
                "UPDATE item SET state = ?, answer = ?, tries = tries + 1 WHERE name = ?",
                (state, json.dumps(answer), name),
            )

    def photos(self, where: str = "1") -> list[tuple[str, int]]:
        """Return (hash, place) of photos."""
        query = f"SELECT sha256, place FROM blob WHERE {where} ORDER BY place"  # noqa: S608
        return list(self._database.execute(query))

    def photo(self, sha256: str) -> bytes:
        """Return the bytes of a photo."""
        row = self._database.execute("SELECT body FROM blob WHERE sha256 = ?", (sha256,))
        return bytes(row.fetchone()[0])

    def mark_photo(self, sha256: str, state: str) -> None:
        """Note that a photo has arrived, or that it has to go again."""
        with self.transaction() as database:
            database.execute("UPDATE blob SET state = ? WHERE sha256 = ?", (state, sha256))

    def struck(self) -> dict[int, str]:
        """Return the faults that have struck, by the place of their item."""
        return dict(self._database.execute("SELECT place, fault FROM struck"))

    def strike(self, place: int, fault: str) -> bool:
        """Note that a fault strikes now; False if it has before."""
        with self.transaction() as database:
            done = database.execute(
                "INSERT OR IGNORE INTO struck VALUES (?, ?)", (place, fault)
            ).rowcount
        return done == 1

    def note_other_bytes(self, name: str, body: bytes, *, answered: bool) -> None:
        """Note bytes that were sent under the name of another item."""
        with self.transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO other_bytes VALUES (?, ?, ?)",
                (name, hashlib.sha256(body).hexdigest(), int(answered)),
            )

    def other_bytes(self) -> list[tuple[str, str]]:
        """Return (name, hash) of bytes the server said it had put aside."""
        query = "SELECT name, sha256 FROM other_bytes WHERE answered"
        return list(self._database.execute(query))

    def take_changes(
        self,
        rows: Iterable[dict[str, Any]],
        gone: Iterable[dict[str, Any]],
        *,
        cursor: str,
    ) -> None:
        """Bring the mirror up to a cursor; mirror and cursor move in one transaction."""
        with self.transaction() as database:
            database.executemany(
                "DELETE FROM mirror WHERE kind = ? AND id = ?",
                [(each["kind"], str(each["id"])) for each in gone],
            )
            database.executemany(
                "INSERT OR REPLACE INTO mirror VALUES (?, ?, ?)",
                [(row["kind"], str(row["id"]), json.dumps(row["card"])) for row in rows],
            )
            database.execute(
                "INSERT OR REPLACE INTO meta VALUES ('cursor', ?)", (json.dumps(cursor),)
            )

    def begin_anew(self, cursor: str) -> None:
        """Throw the mirror away; what holds from this cursor on is loaded after this."""
        with self.transaction() as database:
            database.execute("DELETE FROM mirror")
            database.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("cursor", json.dumps(cursor)), ("package", json.dumps(False))],
            )

    def mirror(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what the tablet believes the server holds."""
        rows = self._database.execute("SELECT kind, id, card FROM mirror")
        return {(kind, key): json.loads(card) for kind, key, card in rows}
