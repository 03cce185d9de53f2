"""In English the pages hold no Chinese but names and texts that people wrote."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import column, func, literal, select, table, text, update
from sqlalchemy.orm import Session

from inspect_app.cli.translations import CHINESE, catalogue
from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import Complaint, Post, Reporter
from inspect_app.workflows.plan_week import plan_week
from tests.conftest import NOW
from tests.county import furnish, make_county
from tests.factories import (
    FROM,
    add,
    log_in,
    make_account,
    make_finding,
    make_grid,
    make_outlet,
    make_reporter,
)
from tests.small_county import WEEK, make_small_county, request

SWITCH = "中文"
"""The link to the other language is written in that language."""
OURS = ("policy", "alembic_version")
"""Tables whose texts are the product's own."""
ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
ADDRESS = re.compile(r'href="(/[^"#]*)"')
NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
NOT_PAGES = ("/static/", ".gpx", ".csv", ".xlsx")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the catalogue as it stands: the compiled one may be absent or old."""
    folder = tmp_path_factory.mktemp("translations")
    target = folder / "en" / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue())
    return folder


@pytest.fixture
def english(app: Flask, session: Session, compiled: Path) -> FlaskClient:
    """Give an English reader who holds every role."""
    app.extensions["babel"].translation_directories = [str(compiled)]
    account = make_account(session, Role.DIRECTOR, name="Reader")
    for role in set(Role) - {Role.DIRECTOR}:
        add(session, Post(person_id=account.person_id, role=role.value, valid_from=FROM))
    session.commit()
    client = app.test_client()
    client.get("/login?lang=en")
    log_in(client, account)
    return client


def without_chinese_names(session: Session) -> None:
    """Replace what people wrote, in every table, by words without Chinese."""
    columns = session.execute(
        text(
            "SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE t.table_type = 'BASE TABLE' AND c.table_schema IN ('public', 'pii')"
            " AND c.data_type IN ('text', 'character varying') AND c.is_generated = 'NEVER'"
        )
    ).all()
    for schema, name, column_name in columns:
        if name not in OURS:
            place = table(name, column(column_name), schema=schema)
            written = place.c[column_name]
            plain = literal("n") + func.left(func.md5(written), 8)
            changed = update(place).where(written.regexp_match("[一-龥]"))
            session.execute(changed.values({column_name: plain}))
    for reporter in session.scalars(select(Reporter)).all():  # sealed: no statement reaches a name
        complaint = session.get_one(Complaint, reporter.complaint_id)
        session.delete(reporter)
        session.flush()
        make_reporter(session, complaint, mode=reporter.mode, name="n", phone="13800000000")
    session.commit()


def chinese_of(page: str) -> list[str]:
    """Return the lines of a page that hold Chinese, also where scripts hold it escaped."""
    plain = ESCAPE.sub(lambda match: chr(int(match[1], 16)), page).replace(SWITCH, "")
    return [line.strip()[:200] for line in plain.splitlines() if CHINESE.search(line)]


def pages_from(client: FlaskClient, *starts: str) -> dict[str, str]:
    """Return one page of each address pattern that can be reached by links."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0).replace("&amp;", "&")
        pattern = NUMBER.sub("#", address.split("?")[0])
        if pattern in seen or any(part in address for part in NOT_PAGES):
            continue
        seen.add(pattern)
        answer = client.get(address)
        if answer.status_code == 200:
            found[pattern] = answer.text
            waiting += ADDRESS.findall(answer.text)
    return found


def test_every_page_of_a_furnished_county_is_english(english: FlaskClient, session: Session):
    county = make_county(session)
    furnish(session, county)
    for state in ("reported", "escalated", "case_filed", "closed"):
        make_finding(session, at=NOW, grid_id=county.units["west_south"].id, state=state)
    session.execute(text("UPDATE patrol_task SET state = 'submitted'"))
    session.execute(text("UPDATE patrol_plan SET week = week - 70"))  # an old plan without figures
    without_chinese_names(session)
    pages = pages_from(english, "/summary")
    known = {"/summary", "/map", "/findings", "/findings/#", "/complaints", "/complaints/#"}
    known |= {"/plans", "/patrol", "/patrols", "/imports", "/administration", "/audit"}
    assert known <= set(pages)
    left = {pattern: lines for pattern, page in pages.items() if (lines := chinese_of(page))}
    assert not left


def test_a_plan_with_gaps_and_broken_rules_is_told_in_english(
    english: FlaskClient, session: Session
):
    county = make_small_county(session)
    north = make_grid(session, parent=county.county)
    make_outlet(session, 120.05, 31.0, grid_id=north.id)
    plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
    facts = {"crew": "A", "day": 1, "place": "驻地"}
    broken = {"rule": "no_way", "facts": facts, "words": "无路可达"}
    plan.verdict = {**plan.verdict, "violations": [broken]}
    without_chinese_names(session)
    task = plan.tasks[0].id
    page = english.get(f"/plans?week=2026-W13&task={task}").text
    sheet = english.get(f"/plans/tasks/{task}/sheet").text
    # A plan keeps the names of grids and crews, and policies, as they were when it was made.
    names = re.compile("|".join([r"网格\d+", "测试", "西组", "东组", "西镇", "东镇"]))
    assert not chinese_of(names.sub("", page))
    assert not chinese_of(sheet)
    assert "A has no way to Base on day 1" in page
    assert "No crew serves grid" in page


def test_a_refused_file_is_told_in_english(english: FlaskClient):
    sent = {"kind": "outlets", "crs": "EPSG:4490", "encoding": "none-such"}
    sent["file"] = (BytesIO(b"name,lon,lat\n"), "a.csv")
    page = english.post("/imports/preview", data=sent).text
    assert "unknown encoding none-such" in page
    assert not chinese_of(page)


def test_an_import_and_its_notes_are_previewed_in_english(english: FlaskClient):
    rows = "name,lon,lat,uscc\nA,120.5,30.5,123\nB,0,0,\n"
    sent = {"kind": "sources", "crs": "EPSG:4490", "file": (BytesIO(rows.encode()), "a.csv")}
    page = english.post("/imports/preview", data=sent).text
    assert "Text encoding: utf-8" in page
    assert "Coordinates are 0,0" in page
    assert not chinese_of(page)


def test_chinese_is_found_in_plain_and_in_escaped_text():
    assert chinese_of('<p>网格</p>\n<p>a</p>\n"\\u7f51"') == ["<p>网格</p>", '"网"']
    assert not chinese_of(f'<a lang="zh">{SWITCH}</a>')
