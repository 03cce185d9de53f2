"""Line: what a tablet says to the server beside its items: log in, enrol, pull, reconcile."""

import json
import re
import secrets
import time
from typing import Any

from benchmarks.chaos.faults import ENROLMENT
from benchmarks.chaos.outbox import Item, Outbox
from benchmarks.chaos.wire import Cut, Reply, Wire

RETRY_AFTER_MAX_S = 0.5
"""The installation is made to answer again soon; a real tablet waits as long as it is told."""


class NotNow(Exception):
    """The round is over: no line, no session, or a server that asks for patience."""

    def __init__(self, reason: str, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s

    @classmethod
    def answered(cls, reply: Reply, what: str, after_s: float = 0.0) -> "NotNow":
        """Return the end of a round by an answer that helps nobody."""
        return cls(f"{what} answered {reply.status}: {reply.body[:200]!r}", after_s)


class Line:
    """The tablet's session with the server; it outlives the tablet's process."""

    def __init__(self, orders: dict[str, Any], outbox: Outbox) -> None:
        self._orders, self._outbox = orders, outbox
        self._cookie = outbox.get("cookie") or ""
        self._csrf = outbox.get("csrf") or ""
        self._token = outbox.get("token") or ""

    @property
    def is_control(self) -> bool:
        """Whether everything goes by plain POST."""
        return bool(self._orders["control"])

    def place(self, item: Item) -> tuple[str, str]:
        """Return method and address of an item."""
        return ("POST", "/control/records") if self.is_control else ("PUT", item.path)

    def wire(self) -> Wire:
        """Return a connection maker with the headers every request of the tablet carries."""
        offset_ms = 1_000 * int(self._outbox.get("clock_offset_s") or 0)
        headers = {
            "X-Device": self._orders["device"],
            "X-Device-Seq": str(self._outbox.get("seq") or 0),
            "X-Device-Clock": str(time.time_ns() // 1_000_000 + offset_ms),
            "X-App-Version": "chaos",
            "X-CSRFToken": self._csrf,
        }
        if self._token:
            headers["X-Device-Token"] = self._token
        return Wire(self._orders["host"], self._orders["port"], self._cookie, headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        spoil: str = "",
    ) -> Reply:
        """Send a request; whatever ends the round is raised as NotNow."""
        try:
            reply = self.wire().ask(method, path, body, headers=headers, spoil=spoil)
        except Cut as error:
            raise NotNow(str(error)) from error
        return self.heard(reply)

    def heard(self, reply: Reply) -> Reply:
        """Return a reply that says something about the item; others end the round."""
        if reply.status == 401 or (reply.status == 400 and b"form_expired" in reply.body):
            self._cookie = self._csrf = ""
            self._outbox.put(cookie="", csrf="")
            raise NotNow("log in again")
        if reply.status == 429 or reply.status >= 500:
            after_s = float(reply.headers.get("retry-after", 0))
            raise NotNow.answered(reply, "server", min(after_s, RETRY_AFTER_MAX_S))
        return reply

    def open(self) -> None:
        """Log in and enrol where that has not been done."""
        if not self._cookie:
            self._log_in()
        if not self._csrf:
            self._csrf = self.ask("GET", "/sync/session").json["csrf"]
            self._outbox.put(csrf=self._csrf)
        if not self._token and not self.is_control:
            self._enrol()

    def _log_in(self) -> None:
        wire = Wire(self._orders["host"], self._orders["port"])
        fields = {"login": self._orders["login"], "password": self._orders["password"]}
        try:
            page = self.heard(wire.ask("GET", "/login")).body.decode()
            found = re.search(r'name="csrf_token" value="([^"]+)"', page)
            fields["csrf_token"] = found[1] if found else ""
            form = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            reply = self.heard(wire.ask("POST", "/login", form, headers=kind))
        except Cut as error:
            raise NotNow(str(error)) from error
        if reply.status != 302:
            raise NotNow.answered(reply, "log-in")
        self._cookie, self._csrf = wire.cookie, ""
        self._outbox.put(cookie=self._cookie, csrf="")

    def _enrol(self) -> None:
        told = {"code": self._orders["code"], "device": self._orders["device"], "model": "chaos"}
        offer = str(self._outbox.get("offer") or secrets.token_urlsafe(32))
        self._outbox.put(offer=offer)
        told["token"] = offer
        kind = {"Content-Type": "application/json"}
        lost = self._orders["enrolment_lost"] and self._outbox.strike(-1, ENROLMENT[0])
        spoil = "reply_lost" if lost else ""
        body = json.dumps(told).encode()
        reply = self.ask("POST", "/sync/enrol", body, headers=kind, spoil=spoil)
        if reply.status not in (200, 201):
            raise NotNow.answered(reply, "enrolment")
        self._token = reply.json["token"]
        self._outbox.put(token=self._token)

    @property
    def cursor(self) -> str:
        """How far changes have been taken."""
        return str(self._outbox.get("cursor") or "")

    def pull(self) -> None:
        """Take changes until there are no more; after a reset the whole package first."""
        more = True
        while more:
            reply = self.ask("GET", f"/sync/changes?cursor={self.cursor}")
            if reply.status != 200:
                raise NotNow.answered(reply, "changes")
            told = reply.json
            if told["reset"]:
                self._outbox.begin_anew(told["cursor"])
            else:
                self._outbox.take_changes(told["rows"], told["gone"], cursor=told["cursor"])
            more = told["more"]
            if not self._outbox.get("package"):
                self._outbox.take_changes(self.package(), [], cursor=self.cursor)
                self._outbox.put(package=True)
                more = True

    def package(self) -> list[dict[str, Any]]:
        """Return the cards of the tablet's weeks as the server shows them now."""
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for week in self._orders["weeks"]:
            reply = self.ask("GET", f"/sync/week?week={week}")
            if reply.status != 200:
                raise NotNow.answered(reply, "package")
            told = reply.json
            cards = [("task", card) for card in told["tasks"]]
            cards += [(card["kind"], card) for card in told["objects"]]
            for kind, card in cards:
                rows[kind, card["id"]] = {"kind": kind, "id": card["id"], "card": card}
        return list(rows.values())

    def manifest(self) -> dict[str, Any]:
        """Compare names and hashes of everything with what the server holds."""
        items = [[item.name, item.sha256] for item in self._outbox.items()]
        items += [[sha256, sha256] for sha256, _ in self._outbox.photos()]
        told = json.dumps({"device": self._orders["device"], "items": items}).encode()
        kind = {"Content-Type": "application/json"}
        reply = self.ask("POST", "/sync/manifest", told, headers=kind)
        if reply.status != 200:
            raise NotNow.answered(reply, "manifest")
        found: dict[str, Any] = reply.json
        return found
