"""docker-compose.yml, checked by the real Compose program, and the image it builds."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def compose_program() -> Path:
    """Return the Compose binary itself: the script of its Python package hides the exit code."""
    found = importlib.util.find_spec("compose")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(next(iter(found.submodule_search_locations))) / "docker-compose"


def check(file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [compose_program(), "-f", file, "--profile", "*", "config"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(file.parent)} | variables,
    )


def test_the_compose_file_is_valid() -> None:
    done = check(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    restart: unless-stopped", "    restrat: unless-stopped"),
        ("      app: { condition: service_healthy }", "      ap: { condition: service_healthy }"),
        ("    secrets: [db_password]", "    secrets: [no_such_secret]"),
        ("${HTTP_PORT:-80}:8080", "${HTTP_PORT:-80}:http"),
    ],
    ids=["unknown key", "missing service", "missing secret", "bad port"],
)
def test_a_broken_compose_file_is_detected(right: str, wrong: str, tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong, 1))
    assert check(broken).returncode != 0


def test_only_the_proxy_is_reachable_and_every_lasting_service_is_watched() -> None:
    done = check(ROOT / "docker-compose.yml")
    services = re.split(
        r"(?m)^  (?=\w+:$)", done.stdout.split("\nservices:\n")[1].split("\nnetworks:")[0]
    )
    by_name = {text.split(":", 1)[0]: text for text in services if text.strip()}
    assert set(by_name) == {"db", "migrate", "app", "worker", "proxy"}
    assert {name for name, text in by_name.items() if "\n    ports:" in text} == {"proxy"}
    assert {name for name, text in by_name.items() if "\n    healthcheck:" not in text} == {
        "migrate"
    }


def test_no_secret_stands_in_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"(?i)(PASSWORD|SECRET_KEY|TOKEN):\s*[^\s{]", text)


def test_what_the_image_copies_exists_and_is_let_in() -> None:
    let_in = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    for line in (ROOT / "deploy/Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                top = source.split("/")[0]
                assert any(Path(top).match(pattern) for pattern in let_in), source
                assert (ROOT / source).exists(), source


def test_the_image_ends_as_an_ordinary_user() -> None:
    last_stage = (ROOT / "deploy/Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    assert re.findall(r"(?m)^USER (\S+)", last_stage) == ["inspect"]


def test_the_secrets_script_makes_each_file_once_and_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def made() -> dict[str, str]:
        subprocess.run([ROOT / "deploy/secrets.sh", folder], check=True, capture_output=True)
        return {file.name: file.read_text() for file in sorted(folder.iterdir())}

    first = made()
    assert made() == first
    named = re.findall(r"file: \./var/secrets/(\S+)", (ROOT / "docker-compose.yml").read_text())
    assert sorted(first) == sorted(named)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_entrypoint_turns_secret_files_into_settings(tmp_path: Path) -> None:
    script = tmp_path / "entrypoint.sh"
    text = (ROOT / "deploy/entrypoint.sh").read_text()
    script.write_text(
        text.replace("/run/secrets", str(tmp_path)).replace("| python ", "| python3 ")
    )
    (tmp_path / "db_password").write_text("p@ss/w%rd\n")
    (tmp_path / "secret_key").write_text("key\n")
    bare = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", ""),
    }
    done = subprocess.run(
        ["bash", script, "env"], env=bare, capture_output=True, text=True, check=True
    )
    assert "DATABASE_URL=postgresql+psycopg://app:p%40ss%2Fw%25rd@db:5432/inspect\n" in done.stdout
    assert "INSPECT_SECRET_KEY=key\n" in done.stdout


def test_the_entrypoint_names_a_missing_secret() -> None:
    done = subprocess.run(
        ["bash", ROOT / "deploy/entrypoint.sh", "true"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "/run/secrets/secret_key is missing" in done.stderr
