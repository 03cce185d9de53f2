"""One week in a real browser: the map, a patrol on a tablet, a finding until it is closed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from inspect_app.domain.access import Role
from inspect_app.models import (
    Account,
    CrewMember,
    Finding,
    Grid,
    PatrolLog,
    PatrolStop,
    PatrolTask,
)
from inspect_app.queries.findings import history
from tests.browser.conftest import DESK, TABLET, LiveServer, Watch, log_in
from tests.browser.crawl import Crawl
from tests.conftest import NOW, SeededCounty
from tests.patrol_factories import picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # A page that is left hangs up on a file under way; the test server drops it unclosed.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]
BEFORE = {"name": "前.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(320, 240))}
AFTER = {"name": "后.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(400, 300))}
CLOSING = {"name": "销号.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(480, 360))}
PLACE = {"longitude": 106.4801, "latitude": 38.3162, "accuracy": 8}
"""A bank of 清水河 in the township of the demo's chief and station."""


@pytest.fixture(scope="module")
def template(seeded: SeededCounty) -> str:
    return seeded.name


@pytest.fixture(scope="module")
def data_dir(seeded: SeededCounty, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded.copy_files(Path(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def kept() -> SimpleNamespace:
    """What earlier steps leave for later ones."""
    return SimpleNamespace()


@contextmanager
def at_work(
    browser: Browser, live_server: LiveServer, login: str, **options: object
) -> Iterator[Page]:
    """Give a person's own browser window; at its end nothing may have gone wrong in it."""
    options = {"viewport": DESK, "locale": "zh-CN", "base_url": live_server.url} | options
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    watch = Watch(urlsplit(live_server.url).netloc)
    watch.follow(page)
    log_in(page, login, password="demo")
    yield page
    watch.assert_quiet()
    context.close()


def test_the_chief_reads_the_township_on_the_map(browser: Browser, live_server: LiveServer):
    with at_work(browser, live_server, "chief") as page:
        page.goto("/map")
        page.wait_for_selector("html[data-map=drawn]")
        for name in ("污染源", "入河排污口", "巡查轨迹"):
            row = page.locator(".layer-row", has_text=name).first.locator("input").first
            row.set_checked(not row.is_checked())
        row = page.locator(".layer-row", has_text="入河排污口").first.locator("input").first
        row.check()
        page.click("#list-toggle")
        page.select_option("#list-layer", "outlets")
        expect(page.locator("#list-body tr").first).to_be_visible()
        page.locator("#list-body tr").first.click()
        name = page.locator(".popup h2")
        expect(name).to_be_visible()
        expect(page.locator("#list-body tr[aria-selected=true]")).to_contain_text(name.inner_text())
        with live_server.writing() as session:
            path = select(Grid.path).where(Grid.name == "城关镇").scalar_subquery()
            inside = set(session.scalars(select(Grid.name).where(Grid.path.startswith(path))))
            outside = set(session.scalars(select(Grid.name).where(Grid.depth == 2))) - inside
        place = page.locator(".popup dd").last.inner_text()
        assert place in inside
        page.select_option("#list-layer", "grids")
        expect(page.locator("#list-body tr").first).to_be_visible()
        shown = page.locator("#list-body").inner_text()
        assert not [town for town in outside if town in shown]


def task_of_the_inspector(live_server: LiveServer) -> tuple[int, tuple[float, float]]:
    """Return the task of the day and the place of its first stop."""
    point = func.ST_PointOnSurface(PatrolStop.geom)
    with live_server.writing() as session:
        task_id, lon, lat = session.execute(
            select(PatrolTask.id, func.ST_X(point), func.ST_Y(point))
            .join(PatrolStop, PatrolStop.task_id == PatrolTask.id)
            .join(CrewMember, CrewMember.crew_id == PatrolTask.crew_id)
            .join(Account, Account.person_id == CrewMember.person_id)
            .where(Account.login == "inspector", PatrolTask.day == NOW.date(), PatrolStop.seq == 1)
        ).one()
    return task_id, (lon, lat)


def report_finding(page: Page) -> None:
    """Fill in the tablet's form of a finding and save it."""
    page.click("#do-finding")
    # The camera is inside the form: nobody has a picture before the form is there.
    expect(page.locator("#finding-form")).to_be_visible()
    page.set_input_files("#finding-photo", BEFORE)
    expect(page.locator("#finding-shots img")).to_have_count(1)
    page.locator("#finding-types .chip", has_text="直排").first.click()
    page.locator("#finding-form .chip", has_text="重要").click()
    page.fill("#finding-text", "排口有黑水流出")
    page.click("#finding-save")
    expect(page.locator("#finding-form")).to_be_hidden()


def test_the_inspector_walks_the_days_task_on_a_tablet_and_reports_a_finding(
    browser: Browser, live_server: LiveServer, kept: SimpleNamespace
):
    kept.task_id, (lon, lat) = task_of_the_inspector(live_server)
    tablet = {
        "viewport": TABLET,
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": 8},
        "permissions": ["geolocation"],
    }
    with at_work(browser, live_server, "inspector", **tablet) as page:
        page.goto("/patrol")
        page.locator(".card-task button.main").click()
        expect(page.locator("#saved")).to_be_visible()
        page.click("#proposal button")
        expect(page.locator("#stops .stop.done")).to_have_count(1)
        page.set_input_files("#site-photo", BEFORE)
        page.context.set_geolocation(PLACE)
        expect(page.locator("#proposal")).to_be_hidden()
        report_finding(page)
        page.click("#do-end")
        page.fill("#end-shortfall", "时间不足")
        page.click("#end-save")
        expect(page.locator("#actions")).to_contain_text("已提交")
        expect(page.locator("#open-box")).to_have_text("待传 0", timeout=30_000)
    with live_server.writing() as session:
        finding = session.scalars(select(Finding).order_by(Finding.id.desc()).limit(1)).one()
        kept.address, kept.number = f"/findings/{finding.uid}", finding.finding_no
        assert finding.description == "排口有黑水流出"
        assert session.get_one(Grid, finding.grid_id).path.startswith("/1/2/")
        assert session.get_one(PatrolTask, kept.task_id).state == "submitted"
        log = session.scalars(select(PatrolLog).where(PatrolLog.task_id == kept.task_id)).one()
        assert len(log.form["photos"]) == 1


def take(page: Page, label: str, *, photo: dict | None = None, **fields: str) -> None:
    """Take a step of the finding's page: unfold it, fill it in, send it."""
    summary = page.locator("summary", has_text=re.compile(f"^{label}$"))
    summary.click()
    form = page.locator("details[open] form")
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    if photo:
        form.locator('input[type="file"]').set_input_files(photo)
        expect(form.locator(".uploaded")).to_contain_text("已上传")
    form.locator("button.btn-primary").click()
    expect(page.locator(".alert-success")).to_contain_text(f"已办理“{label}”")


def test_chief_station_and_deputy_follow_the_finding_until_it_is_closed(
    browser: Browser, live_server: LiveServer, kept: SimpleNamespace
):
    with at_work(browser, live_server, "chief") as page:
        page.goto("/findings")
        page.click(f"text={kept.number}")
        expect(page.locator(".description")).to_have_text("排口有黑水流出")
        take(page, "核实", reason="属实")
        handler = page.locator("select[name=handler_person_id] option", has_text="站长").first
        take(page, "派发", handler_person_id=handler.text_content())
    with at_work(browser, live_server, "station") as page:
        page.goto(kept.address)
        take(page, "责令限期整改", document_no="限改〔2026〕13号")
        take(page, "提交整改结果", reason="已封堵", photo=AFTER)
        expect(page.locator(".photos", has_text="整改后").locator("img")).to_have_count(1)
    with at_work(browser, live_server, "inspector") as page:
        page.goto(kept.address)
        take(page, "复查合格", reason="无排水")
    with at_work(browser, live_server, "deputy") as page:
        page.goto(kept.address)
        take(page, "销号", reason="同意销号", photo=CLOSING)
        expect(page.locator(".finding-head .state")).to_have_text("已销号")
        loaded = page.locator(".photos img").evaluate_all(
            "all => Promise.all(all.map(async image => {"
            " image.scrollIntoView(); await image.decode(); return image.naturalWidth; }))"
        )
        assert len(loaded) == 3
        assert all(loaded)
    with live_server.writing() as session:
        finding = session.scalars(select(Finding).where(Finding.finding_no == kept.number)).one()
        steps = [entry.event.event for entry in history(session, finding.id)]
    assert steps == [
        "report",
        "verify",
        "assign",
        "order_rectification",
        "submit_rectification",
        "recheck_pass",
        "close",
    ]


def test_the_reviewer_sees_the_patrol_and_the_leader_the_week(
    browser: Browser, live_server: LiveServer, kept: SimpleNamespace
):
    with at_work(browser, live_server, "deputy") as page:
        page.goto(f"/patrols/{kept.task_id}")
        expect(page.locator(".wall img")).to_have_count(1)
        page.get_by_role("button", name="审核通过").click()
        expect(page.locator(".alert-success")).to_be_visible()
    # What happened at the very instant of the cut-off does not count yet.
    live_server.app.extensions["clock"] = lambda: NOW + timedelta(minutes=5)
    with at_work(browser, live_server, "director") as page:
        page.goto("/summary")
        expect(page.locator(".map-cluster").first).to_be_visible()
        expect(page.locator(".figure")).to_have_count(7)
        closed = page.locator(".figure", has_text="问题销号率")
        parts = closed.locator("dt", has_text=re.compile("^本周$")).locator("+ dd").text_content()
        assert int(parts.split("/")[0]) >= 1
        page.locator(".top-matters tr[data-place] td").last.click()


@pytest.fixture(scope="module")
def forms() -> set[str]:
    """Forms of addresses some person has opened in a browser already."""
    return set()


@pytest.mark.parametrize("role", Role)
def test_every_page_of_the_navigation_and_below_opens_without_a_fault(
    browser: Browser, live_server: LiveServer, forms: set[str], role: Role
):
    with at_work(browser, live_server, role.value) as page:
        opened = Crawl(page, seen=forms).everything()
    assert len(opened) >= 1
