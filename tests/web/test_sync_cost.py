"""What a record costs the database: statements are counted, so that nobody adds one unnoticed."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from tests.factories import log_in, make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task

STATEMENTS_MAX = {
    "patrol_start": 11,
    "stop_result": 5,
    "patrol_pause": 7,
    "site_photo": 6,
    "finding": 14,
    "segment": 6,
}


OF_THE_TEST = 2
"""The test's own sessions live in savepoints: the request's, begun and ended."""


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements the block sends, savepoints too."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_record_costs_few_statements(app: Flask, session: Session, engine: Engine):
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, account)
    place = {"lon": 120.505, "lat": 30.5}
    items = {
        "patrol_start": {},
        "stop_result": {"stop_id": task.stops[0].id, "result": "done"},
        "patrol_pause": {},
        "site_photo": {"photo": "a" * 64},
        "finding": {"finding_type": "noise", "severity": "normal", "photos": ["b" * 64], **place},
    }
    sent = {kind: tablet.write(kind, **values) for kind, values in items.items()}
    places = {kind: (f"records/{uid}", body) for kind, (uid, body) in sent.items()}
    places["segment"] = (f"tracks/{tablet.log_uid}/segments/0", tablet.fixes(120.50, 120.51))
    for kind, (place, body) in places.items():
        with statements(engine) as cost:
            answer = client.put(f"/sync/{place}", data=body, headers=digest(body))
        assert answer.status_code == 201
        listing = "\n".join(one[:90] for one in cost)
        count = len(cost) - OF_THE_TEST
        assert count <= STATEMENTS_MAX[kind], f"{kind}: {count} statements\n{listing}"
