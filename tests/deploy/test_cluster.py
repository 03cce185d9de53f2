"""The private PostGIS cluster: it starts, stops, survives being killed, and keeps to itself."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from inspect_app.cli.cluster import (
    Cluster,
    ClusterProblem,
    PostGISMissing,
    binaries,
    cluster,
    ensure_database,
    ensure_started,
    programs,
    server,
    status,
    stop,
    throwaway_cluster,
)

pytestmark = pytest.mark.slow

DEATH_S = 10.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder for one cluster, reachable for the server's account, and clean up.

    Not in pytest's own temporary folder: each starting pytest closes that for other accounts.
    """
    made = Path(tempfile.mkdtemp(prefix="inspect-app-test-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        stop(made, at_once=True)
        shutil.rmtree(made)


def ask(running: Cluster, statement: str, *, database: str = "postgres") -> str:
    """Return the first value of a statement, asked through the address the product uses."""
    address = running.url(database).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return str(row[0])


def tell(running: Cluster, statement: str) -> None:
    with psycopg.connect(running.url("postgres").replace("+psycopg", "")) as connection:
        connection.execute(statement.encode())


def server_pid(running: Cluster) -> int:
    return int((running.data / "postmaster.pid").read_text().splitlines()[0])


def wait_for_death(pid: int) -> None:
    deadline = time.monotonic() + DEATH_S
    while Path(f"/proc/{pid}/cwd").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_new_cluster_answers_on_its_socket_and_postgis_works_in_it(folder: Path) -> None:
    running = ensure_started(folder)
    assert ensure_database(running, "inspect")
    assert not ensure_database(running, "inspect")
    with psycopg.connect(running.url("inspect").replace("+psycopg", "")) as connection:
        connection.execute("CREATE EXTENSION postgis")
        row = connection.execute(
            "SELECT st_area(st_transform(st_setsrid(st_makeenvelope(120, 31, 120.01, 31.01),"
            " 4490), 4549)), length(st_asmvt(t))"
            " FROM (SELECT st_makepoint(1, 1) AS geom) t GROUP BY 1"
        ).fetchone()
    assert row is not None
    assert row[1] > 0  # built with protobuf: tiles can be drawn
    # 0.01 degrees at 31 N are 955 m by 1,109 m: a square kilometre and a bit.
    assert row[0] == pytest.approx(955 * 1109, rel=0.01)


def test_starting_twice_gives_the_same_server(folder: Path) -> None:
    first = ensure_started(folder)
    pid = server_pid(first)
    assert ensure_started(folder) == first
    assert server_pid(first) == pid
    assert status(folder) == first


def test_two_processes_starting_at_once_make_one_server(folder: Path) -> None:
    found: list[Cluster] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_started(folder))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]


def test_data_and_port_survive_a_stop_and_a_start(folder: Path) -> None:
    before = ensure_started(folder)
    tell(before, "CREATE TABLE kept AS SELECT 7 AS n")
    assert stop(folder)
    assert not stop(folder)
    assert status(folder) is None
    assert not before.socket_dir.exists()
    after = ensure_started(folder)
    assert after == before
    assert ask(after, "SELECT n FROM kept") == "7"


def test_a_killed_server_starts_again_with_its_data(folder: Path) -> None:
    before = ensure_started(folder)
    tell(before, "CREATE TABLE kept AS SELECT 7 AS n")
    pid = server_pid(before)
    os.kill(pid, signal.SIGKILL)
    wait_for_death(pid)
    assert (before.data / "postmaster.pid").exists()
    assert status(folder) is None
    assert ask(ensure_started(folder), "SELECT n FROM kept") == "7"


def test_a_stale_pid_that_now_belongs_to_another_process_is_seen_through(folder: Path) -> None:
    running = ensure_started(folder)
    pid_file = running.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stop(folder)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        running.socket_dir.mkdir(mode=0o700)
        for left in (pid_file, running.socket_dir / f".s.PGSQL.{running.port}.lock"):
            left.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        assert status(folder) is None
        assert ask(ensure_started(folder), "SELECT 1") == "1"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_two_clusters_live_side_by_side_and_know_nothing_of_each_other(folder: Path) -> None:
    first = ensure_started(folder / "a")
    second = ensure_started(folder / "b")
    try:
        assert first.port != second.port
        assert first.socket_dir != second.socket_dir
        ensure_database(first, "only_here")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            ask(second, "SELECT 1", database="only_here")
    finally:
        stop(folder / "a")
        assert ask(second, "SELECT 1") == "1"
        stop(folder / "b")


def test_a_port_taken_meanwhile_is_given_up_for_another(folder: Path) -> None:
    before = ensure_started(folder / "a")
    stop(folder / "a")
    (folder / "b").mkdir()
    (folder / "b/port").write_text(f"{before.port}\n")
    other = ensure_started(folder / "b")
    try:
        assert other.port == before.port
        after = ensure_started(folder / "a")
        assert after.port != before.port
        assert ask(after, "SELECT 1") == "1"
    finally:
        stop(folder / "a")
        stop(folder / "b")


def test_tcp_needs_the_kept_password_and_the_socket_is_ours_alone(folder: Path) -> None:
    running = ensure_started(folder)
    facts = {"host": "127.0.0.1", "port": running.port, "user": "app", "dbname": "postgres"}
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**facts, password="wrong", passfile="/dev/null")
    password = (folder / "password").read_text().strip()
    with psycopg.connect(**facts, password=password) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    assert running.socket_dir.stat().st_mode & 0o777 == 0o700


def test_a_throwaway_cluster_leaves_nothing_behind() -> None:
    with throwaway_cluster() as running:
        assert ask(running, "SHOW fsync") == "off"
        pid = server_pid(running)
    assert not running.home.exists()
    assert not running.socket_dir.exists()
    wait_for_death(pid)


def test_a_throwaway_cluster_goes_also_when_the_test_fails() -> None:
    kept: list[Cluster] = []
    with pytest.raises(ZeroDivisionError), throwaway_cluster() as running:  # noqa: PT012
        kept.append(running)
        raise ZeroDivisionError
    assert not kept[0].home.exists()


def test_a_lasting_cluster_keeps_its_promise_to_the_disk(folder: Path) -> None:
    running = ensure_started(folder)
    assert ask(running, "SHOW fsync") == "on"
    assert ask(running, "SHOW jit") == "off"


def test_a_checkout_the_server_cannot_enter_moves_its_data_and_says_so(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs the server under another account")
    closed = tmp_path / "private"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(server, "FALLBACK_HOME", folder)
    running = ensure_started(closed / "postgres")
    try:
        assert running.home.parent == folder
        assert "cannot enter" in capsys.readouterr().err
        assert status(closed / "postgres") == running
    finally:
        assert stop(closed / "postgres", at_once=True)
    # Opening the folder later must not make the data vanish.
    closed.chmod(0o755)
    assert ensure_started(closed / "postgres") == running
    stop(closed / "postgres", at_once=True)


def test_data_of_another_account_are_refused_with_the_reason(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make files of another account")
    (folder / "data").mkdir()
    with pytest.raises(ClusterProblem, match="was made by the user with id 0"):
        ensure_started(folder)
    (folder / "data").rmdir()


def test_without_postgis_the_message_gives_the_line_that_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "POSTGRES_HOME", folder)
    with pytest.raises(PostGISMissing, match="apt-get install"):
        ensure_started(folder)


def test_the_newest_postgresql_that_has_postgis_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 9 and 15 have everything; 16 lacks the library, 17 the control file.
    complete = ("bin/initdb", "lib/postgis-3.so", "postgis.control")
    for major, present in {
        "9": complete,
        "15": complete,
        "16": ("bin/initdb", "postgis.control"),
        "17": ("bin/initdb", "lib/postgis-3.so"),
    }.items():
        for name in present:
            file = tmp_path / "lib" / major / name
            if name == "postgis.control":
                file = tmp_path / "share" / major / "extension" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    monkeypatch.setattr(programs, "POSTGRES_HOME", tmp_path / "lib")
    monkeypatch.setattr(programs, "EXTENSIONS_HOME", tmp_path / "share")
    assert binaries().parent.name == "15"
    assert binaries("9").parent.name == "9"
    with pytest.raises(PostGISMissing, match="PostgreSQL 17 with PostGIS"):
        binaries("17")


def test_a_start_that_fails_shows_the_servers_own_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_ATTEMPTS", 1)
    running = ensure_started(folder)
    stop(folder)
    with (running.data / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(ClusterProblem, match="no_such_setting"):
        ensure_started(folder)


@pytest.fixture
def command() -> Callable[..., tuple[int, str]]:
    """Return a caller of the command group that gives back exit code and output."""

    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cluster, words)
        return result.exit_code, result.output

    return call


def test_the_commands_start_show_and_stop(
    folder: Path, command: Callable[..., tuple[int, str]]
) -> None:
    where = ("--data-dir", str(folder))
    code, output = command("start", *where, "--database", "trial")
    assert code == 0
    assert output.startswith("postgresql+psycopg://app@/trial?host=")
    assert output.count("\n") == 1  # the run script takes the whole output as the address
    code, output = command("status", *where)
    assert (code, "password in" in output) == (0, True)
    assert command("stop", *where) == (0, "PostGIS stopped.\n")
    assert command("stop", *where) == (0, "PostGIS was not running.\n")
    assert command("status", *where)[0] == 3


def test_a_command_that_fails_says_why_without_a_traceback(
    folder: Path, command: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "POSTGRES_HOME", folder)
    code, output = command("start", "--data-dir", str(folder))
    assert code == 1
    assert "apt-get install" in output
