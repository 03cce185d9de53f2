"""Check forms and findings on a tablet: few taps, no network, nothing lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.check_forms import FORMS, normal_answers
from inspect_app.models import CheckSheet, Finding, Measure, PatrolTask
from tests.browser.conftest import DESK, TABLET, LiveServer, log_in
from tests.factories import make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import CANAL, make_crew, make_task, picture

pytestmark = pytest.mark.browser
PLACE = {"longitude": CANAL[0][0] + 0.001, "latitude": CANAL[0][1], "accuracy": 8}
PHOTO = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(320, 240))}
COUNT_TAPS = "addEventListener('click', (e) => { if (e.isTrusted) window.taps += 1; }, true)"


@pytest.fixture
def tablet(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Give a tablet in the field with a started patrol of two inspectors."""
    with live_server.writing() as session:
        if session.scalar(select(PatrolTask.id)) is None:
            make_policies(session)
        grid = make_grid(session)
        make_owner(session, grid)
        account = make_account(session, Role.INSPECTOR, grid=grid)
        other = make_account(session, Role.INSPECTOR, grid=grid)
        make_task(session, make_crew(session, account, other), grid=grid)
    context = browser.new_context(
        base_url=live_server.url,
        viewport=TABLET,
        locale="zh-CN",
        geolocation=PLACE,
        permissions=["geolocation"],
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in(page, account)
    page.goto("/patrol")
    page.locator(".card-task button.main").click()
    expect(page.locator("#stops .stop")).to_have_count(3)
    page.evaluate(f"() => {{ window.taps = 0; {COUNT_TAPS}; }}")
    yield page
    context.close()


def wait_for_shell(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def wait_until_all_is_sent(page: Page) -> None:
    expect(page.locator("#open-box")).to_have_text("待传 0", timeout=30_000)


def open_form(page: Page, number: int) -> None:
    page.locator("#stops .stop").nth(number).locator(".check").click()
    expect(page.locator("#check-form")).to_be_visible()


def answer(page: Page, field: str, label: str) -> None:
    row = page.locator(f'[data-field="{field}"]')
    row.get_by_role("button", name=label, exact=True).click()


def sheets(live_server: LiveServer) -> list[CheckSheet]:
    with live_server.writing() as session:
        return list(session.scalars(select(CheckSheet).order_by(CheckSheet.uid)))


def test_nothing_found_is_one_tap_after_the_stop_is_ticked(tablet: Page, live_server: LiveServer):
    page = tablet
    page.click("#proposal button")
    expect(page.locator("#offer-nothing")).to_be_visible()
    page.evaluate("window.taps = 0")
    page.click("#offer-nothing")
    expect(page.locator("#stops .stop").first).to_contain_text("未发现问题")
    assert page.evaluate("window.taps") == 1
    expect(page.locator("#check-offer")).to_be_hidden()
    wait_until_all_is_sent(page)
    sheet = sheets(live_server)[-1]
    assert sheet.nothing_found
    assert sheet.answers == normal_answers(FORMS["river_patrol_log", 1])
    page.reload()  # and the server's own word says the same
    expect(page.locator("#stops .stop").first).to_contain_text("未发现问题")


def test_a_form_filled_offline_survives_a_reload_and_arrives(tablet: Page, live_server: LiveServer):
    page = tablet
    wait_for_shell(page)
    before = len(sheets(live_server))
    page.context.set_offline(True)
    open_form(page, 2)
    expect(page.locator('[data-field="ph"]')).to_be_hidden()
    answer(page, "is_discharging", "正在排水")
    page.locator('[data-field="ph"] input').fill("71")
    expect(page.locator('[data-field="ph"] .warning')).to_be_visible()
    answer(page, "foam", "有")
    expect(page.locator("#check-nothing")).to_have_text("其余项填正常")
    expect(page.locator("#check-state")).to_contain_text("1 项有问题")

    page.wait_for_timeout(300)
    page.reload()  # the tablet was killed: without a network, without a save
    third = page.locator("#stops .stop").nth(2)
    expect(third.locator(".check")).to_have_text("续填检查表")
    open_form(page, 2)
    expect(page.locator('[data-field="ph"] input')).to_have_value("71")
    expect(page.locator('[data-field="foam"] [aria-pressed="true"]')).to_have_text("有")
    page.click("#check-save")
    expect(page.locator("#check-form")).to_be_hidden()
    expect(third).to_contain_text("1 项有问题")
    expect(third.locator(".check")).to_have_text("检查表")
    assert len(sheets(live_server)) == before

    page.context.set_offline(False)
    wait_until_all_is_sent(page)
    sheet = sheets(live_server)[-1]
    assert sheet.answers == {"is_discharging": True, "ph": 71, "foam": True}
    assert not sheet.nothing_found


def test_beside_a_problem_one_tap_fills_the_rest_and_saves_nothing_yet(
    tablet: Page, live_server: LiveServer
):
    page = tablet
    open_form(page, 0)
    answer(page, "bank_debris", "有")
    page.click("#check-nothing")
    expect(page.locator("#check-form")).to_be_visible()
    expect(page.locator("#check-state")).to_have_text("1 项有问题")
    expect(page.locator("#check-nothing")).to_be_hidden()
    page.click("#check-save")
    expect(page.locator("#check-form")).to_be_hidden()
    wait_until_all_is_sent(page)
    sheet = sheets(live_server)[-1]
    assert sheet.answers == normal_answers(FORMS["river_patrol_log", 1]) | {"bank_debris": True}
    assert not sheet.nothing_found


def test_a_problem_of_the_form_opens_the_finding_with_type_object_and_place(
    tablet: Page, live_server: LiveServer
):
    page = tablet
    open_form(page, 2)
    answer(page, "signboard_ok", "缺损")
    page.locator('[data-field="signboard_ok"] .alarm').click()
    expect(page.locator("#finding-form")).to_be_visible()
    expect(page.locator("input[name=finding_type]:checked")).to_have_value("signboard")
    expect(page.locator("#finding-near input:checked + span")).to_contain_text("三里桥排口")
    page.click("#finding-save")
    expect(page.locator("#check-form")).to_be_visible()
    expect(page.locator('[data-field="signboard_ok"] .alarm')).to_have_text("✓ 已记为问题")
    page.click("#check-save")
    expect(page.locator("#check-form")).to_be_hidden()
    wait_until_all_is_sent(page)
    with live_server.writing() as session:
        finding = session.scalars(select(Finding).order_by(Finding.id.desc())).first()
        assert finding is not None
        sheet = session.scalars(select(CheckSheet).order_by(CheckSheet.uid.desc())).first()
        assert sheet is not None
        assert (finding.finding_type, finding.object_kind) == ("signboard", "outlet")
        assert (finding.object_id, finding.patrol_stop_id) == (sheet.object_id, sheet.stop_id)
        assert finding.description == "标识牌:缺损"


def test_after_the_photo_a_finding_takes_three_taps(tablet: Page, live_server: LiveServer):
    page = tablet
    with page.expect_file_chooser() as camera:
        page.click("#do-finding")
    page.evaluate("window.taps = 0")
    began = page.evaluate("performance.now()")
    camera.value.set_files(PHOTO)
    expect(page.locator("#finding-shots img")).to_have_count(1)
    expect(page.locator("#finding-place")).to_contain_text("±8 m")
    expect(page.locator("#finding-near input:checked + span")).to_contain_text("东干渠上段")
    expect(page.locator("#finding-about")).to_have_text("东干渠上段")
    expect(page.locator("#finding-crew")).to_contain_text("、")
    page.locator("#finding-types .chip").nth(5).click()
    page.locator("#measure-chips button", has_text="责令清理").click()
    page.click("#finding-save")
    expect(page.locator("#finding-form")).to_be_hidden()
    assert page.evaluate("window.taps") <= 3 + 1  # a chip's label clicks its input as well
    assert page.evaluate("performance.now()") - began < 20_000
    wait_until_all_is_sent(page)
    with live_server.writing() as session:
        finding = session.scalars(select(Finding).order_by(Finding.id.desc())).first()
        assert finding is not None
        assert finding.finding_type == "bank_waste"
        [measure] = session.scalars(select(Measure).where(Measure.finding_id == finding.id))
        assert measure.note == "责令清理"
    page.click("#do-finding")  # what was chosen last stands first now
    expect(page.locator("#finding-types .chip").first).to_contain_text("岸坡垃圾淤积")
    expect(page.locator("#measure-chips button").first).to_have_text("责令清理")


def test_a_draft_of_an_older_form_is_sent_with_its_own_version(
    tablet: Page, live_server: LiveServer
):
    page = tablet
    open_form(page, 0)
    answer(page, "livestock", "有")
    page.click("#check-close")
    page.evaluate("""async () => {
        const { readPackage, writePackage } = await import('/static/patrol/store.js');
        const day = await readPackage();
        const [form] = day.forms.filter((each) => each.object_kind === 'segment');
        await writePackage({ ...day, forms: [...day.forms, { ...form, version: 2, fields: [] }] });
    }""")
    open_form(page, 0)
    expect(page.locator('[data-field="livestock"] [aria-pressed="true"]')).to_have_text("有")
    page.click("#check-save")
    expect(page.locator("#check-form")).to_be_hidden()
    wait_until_all_is_sent(page)
    sheet = sheets(live_server)[-1]
    assert (sheet.version, sheet.answers) == (1, {"livestock": True})


@pytest.mark.parametrize("viewport", [DESK, TABLET], ids=["desk", "tablet"])
def test_every_target_of_the_forms_is_large_enough_for_a_glove(tablet: Page, viewport):
    page = tablet
    page.set_viewport_size(viewport)
    small = """(form) => [...document.querySelectorAll(
        `${form} button, ${form} textarea, ${form} input:not(.visually-hidden):not([type=radio]),
         ${form} .chip span`)].filter((e) => e.offsetParent && (e.offsetHeight < 48
            || e.offsetWidth < 48)).map((e) => e.outerHTML.slice(0, 90))"""
    open_form(page, 2)
    answer(page, "is_discharging", "正在排水")
    answer(page, "foam", "有")
    assert page.evaluate(small, "#check-form") == []
    assert page.evaluate(small, "#stops") == []
    page.click("#check-close")
    page.click("#do-finding")
    assert page.evaluate(small, "#finding-form") == []
