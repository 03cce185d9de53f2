"""Machine room: PostgreSQL, gunicorn and the tablets of one run; deals out the world's faults."""

import hashlib
import json
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.chaos.dice import Dice
from benchmarks.chaos.disk import Disk
from benchmarks.chaos.host import Host, Hosted
from inspect_app.cli.cluster import Cluster, ensure_started
from inspect_app.cli.cluster import stop as stop_cluster

WORKERS, THREADS = 2, 8
STORM_S = 0.6
START_TIMEOUT_S = 240.0
TICK_S = 0.1


class TabletFailed(RuntimeError):
    """A tablet's process ended with a fault of its own, not by one of ours."""


@dataclass
class Machine:
    """One installation in one folder, on a cluster that it may restart."""

    folder: Path
    host: Host
    cluster: Cluster
    database: str
    orders: dict[str, Any]
    """What the wrapped server is told: its folder, what is removed, whether it is the control."""
    dice: Dice
    port: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    tablets: dict[int, Hosted] = field(default_factory=dict)
    gave_up: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Photos the database called kept whose bytes a power cut took."""
    _server: Hosted | None = None

    @property
    def url(self) -> str:
        """The database's address."""
        return self.cluster.url(self.database)

    @property
    def files(self) -> Path:
        """Where the server keeps photos."""
        return self.folder / "files"

    @contextmanager
    def running(self) -> Iterator["Machine"]:
        """Serve until the block ends; nothing that was started outlives it."""
        self.port = self.port or _free_port()
        self.start_server()
        try:
            yield self
        finally:
            for tablet in self.tablets.values():
                tablet.kill()
                tablet.wait()
            self.kill_server()

    def start_server(self) -> None:
        """Start gunicorn as the deployment does, with the application loaded once before forks."""
        arguments = ["--bind", f"127.0.0.1:{self.port}", "--workers", str(WORKERS)]
        arguments += ["--threads", str(THREADS), "--worker-class", "gthread"]
        arguments += ["--no-control-socket", "--preload", "--log-level", "error"]
        self._server = self.host.start(
            "server",
            [*arguments, "benchmarks.chaos.server:make()"],
            self.folder / "server.log",
            DATABASE_URL=self.url.replace("postgresql+psycopg://", "postgresql://"),
            INSPECT_DEMO="1",
            INSPECT_DATA_DIR=str(self.files),
            INSPECT_SECRET_KEY="of this run alone " * 3,
            CHAOS_SERVER=json.dumps(self.orders),
        )
        self._wait_until_served()

    def _wait_until_served(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self._server is not None and self._server.poll() is not None:
                break
            time.sleep(0.05)
        log = (self.folder / "server.log").read_text(errors="replace")[-3_000:]
        message = f"the server did not start:\n{log}"
        raise RuntimeError(message)

    def kill_server(self) -> None:
        """Kill gunicorn's master and all its workers at once."""
        if self._server is not None:
            self._server.kill(group=True)
            self._server.wait()

    def workers(self) -> list[int]:
        """Return the process ids of gunicorn's workers."""
        if self._server is None:
            return []
        master = self._server.pid
        with suppress(FileNotFoundError, ProcessLookupError):
            return [
                int(pid)
                for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()
            ]
        return []

    def start_tablet(self, number: int, *options: str) -> None:
        """Start the process of a tablet, or start it again."""
        folder = self.folder / f"tablet{number:02d}"
        arguments = [str(folder), *options]
        self.tablets[number] = self.host.start("tablet", arguments, folder / "errors.log")

    def look_after_tablets(self) -> bool:
        """Start killed tablets again; return whether any still runs."""
        for number, tablet in list(self.tablets.items()):
            code = tablet.poll()
            if code is None:
                continue
            if code == -signal.SIGKILL:
                self.deaths["tablet"] += 1
                self.start_tablet(number)
                continue
            del self.tablets[number]
            errors = (self.folder / f"tablet{number:02d}" / "errors.log").read_text()
            if code == 3:
                last = errors.strip().rpartition("\n")[2]
                self.gave_up.append(f"tablet {number} gave up: {last[:300]}")
            elif code != 0:
                message = f"tablet {number} ended with {code}:\n{errors[-3_000:]}"
                raise TabletFailed(message)
        return bool(self.tablets)

    def strike(self, fault: str) -> None:
        """Let one of the world's faults happen now."""
        if getattr(self, f"_{fault}")() is not False:
            self.struck[fault] += 1

    def _client_killed(self) -> bool:
        if not self.tablets:
            return False
        self.tablets[self.dice.pick(sorted(self.tablets))].kill()
        return True

    def _worker_killed(self) -> bool:
        return _kill(self.workers()[:1])

    def _all_workers_killed(self) -> bool:
        return _kill(self.workers())

    def _storm_503(self) -> None:
        (self.folder / "storm").write_text(str(time.time() + STORM_S))

    def _server_restarted(self) -> None:
        self.kill_server()
        self.start_server()

    def _database_restarted(self) -> None:
        stop_cluster(self.cluster.home, at_once=True)
        self.cluster = ensure_started(self.cluster.home)

    def _power_cut(self) -> None:
        """Kill everything at once and take from the disk what was not synced."""
        self.kill_server()
        stop_cluster(self.cluster.home, at_once=True)
        Disk(self.folder / "disk.log").cut(self.files)
        self.cluster = ensure_started(self.cluster.home)
        # Tablets heal this later, from what they still hold; a promise was broken all the same.
        self.broken += broken_photos(self.url, self.files / "photos")
        self.start_server()


def broken_photos(url: str, folder: Path) -> list[str]:
    """Return the photos the database knows whose file is not there or has other bytes."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        known = set(connection.scalars(text("SELECT sha256 FROM photo")))
    whole = {
        file.stem
        for file in folder.rglob("*.jpg")
        if hashlib.sha256(file.read_bytes()).hexdigest() == file.stem
    }
    return sorted(known - whole)


class Progress:
    """How many records have arrived, asked over a line that a restart may cut."""

    def __init__(self, url: str, table: str) -> None:
        self._engine: Engine = create_engine(url, pool_size=1, pool_pre_ping=True)
        self._query = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of two names
        self._last = 0

    def arrived(self) -> int:
        """Return the count, or the last one while the database is away."""
        with suppress(OperationalError), self._engine.connect() as connection:
            self._last = int(connection.scalar(self._query) or 0)
        return self._last

    def close(self) -> None:
        """Let go of the line."""
        self._engine.dispose()


def _kill(pids: list[int]) -> bool:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
