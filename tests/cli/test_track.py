"""`inspect-app track`: a GPX file's worth, alone and against a patrol."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.cli import edge, main
from inspect_app.db import make_engine, session_factory, transaction
from tests.conftest import settings_for
from tests.factories import make_policies
from tests.patrol_factories import make_crew, make_task


@pytest.fixture
def county_sessions(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[sessionmaker[Session]]:
    url = server(make_database(template=migrated))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    engine = make_engine(settings_for(url, Path("unused")))
    yield session_factory(engine)
    engine.dispose()


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Give a file with a walk along the first half of the canal, and a point without a place."""
    points = "".join(
        f'<trkpt lat="30.5" lon="{120.5 + 0.01 * n / 60:.6f}">'
        f"<time>2026-03-24T00:{n // 12:02}:{n % 12 * 5:02}Z</time></trkpt>"
        for n in range(61)
    )
    file = tmp_path / "walk.gpx"
    file.write_text(f'<gpx version="1.1"><trk><trkseg>{points}<trkpt/></trkseg></trk></gpx>')
    return file


def told(*options: str) -> Result:
    edge.console.width = 200
    return CliRunner().invoke(main, ["track", *options])


def test_a_recording_is_told_alone_and_against_a_patrol(county_sessions, walk, capsys):
    with transaction(county_sessions) as session:
        make_policies(session)
        task_id = make_task(session, make_crew(session)).id
    with capsys.disabled():
        answer = told(str(walk), "--task", str(task_id))
    assert answer.exit_code == 0, answer.output
    for words in (
        "61 fixes, 61 kept in 1 pieces: 960 m in 5 min",
        "refused: coordinate_unreadable 1",
        "轨迹覆盖 960 米（100%），通过 1 次",
        "没有到达，最近 960 米",
        "有轨迹的时间 5 分钟，少于 10 分钟",
    ):
        assert words in answer.output
    with capsys.disabled():
        missing = told(str(walk), "--task", "999999")
    assert missing.exit_code == 1
    assert "no patrol task 999999" in missing.output


def test_a_hostile_file_is_refused_in_one_line(tmp_path, capsys):
    file = tmp_path / "bomb.gpx"
    file.write_text('<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>')
    with capsys.disabled():
        answer = told(str(file))
    assert answer.exit_code == 1
    assert "bomb.gpx: doctype" in answer.output
