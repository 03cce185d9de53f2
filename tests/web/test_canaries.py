"""Nobody's name, telephone or address leaves the sealed schema but by the reveal: every route."""

import gzip
import io
import json
import re
import zipfile
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import (
    AuditEntry,
    Complaint,
    ComplaintMatter,
    Finding,
    Grid,
    Outlet,
    PatrolPlan,
    PatrolTask,
    Post,
)
from layers.registry import all_layers
from tests.conftest import NOW, REPORTER_KEY
from tests.county import furnish, make_county
from tests.factories import FROM, add, client_of, log_in, make_account, make_reporter

NAME, PHONE, ADDRESS = "金丝雀氏", "13900007777", "鸟笼巷七号"
CANARIES = tuple(
    form
    for word in (NAME, PHONE, ADDRESS)
    for form in {word.encode(), json.dumps(word)[1:-1].encode(), word.encode("gb18030")}
)
KEY = REPORTER_KEY.encode()
LINK = re.compile(rb'(?:href|data-src|src|data-url)="(/[^"#]*)"')
WARMING = "/plans/changes"
"""Loads the compiled search in a thread that outlives a test; it shows plans and no complaint."""
NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@pytest.fixture(autouse=True)
def county(session: Session):
    """Give a furnished county in which every complaint has a reporter, confidential ones too."""
    county = make_county(session)
    furnish(session, county)
    session.execute(text("DELETE FROM pii.reporter"))
    for n, complaint in enumerate(session.scalars(select(Complaint))):
        mode = ("named", "confidential")[n % 2]
        make_reporter(session, complaint, mode=mode, name=NAME, phone=PHONE, address=ADDRESS)
    session.commit()
    return county


def ids(session: Session) -> dict[str, list[object]]:
    """Return real values for the parameters of routes."""

    def some(column) -> list[object]:
        return list(session.scalars(select(column).order_by(column).limit(1)))

    return {
        "matter_id": some(ComplaintMatter.id),
        "complaint_id": some(Complaint.id),
        "task_id": some(PatrolTask.id),
        "plan_id": some(PatrolPlan.id),
        "uid": some(Finding.uid),
        "object_id": some(Outlet.id),
        "feature_id": some(ComplaintMatter.id),
        "kind": ["outlet"],
        "key": ["matters"],
        "form": ["gpx", "kml", "ics", "csv"],
    }


def plain(body: bytes) -> bytes:
    """Return what a reader finds in an answer: packed files are unpacked."""
    if body[:2] == b"\x1f\x8b":
        return gzip.decompress(body)
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return body + b"".join(archive.read(name) for name in archive.namelist())
    return body


def leaks(body: bytes) -> list[bytes]:
    return [word for word in (*CANARIES, KEY) if word in plain(body)]


def addresses(app: Flask, known: dict[str, list[object]]) -> set[str]:
    """Return an address of every GET route for every known value of its parameters."""
    found = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule == WARMING or rule.endpoint == "static":
            continue
        for n in range(max((len(known.get(name, [1])) for name in rule.arguments), default=1)):
            values = {
                name: known[name][n % len(known[name])] if known.get(name) else fallback(one)
                for name, one in rule._converters.items()
            }
            with app.test_request_context():
                found.add(rule.build(values, append_unknown=False)[1])
    # What somebody types into a search field is shown there again: a name proves nothing then.
    found |= {"/complaints?text=异味&tab=all", "/api/places?text=企业", "/api/places?text=jsq"}
    return found | {"/complaints?tab=all", "/findings?tab=all"}


def fallback(converter: object) -> object:
    made = {"RowNumber": 1, "UUIDConverter": UUID(int=1), "FloatConverter": 1.0}
    return made.get(type(converter).__name__, "x")


def look(client: FlaskClient, address: str) -> tuple[int, list[bytes]]:
    with client.get(address) as answer:
        return answer.status_code, leaks(answer.data)


def crawl(client: FlaskClient, starts: set[str]) -> dict[str, tuple[int, list[bytes]]]:
    """Ask for what the pages link to, one address of each form; return status and leaks."""
    asked: dict[str, tuple[int, list[bytes]]] = {}
    forms: set[str] = set()
    waiting = sorted(starts)
    while waiting:
        address = waiting.pop(0).replace("&amp;", "&")
        form = NUMBER.sub("#", address.split("?")[0])
        if form in forms or address.startswith(("/static", WARMING)):
            continue
        forms.add(form)
        answer = client.get(address)
        asked[address] = (answer.status_code, leaks(answer.data))
        if answer.mimetype == "text/html" and answer.status_code == 200:
            waiting += [link.decode() for link in LINK.findall(answer.data)]
    return asked


@pytest.mark.slow
def test_no_answer_of_any_route_holds_a_reporter_whoever_asks(app, session, capfd):
    starts = addresses(app, ids(session))
    for role in Role:
        asked = {
            address: look(client, address)
            for client in [client_of(app, session, role)]
            for address in starts
        }
        assert sum(status == 200 for status, _ in asked.values()) > 3, role
        assert not {address: found for address, (_, found) in asked.items() if found}, role
    told = capfd.readouterr()
    assert not leaks((told.out + told.err).encode())


@pytest.mark.slow
def test_no_page_that_links_lead_to_holds_a_reporter(app, session):
    account = make_account(session, Role.DIRECTOR)
    for role in set(Role) - {Role.DIRECTOR}:
        add(session, Post(person_id=account.person_id, role=role.value, valid_from=FROM))
    session.commit()
    client = app.test_client()
    log_in(client, account)
    starts = {"/summary", "/map", "/complaints?tab=all", "/findings", "/plans", "/patrols"}
    layers = {f"/api/tiles/{key}/7/106/52.mvt" for key in all_layers()}
    layers |= {f"/api/layers/{key}/features?bbox=119,29,122,32" for key in all_layers()}
    asked = {address: look(client, address) for address in layers} | crawl(client, starts)
    assert sum(status == 200 for status, _ in asked.values()) > 15
    assert not {address: found for address, (_, found) in asked.items() if found}


def test_the_crawl_would_find_a_canary():
    assert leaks(f"<p>{NAME}</p>".encode())
    assert leaks(json.dumps({"phone": PHONE}).encode())
    assert leaks(gzip.compress(ADDRESS.encode()))
    assert not leaks("139****7777 金*".encode())


def test_the_reveal_shows_one_reporter_and_the_audit_page_only_the_reason(app, session):
    clerk = client_of(app, session, Role.CLERK)
    number = session.scalars(select(Complaint.id).order_by(Complaint.id)).first()
    page = clerk.post(f"/complaints/calls/{number}/reveal", data={"reason": "回访满意度"})
    assert all(word in page.text for word in (NAME, PHONE, ADDRESS))
    assert page.headers["Cache-Control"] == "no-store"
    audit = client_of(app, session, Role.AUDITOR).get("/audit").text
    assert "回访满意度" in audit
    assert "查看举报人信息" in audit
    assert not leaks(audit.encode())
    for entry in session.scalars(select(AuditEntry)):
        assert not leaks(json.dumps(entry.facts, ensure_ascii=False).encode())


def test_a_mask_is_shown_of_a_named_reporter_and_nothing_of_a_confidential_one(app, session):
    deputy = client_of(app, session, Role.DEPUTY)
    matter = session.scalars(select(ComplaintMatter.id)).first()
    page = deputy.get(f"/complaints/{matter}/calls").text
    assert "金*" in page
    assert "139****7777" in page
    assert page.count("reveal-form") >= 2
    clerk = client_of(app, session, Role.CLERK).get(f"/complaints/{matter}/calls").text
    assert "您的岗位不能查看" in clerk


def test_a_refused_reveal_an_error_page_and_a_crash_tell_nothing(app, session, monkeypatch):
    clerk = client_of(app, session, Role.CLERK)
    number = session.scalars(select(Complaint.id).order_by(Complaint.id)).first()
    app.testing = False  # what a log holds of a crash: see test_logs

    def crash(*_, **__):
        told = (NAME, PHONE)  # as the values of a frame that a traceback could print
        message = "the database went away"
        raise RuntimeError(message, len(told))

    monkeypatch.setattr("inspect_app.web.reporters.reveal_reporter", crash)
    answer = clerk.post(f"/complaints/calls/{number}/reveal", data={"reason": "回访"})
    assert answer.status_code == 500
    assert not leaks(answer.data)
    monkeypatch.undo()
    for data in ({"reason": ""}, {}):
        answer = clerk.post(f"/complaints/calls/{number}/reveal", data=data)
        assert answer.status_code == 422
        assert not leaks(answer.data)


def test_what_a_clerk_types_of_a_reporter_is_in_no_answer_after_it_is_saved(app, session):
    clerk = client_of(app, session, Role.CLERK)
    grid = session.scalars(select(Grid).order_by(Grid.depth.desc())).first()
    point = session.execute(
        text(
            "SELECT ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom)) FROM grid"
            " WHERE id = :id"
        ),
        {"id": grid.id},
    ).one()
    told = {"lon": point[0], "lat": point[1], "types": ["air"], "phone": PHONE, "name": NAME}
    found = clerk.post("/api/complaints/suggestions", json=told)
    assert found.status_code == 200
    assert not leaks(found.data)
    form = {
        "channel": "phone_12369",
        "types": "air",
        "summary": "夜间异味",
        "lon": str(point[0]),
        "lat": str(point[1]),
        "severity": "normal",
        "request_kind": "report",
        "legal_route": "illegal_act",
        "reporter_mode": "named",
        "reporter_name": NAME,
        "reporter_phone": PHONE,
        "received_at": f"{NOW:%Y-%m-%d} 08:00",
    }
    saved = clerk.post("/complaints/new", data=form, follow_redirects=True)
    assert saved.status_code == 200
    assert "已登记" in saved.text
    assert not leaks(saved.data)
