"""What a change is asked for; kept with the offer as JSON, and read back at adoption."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspect_app.models.base import Json


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What a change of a published plan has to take into account.

    Parameters
    ----------
    urgent
        Keys of objects (`matter:7`, `outlet:12`) to be visited within the promise of arrival.
    absent
        Crew ids with the days (offsets from Monday) on which they do not go out.
    not_done
        Ids of stops of earlier days to be made up for.
    exempted
        Keys of objects that are not to be visited any more.
    rain
        Whether storm outlets are to be looked at within the policy's hours.
    roads
        Whether roads have been closed; which ones the week itself knows.
    iterations
        End of the search for the second offer: same request, same offer. None: by time.
    """

    urgent: tuple[str, ...] = ()
    absent: tuple[tuple[int, tuple[int, ...]], ...] = ()
    not_done: tuple[int, ...] = ()
    exempted: tuple[str, ...] = ()
    rain: bool = False
    roads: bool = False
    iterations: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (
            self.urgent or self.absent or self.not_done or self.exempted or self.rain or self.roads
        )

    def as_json(self) -> Json:
        """Return the request as it is stored."""
        return {
            "urgent": list(self.urgent),
            "absent": [[crew, list(days)] for crew, days in self.absent],
            "not_done": list(self.not_done),
            "exempted": list(self.exempted),
            "rain": self.rain,
            "roads": self.roads,
            "iterations": self.iterations,
        }


def request_from(stored: Mapping[str, Any]) -> ChangeRequest:
    """Return a stored request."""
    return ChangeRequest(
        urgent=tuple(stored["urgent"]),
        absent=tuple((crew, tuple(days)) for crew, days in stored["absent"]),
        not_done=tuple(stored["not_done"]),
        exempted=tuple(stored["exempted"]),
        rain=stored["rain"],
        roads=stored["roads"],
        iterations=stored["iterations"],
    )
