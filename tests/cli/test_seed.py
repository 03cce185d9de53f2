"""`inspect-app seed` and `inspect-app demo-accounts` at the command line."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from inspect_app.cli import main
from inspect_app.cli.seed import write_truth
from inspect_app.config import Settings
from inspect_app.db import make_engine
from inspect_app.demo.county import County
from inspect_app.domain.access import Role
from tests.demo_county import TODAY, drawn
from tests.factories import make_grid


@pytest.fixture
def filled(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Point the commands to a database that has a grid already."""
    url = server(make_database(template=migrated))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    engine = make_engine(Settings(DATABASE_URL=url, demo=True))
    with Session(engine) as session, session.begin():
        make_grid(session)
    engine.dispose()


@pytest.mark.usefixtures("filled")
def test_a_database_with_data_is_refused_in_one_sentence():
    result = CliRunner().invoke(main, ["seed"])
    assert result.exit_code == 1
    assert "数据库已有数据" in result.output


@pytest.mark.usefixtures("filled")
def test_with_if_empty_a_database_with_data_is_left_alone():
    result = CliRunner().invoke(main, ["seed", "--if-empty"])
    assert result.exit_code == 0, result.output
    assert "nothing to do" in result.output


@pytest.mark.usefixtures("filled")
def test_demo_accounts_of_an_empty_county_are_an_empty_table():
    result = CliRunner().invoke(main, ["demo-accounts"])
    assert result.exit_code == 0, result.output
    assert "login" in result.output


@pytest.fixture
def empty(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """Point the commands to an empty database and folder; the county is not drawn once more."""
    monkeypatch.setenv("DATABASE_URL", server(make_database(template=migrated)))
    monkeypatch.setenv("INSPECT_DEMO", "1")
    monkeypatch.setenv("INSPECT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("inspect_app.cli.seed.make_county", the_drawn_one)
    return tmp_path


def the_drawn_one(seed: int, *, scale: float, today: date) -> County:
    assert (seed, scale, today) == (1, 1, TODAY)
    return drawn()


def test_the_command_fills_database_and_folder_and_lists_the_accounts(empty: Path):
    done = CliRunner().invoke(main, ["seed", "--today", str(TODAY)])
    assert done.exit_code == 0, done.output
    rows = int(re.search(r"(\d+) rows", done.output)[1])
    assert rows > sum(map(len, drawn().frames.values())), "the present week is planned on top"
    assert "planning the present week" in done.output
    assert len(list((empty / "photos").rglob("*.jpg"))) == len(drawn().photos)
    accounts = CliRunner().invoke(main, ["demo-accounts"]).output
    assert all(role.value in accounts for role in Role)


def test_the_truth_file_says_which_matter_each_complaint_is_of(tmp_path: Path):
    path = tmp_path / "truth.json"
    write_truth(drawn(), path, today=TODAY)
    truth = json.loads(path.read_text(encoding="utf-8"))
    assert len(truth["complaints"]) == 6_000
    assert truth["hot_spots"][0]["complaints"] == 100
