"""Every page a person can reach from the navigation, and one level below, opened to read."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

EACH = 2
"""Addresses of one form that are asked for; one of them is opened in the browser."""
_PART = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-(W?\d\d)(-\d\d)?|\d+")


@dataclass
class Crawl:
    """Opens pages of one person; `seen` forms of addresses are opened in a browser only once."""

    page: Page
    look: Callable[[Page], None] = lambda _page: None
    seen: set[str] = field(default_factory=set)
    opened: list[str] = field(default_factory=list)

    def everything(self) -> list[str]:
        """Open the navigation's pages, then what they link to; return the addresses."""
        self.page.goto("/")
        navigation = self._links("header nav a[href]")
        assert navigation
        below: list[str] = []
        for address in navigation:
            self._open(address)
            below += self._links("main a[href]")
        asked: dict[str, int] = {}
        for address in dict.fromkeys(below):
            form = _form(address)
            asked[form] = asked.get(form, 0) + 1
            if address in self.opened or asked[form] > EACH:
                continue
            if form in self.seen or _is_file(address):
                self._ask(address)
            else:
                self._open(address)
            self.seen.add(form)
        return self.opened

    def _links(self, selector: str) -> list[str]:
        links = self.page.eval_on_selector_all(
            selector, "all => all.filter(a => !a.closest('form')).map(a => a.href)"
        )
        return [link.split("#")[0] for link in links if "lang=" not in link]

    def _open(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer is not None, address
        assert answer.status == 200, f"{address} answered {answer.status}"
        self.opened.append(address)
        self.page.wait_for_load_state("networkidle")
        self.look(self.page)

    def _ask(self, address: str) -> None:
        answer = self.page.context.request.get(urljoin(self.page.url, address))
        assert answer.status == 200, f"{address} answered {answer.status}"
        self.opened.append(address)


def _form(address: str) -> str:
    """Return an address without its numbers, names of filters kept and their values not."""
    parts = urlsplit(address)
    names = sorted(pair.split("=")[0] for pair in parts.query.split("&"))
    return f"{_PART.sub('*', parts.path)}?{'&'.join(names)}"


def _is_file(address: str) -> bool:
    return bool(re.search(r"\.(csv|gpx|kml|ics)$|/photos/", urlsplit(address).path))
