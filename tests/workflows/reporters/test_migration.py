"""Reporters that stood in the clear are sealed by the migration, and open again on the way down."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import text

import inspect_app.migrations
from inspect_app.db import make_engine
from inspect_app.workflows.reporter_keys import KeyPlace, seals_of
from tests.conftest import settings_for

BEFORE = "45c11ac4ee68"
PEOPLE = [("named", "金丝雀", "13800009999", "建设路1号"), ("anonymous", None, None, None)]


@pytest.mark.slow
def test_plain_reporters_are_sealed_without_loss_and_opened_again_on_the_way_down(
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    url = server(make_database())
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INSPECT_DEMO", "1")
    monkeypatch.setenv("INSPECT_DATA_DIR", str(tmp_path))
    engine = make_engine(settings_for(url, tmp_path))
    config = Config()
    config.set_main_option("script_location", inspect_app.migrations.__path__[0])
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.upgrade(config, BEFORE)
        numbers = [add_complaint(connection, n) for n in range(len(PEOPLE))]
        for number, person in zip(numbers, PEOPLE, strict=True):
            connection.execute(
                text("INSERT INTO pii.reporter VALUES (:id, :mode, :name, :phone, :address)"),
                {"id": number}
                | dict(zip(("mode", "name", "phone", "address"), person, strict=True)),
            )
        alembic.upgrade(config, "head")
        (seal,) = seals_of(KeyPlace(tmp_path).keys())
        rows = connection.execute(
            text("SELECT mode, sealed, key_id FROM pii.reporter ORDER BY complaint_id")
        ).all()
        opened = [
            (mode, *(value or None for value in seal.open(sealed, complaint_id=number)))
            for number, (mode, sealed, _) in zip(numbers, rows, strict=True)
        ]
        assert opened == PEOPLE
        assert [row.key_id for row in rows] == [seal.key_id, None]
        alembic.downgrade(config, BEFORE)
        plain = connection.execute(
            text("SELECT mode, name, phone, address FROM pii.reporter ORDER BY complaint_id")
        ).all()
        assert [tuple(row) for row in plain] == PEOPLE
    engine.dispose()


def add_complaint(connection, number: int) -> int:
    matter = connection.scalar(
        text(
            "INSERT INTO complaint_matter (matter_no, title, pollution_types, opened_at)"
            " VALUES (:no, 't', '{air}', now()) RETURNING id"
        ),
        {"no": f"M{number}"},
    )
    return connection.scalar(
        text(
            "INSERT INTO complaint (matter_id, complaint_no, source_channel, received_at,"
            " registered_at, pollution_types, summary) VALUES (:matter, :no, 'letter', now(),"
            " now(), '{air}', 's') RETURNING id"
        ),
        {"matter": matter, "no": f"C{number}"},
    )
