"""While a complaint is typed: the matters it may belong to, and who would handle it."""

import math
from collections.abc import Callable
from datetime import datetime
from threading import Thread
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app
from flask_babel import gettext
from sqlalchemy.orm import Session

from gis.repeats import Complaint as Call
from gis.repeats import Reason
from gis.repeats.complaints import REASONS
from inspect_app.db import transaction
from inspect_app.domain.access import Permission
from inspect_app.domain.assignment import GROUNDS, Asked, Proposal
from inspect_app.domain.codes import PollutionType
from inspect_app.domain.intake import PollutionSubtype
from inspect_app.domain.problems import Phrase
from inspect_app.queries.assignment import grids_around, proposed_for
from inspect_app.queries.policies import policy_value
from inspect_app.queries.repeat_index import LiveRepeats, SameMatter, kind_key, object_key
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    json_body,
    now,
    requires,
    sessions,
    time_zone,
    today,
    words,
)
from inspect_app.web.reporter_seal import seal

pages = Blueprint("suggestions", __name__)
log = structlog.get_logger()

P = Permission
LEAST = "suggest_share_min"
_TEXT_MAX = 2_000


@pages.post("/api/complaints/suggestions")
@requires(P.COMPLAINT_REGISTER)
def same_matters() -> Response:
    """Answer with the likely same matters of what is typed so far.

    The body is posted: a telephone never stands in an address, which logs keep.
    """
    told = json_body()
    found = live_repeats(current_app).suggest(
        database(),
        _call(told, at=now()),
        scope=actor().scope,
        least=policy_value(database(), LEAST, day=today()),
    )
    body = {"ready": found is not None, "matters": [_shown(one) for one in found or ()]}
    return json_answer(body)


@pages.post("/api/complaints/handlers")
@requires(P.COMPLAINT_REGISTER)
def handlers() -> Response:
    """Answer with the grids at a place, several near a border, and with the proposed handlers."""
    told = json_body()
    place = _place(told)
    types = tuple(one for one in _texts(told, "types") if one in list(PollutionType))
    subtypes = tuple(one for one in _texts(told, "subtypes") if one in list(PollutionSubtype))
    near = [] if place is None else grids_around(database(), *place, day=today())
    visible = [one for one in near if actor().scope.covers(one.grid.path)]
    found = proposed_for(database(), Asked(place, types, subtypes), day=today())
    return json_answer(
        {
            "grids": [
                {"id": one.grid.id, "name": one.grid.name, "distance_m": round(one.distance_m)}
                for one in visible
            ],
            "proposals": [_proposed(one) for one in found],
        }
    )


def live_repeats(app: Flask) -> LiveRepeats:
    """Return the index of this process; the first to ask makes it."""
    held: LiveRepeats = app.extensions.setdefault("live_repeats", LiveRepeats(_beside()))
    return held


def _beside() -> Callable[[Callable[[Session], None]], None]:
    """Return what runs a long build in a thread of its own, on a session of its own."""
    maker = sessions()

    def run(work: Callable[[Session], None]) -> None:
        def build() -> None:
            try:
                with transaction(maker) as own:
                    work(own)
            except Exception:
                log.exception("repeat_index_failed")
                raise

        Thread(target=build, name="repeat-index", daemon=True).start()

    return run


def _call(told: dict[str, Any], *, at: datetime) -> Call:
    phone, name = _text(told, "phone"), _text(told, "name")
    keyed = (seal().phone_hash(phone) or seal().name_hash(name)) if phone or name else None
    source = str(told.get("source_id") or "")
    return Call(
        key="",
        at=at,
        xy=_place(told),
        kind=kind_key(_texts(told, "types")),
        text=_text(told, "summary"),
        object_key=object_key(
            int(source) if source.isascii() and source.isdigit() else None,
            _text(told, "respondent"),
        ),
        reporter=keyed or "",
    )


def _place(told: dict[str, Any]) -> tuple[float, float] | None:
    try:
        lon, lat = float(told["lon"]), float(told["lat"])
    except (KeyError, TypeError, ValueError):
        return None
    is_on_earth = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    return (lon, lat) if is_on_earth else None


def _text(told: dict[str, Any], name: str) -> str:
    return str(told.get(name) or "").replace("\x00", "")[:_TEXT_MAX]


def _texts(told: dict[str, Any], name: str) -> list[str]:
    values = told.get(name)
    return [str(one) for one in values[:20]] if isinstance(values, list) else []


def _shown(one: SameMatter) -> dict[str, object]:
    return {
        "id": one.matter_id,
        "matter_no": one.matter_no,
        "title": one.title,
        "state": gettext(one.state.label),
        "times": one.times,
        "last_at": f"{one.last_at.astimezone(time_zone()):%Y-%m-%d %H:%M}",
        "distance_m": one.distance_m,
        "share_pct": round(one.probability * 100),
        "reasons": [_reason(reason) for reason in one.reasons if reason.bits > 0][:4],
    }


def _reason(reason: Reason) -> str:
    return words(Phrase(REASONS[reason.code], reason.facts))


def _proposed(one: Proposal) -> dict[str, object]:
    who = one.department if one.holder is None else one.holder.person_name
    return {
        "who": who,
        "duty": "" if one.holder is None else gettext(one.holder.duty.label),
        "grid": "" if one.holder is None else one.holder.grid_name,
        "grid_id": None if one.holder is None else one.holder.grid_id,
        "why": words(Phrase(GROUNDS[one.ground], one.facts)),
        "choose": one.choose,
    }
