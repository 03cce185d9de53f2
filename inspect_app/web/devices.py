"""Which tablet speaks: its headers checked at every request, and how a tablet is enrolled."""

import hmac
import re
from datetime import datetime

from flask import Blueprint, Response, g, request

from inspect_app.db import transaction
from inspect_app.domain.problems import Problem
from inspect_app.queries.actors import KnownDevice, Visitor, known_device
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    json_body,
    now,
    sessions,
    settings,
    signed_in,
    time_zone,
)
from inspect_app.web.sessions import claimed_device, uuid_or_none
from inspect_app.workflows.enrol_device import Newcomer, enrol, token_hash
from inspect_app.workflows.log_in import LockRule
from inspect_app.workflows.note_contact import Contact, note_contact

pages = Blueprint("devices", __name__)
TOKEN = re.compile("[A-Za-z0-9_-]{43,128}")
"""A token as a tablet draws it: 256 bits or more."""


def device() -> KnownDevice | None:
    """Return the enrolled tablet that sends this request; None for a desk or an old tablet.

    Refuses a revoked tablet and a wrong token. What the tablet says of itself (its highest number,
    its clock, its version) is noted at most once a minute, or as soon as the number rises.
    """
    if "device" not in g:
        g.device = _checked_device()
    found: KnownDevice | None = g.device
    return found


def forget_device() -> None:
    """Let the tablet be noted anew: what was noted of it is undone with the transaction."""
    g.pop("device", None)


@pages.post("/sync/enrol")
@signed_in
def enrol_device() -> Response:
    """Enrol the tablet by the one-time code; a wrong code is counted in its own transaction."""
    body = json_body()
    code, model = str(body.get("code", "")), str(body.get("model") or "")
    uid = uuid_or_none(str(body.get("device", "")))
    if uid is None:
        raise Problem("body_invalid", reason="device")
    token = body.get("token")
    if token is not None and not TOKEN.fullmatch(str(token)):
        raise Problem("body_invalid", reason="token")
    newcomer = Newcomer(uid, model, None if token is None else str(token))
    rule = LockRule(settings().login_failures_max, settings().login_lock_min)
    with transaction(sessions()) as own:
        outcome = enrol(own, code, device=newcomer, rule=rule, actor=actor(), now=now())
    if isinstance(outcome, Problem):
        raise _told(outcome)
    return json_answer({"device": uid, "name": outcome.device.name, "token": outcome.token}, 201)


def _checked_device() -> KnownDevice | None:
    uid = claimed_device(request)
    if uid is None:
        return None
    token = request.headers.get("X-Device-Token", "")
    visitor: Visitor | None = g.get("visitor")
    found = visitor.tablet if visitor is not None else known_device(database(), uid)
    if found is None and not token:
        return None
    if found is None or found.revoked:
        raise Problem("device_revoked")
    if not token:  # enrolled, but the reply with the token was lost
        return None
    if not hmac.compare_digest(found.token_hash, token_hash(token)):
        raise Problem("device_revoked")
    note_contact(database(), _contact(found), found, now=now())
    return found


def _contact(known: KnownDevice) -> Contact:
    return Contact(
        uid=known.uid,
        token_hash=known.token_hash,
        seq=_number(request.headers.get("X-Device-Seq", "")) or 0,
        clock_offset_s=_offset(_number(request.headers.get("X-Device-Clock", "")), now()),
        app_version=request.headers.get("X-App-Version", "")[:40] or None,
    )


def _offset(clock_ms: int | None, moment: datetime) -> float | None:
    """Return the tablet's clock minus ours in seconds; it is noted and decides nothing."""
    return None if clock_ms is None else round(clock_ms / 1000 - moment.timestamp(), 1)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _told(problem: Problem) -> Problem:
    if problem.code != "enrolment_locked":
        return problem
    until: datetime = problem.facts["until"]  # type: ignore[assignment]
    return Problem("enrolment_locked", until=f"{until.astimezone(time_zone()):%H:%M}")
