"""Dragging on the plan's board in a real browser: mouse, finger and keyboard, looked at before."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.workflows.plan_week import plan_week
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.conftest import NOW
from tests.factories import make_account
from tests.small_county import WEEK, make_small_county, request

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def county(live_server: LiveServer) -> SimpleNamespace:
    with live_server.writing() as session:
        county = make_small_county(session)
        account = make_account(session, Role.DEPUTY)
        return SimpleNamespace(
            east=county.east_crew.id, west=county.west_crew.id, login=account.login
        )


@pytest.fixture
def plan(live_server: LiveServer, county: SimpleNamespace) -> SimpleNamespace:
    """Give a fresh draft and one of its crew-days in the east, with two stops."""
    with live_server.writing() as session:
        plan = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)
        task = next(one for one in plan.tasks if one.crew_id == county.east)
        free = next(n for n in range(5) if n != (task.day - WEEK).days)
        return SimpleNamespace(
            id=plan.id,
            task=task.id,
            stops=[stop.id for stop in task.stops],
            day=str(task.day),
            free=str(WEEK.replace(day=WEEK.day + free)),
        )


def opened(page: Page, county: SimpleNamespace, plan: SimpleNamespace) -> None:
    log_in(page, county.login)
    page.goto(f"/plans?week=2026-W13&plan={plan.id}&task={plan.task}")
    page.wait_for_selector(".board[data-ready]")
    page.wait_for_selector("#plan-map[data-ready]")


def slot(page: Page, crew: int, day: str):
    return page.locator(f'.slot[data-crew="{crew}"][data-day="{day}"]')


def days_of(live_server: LiveServer, plan: SimpleNamespace, crew: int) -> dict[str, list[str]]:
    with live_server.sessions() as session:
        rows = session.execute(
            select(PatrolTask.day, PatrolStop.name)
            .join(PatrolStop, PatrolStop.task_id == PatrolTask.id)
            .where(PatrolTask.plan_id == plan.id, PatrolTask.crew_id == crew)
            .order_by(PatrolTask.day, PatrolStop.seq)
        )
        days: dict[str, list[str]] = {}
        for day, name in rows:
            days.setdefault(str(day), []).append(name)
        return days


def carried(page: Page, source, goal) -> None:
    """Carry one thing onto another with the mouse, as a hand does; the button stays down."""
    start, end = source.bounding_box(), goal.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)


def test_a_stop_is_dragged_to_another_day_after_a_look_and_taken_back(
    page: Page, watch: Watch, live_server: LiveServer, county, plan
):
    opened(page, county, plan)
    before = days_of(live_server, plan, county.east)
    grip = page.locator(f'.grip[data-stop="{plan.stops[0]}"]')
    carried(page, grip, slot(page, county.west, plan.day))
    expect(page.locator("#drag")).to_contain_text("不归 西组 负责")
    page.mouse.up()
    expect(page.locator("#drag")).to_contain_text("不能这样调整")
    assert days_of(live_server, plan, county.east) == before
    carried(page, grip, slot(page, county.east, plan.free))
    expect(page.locator("#drag")).to_contain_text("符合规则")
    expect(page.locator("#drag")).to_contain_text("东组 03-2")
    assert days_of(live_server, plan, county.east) == before
    page.mouse.up()
    expect(page.get_by_text("已调整,核验通过")).to_be_visible()
    after = days_of(live_server, plan, county.east)
    assert sorted(after) == sorted([plan.day, plan.free])
    page.get_by_role("button", name="撤销调整").click()
    expect(page.get_by_text("已撤销最近一次调整")).to_be_visible()
    assert days_of(live_server, plan, county.east) == before
    watch.assert_quiet()


def test_stops_change_their_order_within_a_day_by_mouse_and_by_keys(
    page: Page, watch: Watch, live_server: LiveServer, county, plan
):
    opened(page, county, plan)
    before = days_of(live_server, plan, county.east)[plan.day]
    rows = page.locator("table.stops tbody tr")
    carried(page, rows.nth(1).locator(".grip"), rows.nth(0).locator("td").nth(1))
    page.mouse.move(*top_of(rows.nth(0)))
    expect(page.locator("#drag")).to_contain_text("符合规则")
    page.mouse.up()
    expect(page.get_by_text("已调整,核验通过")).to_be_visible()
    assert days_of(live_server, plan, county.east)[plan.day] == before[::-1]
    page.wait_for_selector(".board[data-ready]")
    page.locator("table.stops .grip").nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#drag-say")).to_contain_text("符合规则")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector(".board[data-ready]")
    assert days_of(live_server, plan, county.east)[plan.day] == before
    watch.assert_quiet()


def top_of(row) -> tuple[float, float]:
    box = row.bounding_box()
    return box["x"] + 60, box["y"] + 2


def test_a_crew_day_moves_by_keys_and_escape_puts_it_back(
    page: Page, watch: Watch, live_server: LiveServer, county, plan
):
    opened(page, county, plan)
    before = days_of(live_server, plan, county.east)
    cell = slot(page, county.east, plan.day).locator(".cell")
    cell.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown" if county.west > county.east else "ArrowUp")
    page.keyboard.press("Escape")
    expect(page.locator("#drag")).to_be_hidden()
    expect(cell).to_be_focused()
    assert days_of(live_server, plan, county.east) == before
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight" if plan.day == str(WEEK) else "ArrowLeft")
    expect(page.locator("#drag-say")).to_contain_text("符合规则")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已调整,核验通过")).to_be_visible()
    after = days_of(live_server, plan, county.east)
    assert list(after) != list(before)
    assert list(after.values()) == list(before.values())
    watch.assert_quiet()


def test_a_finger_holds_a_crew_day_and_carries_it(browser, live_server, county, plan):
    context = browser.new_context(base_url=live_server.url, viewport=TABLET, has_touch=True)
    page = context.new_page()
    opened(page, county, plan)
    source = slot(page, county.east, plan.day).locator(".cell").bounding_box()
    goal = slot(page, county.east, plan.free).bounding_box()
    touch = context.new_cdp_session(page)

    def send(kind: str, box: dict[str, float] | None) -> None:
        points = [] if box is None else [{"x": box["x"] + 20, "y": box["y"] + 8}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", source)
    expect(page.locator("#drag")).to_be_visible()
    send("touchMove", {**source, "x": source["x"] + 4})
    send("touchMove", goal)
    expect(page.locator("#drag")).to_contain_text("符合规则")
    send("touchEnd", None)
    expect(page.get_by_text("已调整,核验通过")).to_be_visible()
    assert list(days_of(live_server, plan, county.east)) == [plan.free]
    context.close()


def test_a_visit_left_out_is_dragged_onto_a_crew_day(
    page: Page, watch: Watch, live_server: LiveServer, county, plan
):
    with live_server.writing() as session:
        stop = session.scalars(
            select(PatrolStop)
            .join(PatrolTask)
            .where(PatrolTask.plan_id == plan.id, PatrolStop.object_kind == "outlet")
        ).one()
        facts = {"object_kind": "outlet", "object_id": stop.object_id, "name": stop.name}
        left = PlanUncovered(
            plan_id=plan.id,
            grid_id=stop.grid_id,
            visits_missing=1,
            reason="fits",
            facts={"facts": {"crew": "西组", "date": plan.day}, "fixes": []},
            **facts,
        )
        west_day = str(stop.task.day)
        session.add(left)
        for later in [one for one in stop.task.stops if one.seq > stop.seq]:
            later.seq += 100
        session.delete(stop)
    opened(page, county, plan)
    page.get_by_role("tab", name="未安排").click()
    carried(page, page.locator(".grip[data-uncovered]"), slot(page, county.west, west_day))
    expect(page.locator("#drag")).to_contain_text("多安排1次")
    page.mouse.up()
    expect(page.get_by_text("已调整,核验通过")).to_be_visible()
    with live_server.sessions() as session:
        assert (
            session.scalars(select(PlanUncovered).where(PlanUncovered.plan_id == plan.id)).all()
            == []
        )
        assert session.get_one(PatrolPlan, plan.id).verdict["served_visits"] == 5
    watch.assert_quiet()


def test_the_board_fits_both_screens_and_is_filtered_by_words(page: Page, county, plan):
    opened(page, county, plan)
    for size in (DESK, TABLET):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator(".board-count").inner_text() == "2/2个班组"
    page.fill("#board-crew", "东")
    assert page.locator(".board-count").inner_text() == "1/2个班组"
    assert "f-crew=%E4%B8%9C" in page.url
    page.reload()
    page.wait_for_selector(".board[data-ready]")
    assert page.locator(".board-count").inner_text() == "1/2个班组"
