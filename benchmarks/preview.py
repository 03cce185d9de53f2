"""How long a planner with something held over the board waits until the page tells its effect.

In the machine's Chromium, on a seeded database: from the move of the mouse onto another crew-day to
the verdict on the card. The latest plan is copied as a draft first. A question asked for the first
time and one after it are told apart: the first builds the week. Times are those of the clock on the
wall, so measure on a quiet machine: what of it the server took and the machine's load stand beside
it.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table
from werkzeug.serving import WSGIRequestHandler, make_server

from inspect_app import create_app
from inspect_app.config import Settings
from inspect_app.domain.weeks import week_text
from inspect_app.workflows.seed_county import PASSWORD

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
LOGIN = "deputy"
MOVES = 15
GOAL_MS = 300
SCREEN = {"width": 1280, "height": 800}
# Notes when the held thing came over a slot, and when the card had a verdict on it.
WATCH = """() => {
  window.moved = 0; window.told = 0;
  document.addEventListener("pointermove", () => { window.moved = performance.now(); }, true);
  new MutationObserver(() => {
    if (document.querySelector("#drag .verdict")) window.told = performance.now();
  }).observe(document.querySelector("#drag .drag-look"), { childList: true });
}"""
SERVER_MS = """() => {
  const asked = performance.getEntriesByType("resource");
  const last = asked.filter((one) => one.name.endsWith("/preview")).at(-1);
  return last.responseEnd - last.requestStart;
}"""


def main() -> None:
    """Print how long previews took."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(base_url=address, viewport=SCREEN, bypass_csp=True).new_page()  # type: ignore[arg-type]
        open_draft(page)
        waits = list(previews(page))
        browser.close()
    told(waits)


def told(waits: Sequence[tuple[float, float]]) -> None:
    """Print the waits as a table, with the machine's load and whether the goal is met."""
    table = Table("preview", "count", "median ms", "longest ms", "server, median ms")
    for name, some in (("first", waits[:1]), ("others", waits[1:])):
        pages, server = [page for page, _ in some], [spent for _, spent in some]
        figures = (median(pages), max(pages), median(server))
        table.add_row(name, str(len(some)), *(f"{figure:.0f}" for figure in figures))
    Console().print(table)
    longest = max(page for page, _ in waits[1:])
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"goal {GOAL_MS} ms: {'met' if longest <= GOAL_MS else 'MISSED'}; {load}")


class _Silent(WSGIRequestHandler):
    """Keeps the requests out of the table."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of a request that was answered."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the application of the environment's database on this machine."""
    settings = Settings()  # type: ignore[call-arg]  # filled from the environment
    settings.secure_cookies = False
    server = make_server(
        "127.0.0.1", 0, create_app(settings), threaded=True, request_handler=_Silent
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def open_draft(page: Page) -> None:
    """Log in, copy the latest plan as a draft and open its board."""
    page.goto("/login")
    page.fill("#login", LOGIN)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    # Next week: of the present one little may be left to plan.
    week = week_text(datetime.now(UTC).date() + timedelta(days=7))
    page.goto(f"/plans?week={week}")
    page.locator("form[action$='/copy']").first.evaluate("form => form.submit()")
    page.wait_for_selector(".board[data-ready]")


def previews(page: Page) -> Iterator[tuple[float, float]]:
    """Yield milliseconds until the verdict, and those of the server, for moves to other slots."""
    page.evaluate(WATCH)
    cell = page.locator(".slot .cell").first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    slots = page.locator(".slot:not(:has(.cell))").all() or page.locator(".slot").all()
    for slot in slots[:MOVES]:
        goal = slot.bounding_box()
        if goal is None or not 0 < goal["y"] < SCREEN["height"] - goal["height"]:
            continue
        page.evaluate("window.told = 0")
        page.mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] / 2)
        page.wait_for_function("window.told > window.moved")
        yield page.evaluate("window.told - window.moved"), page.evaluate(SERVER_MS)
    page.keyboard.press("Escape")
    page.mouse.up()


if __name__ == "__main__":
    main()
