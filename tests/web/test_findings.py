"""Pages of findings: lists, one finding, its steps; scope, refusals and foreign text."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Permission, Role
from inspect_app.domain.transitions import FINDING_TRANSITIONS, FindingState
from inspect_app.models import Account, Event, Finding, FindingPhoto, Grid, Waterway
from tests.conftest import NOW
from tests.factories import (
    add,
    log_in,
    make_account,
    make_finding,
    make_grid,
    make_matter,
    make_owner,
    make_person,
    make_photo,
    make_policies,
)

FOREIGN = '"><img src=x onerror=alert(1)> ${7*7} {{7*7}} <script>x</script>'


@dataclass
class Office:
    """The application with a county of two townships."""

    app: Flask
    session: Session
    county: Grid
    east: Grid
    west: Grid

    def client(self, *roles: Role, grid: Grid | None = None) -> tuple[FlaskClient, Account]:
        account = make_account(self.session, roles[0], grid=grid)
        self.session.commit()
        client = self.app.test_client()
        log_in(client, account)
        return client, account

    def finding(self, **values) -> Finding:
        finding = make_finding(self.session, at=NOW, **({"grid_id": self.west.id} | values))
        sha256 = make_photo(self.session, at=NOW)
        add(self.session, FindingPhoto(finding_id=finding.id, photo_sha256=sha256))
        self.session.commit()
        return finding

    def state_of(self, finding: Finding) -> str:
        self.session.expire_all()
        return self.session.get(Finding, finding.id).state


@pytest.fixture
def office(app: Flask, session: Session) -> Office:
    make_policies(session)
    county = make_grid(session, name="临河县")
    east = make_grid(session, parent=county, name="东镇", shape=box(120.5, 30, 121, 31))
    west = make_grid(session, parent=county, name="西镇", shape=box(120, 30, 120.5, 31))
    make_owner(session, west)
    session.commit()
    return Office(app, session, county, east, west)


def test_a_finding_goes_from_report_to_strike_off_through_the_pages(office: Office):
    chief, _ = office.client(Role.CHIEF)
    station, handler = office.client(Role.STATION, grid=office.west)
    inspector, _ = office.client(Role.INSPECTOR)
    photos = [make_photo(office.session, at=NOW) for _ in range(2)]
    office.session.commit()
    answer = chief.post(
        "/findings/new",
        data={
            "uid": str(uuid4()),
            "finding_type": "bank_waste",
            "severity": "normal",
            "origin": "survey",
            "found_at": "2026-03-24T08:30",
            "lon": "120.2",
            "lat": "30.5",
            "description": "岸坡垃圾",
            "photos": photos[0],
        },
    )
    assert answer.status_code == 302
    url = answer.location
    steps = [
        (chief, "verify", {}),
        (chief, "assign", {"handler_person_id": handler.person_id, "due_at": "2026-03-31"}),
        (inspector, "order_rectification", {"document_no": "限改〔2026〕1号"}),
        (station, "submit_rectification", {"photos": photos[1]}),
        (inspector, "recheck_pass", {}),
        (chief, "close", {"reason": "已销号"}),
    ]
    for client, event, fields in steps:
        shown = hidden_fields(client.get(url).text)
        answer = client.post(f"{url}/{event}", data=shown | fields)
        assert answer.status_code == 302, (event, answer.text)
    text = chief.get(url).text
    assert "已销号" in text
    assert "限改〔2026〕1号" in text
    assert text.count("<time>") == 7


def hidden_fields(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="(state|version)" value="(\w+)"', text))


VIEWERS = [role for role in Role if Permission.FINDING_VIEW in ROLES[role]]


@pytest.mark.parametrize("role", VIEWERS)
def test_the_page_offers_just_the_steps_of_the_table_and_the_role(office: Office, role):
    client, _ = office.client(role)
    for state in FindingState:
        finding = office.finding(state=state.value, severity="urgent")
        text = client.get(f"/findings/{finding.uid}").text
        offered = set(re.findall(rf'action="/findings/{finding.uid}/(\w+)"', text))
        allowed = {
            row.event
            for row in FINDING_TRANSITIONS
            if row.source == state and row.permission in ROLES[role]
        }
        # A chief sees that the urgent is struck off by a deputy, and gets no button.
        kept_back = {"close"} if role is Role.CHIEF else set()
        assert offered == allowed - kept_back, state


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_may_not_see_findings_sees_no_page(office: Office, role):
    finding = office.finding()
    client, _ = office.client(role)
    for path in ("/findings", f"/findings/{finding.uid}", "/findings/new"):
        assert client.get(path).status_code == 403
    assert client.post(f"/findings/{finding.uid}/verify").status_code == 403
    assert client.post("/findings/bulk").status_code == 403


def test_another_townships_finding_is_not_found_on_any_route(office: Office):
    mine, theirs = office.finding(), office.finding(grid_id=office.east.id)
    gridless = office.finding(grid_id=None)
    client, _ = office.client(Role.CHIEF, grid=office.west)
    text = client.get("/findings?tab=all").text
    assert mine.finding_no in text
    for hidden in (theirs, gridless):
        assert hidden.finding_no not in text
        assert client.get(f"/findings/{hidden.uid}").status_code == 404
        for event in {row.event for row in FINDING_TRANSITIONS}:
            answer = client.post(
                f"/findings/{hidden.uid}/{event}",
                data={"state": hidden.state, "version": 0, "reason": "x"},
            )
            assert answer.status_code == 404
        answer = client.post(
            "/findings/bulk", data={"event": "verify", "chosen": f"{hidden.uid} reported 0"}
        )
        assert "没有找到问题" in answer.text
        assert office.state_of(hidden) == "reported"
    assert office.session.scalar(select(func.count()).select_from(Event)) == 0
    assert client.get(f"/findings?tab=all&grid={office.east.id}").text.count("tbody") == 0


def test_a_finding_without_grid_is_found_county_wide_under_its_own_filter(office: Office):
    gridless, other = office.finding(grid_id=None), office.finding()
    client, _ = office.client(Role.CHIEF)
    text = client.get("/findings?tab=all&grid=none").text
    assert gridless.finding_no in text
    assert other.finding_no not in text
    assert "不属于任何网格" in client.get(f"/findings/{gridless.uid}").text


@pytest.mark.parametrize(
    ("event", "fields", "status", "words"),
    [
        ("assign", {}, 409, "不能进行“派发”"),
        ("dismiss", {"reason": ""}, 422, "须填写理由"),
        ("recheck_pass", {}, 409, "不能进行“复查合格”"),
        ("nonsense", {}, 422, "没有“nonsense”这一步"),
        ("verify", {"version": "99"}, 409, "请查看最新情况"),
        ("verify", {"state": "verified"}, 409, "请查看最新情况"),
        ("verify", {"version": "x"}, 422, "版本"),
        ("dismiss", {"due_at": "tomorrow"}, 422, "期限"),
    ],
)
def test_a_wrong_step_is_refused_in_a_sentence_and_writes_nothing(
    office: Office, event, fields, status, words
):
    finding = office.finding()
    client, _ = office.client(Role.CHIEF)
    data = {"state": "reported", "version": "0", "reason": "x"} | fields
    answer = client.post(f"/findings/{finding.uid}/{event}", data=data)
    assert answer.status_code == status
    assert words in answer.text
    assert finding.finding_no in answer.text
    assert office.state_of(finding) == "reported"
    assert office.session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_refused_step_keeps_what_was_written(office: Office):
    finding = office.finding()
    client, _ = office.client(Role.CHIEF)
    data = {"state": "reported", "version": "7", "reason": "<已到现场>查看三次"}
    answer = client.post(f"/findings/{finding.uid}/dismiss", data=data)
    assert answer.status_code == 409
    assert "&lt;已到现场&gt;查看三次</textarea>" in answer.text
    assert answer.text.count('<details name="step" open>') == 1


def test_a_finding_and_its_matter_lead_to_each_other_within_the_scope(office: Office):
    matter = make_matter(office.session, at=NOW, grid_id=office.west.id)
    elsewhere = make_matter(office.session, at=NOW, grid_id=office.east.id)
    finding = office.finding(matter_id=matter.id)
    other = office.finding(matter_id=elsewhere.id)
    client, _ = office.client(Role.CHIEF, grid=office.west)
    assert f'href="/complaints/{matter.id}"' in client.get(f"/findings/{finding.uid}").text
    assert f'href="/findings/{finding.uid}"' in client.get(f"/complaints/{matter.id}").text
    assert "/complaints/" not in client.get(f"/findings/{other.uid}").text
    far, _ = office.client(Role.CHIEF, grid=office.east)
    assert other.finding_no not in far.get(f"/complaints/{elsewhere.id}").text


def test_who_lacks_the_permission_is_refused_whatever_the_form_says(office: Office):
    finding = office.finding()
    client, _ = office.client(Role.WORKER)
    answer = client.post(
        f"/findings/{finding.uid}/verify", data={"state": "reported", "version": 0}
    )
    assert answer.status_code == 403
    assert office.state_of(finding) == "reported"


def test_foreign_text_is_shown_and_never_run(office: Office):
    add(
        office.session,
        Waterway(
            name=FOREIGN,
            kind="river",
            level="main",
            length_m=1,
            geom="SRID=4490;MULTILINESTRING((120.1 30.1, 120.4 30.9))",
        ),
    )
    office.west.name = FOREIGN
    office.session.commit()
    finding = office.finding(description=FOREIGN)
    client, _ = office.client(Role.CHIEF)
    client.post(
        f"/findings/{finding.uid}/dismiss",
        data={"state": "reported", "version": 0, "reason": FOREIGN},
    )
    pages = ["/findings?tab=all", f"/findings/{finding.uid}", f"/findings?tab=all&text={FOREIGN}"]
    for path in pages:
        text = client.get(path).text
        assert "<img src=x" not in text, path
        assert "<script>x" not in text, path
        assert "&lt;img src=x onerror=alert(1)&gt; ${7*7} {{7*7}}" in text, path


def test_filters_stay_in_the_address_and_narrow_the_list(office: Office):
    urgent = office.finding(severity="urgent", finding_type="noise", description="夜间噪声100%")
    late = office.finding(state="assigned", due_at=NOW - timedelta(hours=1))
    client, _ = office.client(Role.CHIEF)

    def numbers(query: str) -> set[str]:
        return set(re.findall(r'class="number"[^>]*>(\w+)<', client.get(query).text))

    both = {urgent.finding_no, late.finding_no}
    assert numbers("/findings?tab=all") == both
    assert numbers("/findings?tab=all&severity=urgent") == {urgent.finding_no}
    assert numbers("/findings?tab=all&type=noise") == {urgent.finding_no}
    assert numbers("/findings?tab=all&state=assigned") == {late.finding_no}
    assert numbers("/findings?tab=all&late=1") == {late.finding_no}
    assert numbers("/findings?tab=late") == {late.finding_no}
    assert numbers("/findings?tab=all&text=100%25") == {urgent.finding_no}
    assert numbers(f"/findings?tab=all&text={late.finding_no}") == {late.finding_no}
    assert numbers(f"/findings?tab=all&grid={office.county.id}") == both
    assert numbers(f"/findings?tab=all&grid={office.east.id}") == set()
    assert numbers("/findings?tab=what&state=moon&grid=%00&page=x&text=%00") == {urgent.finding_no}
    text = client.get("/findings?tab=all&severity=urgent&text=100%25").text
    assert 'value="urgent" selected' in text
    assert 'value="100%"' in text


def test_pages_hold_fifty_and_keep_the_filter(office: Office):
    for _ in range(51):
        make_finding(office.session, at=NOW, grid_id=office.west.id, severity="urgent")
    office.session.commit()
    client, _ = office.client(Role.CHIEF)
    first = client.get("/findings?tab=all&severity=urgent")
    assert first.text.count('class="number"') == 50
    link = re.search(r'rel="next" href="([^"]+)"', first.text).group(1).replace("&amp;", "&")
    assert "severity=urgent" in link
    assert client.get(link).text.count('class="number"') == 1
    assert client.get("/findings?tab=all&page=999").text.count('class="number"') == 1


def test_many_are_assigned_from_the_list_with_one_reason(office: Office):
    findings = [office.finding(state="verified") for _ in range(3)]
    person = make_person(office.session)
    make_owner(office.session, office.west, person=person, duty="grid_chief")
    for finding in findings[:2]:
        finding.owner_person_id = person.id
    office.session.commit()
    client, _ = office.client(Role.CHIEF)
    answer = client.post(
        "/findings/bulk?tab=waiting",
        data={
            "event": "assign",
            "reason": "按属地派发",
            "chosen": [f"{finding.uid} verified 0" for finding in findings],
        },
    )
    assert "已办理 2 件,未办理 1 件" in answer.text
    assert "须指定承办人" in answer.text
    assert [office.state_of(finding) for finding in findings] == [
        "assigned",
        "assigned",
        "verified",
    ]


@pytest.mark.parametrize("data", [{}, {"chosen": "rubbish"}, {"chosen": "x", "event": "assign"}])
def test_a_bulk_form_without_sense_is_refused(office: Office, data):
    client, _ = office.client(Role.CHIEF)
    assert client.post("/findings/bulk", data=data).status_code == 422


def test_sending_the_desk_form_twice_makes_one_finding(office: Office):
    client, _ = office.client(Role.CHIEF)
    form = client.get("/findings/new").text
    data = {
        "uid": re.search(r'name="uid" value="([^"]+)"', form).group(1),
        "finding_type": "noise",
        "severity": "normal",
        "origin": "survey",
        "found_at": "2026-03-24T08:30",
        "lon": "120.2",
        "lat": "30.5",
        "description": "x",
    }
    places = {client.post("/findings/new", data=data).location for _ in range(2)}
    assert len(places) == 1
    assert office.session.scalar(select(func.count()).select_from(Finding)) == 1
    wrong = client.post("/findings/new", data=data | {"uid": str(uuid4()), "lon": "一百二"})
    assert wrong.status_code == 422
    assert "经度" in wrong.text
    assert client.post("/findings/new", data=data | {"description": "y"}).status_code == 409


def test_escalating_out_of_ones_own_scope_leads_back_to_the_list(office: Office):
    finding = office.finding(state="verified")
    client, _ = office.client(Role.CHIEF, grid=office.west)
    answer = client.post(
        f"/findings/{finding.uid}/escalate",
        data={"state": "verified", "version": 0, "reason": "超出权限"},
    )
    assert (answer.status_code, answer.location) == (302, "/findings")
    assert client.get(f"/findings/{finding.uid}").status_code == 404


def test_every_route_of_findings_names_a_permission(app: Flask):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("findings.")]
    assert len(rules) == 5
    for rule in rules:
        assert app.view_functions[rule.endpoint].permissions
