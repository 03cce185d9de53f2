"""Pictures of the main pages for the README, taken in a real browser: `make screenshots`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from inspect_app.cli.cluster import throwaway_cluster
from inspect_app.cli.migrate import migrate
from inspect_app.config import Settings
from inspect_app.db import make_engine
from inspect_app.models import Account, CrewMember, PatrolStop, PatrolTask
from inspect_app.workflows.seed_county import PASSWORD, seed_county
from tests.browser.conftest import DESK, TABLET, LiveServer, chromium, log_in, serve
from tests.conftest import NOW, ROOT, seal_of, settings_for
from tests.demo_county import drawn

FOLDER = ROOT / "docs" / "screenshots"
BYTES_MAX = 300_000
COLOURS = (None, 256, 128, 64)
"""Tried one after the other until a picture is small enough; None keeps all colours."""
OUTLETS = """排口名称,排口编号,受纳水体,经度,纬度
清水河左岸新查排口,XC-001,清水河,106.4862,38.3171
广济渠右岸雨洪口,XC-002,广济渠,106.4213,38.3644
金庄散排口,XC-003,清水河,106.4878,38.3281
坐标残缺排口,XC-004,清水河,106.48,三十八
缺纬度排口,XC-005,清水河,106.47,
"""


def main() -> None:
    """Seed a county on a throw-away database, serve it and take every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        throwaway_cluster() as cluster,
        served(cluster.url, Path(folder)) as server,
        chromium() as browser,
    ):
        pictures_at_the_desk(browser, server)
        pictures_on_the_tablet(browser, server)
    for path in sorted(FOLDER.glob("*.png")):
        print(f"{path.relative_to(ROOT)} {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


@contextmanager
def served(url_of, data_dir: Path) -> Iterator[LiveServer]:
    """Serve a freshly seeded demo county."""
    admin = create_engine(url_of("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE screenshots"))
    admin.dispose()
    settings = settings_for(url_of("screenshots"), data_dir)
    fill(settings)
    with serve(settings) as server:
        yield server


def fill(settings: Settings) -> None:
    """Migrate and seed the database of the settings."""
    engine = make_engine(settings)
    migrate(engine)
    with Session(engine) as session, session.begin():
        seed_county(
            session,
            drawn(),
            photos_dir=settings.data_dir / "photos",
            progress=lambda _name, _rows: None,
            seal=seal_of(session),
        )
    engine.dispose()


@contextmanager
def window(browser: Browser, server: LiveServer, login: str, **options) -> Iterator[Page]:
    """Give the window of a person who has logged in."""
    options = {"viewport": DESK, "locale": "zh-CN", "base_url": server.url} | options
    context = browser.new_context(**options)
    page = context.new_page()
    page.clock.set_system_time(NOW)
    log_in(page, login, password=PASSWORD)
    yield page
    context.close()


def pictures_at_the_desk(browser: Browser, server: LiveServer) -> None:
    """Take the pages of leader, chief and clerk."""
    with window(browser, server, "deputy") as page:
        page.goto("/map#on=grids,boundaries,waterways,roads,protection_zones,matters")
        page.wait_for_selector("html[data-map=drawn]")
        save(page, "map")
        page.goto("/summary")
        page.wait_for_selector(".map-cluster")
        save(page, "summary")
        page.goto("/plans")
        page.wait_for_selector("#plan-map canvas")
        save(page, "plan")
        page.goto("/findings?tab=all")
        save(page, "findings")
        page.goto("/findings?tab=all&state=rechecked_ok")
        page.locator("a.number").first.click()
        page.locator("summary", has_text="销号").first.click()
        save(page, "finding")
    with window(browser, server, "clerk") as page:
        page.goto("/imports")
        page.select_option("[name=kind]", "outlets")
        page.fill("[name=crs]", "GCJ02")
        file = {"name": "排口普查.csv", "mimeType": "text/csv", "buffer": OUTLETS.encode()}
        page.set_input_files("[name=file]", file)
        page.click("main button.btn-primary")
        page.wait_for_selector(".decision")
        save(page, "import")


def pictures_on_the_tablet(browser: Browser, server: LiveServer) -> None:
    """Take a patrol under way and the form of a finding."""
    lon, lat = first_stop(server)
    options = {
        "viewport": TABLET,
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": 6},
        "permissions": ["geolocation"],
    }
    with window(browser, server, "station", **options) as page:
        page.goto("/patrol")
        page.locator(".card-task button.main").click()
        page.locator("#proposal button").click()
        page.wait_for_selector("#stops .stop.done")
        page.wait_for_selector("#saved", state="hidden")
        save(page, "patrol")
        page.click("#do-finding")
        page.locator("#finding-types .chip").nth(1).click()
        page.fill("#finding-text", "渠边有新倒的生活垃圾,约两立方米")
        save(page, "patrol-finding")


def first_stop(server: LiveServer) -> tuple[float, float]:
    """Return the place of the first stop of the station's task of the day."""
    start = func.ST_GeometryN(func.ST_Points(PatrolStop.geom), 1)
    with server.writing() as session:
        lon, lat = session.execute(
            select(func.ST_X(start), func.ST_Y(start))
            .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
            .join(CrewMember, CrewMember.crew_id == PatrolTask.crew_id)
            .join(Account, Account.person_id == CrewMember.person_id)
            .where(Account.login == "station", PatrolTask.day == NOW.date(), PatrolStop.seq == 1)
        ).one()
    return lon, lat


def save(page: Page, name: str) -> None:
    """Keep the window's picture as a PNG small enough for a README."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)  # fades and tiles
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    for colours in COLOURS:
        kept = image if colours is None else image.quantize(colours, dither=Image.Dither.NONE)
        out = BytesIO()
        kept.save(out, "PNG", optimize=True)
        if out.tell() < BYTES_MAX:
            break
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
