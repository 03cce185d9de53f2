"""What deadlines are computed from, and what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inspect_app.domain.calendar import Light, Period, WorkCalendar, light
from inspect_app.domain.codes import Code, Severity
from inspect_app.domain.matter_codes import ContactKind, LegalRoute

Rules = Mapping[str, float]
"""The value of each rule that holds for a matter; a rule that is missing or zero is off."""


class Clock(Code):
    """What is to be done within a time."""

    ARRIVE = "arrive", "到场"
    ACCEPT = "accept", "受理"
    OBJECT = "object", "异议"
    DISPATCH = "dispatch", "交办"
    FINISH = "finish", "办结答复"
    FEEDBACK = "feedback", "转送反馈"
    REVIEW = "review", "复查答复"
    RECHECK = "recheck", "复核答复"


class OverdueLevel(Code):
    """Who is told of an overdue matter; each level stands for all before it too."""

    OWNER = "owner", "责任人"
    CHIEF = "chief", "网格长"
    DEPUTY = "deputy", "分管领导"
    DIRECTOR = "director", "局长"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a matter as deadlines look at it; `days` and `due_at` are facts of it."""

    event: str
    at: datetime
    to_state: str
    days: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that was made."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MatterFacts:
    """What deadlines depend on: how the matter came, what it is, what happened so far in order."""

    state: str
    received_at: datetime
    channels: frozenset[str] = frozenset()
    legal_route: str = LegalRoute.ILLEGAL_ACT
    severity: str = Severity.NORMAL
    complaints: int = 1
    is_on_site_promised: bool = False
    happenings: Sequence[Happening] = ()
    contacts: Sequence[Contact] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time that runs or ran: since when, until when, by which rule, and when it was kept.

    `rule` is the key of the policy row that gives the time; the page says it with its source.
    """

    clock: Clock
    start: datetime
    due: datetime
    rule: str
    done_at: datetime | None = None
    paused: bool = False

    def light(self, *, now: datetime, calendar: WorkCalendar) -> Light:
        """Return the light: none once done or while paused."""
        if self.done_at is not None or self.paused:
            return Light.NONE
        return light(Period(self.start, self.due), now=now, calendar=calendar)

    @property
    def was_kept(self) -> bool | None:
        """Whether it was done in time; None where it is not done."""
        return None if self.done_at is None else self.done_at <= self.due


@dataclass(frozen=True, slots=True)
class ContactDue:
    """One of the five contacts: until when, whether it was made; `due` None where none is owed."""

    kind: ContactKind
    start: datetime | None
    due: datetime | None
    done_at: datetime | None

    def light(self, *, now: datetime, calendar: WorkCalendar) -> Light:
        """Return the light of a contact that is owed."""
        if self.done_at is not None or self.start is None:
            return Light.NONE
        return light(Period(self.start, self.due), now=now, calendar=calendar)


@dataclass(frozen=True, slots=True)
class Span:
    """A time during which the clock stood, in whole days."""

    first: date
    last: date
