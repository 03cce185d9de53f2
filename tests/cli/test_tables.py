"""`inspect-app check` and `assign`: tables with a last line that says what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_app.cli import edge, main
from inspect_app.db import make_engine, session_factory, transaction
from tests.conftest import settings_for
from tests.factories import make_outlet
from tests.small_county import make_small_county


@pytest.fixture(scope="module")
def database(migrated, make_database, server) -> str:
    """Give a small county with one outlet outside every grid."""
    url = server(make_database(template=migrated))
    engine = make_engine(settings_for(url, Path("unused")))
    with transaction(session_factory(engine)) as session:
        make_small_county(session)
        make_outlet(session, 125.0, 31.0, name="界外[排口]")
    engine.dispose()
    return url


def said(monkeypatch: pytest.MonkeyPatch, database: str, *words: str) -> str:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    edge.console.width = 200
    answer = CliRunner().invoke(main, [*words, "--on", "2026-03-24"])
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_check_marks_what_to_look_at_and_counts_it(monkeypatch, database):
    answer = said(monkeypatch, database, "check")
    assert "Stored data on 2026-03-24" in answer
    assert "界外[排口]" in answer
    assert "checks found something" in answer


def test_assign_says_which_grids_how_many_changed_and_how_many_lie_outside(monkeypatch, database):
    answer = said(monkeypatch, database, "assign")
    assert "Grids in force on 2026-03-24, tolerance" in answer
    assert "1 outside every grid" in answer
    assert "inspect-app check" in answer
