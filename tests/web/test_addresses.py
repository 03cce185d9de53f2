"""Numbers in addresses: what no table can hold names nothing, and is no fault of the server."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import Post
from tests.factories import FROM, add, log_in, make_account

BEYOND = 2**63


def numbered(app: Flask) -> list[str]:
    """Return the GET addresses whose only variables are whole numbers, with one too great."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or not rule.arguments:
            continue
        converters = {type(one).__name__ for one in rule._converters.values()}
        if converters == {"RowNumber"}:
            found.append(rule.rule.replace("<int:", "<"))
    return found


def test_a_number_beyond_the_database_is_not_found(app: Flask, session: Session):
    account = make_account(session, Role.DIRECTOR)
    for role in set(Role) - {Role.DIRECTOR}:
        add(session, Post(person_id=account.person_id, role=role.value, valid_from=FROM))
    session.commit()
    client = app.test_client()
    log_in(client, account)
    patterns = numbered(app)
    assert "/complaints/<matter_id>" in patterns
    for pattern in patterns:
        parts = [str(BEYOND) if part.startswith("<") else part for part in pattern.split("/")]
        assert client.get("/".join(parts)).status_code == 404, pattern


@pytest.mark.parametrize("number", [BEYOND - 1, 0])
def test_a_number_that_is_nobodys_is_not_found_either(app: Flask, session: Session, number: int):
    account = make_account(session, Role.DEPUTY)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    assert client.get(f"/complaints/{number}").status_code == 404
