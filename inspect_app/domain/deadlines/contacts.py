"""The five contacts with a reporter: receipt, notice, progress, reply, revisit."""

from datetime import datetime

from inspect_app.domain.deadlines.facts import Clock, ContactDue, Deadline, Rules
from inspect_app.domain.deadlines.story import Story, end_of
from inspect_app.domain.matter_codes import ContactKind


def five_contacts(
    story: Story, rules: Rules, clocks: dict[Clock, Deadline]
) -> tuple[ContactDue, ...]:
    """Return the five contacts, each with its time and when it was made in this round.

    Receipt and notice are owed with the acceptance; the reply with the answer; the revisit some
    days after closing.
    """
    accept, finish = clocks.get(Clock.ACCEPT), clocks.get(Clock.FINISH)
    since = story.reopened_at or story.facts.received_at
    return (
        _owed(story, ContactKind.RECEIPT, accept),
        _owed(story, ContactKind.ACCEPTANCE, accept),
        _progress(story, rules, finish),
        _owed(story, ContactKind.REPLY, finish, since=since),
        _revisit(story, rules, since),
    )


def _owed(
    story: Story, kind: ContactKind, clock: Deadline | None, *, since: datetime | None = None
) -> ContactDue:
    made = min(story.made(kind, since), default=None)
    if clock is None:
        return ContactDue(kind, None, None, made)
    return ContactDue(kind, clock.start, clock.due, made)


def _progress(story: Story, rules: Rules, finish: Deadline | None) -> ContactDue:
    """Return when the reporter is to hear next: so many days after the last word.

    Where the answer itself is due earlier, no word before it is owed.
    """
    kind, days = ContactKind.PROGRESS, rules.get("progress_every_days", 0)
    if finish is None:
        return ContactDue(kind, None, None, max(story.made(kind, None), default=None))
    last = max(story.made(kind, finish.start), default=None)
    start = last or finish.start
    due = end_of(start, days, pauses=story.pauses)
    if not days or finish.done_at is not None or due >= finish.due:
        return ContactDue(kind, None, None, last)
    return ContactDue(kind, start, due, None)


def _revisit(story: Story, rules: Rules, since: datetime) -> ContactDue:
    kind, days = ContactKind.REVISIT, rules.get("revisit_days", 0)
    closed, made = story.first("close", "finish"), max(story.made(kind, since), default=None)
    if closed is None or not days:
        return ContactDue(kind, None, None, made)
    return ContactDue(kind, closed, end_of(closed, days), made)
