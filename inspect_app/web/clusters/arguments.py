"""What a request about complaints asks for: the same address for page, cells, list and export."""

import re

from flask import request

from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.queries.cluster_scans import newest_scan
from inspect_app.queries.complaint_counts import Cell, ComplaintFilter, Question
from inspect_app.queries.policies import policy_value
from inspect_app.web.http import actor, chosen_code, database, time_zone, today
from inspect_app.web.map.arguments import ZOOM_MAX, asked_week

SPANS = (1, 2, 4, 13, 26, 52)
"""Weeks a filter may reach back."""
SPAN_DEFAULT = 4
COUNTS = (1, 2, 5, 10, 20)
"""Least numbers of complaints a matter may be narrowed to."""
NUMBER_MAX = 2**63 - 1
_CELL = re.compile(r"(\d{1,2})/(-?\d{1,7})/(-?\d{1,7})$")


def asked_filter() -> ComplaintFilter:
    """Return the filter of the address; without `min` only repeated matters count."""
    repeated = int(policy_value(database(), "repeat_count_min", day=today()))
    return ComplaintFilter(
        last_week=asked_week(),
        weeks=_whole("span", least=1, most=max(SPANS)) or SPAN_DEFAULT,
        pollution_type=chosen_code(PollutionType, request.args.get("type", "")),
        channel=chosen_code(SourceChannel, request.args.get("channel", "")),
        grid_id=_whole("grid", least=1, most=NUMBER_MAX),
        source_id=_whole("source", least=1, most=NUMBER_MAX),
        matter_id=_whole("matter", least=1, most=NUMBER_MAX),
        count_min=_whole("min", least=1, most=10_000) or repeated,
        cell=_cell(),
    )


def asked_question() -> Question:
    """Return the filter as this person asks it."""
    floor = int(policy_value(database(), "shown_reporters_min", day=today()))
    chosen = asked_filter()
    scan = newest_scan(database(), until=chosen.last_week)
    return Question(
        chosen,
        actor().scope,
        time_zone(),
        reporters_min=floor,
        scan_id=None if scan is None else scan.id,
    )


def asked_page() -> int:
    """Return the page of the list, counted from 1."""
    return _whole("page", least=1, most=100_000) or 1


def asked_zoom() -> int:
    """Return the zoom of the map; a whole county by default."""
    zoom = _whole("zoom", least=0, most=ZOOM_MAX)
    return 10 if zoom is None else zoom


def address_of(chosen: ComplaintFilter) -> dict[str, str]:
    """Return the arguments that name a filter; what is not narrowed is left out."""
    named = {
        "week": week_text(chosen.last_week),
        "span": chosen.weeks,
        "type": chosen.pollution_type and chosen.pollution_type.value,
        "channel": chosen.channel and chosen.channel.value,
        "grid": chosen.grid_id,
        "source": chosen.source_id,
        "matter": chosen.matter_id,
        "min": chosen.count_min,
    }
    return {name: str(value) for name, value in named.items() if value is not None}


def _cell() -> Cell | None:
    given = request.args.get("cell")
    if not given:
        return None
    parts = _CELL.match(given)
    if parts is None or int(parts[1]) > ZOOM_MAX:
        expected = "zoom/column/row"
        raise Problem("field_invalid", field="cell", expected=expected, found=given[:80])
    return Cell(*(int(part) for part in parts.groups()))


def _whole(field: str, *, least: int, most: int) -> int | None:
    given = request.args.get(field, "").strip()
    if not given:
        return None
    if not given.isdecimal() or len(given) > 19 or not least <= int(given) <= most:
        expected = f"{least}–{most}"
        raise Problem("field_invalid", field=field, expected=expected, found=given[:80])
    return int(given)
