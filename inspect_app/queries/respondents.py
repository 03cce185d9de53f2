"""Respondents: which pollution source a foreign file means by a name or a credit code."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import PollutionSource


@dataclass(frozen=True, slots=True)
class Respondent:
    """What a row says of the unit it complains about."""

    name: str | None = None
    uscc: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The source a respondent is; without one the reason why the name stays text."""

    source_id: int | None = None
    doubt: str = ""


class SourceBook:
    """All pollution sources by credit code and by name."""

    def __init__(self, sources: Sequence[tuple[int, str, str | None]]) -> None:
        self._codes = {source_id: code for source_id, _, code in sources}
        self._names = {source_id: name for source_id, name, _ in sources}
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_code: dict[str, list[int]] = defaultdict(list)
        for source_id, name, code in sources:
            self._by_name[plain_name(name)].append(source_id)
            if code is not None:
                self._by_code[code].append(source_id)

    def name_of(self, source_id: int | None) -> str | None:
        """Return the name of a source; None for none."""
        return None if source_id is None else self._names[source_id]

    def match(self, told: Respondent) -> Match:
        """Return the source of exactly this credit code, else the only one of this name.

        A code that several sites share is settled by the name. Two sources of a name, or a name
        whose source has another code than the row says, are left for a person: nothing is guessed.
        A code written in the place of the name counts as a code.
        """
        name = plain_name(told.name or "")
        code = told.uscc or (name.upper() if name.upper() in self._by_code else None)
        named = self._by_name.get(name, []) if name else []
        if code is not None and code in self._by_code:
            coded = self._by_code[code]
            both = [one for one in coded if one in named] if len(coded) > 1 else coded
            return Match(both[0]) if len(both) == 1 else Match(doubt="respondent_ambiguous")
        if len(named) > 1:
            return Match(doubt="respondent_ambiguous")
        if named and code is not None and self._codes[named[0]] is not None:
            return Match(doubt="respondent_code_differs")
        return Match(named[0] if named else None)


def plain_name(name: str) -> str:
    """Return a name as it is compared: widths and brackets alike, without blanks."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def source_book(session: Session) -> SourceBook:
    """Return the book of the county's sources; one statement."""
    rows = session.execute(
        select(PollutionSource.id, PollutionSource.name, PollutionSource.uscc).order_by(
            PollutionSource.id
        )
    ).all()
    return SourceBook([(row[0], row[1], row[2]) for row in rows])
