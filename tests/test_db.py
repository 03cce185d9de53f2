"""The map's database role: what it leaves behind; connections that broke while they rested."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from inspect_app.db import MAP_ROLE, make_engine, map_reader
from tests.conftest import settings_for


def role(session: Session) -> str:
    return session.execute(text("SELECT current_user")).scalar_one()


def test_the_role_of_maps_holds_inside_the_block_only(session: Session):
    before = role(session)
    with map_reader(session):
        assert role(session) == MAP_ROLE
    assert role(session) == before


def test_a_failed_statement_is_told_as_it_happened_and_the_role_ends_with_the_rollback(
    session: Session,
):
    before = role(session)
    savepoint = session.begin_nested()
    with pytest.raises(ProgrammingError, match="permission denied"), map_reader(session):
        session.execute(text("TABLE account"))
    savepoint.rollback()
    assert role(session) == before


def test_a_caught_failure_inside_the_block_does_not_keep_the_role(session: Session):
    before = role(session)
    with map_reader(session):
        savepoint = session.begin_nested()
        with pytest.raises(ProgrammingError):
            session.execute(text("TABLE account"))
        savepoint.rollback()
    assert role(session) == before


@pytest.mark.parametrize("trusted_s", [60.0, 0.0])
def test_a_connection_the_server_has_left_is_replaced_before_it_is_handed_out(
    server: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted_s: float,
):
    monkeypatch.setattr("inspect_app.db.TRUSTED_S", trusted_s)
    engine = make_engine(settings_for(server("postgres"), tmp_path))

    def line() -> int:
        with engine.connect() as connection:
            return connection.scalars(text("SELECT pg_backend_pid()")).one()

    first = line()
    assert line() == first
    admin = create_engine(server("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        ended = connection.scalar(
            text("SELECT pg_terminate_backend(:line, :patience_ms)"),
            {"line": first, "patience_ms": 5_000},
        )
    assert ended
    assert line() != first
    engine.dispose()
