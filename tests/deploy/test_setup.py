"""The set-up files: locks, Makefile, scripts and the check of the port."""

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
SCRIPTS = [*sorted((ROOT / "deploy").glob("*.sh")), ROOT / ".ci/run"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_python_package_has_an_exact_version_and_hashes(lock: Path) -> None:
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", lock.read_text())[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\-]+(\[\w+\])?==[\w.]+ (; .* )?\\\n", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_no_lock_file_names_a_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name
    for file in LOCKS:
        assert "://" not in file.read_text(), file.name


def test_front_end_versions_are_exact() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    versions = manifest["dependencies"] | manifest["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_the_development_lock_contains_the_other_one() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"(?m)^([\w.\-]+==[\w.]+)", (ROOT / name).read_text()))

    assert pinned("requirements.lock") < pinned("requirements-dev.lock")


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", text))
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")}
    assert listed == targets
    declared = re.search(r"(?m)^\.PHONY: (.*)$", text)
    assert declared is not None
    assert set(declared[1].split()) == targets


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_parse_stop_at_errors_and_can_be_run(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    if script.name != "lib.sh":  # sourced by the others
        assert "set -euo pipefail" in script.read_text()
        assert os.access(script, os.X_OK)
    checker = shutil.which("shellcheck")
    if checker is not None:
        subprocess.run([checker, "-x", script], cwd=ROOT, check=True)


def test_continuous_integration_is_make_check_and_make_test() -> None:
    commands = re.findall(r"(?m)^make (\w+)", (ROOT / ".ci/run").read_text())
    assert commands == ["check", "test"]


def run_bare(*command: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script with hardly any environment."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)} | variables,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the set-up files alone, so that a trial cannot touch this checkout."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    for file in (*LOCKS, ROOT / "package.json", ROOT / "package-lock.json", ROOT / "Makefile"):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_an_unknown_purpose_is_refused_with_the_known_ones(checkout: Path) -> None:
    done = run_bare("deploy/setup.sh", "everything", cwd=checkout)
    assert done.returncode == 1
    assert "run|check|test" in done.stderr


def test_an_old_python_is_refused_with_the_command_that_mends_it(checkout: Path) -> None:
    programs = checkout / "programs"
    programs.mkdir()
    for name in ("python3.11", "python3.12", "python3.13", "python3"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    script = checkout / "deploy/setup.sh"
    script.write_text(script.read_text().replace(" /usr/bin/python3;", ";"))
    done = run_bare("deploy/setup.sh", "run", cwd=checkout, PATH=f"{programs}:/usr/bin:/bin")
    assert done.returncode == 1
    assert "Python 3.11 or newer is missing" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_a_full_disk_is_noticed_before_anything_is_installed(checkout: Path) -> None:
    script = checkout / "deploy/setup.sh"
    script.write_text(script.read_text().replace("NEEDED_MB=3000", "NEEDED_MB=999999999"))
    done = run_bare("deploy/setup.sh", "run", cwd=checkout)
    assert done.returncode == 1
    assert "MB are free here" in done.stderr
    assert not (checkout / ".venv").exists()


def test_stop_with_nothing_running_says_so(checkout: Path) -> None:
    done = run_bare("deploy/stop.sh", cwd=checkout)
    assert (done.returncode, "Nothing was running" in done.stdout) == (0, True)


def test_stop_leaves_a_process_alone_that_only_inherited_the_number(checkout: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (checkout / "var").mkdir()
        (checkout / "var/run.pid").write_text(f"{bystander.pid}\n")
        assert run_bare("deploy/stop.sh", cwd=checkout).returncode == 0
        assert bystander.poll() is None
        assert not (checkout / "var/run.pid").exists()
    finally:
        bystander.kill()
        bystander.wait()


def test_a_port_that_is_no_number_is_refused(checkout: Path) -> None:
    done = run_bare("deploy/run.sh", cwd=checkout, PORT="http")
    assert done.returncode == 1
    assert "PORT must be a number" in done.stderr


def test_a_taken_port_names_its_holder() -> None:
    specification = importlib.util.spec_from_file_location("ports", ROOT / "deploy/ports.py")
    assert specification is not None
    assert specification.loader is not None
    ports = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(ports)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not ports.is_free("127.0.0.1", port)
        assert any(f"pid {os.getpid()} " in line for line in ports.holders(port))
        done = run_bare(sys.executable, ROOT / "deploy/ports.py", "127.0.0.1", port, cwd=ROOT)
        assert done.returncode == 1
        assert f"pid {os.getpid()}" in done.stderr
    assert ports.is_free("127.0.0.1", port)
    assert ports.holders(port) == []
