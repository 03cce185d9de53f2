"""A matter's story: its happenings since the last reopening, its pauses, and ends of times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inspect_app.domain.calendar import WorkCalendar, end_of_day, local_day, working_days_later
from inspect_app.domain.deadlines.facts import Happening, MatterFacts, Span
from inspect_app.domain.matter_codes import MatterState


@dataclass(frozen=True, slots=True)
class Story:
    """The happenings of a matter's present round: since it was last reopened, else all."""

    facts: MatterFacts
    round: tuple[Happening, ...]
    reopened_at: datetime | None
    pauses: tuple[Span, ...]
    extra_days: int
    firsts: Mapping[str, datetime]

    def first(self, *events: str) -> datetime | None:
        """Return when one of the events first happened in this round."""
        return min((self.firsts[event] for event in events if event in self.firsts), default=None)

    def earliest(self, *events: str) -> datetime | None:
        """Return when one of the events first happened in whatever round."""
        return min((one.at for one in self.facts.happenings if one.event in events), default=None)

    def made(self, kind: str, since: datetime | None) -> list[datetime]:
        """Return when contacts of a kind were made, from an instant on."""
        return [
            contact.at
            for contact in self.facts.contacts
            if contact.kind == kind and (since is None or contact.at >= since)
        ]

    def done(self, at: datetime | None, states: frozenset[MatterState]) -> datetime | None:
        """Return when it was done; a matter that came in a later state was done when it came."""
        if at is not None or self.facts.state not in states:
            return at
        return self.facts.happenings[0].at if self.facts.happenings else self.facts.received_at

    def is_paused(self, done: datetime | None) -> bool:
        """Whether what is not done stands still at present."""
        return done is None and self.facts.state == MatterState.SUSPENDED


def story_of(facts: MatterFacts, *, now: datetime) -> Story:
    """Return the story of a matter; a pause that has not ended lasts until now."""
    happenings = tuple(facts.happenings)
    cuts = [n for n, happening in enumerate(happenings) if happening.event == "reopen"]
    current = happenings[cuts[-1] :] if cuts else happenings
    firsts: dict[str, datetime] = {}
    for happening in current:
        firsts.setdefault(happening.event, happening.at)
    return Story(
        facts=facts,
        round=current,
        reopened_at=current[0].at if cuts else None,
        pauses=tuple(_pauses(current, now=now)),
        extra_days=sum(one.days for one in current if one.event == "extend"),
        firsts=firsts,
    )


def _pauses(happenings: Sequence[Happening], *, now: datetime) -> Iterator[Span]:
    begun: datetime | None = None
    for happening in happenings:
        if happening.event == "suspend":
            begun = happening.at
        elif happening.event == "resume" and begun is not None:
            yield Span(local_day(begun), local_day(happening.at))
            begun = None
    if begun is not None:
        yield Span(local_day(begun), max(local_day(begun), local_day(now)))


def end_of(
    start: datetime,
    days: float,
    *,
    pauses: Sequence[Span] = (),
    calendar: WorkCalendar | None = None,
) -> datetime:
    """Return the end of the last of so many days; `calendar` where working days are counted.

    A pause that begins within the time adds its days, those of its kind: calendar or working.
    """
    day = local_day(start)
    if calendar is None:
        last = day + timedelta(days=int(days))
    else:
        last = working_days_later(day, int(days), calendar=calendar)
    for pause in pauses:
        if not day <= pause.first <= last:
            continue
        if calendar is None:
            last += pause.last - pause.first
        else:
            stood = range((pause.last - pause.first).days)
            lost = sum(calendar.works(pause.first + timedelta(days=n + 1)) for n in stood)
            last = working_days_later(last, lost, calendar=calendar)
    return end_of_day(last)
