"""Crew-days as an iCalendar (RFC 5545): one event each, the same event in every version."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from inspect_app.domain.transitions import PlanState, TaskState
from inspect_app.queries.plan_tasks import TaskSheet

LINE_OCTETS = 75
STATUS = {
    PlanState.DRAFT: "TENTATIVE",
    PlanState.PUBLISHED: "CONFIRMED",
    PlanState.WITHDRAWN: "CANCELLED",
}


def calendar(sheets: Sequence[TaskSheet], *, title: str, zone: ZoneInfo) -> bytes:
    """Return the file.

    A crew-day's UID is made of crew and day, its SEQUENCE is the plan's version: a calendar that
    reads a newer version replaces its events. Times are UTC; clocks in the text are the bureau's.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//inspect-app//weekly plan//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(title)}",
        *(line for sheet in sheets for line in _event(sheet, zone=zone)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def _event(sheet: TaskSheet, *, zone: ZoneInfo) -> Iterator[str]:
    task, plan, crew = sheet.task, sheet.plan, sheet.crew
    cancelled = sheet.state in (TaskState.CANCELLED, TaskState.EXEMPTED)
    yield "BEGIN:VEVENT"
    yield f"UID:crew-{crew.id}-{task.day:%Y%m%d}@inspect-app"
    yield f"SEQUENCE:{plan.version}"
    yield f"DTSTAMP:{_utc(plan.published_at or plan.created_at)}"
    yield f"DTSTART:{_utc(task.starts_at)}"
    yield f"DTEND:{_utc(task.ends_at)}"
    yield f"SUMMARY:{escaped(f'{crew.name} {len(sheet.stops)}')}"
    yield f"LOCATION:{escaped(sheet.station)}"
    yield f"DESCRIPTION:{escaped(_stops(sheet, zone=zone))}"
    yield f"STATUS:{'CANCELLED' if cancelled else STATUS[PlanState(plan.state)]}"
    yield "END:VEVENT"


def _stops(sheet: TaskSheet, *, zone: ZoneInfo) -> str:
    return "\n".join(
        f"{line.stop.seq}. {line.stop.arrive_at.astimezone(zone):%H:%M} {line.stop.name}"
        for line in sheet.stops
    )


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """Return a text value as RFC 5545 wants it."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(sign for sign in clean if sign >= " " or sign == "\t")


def folded(line: str) -> str:
    """Return a content line in pieces of at most 75 octets; no character is cut."""
    pieces, piece, octets = [], "", 0
    for sign in line:
        size = len(sign.encode())
        if octets + size > LINE_OCTETS:
            pieces.append(piece)
            # The blank that marks a continuation counts.
            piece, octets = "", 1
        piece, octets = piece + sign, octets + size
    return "\r\n ".join([*pieces, piece])
