"""Campaigns are edited, moved, handled in bulk, proved by photos and told of half a month later."""

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from inspect_app.domain.access import Role
from inspect_app.domain.dispatch import ReportPeriod, half_month, tally, whole_month
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, CampaignItemPhoto, Event, Person
from inspect_app.queries.campaign_progress import campaign_progress
from inspect_app.queries.campaign_record import item_photos, item_version
from inspect_app.queries.campaigns import dispatch_day, find_item, item_lines
from inspect_app.queries.photos import visible_photo
from inspect_app.workflows.edit_campaign import edit_campaign
from inspect_app.workflows.handle_campaign import create_campaign, take_step
from inspect_app.workflows.handle_items import handle_items
from inspect_app.workflows.take_many import Ticked
from tests.conftest import NOW
from tests.factories import actor_with, client_of, make_grid, make_org, make_photo, make_policies
from tests.workflows.test_handle_campaign import DRAFT, DUE, TODAY, Bureau, bureau

__all__ = ["bureau"]

MONTH = whole_month(TODAY)


def test_name_and_days_are_changed_with_what_was_before_in_the_audit(bureau: Bureau):
    later = replace(DRAFT, name=" 边督边改(第二轮) ", ends_on=TODAY + timedelta(days=60))
    changed = edit_campaign(bureau.session, bureau.campaign, later, actor=bureau.deputy, now=NOW)
    assert changed == ["name", "ends_on"]
    assert bureau.campaign.name == "边督边改(第二轮)"
    entry = bureau.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "campaign.edit")
    ).one()
    assert entry.facts["name"] == ["省督察边督边改", "边督边改(第二轮)"]
    same = edit_campaign(bureau.session, bureau.campaign, later, actor=bureau.deputy, now=NOW)
    assert same == []


def test_an_edit_is_refused_like_a_new_campaign(bureau: Bureau):
    other = create_campaign(bureau.session, replace(DRAFT, name="二"), actor=bureau.deputy, now=NOW)
    worker = actor_with(bureau.session, Role.WORKER)
    cases = (
        (replace(DRAFT, name="二"), bureau.deputy, "campaign_name_taken"),
        (replace(DRAFT, name=" "), bureau.deputy, "field_invalid"),
        (replace(DRAFT, ends_on=TODAY - timedelta(days=1)), bureau.deputy, "days_reversed"),
        (DRAFT, worker, "not_permitted"),
    )
    for draft, actor, code in cases:
        with pytest.raises(Problem) as refused:
            edit_campaign(bureau.session, bureau.campaign, draft, actor=actor, now=NOW)
        assert refused.value.code == code
    assert {bureau.campaign.name, other.name} == {"省督察边督边改", "二"}


def test_a_moved_item_is_seen_from_its_new_grid_and_waits_for_somebody_there(bureau: Bureau):
    east = make_grid(bureau.session, parent=bureau.county)
    chief = actor_with(bureau.session, Role.CHIEF, grid=east)
    item = bureau.item("in_progress")
    event = bureau.take(item, "change_grid", bureau.deputy, grid_id=east.id)
    assert event.facts["grid_id"] == east.id
    assert (item.grid_id, item.state, item.responsible_person_id) == (east.id, "in_progress", None)
    assert find_item(bureau.session, item.id, actor=chief) is item
    assert find_item(bureau.session, item.id, actor=bureau.handler) is None
    own = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    stays = bureau.item("in_progress")
    assert bureau.refusal(stays, "change_grid", own, grid_id=east.id).code == "not_found"
    assert bureau.refusal(stays, "change_grid", own, grid_id=None).code == "guard_failed"


def test_an_item_without_grid_is_seen_by_the_county_its_unit_and_who_answers(bureau: Bureau):
    session = bureau.session
    unit = make_org(session)
    colleague, stranger = (actor_with(session, Role.STATION, grid=bureau.town) for _ in range(2))
    session.get_one(Person, colleague.person_id).org_id = unit.id
    item = bureau.order("1", grid_id=None, org_id=unit.id)
    sees = {
        "county": find_item(session, item.id, actor=bureau.deputy),
        "unit": find_item(session, item.id, actor=colleague),
        "stranger": find_item(session, item.id, actor=stranger),
    }
    assert sees == {"county": item, "unit": item, "stranger": None}
    item.responsible_person_id = stranger.person_id
    session.flush()
    assert [line.item for line in item_lines(session, stranger, now=NOW)] == [item]
    # A grid of its own decides alone: the unit of another township sees nothing of it.
    item.grid_id = make_grid(session, parent=bureau.county).id
    session.flush()
    assert find_item(session, item.id, actor=colleague) is None


def test_photos_prove_what_was_put_right_and_are_seen_by_who_sees_the_item(bureau: Bureau):
    item = bureau.item("in_progress")
    photo = make_photo(bureau.session, at=NOW)
    lacking = bureau.refusal(item, "rectify", bureau.handler, proof="")
    assert lacking.facts["guard"] == "须填写佐证材料或附照片"
    missing = bureau.refusal(item, "rectify", bureau.handler, photos=("f" * 64,))
    assert missing.code == "photo_missing"
    event = bureau.take(item, "rectify", bureau.handler, proof="", photos=(photo,))
    assert event.facts["photos"] == [photo]
    assert [(stage.value, one.sha256) for stage, one in item_photos(bureau.session, item.id)] == [
        ("after", photo)
    ]
    chief = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    assert visible_photo(bureau.session, photo, actor=chief).sha256 == photo
    east = make_grid(bureau.session, parent=bureau.county)
    with pytest.raises(Problem):
        visible_photo(
            bureau.session, photo, actor=actor_with(bureau.session, Role.CHIEF, grid=east)
        )


def test_a_step_that_takes_no_photos_keeps_none(bureau: Bureau):
    photo = make_photo(bureau.session, at=NOW)
    bureau.take(bureau.item("issued"), "acknowledge", bureau.handler, photos=(photo,))
    assert bureau.session.scalar(select(func.count()).select_from(CampaignItemPhoto)) == 0


def test_many_items_take_one_step_and_each_refusal_is_named(bureau: Bureau):
    ready, early, gone = bureau.item("rectified"), bureau.item("issued"), bureau.item("rectified")
    chosen = [
        Ticked(item.id, item.state, item_version(bureau.session, item.id))
        for item in (ready, early)
    ]
    stale = Ticked(gone.id, "in_progress", 0)
    watcher = actor_with(bureau.session, Role.SUPERVISOR)
    form = bureau.form(ready, reason="现场核对,整改到位")
    outcome = handle_items(
        bureau.session, [*chosen, stale], "accept", form=form, actor=watcher, now=NOW
    )
    assert outcome.done == 1
    assert {number: problem.code for number, problem in outcome.refused} == {
        early.item_no: "wrong_step",
        gone.item_no: "page_stale",
    }
    assert [one.state for one in (ready, early, gone)] == [
        "accepted_for_cancel",
        "issued",
        "rectified",
    ]
    for wrong, event in (([], "accept"), (chosen, "publish")):
        with pytest.raises(Problem):
            handle_items(bureau.session, wrong, event, form=form, actor=watcher, now=NOW)


def walked(bureau: Bureau, number: str, batch: str, *, until: str, start) -> None:
    """Order an item on a day and take a step on each of the days after it."""
    item = bureau.order(number, batch_no=batch)
    item.issued_at = start
    steps = ("acknowledge", "start", "rectify", "accept", "strike_off")
    actors = {"accept": bureau.deputy, "strike_off": bureau.deputy}
    bureau.session.scalars(
        select(Event).where(Event.subject_kind == "campaign_item", Event.subject_id == item.id)
    ).one().at = start
    for day, event in enumerate(steps[: steps.index(until) + 1], start=1):
        actor = actors.get(event, bureau.handler)
        take_step(
            bureau.session,
            item,
            event,
            form=bureau.form(item),
            actor=actor,
            now=start + timedelta(days=day),
        )


def test_a_sheet_tells_of_the_day_its_period_ended(bureau: Bureau):
    first = NOW - timedelta(days=20)  # 4 March; struck off five days later
    walked(bureau, "1", "第一批", until="strike_off", start=first)
    walked(bureau, "2", "第一批", until="start", start=first)
    walked(bureau, "3", "第二批", until="acknowledge", start=NOW - timedelta(days=4))
    half = half_month(date(2026, 3, 6))
    early = campaign_progress(bureau.session, bureau.campaign, half, actor=bureau.deputy, now=NOW)
    total = early.total
    assert (total.batches, total.items, total.struck, total.struck_in_period) == (1, 2, 1, 1)
    month = campaign_progress(bureau.session, bureau.campaign, MONTH, actor=bureau.deputy, now=NOW)
    total = month.total
    assert (total.batches, total.items, total.issued_in_period, total.struck) == (2, 3, 3, 1)
    assert [batch for batch, _ in month.by_batch()] == ["第一批", "第二批"]
    # Cut off on the sixth: the first item was in work then, and nothing struck off.
    sixth = campaign_progress(
        bureau.session,
        bureau.campaign,
        ReportPeriod(date(2026, 3, 1), date(2026, 3, 6)),
        actor=bureau.deputy,
        now=NOW,
    )
    assert [line.state.value for line in sixth.lines] == ["in_progress", "in_progress"]
    assert (sixth.total.struck, sixth.total.open) == (0, 2)
    # Up to now the sheet and the page count the same.
    lines = [line.facts for line in item_lines(bureau.session, bureau.deputy, now=NOW)]
    page = tally(lines, dispatch_day(bureau.session, now=NOW))
    assert (total.items, total.batches, total.struck, total.late, total.waiting) == (
        page.items,
        page.batches,
        page.done,
        page.late,
        page.waiting,
    )


def test_a_sheet_has_only_what_its_reader_sees(bureau: Bureau):
    other = make_grid(bureau.session, parent=bureau.county)
    bureau.order("1")
    bureau.order("2", grid_id=other.id)
    seen = campaign_progress(bureau.session, bureau.campaign, MONTH, actor=bureau.handler, now=NOW)
    assert [line.item_no for line in seen.lines] == ["1"]
    assert seen.total.share_struck == 0.0
    empty = campaign_progress(
        bureau.session,
        bureau.campaign,
        ReportPeriod(date(2020, 1, 1), date(2020, 1, 15)),
        actor=bureau.deputy,
        now=NOW,
    )
    assert (empty.total.items, empty.by_unit(), empty.total.share_struck) == (0, [], 0.0)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_halves_and_months_cover_every_day_once(day):
    half, month = half_month(day), whole_month(day)
    assert half.first <= day <= half.last
    assert half.first == month.first or half.last == month.last
    assert half_month(half.last + timedelta(days=1)).first == half.last + timedelta(days=1)
    assert (half.last - half.first).days in range(12, 16)
    assert whole_month(month.last + timedelta(days=1)) != month


TEAM_FORM = {
    "name": "省督察",
    "kind": "inspection_team",
    "level": "provincial",
    "starts_on": "2026-03-01",
    "source": "通知",
}


def test_the_workbook_says_batches_and_items_and_keeps_formulas_as_text(app, session):
    make_policies(session)
    county = make_grid(session, name="示例县")
    deputy = client_of(app, session, Role.DEPUTY)
    made = deputy.post("/campaigns", data=TEAM_FORM)
    number = int(made.location.split("campaign=")[1])
    for n, batch in enumerate(("第一批", "第一批", "第二批"), start=1):
        item = {
            "item_no": str(n),
            "title": "=HYPERLINK(1)" if n == 1 else f"事项{n}",
            "due_on": DUE.isoformat(),
            "batch_no": batch,
            "grid": county.id,
        }
        assert deputy.post(f"/campaigns/{number}/items", data=item).status_code == 302
    sheet = f"/campaigns/{number}/progress.xlsx"
    answer = deputy.get(f"{sheet}?first=2026-03-16&last=2026-03-31")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][0] == "省督察"
    assert "截止 2026-03-24 09:00" in str(rows[1][0])
    assert rows[2][0] == "2 批 3 件"
    assert rows[5][:6] == ["示例县", 2, 3, 0, 3, 0]
    items = book.get_sheet_by_index(1).to_python()
    assert items[1][2] == "=HYPERLINK(1)"
    assert len(items) == 4
    with zipfile.ZipFile(io.BytesIO(answer.data)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet2.xml")
    assert deputy.get(f"{sheet}?first=2026-03-16").status_code == 422
    assert deputy.get(f"{sheet}?first=2026-03-16&last=2026-03-01").status_code == 422
    assert deputy.get("/campaigns/99999/progress.xlsx").status_code == 404


def test_a_campaign_is_edited_and_its_items_handled_on_the_page(app, session):
    make_policies(session)
    county = make_grid(session, name="示例县")
    deputy = client_of(app, session, Role.DEPUTY)
    number = int(deputy.post("/campaigns", data=TEAM_FORM).location.split("campaign=")[1])
    renamed = deputy.post(f"/campaigns/{number}/edit", data=TEAM_FORM | {"name": "省督察第二轮"})
    assert renamed.status_code == 302
    assert "省督察第二轮" in deputy.get("/campaigns").text
    wrong = deputy.post(f"/campaigns/{number}/edit", data=TEAM_FORM | {"ends_on": "2026-02-01"})
    assert wrong.status_code == 422
    assert "2026-02-01" in wrong.text
    item = {"item_no": "1", "title": "扬尘", "due_on": DUE.isoformat(), "grid": county.id}
    page = deputy.post(f"/campaigns/{number}/items", data=item).location
    item_id = int(page.rsplit("/", 1)[1])
    listed = deputy.get(f"/campaigns?campaign={number}").text
    ticked = listed.split('name="chosen" value="')[1].split('"')[0]
    assert ticked.startswith(f"{item_id} issued ")
    later = (DUE + timedelta(days=3)).isoformat()
    moved = deputy.post(
        "/campaigns/bulk",
        data={"event": "change_due", "chosen": [ticked], "due_at": later, "reason": "雨天"},
    )
    assert moved.status_code == 200
    assert "已办理 1 件,未办理 0 件" in moved.text
    assert later in deputy.get(page).text
    again = deputy.post(
        "/campaigns/bulk",
        data={"event": "change_due", "chosen": [ticked], "due_at": later, "reason": "雨天"},
    )
    assert "未办理 1 件" in again.text
    assert deputy.post("/campaigns/bulk", data={"event": "change_due"}).status_code >= 400
    assert (
        deputy.post("/campaigns/bulk", data={"event": "accept", "chosen": ["x"]}).status_code >= 400
    )
