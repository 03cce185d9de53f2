"""What tablets cost the server: records a second and their waiting time, photos, empty pulls.

A PostgreSQL of its own with fsync on, gunicorn as `inspect-app serve` starts it, and clients that
keep their lines open; all of it shares the machine, so the processor time of each part is told for
each request. Aim: 300 records a second, p99 below 200 ms.
"""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import numpy as np
import pandas as pd
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.chaos.capture import photo, sha256
from benchmarks.chaos.county import PASSWORD, Crewed, make_county
from benchmarks.chaos.dice import Dice
from benchmarks.chaos.outbox import Outbox
from benchmarks.chaos.run import picture, site
from benchmarks.chaos.script import track
from benchmarks.chaos.server_line import Line, NotNow
from benchmarks.chaos.wire import digest

CLIENTS = 8
TASKS_EACH = 20
"""So many that a stop is visited a few times and no more, as in the field."""
OUTBOX = 50
SECONDS = 8.0
SECONDS_OF_OTHERS = 3.0
WORKERS, THREADS = 2, 8
PATIENCE = 10
PHOTO_BYTES = 2_000_000
CHUNK_BYTES = 256 * 1024
MIX = ("stop_result", "stop_result", "stop_result", "finding", "segment")
AIM_A_SECOND, AIM_P99_MS = 300.0, 200.0


@dataclass
class Client:
    """A tablet that does nothing but send, over one line that stays open."""

    orders: dict[str, Any]
    headers: dict[str, str]
    seq: int = 0
    segments: dict[int, int] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    cpu_s: float = 0.0
    _line: socket.socket | None = None

    def hang_up(self) -> None:
        """Close the line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> HTTPResponse:
        """Send a request and read its answer."""
        if self._line is None:
            self._line = socket.create_connection(("127.0.0.1", self.orders["port"]))
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
        start = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
        began = time.perf_counter()
        self._line.sendall(start + body)
        answer = HTTPResponse(self._line, method=method)
        answer.begin()
        answer.read()
        self.latencies_s.append(time.perf_counter() - began)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if answer.will_close:
            self.hang_up()
        return answer

    def log_of(self, task: dict[str, Any]) -> str:
        """Return the id of a task's log."""
        return str(uuid5(NAMESPACE_URL, f"{self.orders['device']} {task['id']}"))

    def record(self, kind: str, task: dict[str, Any], **values: object) -> None:
        """Send a record of a task."""
        self.seq += 1
        body = {"kind": kind, "task_id": task["id"], "log_uid": self.log_of(task)}
        body |= {"device": self.orders["device"], "seq": self.seq}
        body |= {"at": datetime.now(UTC).isoformat(), **values}
        sent = json.dumps(body).encode()
        self.ask("PUT", f"/sync/records/{uuid4()}", sent, **self._told(sent))

    def segment(self, task: dict[str, Any]) -> None:
        """Send the next piece of a task's track."""
        self.seq += 1
        number = self.segments.get(task["id"], 0)
        self.segments[task["id"]] = number + 1
        values = track(task, number)
        body = json.dumps(values | {"device": self.orders["device"], "seq": self.seq}).encode()
        path = f"/sync/tracks/{self.log_of(task)}/segments/{number}"
        self.ask("PUT", path, body, **self._told(body))

    def photo(self, number: int) -> None:
        """Send a photo in chunks."""
        body = photo(picture(), number, PHOTO_BYTES)
        name = sha256(body)
        for start in range(0, len(body), CHUNK_BYTES):
            chunk = body[start : start + CHUNK_BYTES]
            self.ask(
                "PATCH",
                f"/sync/blobs/{name}",
                chunk,
                Upload_Offset=str(start),
                Upload_Length=str(len(body)),
                Content_Type="application/partial-upload",
            )

    def _told(self, body: bytes) -> dict[str, str]:
        headers = {name.replace("-", "_"): text for name, text in digest(body).items()}
        # The outbox was written before: its highest number rises once a patrol.
        told = str(-(-self.seq // OUTBOX) * OUTBOX)
        return headers | {"X_Item_Seq": str(self.seq), "X_Device_Seq": told}


def records(client: Client, dice: Dice) -> None:
    """Send one item of the mix."""
    kind, task = dice.pick(MIX), dice.pick(client.orders["tasks"])
    if kind == "segment":
        client.segment(task)
    elif kind == "finding":
        place = {"lon": 120.505, "lat": 30.5, "description": "岸边垃圾"}
        client.record(kind, task, finding_type="bank_waste", severity="normal", **place)
    else:
        stop_id = dice.pick(task["stops"])
        client.record(kind, task, stop_id=stop_id, result="done", lon=120.5, lat=30.5)


def photos(client: Client, dice: Dice) -> None:
    """Send one photo."""
    client.photo(dice.below(1 << 40))


def pulls(client: Client, _: Dice) -> None:
    """Ask for changes where there are none."""
    client.ask("GET", f"/sync/changes?cursor={client.orders['cursor']}")


JOBS: dict[str, tuple[Callable[[Client, Dice], None], float]] = {
    "records": (records, SECONDS),
    "photos": (photos, SECONDS_OF_OTHERS),
    "empty pulls": (pulls, SECONDS_OF_OTHERS),
}


def open_line(orders: dict[str, Any], folder: Path) -> Client:
    """Return a client that is logged in and enrolled, and has begun its patrol."""
    line = Line(orders, Outbox(folder / f"{orders['login']}.sqlite"))
    for _ in range(PATIENCE):
        with suppress(NotNow):
            line.open()
            line.pull()
            break
    wire = line.wire()
    headers = wire.headers | {"Host": "127.0.0.1", "Cookie": wire.cookie}
    del headers["X-Device-Seq"]
    client = Client(orders | {"cursor": line.cursor}, headers)
    for task in orders["tasks"]:
        client.record("patrol_start", task)
    client.hang_up()
    return client


def work(client: Client, name: str) -> Client:
    """Do a job for its time and return what came of it."""
    job, seconds = JOBS[name]
    client.latencies_s, client.statuses = [], {}
    dice, ends = Dice("sync", name, client.orders["login"]), time.monotonic() + seconds
    began_s = time.process_time()
    while time.monotonic() < ends:
        job(client, dice)
    client.cpu_s = time.process_time() - began_s
    client.hang_up()
    return client


def cpu_s(root: int) -> float:
    """Return the processor seconds of a process and all below it that are alive."""
    parents, seconds = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            facts = stat.read_text().rpartition(")")[2].split()
            pid = int(stat.parent.name)
            parents[pid] = int(facts[1])
            seconds[pid] = (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(seconds.get(pid, 0.0) for pid in family)


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Serve the product as `inspect-app serve` does; give its port and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "DATABASE_URL": url.replace("postgresql+psycopg://", "postgresql://"),
        "INSPECT_DEMO": "1",
        "INSPECT_DATA_DIR": str(folder / "files"),
        "INSPECT_SECRET_KEY": "of this run alone " * 3,
    }
    command = [sys.executable, "-m", "inspect_app.cli", "serve", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--threads", str(THREADS)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def orders_of(number: int, crew: Crewed, *, port: int) -> dict[str, Any]:
    """Return what a client needs to know."""
    return {
        "host": "127.0.0.1",
        "port": port,
        "device": str(uuid5(NAMESPACE_URL, f"sync {number}")),
        "login": crew.login,
        "password": PASSWORD,
        "code": crew.code,
        "tasks": crew.tasks,
        "weeks": [],
        "control": False,
        "enrolment_lost": False,
    }


def main() -> None:
    """Print a table of requests a second and waiting times, with the machine's load beside it."""
    with site() as place:
        cluster, name = place.database()
        folder = place.home / name
        folder.mkdir()
        engine = create_engine(cluster.url(name))
        now = datetime.now(UTC)
        with Session(engine) as session, session.begin():
            crews = make_county(
                session, tablets=CLIENTS, tasks_each=TASKS_EACH, today=now.date(), now=now
            )
        engine.dispose()
        load_before = os.getloadavg()[0]
        postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
        with served(cluster.url(name), folder) as (port, server):
            clients = [
                open_line(orders_of(number, crew, port=port), folder)
                for number, crew in enumerate(crews)
            ]
            programs = {"server": server, "database": postmaster}
            rows = [_measured(job, clients, programs) for job in JOBS]
    print(
        f"{CLIENTS} clients, {WORKERS} workers, {os.cpu_count()} cores,"
        f" load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after"
    )
    print(pd.DataFrame(rows).to_string(index=False))


def _measured(job: str, clients: list[Client], programs: dict[str, int]) -> dict[str, Any]:
    """Let all clients do a job side by side and return its row; clients keep their numbers."""
    before = {name: cpu_s(pid) for name, pid in programs.items()}
    with multiprocessing.get_context("fork").Pool(len(clients)) as pool:
        clients[:] = pool.starmap(work, [(client, job) for client in clients])
    spent_s = {name: cpu_s(pid) - before[name] for name, pid in programs.items()}
    spent_s["clients"] = sum(client.cpu_s for client in clients)
    waits_ms = 1_000 * np.concatenate([client.latencies_s for client in clients])
    statuses = sum((Counter(client.statuses) for client in clients), Counter[int]())
    a_second, p99 = len(waits_ms) / JOBS[job][1], np.percentile(waits_ms, 99)
    row: dict[str, Any] = {"what": job, "requests/s": f"{a_second:,.0f}"}
    megabytes = statuses[204] * CHUNK_BYTES / 1e6 / JOBS[job][1] if job == "photos" else 0.0
    row["MB/s"] = f"{megabytes:.1f}" if megabytes else ""
    row |= {"p50 ms": f"{np.percentile(waits_ms, 50):.0f}", "p99 ms": f"{p99:.0f}"}
    row |= {f"{name} ms": f"{1_000 * s / len(waits_ms):.1f}" for name, s in spent_s.items()}
    met = a_second >= AIM_A_SECOND and p99 <= AIM_P99_MS
    row["aim"] = ("met" if met else "missed") if job == "records" else ""
    row["statuses"] = " ".join(f"{status}:{count}" for status, count in sorted(statuses.items()))
    return row


if __name__ == "__main__":
    main()
