"""`inspect-app plan`: the table, what is left out in words, the verdict, refusals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.cli import edge, main
from inspect_app.db import make_engine, session_factory, transaction
from inspect_app.models import PatrolPlan
from tests.conftest import settings_for
from tests.factories import make_outlet
from tests.small_county import make_small_county


@pytest.fixture
def county_sessions(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[sessionmaker[Session]]:
    url = server(make_database(template=migrated))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    monkeypatch.setenv("INSPECT_DATA_DIR", str(tmp_path))
    engine = make_engine(settings_for(url, tmp_path))
    yield session_factory(engine)
    engine.dispose()


def planned(*options: str) -> Result:
    # The console writes wide lines, so that sentences are not broken in the answer.
    edge.console.width = 200
    return CliRunner().invoke(main, ["plan", "--week", "2026-W13", "--iterations", "40", *options])


def test_the_command_prints_crews_gaps_in_words_and_the_verdict(county_sessions, capsys):
    with transaction(county_sessions) as session:
        county = make_small_county(session)
        make_outlet(session, 120.15, 31.0, name="东口", grid_id=county.east.id)
    with capsys.disabled():
        answer = planned("--publish")
    assert answer.exit_code == 0, answer.output
    for words in (
        "东组",
        "西组",
        "total",
        "not planned: 东口",
        "名执法人员",
        "check passed: 5 of 6 due visits planned",
        "hours at most ",
        " % from the best possible",
        "s: reading objects, crews and roads 0.",
        " s, drawing routes 0.",
    ):
        assert words in answer.output
    with county_sessions() as session:
        plan = session.scalars(select(PatrolPlan)).one()
        assert (plan.state, plan.seed) == ("published", 1)


@pytest.mark.usefixtures("county_sessions")
def test_a_refusal_is_one_sentence_and_exit_code_1():
    answer = planned()
    assert answer.exit_code == 1
    assert "没有可用的巡查班组" in answer.output
