"""What tablets exchange with the server: records, tracks, photos, the day's tasks, receipts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, request, send_file
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf

from inspect_app.domain.access import Permission
from inspect_app.domain.check_forms import FORMS, form_json
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PHOTO_PERMISSIONS
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.queries.check_sheets import checks_of_tasks
from inspect_app.queries.manifest import compare_manifest
from inspect_app.queries.patrol_package import (
    ObjectHistory,
    grid_contacts,
    objects_history,
    policies_known,
)
from inspect_app.queries.patrols import objects_near, surroundings, tasks_of_day
from inspect_app.queries.photo_marks import mark_of
from inspect_app.queries.photos import stored_photo, visible_photo
from inspect_app.queries.receipts import receipt_of
from inspect_app.web.devices import device, forget_device
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    json_body,
    now,
    parsed_day,
    requires,
    sentence,
    settings,
    signed_in,
    time_zone,
    today,
)
from inspect_app.web.photo_marks import font_path, mark_lines
from inspect_app.web.sessions import claimed_device
from inspect_app.workflows.attach_track import ATTACHED_FROM
from inspect_app.workflows.keep_photo import PhotoShelf, keep_photo, make_marked, make_thumb
from inspect_app.workflows.sync_patrol import (
    EffectRefused,
    Origin,
    Receipt,
    Sent,
    keep_record,
    keep_segment,
    try_record,
    try_segment,
)

P = Permission
log = structlog.get_logger()
pages = Blueprint("sync", __name__)

RECORD_BYTES_MAX = 256 * 1024
TABLET_POLICIES = (
    "stop_radius_m",
    "fix_accuracy_max_m",
    "coverage_share_min",
    "coverage_tolerance_m",
    "track_gap_s",
    "stop_stay_min_s",
    "patrol_min_minutes",
    "patrol_min_metres",
    "package_age_max_h",
    "package_early_h",
    "tablet_lock_min",
    "navigation_hand_off",
    "photo_keep_days",
)
"""What the tablet warns by; where the county has set no number it does not warn."""
MANIFEST_ITEMS_MAX = 50_000
"""A month of a busy tablet is some ten thousand items."""
Way = Callable[..., Receipt]
"""How an item is kept."""
STATUS_OF = {"new": 201, "seen": 200, "waiting": 202, "inbox": 202, "conflict": 409}


@pages.get("/sync/session")
@signed_in
def session() -> Response:
    """Say who is logged in, the server's clock, the token for changes, the tablet's name."""
    person, tablet = actor(), device()
    return json_answer(
        {
            "person_id": person.person_id,
            "name": person.name,
            "csrf": generate_csrf(),
            "now": now(),
            "device": {
                "name": None if tablet is None else tablet.name,
                "known": tablet is not None,
            },
        }
    )


@pages.get("/sync/tasks")
@requires(P.PATROL_DO)
def tasks() -> Response:
    """Answer the person's tasks of a day with the map around them."""
    day = _asked_day()
    return json_answer({"day": day, "fetched_at": now(), **_package(day, days=1)})


@pages.get("/sync/week")
@requires(P.PATROL_DO)
def week() -> Response:
    """Answer the person's tasks of a week (`?week=2026-W13`) as one package with its ETag.

    `?size=1` tells its size instead, so that a person can decide before loading it.
    """
    asked = request.args.get("week")
    monday = parse_week(asked) if asked else monday_of(today())
    package = _package(monday, days=7)
    weeks = {"week": week_text(monday), "next_week": week_text(monday + timedelta(days=7))}
    answer = json_answer({**weeks, "monday": monday, **package})
    # The tablet's stamp of the package: asked again unchanged, it is not sent again.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    if request.args.get("size"):
        etag, bytes_ = answer.headers["ETag"], len(answer.get_data())
        told = {"etag": etag, "bytes": bytes_, "tasks": len(package["tasks"])}
        return json_answer(told | _thumbs_size(package["history"]))
    answer.make_conditional(request.environ)
    # The server's clock stays outside the package: it would make every answer a new one.
    answer.headers["X-Now"] = now().isoformat()
    return answer


def _package(day: date, *, days: int) -> dict[str, Any]:
    """Return the tasks of so many days with everything that must work without a network."""
    person = actor()
    cards = tasks_of_day(database(), person.person_id, day=day, now=now(), days=days)
    ids = [card.id for card in cards]
    return {
        "person_id": person.person_id,
        "policies": policies_known(database(), TABLET_POLICIES, day=day),
        "tasks": cards,
        "surroundings": surroundings(database(), ids, day=day),
        "objects": objects_near(database(), ids, scope=person.scope),
        "forms": [form_json(form, gettext) for form in FORMS.values()],
        "checks": checks_of_tasks(database(), ids),
        "history": objects_history(database(), ids, actor=person),
        "contacts": grid_contacts(database(), ids),
    }


def _thumbs_size(history: Sequence[ObjectHistory]) -> dict[str, int]:
    """Return how many small pictures a package names, and the size of those already made."""
    names = {name for thing in history for finding in thing.findings for name in finding.photos}
    files = [shelf().thumb(name) for name in names]
    return {
        "thumbs": len(names),
        "thumb_bytes": sum(file.stat().st_size for file in files if file.exists()),
    }


@pages.put("/sync/records/<uuid:uid>")
@signed_in
def record(uid: UUID) -> Response:
    """Take one record: 201 new, 200 seen, 202 kept but not in effect yet, 409 in quarantine."""
    sent = Sent(_body(RECORD_BYTES_MAX), _digest())

    def keep(way: Way) -> Receipt:
        vouched = device() is not None
        return way(database(), uid, sent, actor=actor(), now=now(), vouched=vouched)

    return _answer(_kept(keep, try_record, keep_record))


@pages.put("/sync/tracks/<uuid:log_uid>/segments/<int:number>")
@signed_in
def segment(log_uid: UUID, number: int) -> Response:
    """Take one immutable piece of a track; its answers are those of a record."""
    if number >= ATTACHED_FROM:  # those are given out here, to tracks of other devices
        raise Problem("body_invalid", reason=f"segment {number}")
    sent = Sent(_body(RECORD_BYTES_MAX), _digest())

    def keep(way: Way) -> Receipt:
        origin = Origin(claimed_device(request), _item_seq(), vouched=device() is not None)
        place = (log_uid, number)
        return way(database(), place, sent, actor=actor(), now=now(), origin=origin)

    return _answer(_kept(keep, try_segment, keep_segment))


@pages.post("/sync/manifest")
@signed_in
def manifest() -> Response:
    """Compare a tablet's list of (name, hash) with what is kept here."""
    device()
    items = _manifest_items(json_body().get("items"))
    held = compare_manifest(database(), items, shelved=shelf().holds)
    return json_answer(
        {
            "missing": held.missing,
            "different": held.different,
            "incomplete": [
                {"id": name, "missing_photos": photos} for name, photos in held.incomplete
            ],
            "now": now(),
        }
    )


@pages.get("/sync/photos/<sha256>")
@requires(P.PATROL_DO, *PHOTO_PERMISSIONS)
def photo_state(sha256: str) -> Response:
    """Say whether a photo has arrived (also as HEAD); says nothing about its content."""
    photo = stored_photo(database(), _sha256(sha256))
    if not shelf().original(sha256, photo.media_type).exists():
        raise Problem("not_found", what="照片")
    return json_answer({"sha256": sha256, "size": photo.size})


@pages.put("/sync/photos/<sha256>")
@requires(P.PATROL_DO, *PHOTO_PERMISSIONS)
def photo(sha256: str) -> Response:
    """Take the raw bytes of a photo; its name is their hash."""
    new = keep_photo(
        database(),
        (request.get_data(), _sha256(sha256)),
        shelf=shelf(),
        zone=time_zone(),
        actor=actor(),
        now=now(),
    )
    state = "new" if new else "seen"
    answer = {"state": state, "id": sha256, "sha256": sha256, "now": now()}
    return json_answer(answer, 201 if new else 200)


@pages.get("/photos/<sha256>")
@signed_in
def show_photo(sha256: str) -> Response:
    """Serve a photo, its small derivative or its marked copy, to those whose scope uses it."""
    found = visible_photo(database(), _sha256(sha256), actor=actor())
    match request.args.get("size"):
        case "thumb":
            path, media_type = make_thumb(shelf(), found), "image/jpeg"
        case "marked":
            lines = mark_lines(found, mark_of(database(), found, scope=actor().scope))
            path = make_marked(shelf(), found, lines, font_path=font_path())
            media_type = "image/jpeg"
        case _:
            path, media_type = shelf().original(sha256, found.media_type), found.media_type
    answer = send_file(path.resolve(), mimetype=media_type, conditional=True)
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@pages.get("/sync/receipt")
@requires(P.PATROL_DO)
def receipt() -> Response:
    """List what the server holds of the person's day, for comparison with the tablet."""
    day = _asked_day()
    start = datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(settings().time_zone))
    period = (start, start + timedelta(days=1))
    held = receipt_of(database(), actor().person_id, period)
    return json_answer(
        {
            "day": day,
            "from": period[0],
            "to": period[1],
            "records": held.records,
            "segments": held.segments,
            "photos": held.photos,
        }
    )


def shelf() -> PhotoShelf:
    """Return where this installation keeps photos."""
    return PhotoShelf(settings().data_dir)


def _kept(keep: Callable[[Way], Receipt], bold: Way, careful: Way) -> Receipt:
    """Keep an item boldly, or from the beginning of the transaction with care if it is refused."""
    try:
        return keep(bold)
    except EffectRefused:
        database().rollback()
        forget_device()
        return keep(careful)


def _answer(receipt: Receipt) -> Response:
    """Say what became of a record or segment; errors of our own code go to the log."""
    for fault in receipt.faults:
        log.error("effect_failed", record=receipt.name, exc_info=fault)
    answer: dict[str, object] = {
        "state": receipt.state,
        "id": receipt.name,
        "sha256": receipt.sha256,
        "now": now(),
        "receipt": receipt.stamp,
        "missing_photos": receipt.missing_photos,
    }
    if receipt.quarantine is not None:
        answer["quarantine"] = receipt.quarantine
    problem = receipt.problem
    if problem is not None:
        facts = {name: str(value) for name, value in problem.facts.items()}
        answer |= {"problem": problem.code, "message": sentence(problem), "facts": facts}
    return json_answer(answer, STATUS_OF[receipt.state])


def _manifest_items(given: object) -> list[tuple[str, str]]:
    """Return the manifest's pairs, or refuse the list with what is wrong."""
    if not isinstance(given, list) or len(given) > MANIFEST_ITEMS_MAX:
        raise Problem("body_invalid", reason="items")
    pairs = []
    for item in given:
        if not (
            isinstance(item, list) and len(item) == 2 and all(isinstance(x, str) for x in item)
        ):
            raise Problem("body_invalid", reason="items: [name, sha256]")
        pairs.append((item[0], item[1]))
    return pairs


def _item_seq() -> int | None:
    text = request.headers.get("X-Item-Seq", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _body(limit: int) -> bytes:
    """Return the body, of which no more than the limit is read."""
    if (request.content_length or 0) <= limit:
        body = request.stream.read(limit + 1)
        if len(body) <= limit:
            return body
    raise Problem("too_large", limit=limit / 1024 / 1024)


def _digest() -> str:
    """Return the SHA-256 of the `Content-Digest` header (RFC 9530) as hex."""
    for member in request.headers.get("Content-Digest", "").split(","):
        name, _, value = member.strip().partition("=")
        if name == "sha-256" and len(value) > 2 and value[0] == value[-1] == ":":
            try:
                return base64.b64decode(value[1:-1], validate=True).hex()
            except binascii.Error as error:
                raise Problem("digest_missing") from error
    raise Problem("digest_missing")


def _sha256(name: str) -> str:
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise Problem("not_found", what="照片")
    return name


def _asked_day() -> date:
    given = request.args.get("day")
    return parsed_day("day", given) if given else today()
