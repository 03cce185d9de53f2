"""Events and audit entries as the state machines write them; impossible steps are refused."""

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from inspect_app.domain.transitions import Transition, transition


class ImpossibleStep(ValueError):
    """The transition table has no such step."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a subject's life."""

    event: str
    at: datetime
    actor: int | None
    reason: str = ""
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """The event and audit rows of all subjects; written out in order of time."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def live(self, kind: str, number: int, steps: list[StepRow]) -> str:
        """Take the steps of a subject from its birth; return the state it is in at the end."""
        state: str | None = None
        for step in steps:
            row = transition(kind, step.event, state)
            if row is None:
                message = f"{kind} {number}: no {step.event} from {state}"
                raise ImpossibleStep(message)
            self._add(row, number, step)
            state = row.target.value
        return str(state)

    def _add(self, row: Transition, number: int, step: StepRow) -> None:
        self.rows.append(
            {
                "subject_kind": row.subject,
                "subject_id": number,
                "event": row.event,
                "from_state": None if row.source is None else row.source.value,
                "to_state": row.target.value,
                "actor_id": step.actor,
                "at": step.at,
                "reason": step.reason or None,
                "facts": step.facts,
            }
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames of events and audit entries."""
        events = pd.DataFrame(self.rows).sort_values("at", kind="stable", ignore_index=True)
        events.insert(0, "id", events.index + 1)
        events["actor_id"] = events.actor_id.astype("Int64")
        audit = events[["id", "at", "actor_id", "subject_kind", "facts"]].assign(
            action=events.subject_kind + "." + events.event,
            subject_id=events.subject_id.astype(str),
        )
        return {"event": events, "audit_entry": audit}
