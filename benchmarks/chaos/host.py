"""Host: one process that has loaded everything, and forks servers and tablets from itself.

So a killed server is up again in a fraction of a second, and a run can afford many kills. Orders
come as JSON lines on standard input, births and deaths go out on standard output; when the input
ends, the host ends with all it has forked.
"""

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gunicorn.app import wsgiapp

from benchmarks.chaos import tablet

ROOT = Path(__file__).parent.parent.parent
PROGRAMS: dict[str, Callable[[], None]] = {"server": wsgiapp.run, "tablet": tablet.main}
LOADED_FIRST = ("benchmarks.chaos.server", "benchmarks.chaos.control", "gunicorn.workers.gthread")


class Host:
    """The machine room's side: ask for a process, learn of its death."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos.host"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._codes: dict[int, int] = {}
        self._births: list[int] = []
        self._news = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, program: str, arguments: list[str], log: Path, **environment: str) -> "Hosted":
        """Fork a process in a session of its own and return it."""
        order = {"program": program, "arguments": arguments, "log": str(log)}
        order["environment"] = environment
        if self._process.stdin is None:
            raise AssertionError
        with self._news:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            self._news.wait_for(lambda: self._births)
            return Hosted(self, self._births.pop())

    def code(self, pid: int, *, wait_s: float = 0.0) -> int | None:
        """Return how a process ended (below 0: by that signal), or None while it runs."""
        with self._news:
            self._news.wait_for(lambda: pid in self._codes, timeout=wait_s)
            return self._codes.get(pid)

    def close(self) -> None:
        """End the host and all it has forked."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._listener.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            told = json.loads(line)
            with self._news:
                if "born" in told:
                    self._births.append(told["born"])
                else:
                    self._codes[told["dead"]] = told["code"]
                self._news.notify_all()


class Hosted:
    """A forked process."""

    def __init__(self, host: Host, pid: int) -> None:
        self._host, self.pid = host, pid

    def poll(self) -> int | None:
        """Return how it ended, or None."""
        return self._host.code(self.pid)

    def kill(self, *, group: bool = False) -> None:
        """Kill it at once, with all of its session if asked."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until it has ended."""
        self._host.code(self.pid, wait_s=30)


@contextmanager
def hosting() -> Iterator[Host]:
    """Give a host, ended afterwards."""
    host = Host()
    try:
        yield host
    finally:
        host.close()


def main() -> None:
    """Be the host."""
    for name in LOADED_FIRST:
        importlib.import_module(name)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    alive: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([0, reading], [], [])
        if reading in ready:
            with suppress(BlockingIOError):
                os.read(reading, 4096)
        _bury(alive)
        if 0 not in ready:
            continue
        piece = os.read(0, 1 << 16)
        if not piece:
            break
        *lines, pending = (pending + piece).split(b"\n")
        for line in lines:
            alive.add(_fork(json.loads(line)))
    for pid in alive:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _bury(alive: set[int]) -> None:
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            alive.discard(found[0])
            _tell(dead=found[0], code=os.waitstatus_to_exitcode(found[1]))


def _tell(**news: int) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        _tell(born=pid)
        return pid
    code = 70
    try:
        _become(order)
        PROGRAMS[order["program"]]()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the log tells, the code says that it failed
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _become(order: dict[str, Any]) -> None:
    """Be a process of its own: session, signals, files, words on the command line."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["environment"])
    sys.argv = [order["program"], *order["arguments"]]


if __name__ == "__main__":
    main()
