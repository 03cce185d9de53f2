"""The likeness of texts: character n-grams weighted by rarity (TF-IDF); Chinese and Latin alike."""

import math
import unicodedata
import zlib
from array import array
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_BUCKETS = 1 << 18
"""N-grams are kept as hashes; 262,144 of them make clashes rare in a county's texts."""
_LONGEST_TEXT = 1_000
"""Characters that are read; what a call is about stands at its beginning."""
_RARE_SHARE = 0.01
_RARE_AT_LEAST = 50
_COMMON_NATS = math.log(50)
"""What stands in every fiftieth text is phrase, not name: the names of firms and streets decide."""
_LEAST_RARITY = 0.1
_ASKED_GRAMS = 40
"""Rarest n-grams through which texts are found; more find the same ones."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def plain(text: str) -> str:
    """Return the text in one width and case, letters and digits only."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST_TEXT]).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


@lru_cache(maxsize=256)  # a new complaint is compared, then kept
def grams(text: str) -> Ints:
    """Return the hashes of the pairs and triples of neighbouring characters, each once."""
    letters = plain(text)
    if len(letters) == 1:
        letters += letters
    found = {zlib.crc32(gram.encode()) % _BUCKETS for gram in _neighbours(letters)}
    return np.array(sorted(found), dtype=np.int64)


def _neighbours(letters: str) -> Iterator[str]:
    for one, two in pairwise(letters):
        yield one + two
    for start in range(len(letters) - 2):
        yield letters[start : start + 3]


class Texts:
    """Texts in order of entry, comparable with a new one.

    Memory: about 16 bytes for each different n-gram of a text; 2 MB besides.
    """

    def __init__(self) -> None:
        self._grams: list[Ints] = []
        self._found_in: dict[int, array[int]] = {}
        self._counts = np.zeros(_BUCKETS, dtype=np.int64)
        self._is_asked = np.zeros(_BUCKETS, dtype=bool)
        self._filled = 0

    def add(self, text: str) -> None:
        """Keep a text; its number is the count of those before it."""
        mine = grams(text)
        number = len(self._grams)
        self._grams.append(mine)
        self._counts[mine] += 1
        self._filled += mine.size > 0
        for gram in mine.tolist():
            self._found_in.setdefault(gram, array("q")).append(number)

    def _rarity(self, asked: Ints) -> Floats:
        nats = np.log((self._filled + 1) / (self._counts[asked] + 1))
        return np.asarray(np.maximum(nats - _COMMON_NATS, _LEAST_RARITY))

    def alike(self, asked: Ints, *, most: int) -> Ints:
        """Return the numbers of at most `most` texts that share the most rare n-grams."""
        often = self._counts[asked]
        limit = max(_RARE_AT_LEAST, self._filled * _RARE_SHARE)
        rare = asked[(often > 0) & (often <= limit)]
        if rare.size == 0:
            return np.zeros(0, dtype=np.int64)
        rare = rare[np.argsort(self._counts[rare], kind="stable")][:_ASKED_GRAMS]
        lists = [np.array(self._found_in[gram], dtype=np.int64) for gram in rare.tolist()]
        weight = np.repeat(self._rarity(rare), [len(one) for one in lists])
        numbers, place = np.unique(np.concatenate(lists), return_inverse=True)
        if numbers.size <= most:
            return numbers
        shared = np.bincount(place, weights=weight)
        return np.asarray(np.sort(numbers[np.argsort(-shared, kind="stable")[:most]]))

    def similarity(self, asked: Ints, numbers: Ints) -> Floats:
        """Return the cosine (0 to 1) with each of the texts; NaN where one of the two is empty."""
        result = np.full(numbers.size, np.nan)
        if asked.size == 0 or numbers.size == 0:
            return result
        parts = [self._grams[number] for number in numbers.tolist()]
        sizes = np.array([part.size for part in parts])
        filled = np.flatnonzero(sizes)
        if filled.size == 0:
            return result
        together = np.concatenate(parts)
        square = self._rarity(together) ** 2
        self._is_asked[asked] = True
        shared = square * self._is_asked[together]
        self._is_asked[asked] = False
        starts = np.concatenate([[0], np.cumsum(sizes[filled])[:-1]])
        norm = math.sqrt(float((self._rarity(asked) ** 2).sum()))
        result[filled] = np.add.reduceat(shared, starts) / (
            norm * np.sqrt(np.add.reduceat(square, starts))
        )
        return result.clip(max=1.0)
