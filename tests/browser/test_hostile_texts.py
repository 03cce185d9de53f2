"""Text that people and files bring is shown as text on every page, whatever it looks like."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from inspect_app.domain.access import Role
from inspect_app.models import Base
from tests.browser.conftest import DESK, LiveServer, Watch, log_in
from tests.browser.crawl import Crawl
from tests.conftest import SeededCounty

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # A page that is left hangs up on a file under way; the test server drops it unclosed.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]
EVIL = "${alert(1)}<img src=x onerror=alert(1)></script><script>alert(1)</script>{{7*7}}"
TEXTS = {
    "grid": ("name",),
    "org": ("name",),
    "person": ("name", "position", "phone"),
    "outlet": ("name", "receiving_water", "responsible_body"),
    "pollution_source": ("name", "industry", "address"),
    "waterway": ("name",),
    "patrol_segment": ("name",),
    "road": ("name",),
    "station": ("name",),
    "water_source": ("name",),
    "protection_zone": ("name", "approval_doc"),
    "crew": ("name",),
    "complaint": ("summary", "incident_address"),
    "complaint_matter": ("title",),
    "finding": ("description",),
    "event": ("reason",),
    "measure": ("document_no",),
    "patrol_stop": ("name", "result_reason"),
    "patrol_log": ("remark",),
    "plan_uncovered": ("name",),
    "frequency_policy": ("source",),
    "policy": ("source",),
}
"""Every column whose words come from a person or a file."""
ROLES = (Role.DEPUTY, Role.CHIEF, Role.INSPECTOR, Role.CLERK, Role.ADMINISTRATOR, Role.AUDITOR)


@pytest.fixture(scope="module")
def template(seeded: SeededCounty) -> str:
    return seeded.name


@pytest.fixture(scope="module")
def data_dir(seeded: SeededCounty, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded.copy_files(Path(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def poisoned(live_server: LiveServer) -> LiveServer:
    """Give the server of a county whose every text carries markup, script and templates."""
    with live_server.writing() as session:
        for table, columns in TEXTS.items():
            for column in columns:
                worded = Base.metadata.tables[table].c[column]
                session.execute(update(worded.table).values({column: worded + EVIL}))
    return live_server


@pytest.fixture
def watched(browser: Browser, poisoned: LiveServer):
    """Give a window in which nothing may run that a text brought along."""
    context = browser.new_context(base_url=poisoned.url, viewport=DESK, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(15_000)
    watch = Watch(urlsplit(poisoned.url).netloc)
    watch.follow(page)
    yield page
    watch.assert_quiet()
    context.close()


def is_text(page: Page) -> None:
    """Check that no element was born of a text and no template was worked out."""
    assert page.locator("img[src=x], img[onerror]").count() == 0
    assert "</script>49" not in page.locator("body").inner_text()


@pytest.fixture(scope="module")
def forms() -> set[str]:
    return set()


@pytest.mark.parametrize("role", ROLES)
def test_hostile_texts_stay_text_on_every_page(watched: Page, forms: set[str], role: Role):
    log_in(watched, role.value, password="demo")
    Crawl(watched, look=is_text, seen=forms).everything()


def test_hostile_texts_stay_text_in_pop_up_and_list(watched: Page):
    log_in(watched, "deputy", password="demo")
    watched.goto("/map#on=grids,sources,outlets,matters,findings,stations")
    watched.wait_for_selector("html[data-map=drawn]")
    watched.click("#list-toggle")
    for layer in ("sources", "outlets", "matters", "findings", "stations", "grids"):
        watched.select_option("#list-layer", layer)
        expect(watched.locator("#list-body")).to_contain_text("{{7*7}}")
        watched.locator("#list-body tr").first.click()
        expect(watched.locator(".popup dl")).to_contain_text("{{7*7}}")
        expect(watched.locator(".popup dl")).to_contain_text("<img src=x onerror=alert(1)>")
        is_text(watched)


def test_hostile_texts_stay_text_in_plan_finding_and_patrol(watched: Page):
    log_in(watched, "deputy", password="demo")
    watched.goto("/plans")
    expect(watched.locator(".board")).to_contain_text("{{7*7}}")
    watched.locator(".board a.cell").first.click()
    expect(watched.locator("#task table")).to_contain_text("<img src=x onerror=alert(1)>")
    watched.goto("/findings?tab=all&state=closed")
    watched.locator("a.number").first.click()
    expect(watched.locator(".description")).to_contain_text("${alert(1)}")
    expect(watched.locator(".timeline")).to_contain_text("{{7*7}}")
    is_text(watched)
    watched.context.clear_cookies()
    log_in(watched, "station", password="demo")
    watched.goto("/patrol")
    watched.locator(".card-task button.main").click()
    expect(watched.locator("#stops")).to_contain_text("<img src=x onerror=alert(1)>")
    is_text(watched)


def test_a_hostile_file_is_previewed_and_imported_as_text(watched: Page):
    log_in(watched, "clerk", password="demo")
    watched.goto("/imports")
    watched.select_option("[name=kind]", "outlets")
    watched.fill("[name=crs]", "EPSG:4490")
    rows = f"排口名称,经度,纬度\n{EVIL},106.4801,38.3162\n坏,{EVIL},38\n"
    file = {"name": f"{EVIL.replace('/', '')}.csv", "mimeType": "text/csv"}
    watched.set_input_files("[name=file]", {**file, "buffer": rows.encode()})
    watched.click("main button.btn-primary")
    expect(watched.locator(".sample")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(watched.locator(".refusals")).to_contain_text("${alert(1)}")
    expect(watched.locator(".file-name")).to_contain_text("{{7*7}}")
    is_text(watched)
    watched.click(".decision button.btn-primary")
    expect(watched.locator(".file-name")).to_contain_text("{{7*7}}")
    is_text(watched)
