"""What was done about the demo's matters: their steps, the contacts with reporters, the results."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from inspect_app.demo.history import History, StepRow
from inspect_app.demo.patrols import at
from inspect_app.demo.people import People
from inspect_app.domain.access import Role

_ACCEPTED = ("register", "accept")
_THERE = (*_ACCEPTED, "assign", "arrive")
_HANDLED = (*_THERE, "verify", "take_measure")
_REPLIED = (*_HANDLED, "submit", "approve")

LIVES: dict[str, tuple[str, ...]] = {
    "registered": ("register",),
    "accepted": _ACCEPTED,
    "not_accepted": ("register", "refuse"),
    "transferred": ("register", "transfer"),
    "assigned": (*_ACCEPTED, "assign"),
    "investigating": _THERE,
    "handling": _HANDLED,
    "replied": _REPLIED,
    "closed": (*_REPLIED, "close"),
    "revisited": (*_REPLIED, "close", "revisit"),
}
"""The steps a matter went through, by the state it is in."""
MOMENTS: dict[str, float] = {
    "register": 0.0,
    "accept": 0.05,
    "assign": 0.09,
    "arrive": 0.2,
    "verify": 0.24,
    "take_measure": 0.45,
    "submit": 0.8,
    "approve": 0.9,
    "refuse": 1.0,
    "transfer": 1.0,
    "close": 1.0,
}
"""When in the time from registration to the end a step is taken."""
REVISITED_SHARE = 0.7
REVISIT_DAYS = 10
_TOLD = {
    "receipt": (0.93, "register", "已告知受理编号和查询方式"),
    "acceptance": (0.9, "accept", "已告知受理及办理期限"),
    "progress": (0.6, "take_measure", "已告知核查情况和整改要求"),
    "reply": (0.97, "approve", "已答复办理结果"),
    "revisit": (1.0, "revisit", "已回访办理效果"),
}
"""Share of the matters whose reporter was told, the step it goes with, and what was said."""
_RESULTS = (
    "属实,已责令整改,现场复核污染已消除",
    "部分属实,已要求规范操作",
    "现场核查未发现所反映的问题",
)
_REPLIES = (
    "您反映的问题属实,我局已责令有关单位整改到位",
    "您反映的问题部分属实,有关单位已按要求改正",
    "经现场核查未发现您反映的问题,我局将继续加强巡查",
)


@dataclass(slots=True)
class _Span:
    """A matter's number, its life and the time there was for it."""

    id: int
    state: str
    start: datetime
    end: datetime
    handler: int | None

    def moment(self, event: str) -> datetime:
        return self.start + MOMENTS[event] * (self.end - self.start)


def handle_matters(
    rng: np.random.Generator,
    frames: dict[str, pd.DataFrame],
    *,
    people: People,
    history: History,
    today: date,
) -> None:
    """Add to the frames what was done: events, contacts, results; some closed ones are revisited.

    Every matter ends in the state it has, but for closed ones that somebody revisited in the days
    after; nothing lies after the morning of `today`.
    """
    matter = frames["complaint_matter"]
    last = at(today, time(0))
    revisited_at = _revisits(rng, matter, last=last)
    matter["state"] = matter.state.where(revisited_at.isna(), "revisited")
    outcome = rng.choice(3, len(matter), p=[0.62, 0.23, 0.15])
    judged = matter.state.isin([state for state, life in LIVES.items() if "verify" in life])
    answered = matter.state.isin([state for state, life in LIVES.items() if "submit" in life])
    results = np.array(["true", "partly", "untrue"], dtype=object)[outcome]
    matter["verification_result"] = pd.Series(results).where(judged, None)
    for column, texts in (("handling_result", _RESULTS), ("reply_text", _REPLIES)):
        matter[column] = pd.Series(np.array(texts, dtype=object)[outcome]).where(answered, None)
    refused = matter.state == "not_accepted"
    matter["refusal_reason"] = pd.Series("not_ours", index=matter.index).where(refused, None)
    matter["department"] = pd.Series("综合执法局", index=matter.index).where(
        matter.state == "transferred", None
    )
    staff = _Staff(people)
    contacts: list[dict[str, object]] = []
    for span, revisit in zip(_spans(frames, last=last), revisited_at, strict=True):
        _live(span, revisit, staff=staff, history=history)
        contacts += _contacts(rng, span, revisit, staff=staff)
    made = pd.DataFrame(contacts).sort_values("made_at", kind="stable", ignore_index=True)
    made.insert(0, "id", made.index + 1)
    frames["matter_contact"] = made


class _Staff:
    """Who takes which step: clerks register, the deputy decides."""

    def __init__(self, people: People) -> None:
        self.clerk = people.by_role[Role.CLERK, None][0]
        self.deputy = people.by_role[Role.DEPUTY, None][0]

    def of(self, event: str, handler: int | None) -> int | None:
        if event in {"register", "assign", "revisit"}:
            return self.clerk
        if event in {"arrive", "verify", "take_measure", "submit"}:
            return handler or self.clerk
        return self.deputy


def _revisits(rng: np.random.Generator, matter: pd.DataFrame, *, last: datetime) -> pd.Series:
    """Return when closed matters were revisited; missing where nobody has."""
    days = pd.to_timedelta(np.round(rng.uniform(2, REVISIT_DAYS, len(matter)) * 24), unit="h")
    when = matter.closed_at + days
    chosen = (matter.state == "closed") & (rng.random(len(matter)) < REVISITED_SHARE)
    return when.where(chosen & (when < last))


def _spans(frames: dict[str, pd.DataFrame], *, last: datetime) -> Iterator[_Span]:
    first = frames["complaint"].groupby("matter_id").registered_at.min()
    matter = frames["complaint_matter"]
    handler = matter.handler_person_id.fillna(matter.owner_person_id)
    for number, state, closed, person in zip(
        matter.id, matter.state, matter.closed_at, handler, strict=True
    ):
        start = first[number].to_pydatetime()
        end = max(start, last) if pd.isna(closed) else max(start, closed.to_pydatetime())
        yield _Span(number, state, start, end, None if pd.isna(person) else int(person))


def _live(span: _Span, revisit: pd.Timestamp, *, staff: _Staff, history: History) -> None:
    steps = []
    for event in LIVES[span.state]:
        moment = revisit.to_pydatetime() if event == "revisit" else span.moment(event)
        facts: dict[str, object] = {}
        if event == "assign" and span.handler is not None:
            facts = {"handler_person_id": span.handler}
        if event == "transfer":
            facts = {"department": "综合执法局"}
        reason = "不属于生态环境部门职责" if event == "refuse" else ""
        person = staff.of(event, span.handler)
        steps.append(StepRow(event, moment.astimezone(UTC), person, reason, facts))
    history.live("matter", span.id, steps)


def _contacts(
    rng: np.random.Generator, span: _Span, revisit: pd.Timestamp, *, staff: _Staff
) -> Iterator[dict[str, object]]:
    life = LIVES[span.state]
    for kind, (share, event, told) in _TOLD.items():
        if event not in life or rng.random() >= share:
            continue
        moment = revisit.to_pydatetime() if event == "revisit" else span.moment(event)
        said = None
        if kind == "revisit":
            said = str(
                rng.choice(
                    ["satisfied", "fairly", "dissatisfied", "unreachable"],
                    p=[0.6, 0.24, 0.08, 0.08],
                )
            )
        yield {
            "matter_id": span.id,
            "kind": kind,
            "means": str(rng.choice(["phone", "message", "visit"], p=[0.75, 0.18, 0.07])),
            "made_at": moment + timedelta(minutes=int(rng.integers(0, 20))),
            "made_by": staff.of(event, span.handler),
            "told": told,
            "satisfaction": said,
        }
