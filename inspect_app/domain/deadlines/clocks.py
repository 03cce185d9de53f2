"""The clocks of a matter: since when each runs, until when, by which rule."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from inspect_app.domain.calendar import WorkCalendar
from inspect_app.domain.codes import SourceChannel
from inspect_app.domain.deadlines.facts import Clock, Deadline, MatterFacts, Rules
from inspect_app.domain.deadlines.story import Story, end_of
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState

REFUSALS = ("refuse", "object", "transfer", "merge")
ANSWERED_STATES = frozenset(MatterState) - {MatterState.REGISTERED}
FINISHED_STATES = (frozenset(MatterState) - frozenset(MATTER_OPEN)) | {MatterState.PHASE_CLOSED}
NEVER_TAKEN_ON = (
    MatterState.REGISTERED,
    MatterState.NOT_ACCEPTED,
    MatterState.RETURNED,
    MatterState.MERGED,
)
FROM_ELSEWHERE = frozenset(
    {SourceChannel.PASSED_ON, SourceChannel.ASSIGNED, SourceChannel.INSPECTION}
)
"""Channels by which another organ hands an item over; only such items can be sent back."""


def arrive(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the promise to be on the spot within hours of the receipt."""
    del calendar  # hours run day and night
    hours = rules.get("urgent_arrival_h", 0)
    if not story.facts.is_on_site_promised or not hours or story.reopened_at is not None:
        return None
    start = story.facts.received_at
    done = story.first("arrive", *REFUSALS)
    return Deadline(Clock.ARRIVE, start, start + timedelta(hours=hours), "urgent_arrival_h", done)


def accept(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time to say whether the matter is accepted (Regulation, art. 23)."""
    start = story.facts.received_at
    chosen = _shortest(_accept_rules(story.facts, rules), story, start=start, calendar=calendar)
    if chosen is None:
        return None
    rule, due = chosen
    done = story.done(story.earliest("accept", *REFUSALS), ANSWERED_STATES)
    return Deadline(Clock.ACCEPT, start, due, rule, done, story.is_paused(done))


def _accept_rules(facts: MatterFacts, rules: Rules) -> Iterator[tuple[str, float]]:
    yield "accept_days", rules.get("accept_days", 0)
    for channel in sorted(facts.channels):
        key = f"accept_working_days_{channel}"
        yield key, rules.get(key, 0)


def objection(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time within which an item of another organ can be sent back."""
    days = rules.get("object_working_days", 0)
    if not days or not story.facts.channels & FROM_ELSEWHERE:
        return None
    start = story.facts.received_at
    due = end_of(start, days, calendar=calendar)
    done = story.done(story.earliest("accept", *REFUSALS), ANSWERED_STATES)
    return Deadline(Clock.OBJECT, start, due, "object_working_days", done)


def dispatch(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time to give an accepted matter to somebody."""
    days, start = rules.get("dispatch_working_days", 0), story.first("accept")
    if not days or start is None:
        return None
    due = end_of(start, days, pauses=story.pauses, calendar=calendar)
    done = story.first("assign", "transfer", "merge", "submit")
    paused = story.is_paused(done)
    return Deadline(Clock.DISPATCH, start, due, "dispatch_working_days", done, paused)


def finish(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time to answer: from the reopening, else from acceptance, else from receipt.

    Receipt counts for matters that were taken on without a recorded acceptance (imported ones).
    """
    start = story.reopened_at or story.first("accept")
    if start is None:
        if story.facts.state in NEVER_TAKEN_ON:
            return None
        start = story.facts.received_at
    chosen = _shortest(_finish_rules(story, rules), story, start=start, calendar=calendar)
    if chosen is None:
        return None
    rule, due = chosen
    done = story.done(story.first("approve", "transfer", "merge"), FINISHED_STATES)
    return Deadline(Clock.FINISH, start, due, rule, done, story.is_paused(done))


def _finish_rules(story: Story, rules: Rules) -> Iterator[tuple[str, float]]:
    """Return the rules for the time to finish, each with the days of an extension added."""
    for key in _finish_keys(story.facts, rules):
        days = rules.get(key, 0)
        yield key, days and days + story.extra_days


def _finish_keys(facts: MatterFacts, rules: Rules) -> Iterator[str]:
    by_route = f"finish_days_{facts.legal_route}"
    yield by_route if by_route in rules else "finish_days"
    for channel in sorted(facts.channels):
        yield (
            "inspection_reply_days"
            if channel == SourceChannel.INSPECTION
            else f"finish_days_{channel}"
        )
    yield f"finish_days_{facts.severity}"
    many = rules.get("repeat_level_min", 0)
    if many and facts.complaints >= many:
        yield "finish_days_repeated"


def _shortest(
    candidates: Iterable[tuple[str, float]],
    story: Story,
    *,
    start: datetime,
    calendar: WorkCalendar,
) -> tuple[str, datetime] | None:
    """Return the rule whose time ends first, with that end; the first named wins a tie."""
    ends = []
    for key, days in candidates:
        if days:
            counted = calendar if "working_days" in key else None
            ends.append((key, end_of(start, days, pauses=story.pauses, calendar=counted)))
    return min(ends, key=lambda end: end[1], default=None)


def feedback(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the day by which another unit was asked to say what it did."""
    del rules, calendar  # the day was set by the person who transferred the matter
    sent = [one for one in story.round if one.event == "transfer"]
    if not sent or sent[-1].due_at is None:
        return None
    done = story.first("take_feedback")
    return Deadline(Clock.FEEDBACK, sent[-1].at, sent[-1].due_at, "", done)


def review(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time of the organ above to answer a review (Regulation, art. 35)."""
    del calendar  # calendar days
    return _higher(story, rules, clock=Clock.REVIEW, ends=("answer_review", "ask_recheck"))


def recheck(story: Story, rules: Rules, calendar: WorkCalendar) -> Deadline | None:
    """Return the time of the organ above that to answer a re-review (Regulation, art. 36)."""
    del calendar  # calendar days
    return _higher(story, rules, clock=Clock.RECHECK, ends=("terminate",))


def _higher(story: Story, rules: Rules, *, clock: Clock, ends: tuple[str, ...]) -> Deadline | None:
    key = f"{clock.value}_days"
    days = rules.get(key, 0)
    asked = [one.at for one in story.round if one.event == f"ask_{clock.value}"]
    if not days or not asked:
        return None
    done = [one.at for one in story.round if one.event in ends and one.at >= asked[-1]]
    return Deadline(clock, asked[-1], end_of(asked[-1], days), key, min(done, default=None))


CLOCKS: tuple[Callable[[Story, Rules, WorkCalendar], Deadline | None], ...] = (
    arrive,
    objection,
    accept,
    dispatch,
    finish,
    feedback,
    review,
    recheck,
)
"""All clocks in the order of a matter's life."""
