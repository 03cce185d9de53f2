"""Names of places in memory: found by Chinese, by full pinyin and by its first letters."""

import heapq
import threading
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from pypinyin import lazy_pinyin
from sqlalchemy import text
from sqlalchemy.orm import Session

CHECK_EVERY_S = 5.0
"""So long a process trusts its names before it asks the database whether they changed."""
_LONGEST = 80
_SEPARATOR = "\x1f"


class NameKind(StrEnum):
    """Tables whose names are searched."""

    GRID = "grid"
    WATERWAY = "waterway"
    SEGMENT = "segment"
    OUTLET = "outlet"
    SOURCE = "source"
    WATER_SOURCE = "water_source"


_NAMES = """
    SELECT 'grid' AS kind, id, name, '' AS more FROM grid
    UNION ALL SELECT 'waterway', id, name, '' FROM waterway
    UNION ALL SELECT 'segment', id, name, '' FROM patrol_segment
    UNION ALL SELECT 'outlet', id, name, '' FROM outlet
    UNION ALL SELECT 'source', id, name, coalesce(address, '') FROM pollution_source
    UNION ALL SELECT 'water_source', id, name, '' FROM water_source
"""
_READ = text(
    "SELECT kind, id, name, more FROM ({names}) AS named ORDER BY kind, id".replace(
        "{names}", _NAMES
    )
)
_STAMP = text(
    """
    SELECT count(*), coalesce(sum(hashtext(kind || id || ' ' || name || ' ' || more)), 0)
    FROM ({names}) AS named
    """.replace("{names}", _NAMES)
)


@dataclass(frozen=True, slots=True)
class _Name:
    kind: NameKind
    id: int
    name: str
    letters: str
    """First letters of the syllables: zgq."""
    pinyin: str
    starts: tuple[int, ...]
    """Where in the pinyin the second and later syllables begin."""
    more: str

    def rank(self, asked: str) -> int | None:
        """Return how well the name fits, 0 best; None where it does not."""
        if self.name.startswith(asked):
            return 0
        if self.letters.startswith(asked):
            return 1 if self.letters == asked else 2
        if self.pinyin.startswith(asked):
            return 2
        if asked in self.name:
            return 3
        # From the beginning of a syllable on.
        if asked in self.pinyin and any(self.pinyin.startswith(asked, at) for at in self.starts):
            return 4
        if asked in self.letters:
            return 5
        return 6 if asked in self.more else None


@dataclass(slots=True)
class PlaceNames:
    """The names of one process, read anew when the database's have changed.

    20,000 names take about 10 MB and one to two seconds to read; a search some milliseconds. One
    reader at a time rebuilds, the others go on with the names as they were.
    """

    clock: Callable[[], float]
    _names: list[_Name] = field(default_factory=list)
    _keys: list[str] = field(default_factory=list)
    _stamp: tuple[int, int] | None = None
    _checked_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def search(
        self,
        session: Session,
        asked: str,
        *,
        kinds: Collection[NameKind] = tuple(NameKind),
        most: int,
    ) -> list[tuple[NameKind, int]]:
        """Return kind and id of the best fitting names, best first, then the shorter ones."""
        plain = folded(asked)
        if not plain:
            return []
        self._refresh(session)
        names, keys = self._names, self._keys
        ranked = (
            (rank, len(names[place].name), names[place].name, place)
            for place in (n for n, key in enumerate(keys) if plain in key)
            if names[place].kind in kinds and (rank := names[place].rank(plain)) is not None
        )
        best = heapq.nsmallest(most, ranked)
        return [(names[place].kind, names[place].id) for *_, place in best]

    def _refresh(self, session: Session) -> None:
        """Read the names where they are new to this process or have changed."""
        if self.clock() - self._checked_at < CHECK_EVERY_S:
            return
        is_first = self._stamp is None
        if not self._lock.acquire(blocking=is_first):
            return
        try:
            row = session.execute(_STAMP).one()
            stamp = (int(row[0]), int(row[1]))
            if stamp != self._stamp:
                self._read(session)
                self._stamp = stamp
            self._checked_at = self.clock()
        finally:
            self._lock.release()

    def _read(self, session: Session) -> None:
        names = [_name(NameKind(row[0]), row[1], row[2], row[3]) for row in session.execute(_READ)]
        keys = [_SEPARATOR.join((one.name, one.letters, one.pinyin, one.more)) for one in names]
        self._names, self._keys = names, keys


def _name(kind: NameKind, number: int, name: str, more: str) -> _Name:  # noqa: PLR0917 - a row
    plain = folded(name)
    syllables = lazy_pinyin(plain)
    letters = "".join(one[:1] if one.isalpha() else one for one in syllables)
    starts = tuple(accumulate(len(one) for one in syllables[:-1]))
    return _Name(kind, number, plain, letters, "".join(syllables), starts, folded(more))


def folded(asked: str) -> str:
    """Return a text in one width and case, without spaces."""
    plain = unicodedata.normalize("NFKC", asked[:_LONGEST]).casefold()
    return "".join(letter for letter in plain if not letter.isspace() and letter.isprintable())
