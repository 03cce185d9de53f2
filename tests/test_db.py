"""The map's database role: what it leaves behind, in good and bad endings."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from inspect_app.db import MAP_ROLE, map_reader


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
