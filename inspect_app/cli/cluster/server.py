"""A PostgreSQL server of our own in one folder: make, start, find alive, stop, throw away."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from inspect_app.cli.cluster.programs import (
    SERVER_USER,
    ClusterProblem,
    as_server,
    binaries,
    checked,
    is_root,
    postgres_uid,
    run,
    run_as_server,
    server_uid,
)

ROLE = "app"
# A unix socket path may have 107 bytes, and a checkout may lie deep: so a short name in /tmp.
SOCKETS_HOME = Path("/tmp")  # noqa: S108  (the folder in it is ours alone, mode 0700, and checked)
FALLBACK_HOME = Path("/var/lib/inspect-app")
START_TIMEOUT_S = 60
START_ATTEMPTS = 4
PAUSE_BETWEEN_ATTEMPTS_S = 1.5

_SETTINGS = {
    "jit": "off",  # compiling costs more than it saves on queries of milliseconds
    "random_page_cost": "1.1",
    "max_connections": "60",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "timezone": "'Asia/Shanghai'",
    "log_timezone": "'Asia/Shanghai'",
    "log_min_duration_statement": "2000",
    "lc_messages": "'C'",
    "password_encryption": "'scram-sha-256'",
}
_LASTING = {"shared_buffers": "512MB"}
# A cluster that is thrown away needs no promise to survive a power cut.
_THROWAWAY = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
_HBA = """\
# The socket folder is mode 0700: who can reach it is already the owner.
local  all  all                trust
host   all  all  127.0.0.1/32  scram-sha-256
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """A running private cluster and how to reach it."""

    home: Path
    socket_dir: Path
    port: int
    version: str

    @property
    def data(self) -> Path:
        """Return PostgreSQL's own data folder."""
        return self.home / "data"

    def url(self, dbname: str) -> str:
        """Return the SQLAlchemy address of a database in this cluster, by its socket."""
        return f"postgresql+psycopg://{ROLE}@/{dbname}?host={self.socket_dir}&port={self.port}"


def ensure_started(data_dir: Path, *, throwaway: bool = False) -> Cluster:
    """Make the cluster in ``data_dir`` if it is not there, start it if it is not up, return it.

    Safe to call again and from two processes at once. ``throwaway`` gives up safety against
    power cuts for speed and is meant for tests only.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with _locked(data_dir):
        home = _home(data_dir)
        cluster = _running(home)
        if cluster is None:
            if not (home / "data").exists():
                _initialise(home)
            cluster = _start(home, throwaway=throwaway)
        if not (data_dir / "password").exists():
            _set_password(cluster, data_dir / "password")
        return cluster


def stop(data_dir: Path, *, at_once: bool = False) -> bool:
    """Stop the cluster in ``data_dir``; return whether one was running."""
    if not data_dir.exists():
        return False
    with _locked(data_dir):
        home = _home(data_dir)
        running = _running(home)
        if running is not None:
            mode = "immediate" if at_once else "fast"
            where = ("-D", str(running.data))
            run_as_server(running.version, "pg_ctl", *where, "-w", "-m", mode, "stop")
        shutil.rmtree(_socket_path(home / "data"), ignore_errors=True)
        return running is not None


def status(data_dir: Path) -> Cluster | None:
    """Return the running cluster in ``data_dir``, or None."""
    return _running(_home(data_dir)) if data_dir.exists() else None


def ensure_database(cluster: Cluster, name: str) -> bool:
    """Create the database ``name`` if it is missing; return whether it was made."""
    there = _sql(cluster, "SELECT datname FROM pg_database").splitlines()
    if name in there:
        return False
    _sql(cluster, f'CREATE DATABASE "{name}"')
    return True


@contextlib.contextmanager
def throwaway_cluster() -> Iterator[Cluster]:
    """Yield a fresh cluster in a temporary folder and delete both afterwards."""
    home = Path(tempfile.mkdtemp(prefix="inspect-app-"))
    home.chmod(0o711 if is_root() else 0o700)
    try:
        yield ensure_started(home, throwaway=True)
    finally:
        stop(home, at_once=True)
        for folder in {_home(home), home.resolve()}:
            shutil.rmtree(folder)


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    with (data_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _home(data_dir: Path) -> Path:
    """Return where the cluster lives: ``data_dir``, or elsewhere if the server cannot enter it.

    A checkout under a private home (mode 0700) cannot be entered by the server's account. The
    choice is written down, so that a later change of rights does not make the data vanish.
    """
    data_dir = data_dir.resolve()
    note = data_dir / "location"
    home = Path(note.read_text().strip()) if note.exists() else data_dir
    if (home / "data").exists():
        _check_ownership(home / "data")
    elif home == data_dir and is_root() and not _server_can_enter(data_dir):
        home = FALLBACK_HOME / _fingerprint(data_dir)
        home.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{home}\n")
        click.echo(f"'{SERVER_USER}' cannot enter {data_dir}: the data go to {home}", err=True)
    return home


def _check_ownership(data: Path) -> None:
    owner = data.stat().st_uid
    if owner != server_uid():
        maker = "root" if owner == postgres_uid() else f"the user with id {owner}"
        msg = f"{data} was made by {maker}: run this as the same user, or move that folder away"
        raise ClusterProblem(msg)


def _server_can_enter(folder: Path) -> bool:
    server_uid()  # says what to install when there is no such account
    return run(as_server("test", "-x", str(folder))).returncode == 0


def _fingerprint(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _running(home: Path) -> Cluster | None:
    """Return the cluster if its server is really alive, whatever the pid file says."""
    data = home / "data"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    # Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, ...
    pid, port, socket_dir = lines[0:1], lines[3:4], lines[4:5]
    if not (pid and port and socket_dir and _is_server(pid[0], data)):
        return None
    version = (data / "PG_VERSION").read_text().strip()
    cluster = Cluster(home, Path(socket_dir[0]), int(port[0]), version)
    _wait_until_ready(cluster)
    return cluster


def _is_server(pid: str, data: Path) -> bool:
    """Tell whether this process is the server of ``data``; a pid is reused after a reboot."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _wait_until_ready(cluster: Cluster) -> None:
    """Wait while a server that is already alive finishes its recovery."""
    ready = [str(binaries(cluster.version) / "pg_isready"), "-q", *_address(cluster)]
    deadline = time.monotonic() + START_TIMEOUT_S
    while run(ready).returncode != 0:
        if time.monotonic() > deadline:
            log = _log(cluster.home)
            msg = f"the server in {cluster.data} is alive but takes no connections; see {log}"
            raise ClusterProblem(msg)
        time.sleep(0.1)


def _address(cluster: Cluster) -> tuple[str, ...]:
    return ("-h", str(cluster.socket_dir), "-p", str(cluster.port), "-U", ROLE)


def _log(home: Path) -> Path:
    return home / "data" / "server.log"


def _initialise(home: Path) -> None:
    """Make the data folder; it gets its name last, so that a half-made one is never taken up."""
    version = binaries().parent.name
    made = home / "data.new"
    if made.exists():
        shutil.rmtree(made)
    made.mkdir(mode=0o700)
    os.chown(made, server_uid(), -1)
    flags = ("-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    run_as_server(version, "initdb", "-D", str(made), *flags)
    _write(made / "pg_hba.conf", _HBA)
    with (made / "postgresql.conf").open("a") as configuration:
        configuration.write("include 'private.conf'\n")
    made.rename(home / "data")


def _start(home: Path, *, throwaway: bool) -> Cluster:
    data = home / "data"
    version = (data / "PG_VERSION").read_text().strip()
    socket_dir = _socket_dir(data)
    for attempt in range(1, START_ATTEMPTS + 1):
        cluster = Cluster(home, socket_dir, _free_port(home), version)
        settings = _SETTINGS | (_THROWAWAY if throwaway else _LASTING) | _endpoints(cluster)
        _write(
            data / "private.conf",
            "".join(f"{name} = {value}\n" for name, value in settings.items()),
        )
        _forget_deadrun_as_server(cluster)
        waiting = ("-w", "-t", str(START_TIMEOUT_S))
        try:
            run_as_server(
                version, "pg_ctl", "-D", str(data), "-l", str(_log(home)), *waiting, "start"
            )
        except ClusterProblem as failed:
            # Processes of a killed server may still be going away, or the port was just taken.
            if attempt == START_ATTEMPTS:
                msg = f"{failed}\n{_last_lines(_log(home))}"
                raise ClusterProblem(msg) from failed
            time.sleep(PAUSE_BETWEEN_ATTEMPTS_S)
        else:
            return cluster
    raise AssertionError


def _endpoints(cluster: Cluster) -> dict[str, str]:
    return {
        "listen_addresses": "'127.0.0.1'",
        "port": str(cluster.port),
        "unix_socket_directories": f"'{cluster.socket_dir}'",
        "unix_socket_permissions": "0700",
    }


def _socket_path(data: Path) -> Path:
    return SOCKETS_HOME / f"inspect-app-{_fingerprint(data)}"


def _socket_dir(data: Path) -> Path:
    """Return the private socket folder, made and checked to be ours alone."""
    folder = _socket_path(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in {os.geteuid(), server_uid()}:
        msg = f"{folder} belongs to somebody else; remove it or ask its owner to"
        raise ClusterProblem(msg)
    folder.chmod(0o700)
    os.chown(folder, server_uid(), -1)
    return folder


def _free_port(home: Path) -> int:
    """Return the port used last time if it is free, else any free one."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        last = int((home / "port").read_text())
        if _is_free(last):
            return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (home / "port").write_text(f"{port}\n")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _forget_deadrun_as_server(cluster: Cluster) -> None:
    """Remove what a killed server left behind; only called when none is alive."""
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    for left in cluster.socket_dir.iterdir():
        left.unlink()


def _set_password(cluster: Cluster, keep_in: Path) -> None:
    """Give the role a password for connections by TCP, and keep it for the owner alone."""
    password = secrets.token_urlsafe(24)
    _sql(cluster, f"ALTER ROLE {ROLE} PASSWORD '{password}'")
    keep_in.touch(mode=0o600)
    keep_in.write_text(f"{password}\n")


def _sql(cluster: Cluster, statement: str) -> str:
    """Run one statement; it travels by standard input, so no process list shows it."""
    psql = str(binaries(cluster.version) / "psql")
    quiet = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres")
    return checked(run([psql, *quiet, *_address(cluster)], sent=statement), "psql")


def _last_lines(log: Path, count: int = 15) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o600)
    os.chown(file, server_uid(), -1)
