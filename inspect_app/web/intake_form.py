"""What the fast form says: fields → a complaint as a clerk takes it down."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from inspect_app.domain.codes import (
    Code,
    PlaceQuality,
    PollutionType,
    ReporterMode,
    Severity,
    SourceChannel,
)
from inspect_app.domain.intake import PollutionSubtype
from inspect_app.domain.matter_codes import LegalRoute, RequestKind
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.web.http import AnyCode, chosen_code
from inspect_app.web.places import parsed_point
from inspect_app.workflows.register_complaint import ComplaintDraft, Paper, Spot

Fields = MultiDict[str, str]
REPORTER_MAX = 100


def drafted(form: Fields, *, zone: ZoneInfo, now: datetime) -> ComplaintDraft:
    """Return the complaint of the posted form, or refuse the first field that makes no sense."""
    return ComplaintDraft(
        summary=_text(form, "summary"),
        channel=_code(SourceChannel, form, "channel"),
        pollution_types=tuple(_codes(PollutionType, form.getlist("types"))),
        pollution_subtypes=tuple(_codes(PollutionSubtype, form.getlist("subtypes"))),
        received_at=_received_at(form, zone=zone, now=now),
        spot=_spot(form),
        severity=_code(Severity, form, "severity"),
        request_kind=_code(RequestKind, form, "request_kind"),
        legal_route=_code(LegalRoute, form, "legal_route"),
        address=_text(form, "address"),
        respondent_source_id=_number(form, "source_id", "被投诉单位"),
        respondent_name=_text(form, "respondent"),
        paper=Paper(
            _text(form, "external_no"),
            _text(form, "forwarded_by"),
            _text(form, "origin_doc_no"),
            _text(form, "batch_no"),
        ),
        visitors=_number(form, "visitors", "来访人数"),
        skip_level="skip_level" in form,
        sensitive="sensitive" in form,
        on_site_promised="on_site" in form,
        matter_id=_number(form, "matter_id", "归并事项"),
        reporter=_reporter(form),
    )


def _text(form: Fields, name: str) -> str:
    return form.get(name, "").replace("\x00", "").strip()


def _code(codes: type[AnyCode], form: Fields, name: str) -> AnyCode:
    found = chosen_code(codes, form.get(name, ""))
    if found is None:
        expected = "/".join(code.value for code in codes)
        raise Problem("field_invalid", field=codes.__name__, expected=expected, found="")
    return found


def _codes(codes: type[AnyCode], values: Iterable[str]) -> list[AnyCode]:
    found = (chosen_code(codes, value) for value in values)
    return list(dict.fromkeys(one for one in found if one is not None))


def _number(form: Fields, name: str, title: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem("field_invalid", field=title, expected=gettext("整数"), found=text[:80])
    return int(text)


def _received_at(form: Fields, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the instant of receipt; an empty field says now."""
    text = _text(form, "received_at")
    if not text:
        return now
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        raise Problem(
            "field_invalid", field="来件时间", expected="2026-03-24 09:00", found=text[:80]
        ) from error


def _spot(form: Fields) -> Spot | None:
    """Return the place; without one the form says so, so that a forgotten one is asked for."""
    if "no_place" in form:
        return None
    if not form.get("lon") and not form.get("lat"):
        raise Problem("place_unsaid")
    lon, lat = parsed_point(form)
    quality = PlaceQuality.APPROXIMATE if "approximate" in form else PlaceQuality.EXACT
    return Spot(lon, lat, quality, _number(form, "grid_id", "网格"))


def _reporter(form: Fields) -> ReporterData | None:
    mode = _code(ReporterMode, form, "reporter_mode")
    names = ("reporter_name", "reporter_phone", "reporter_address")
    name, phone, address = (_text(form, one) for one in names)
    if max(len(name), len(phone), len(address)) > REPORTER_MAX:
        raise Problem("field_invalid", field="举报人", expected=REPORTER_MAX, found=gettext("过长"))
    told = ReporterData(mode, name, phone, address)
    return None if told.is_empty and mode is ReporterMode.NAMED else told


def labelled(codes: Iterable[Code]) -> list[tuple[str, str]]:
    """Return values and labels of codes."""
    return [(code.value, str(gettext(code.label))) for code in codes]
