"""Rescue files at the office: the key for tablets, the pieces of an upload, who may import."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.workflows.import_rescue import RescueKeys
from tests.factories import client_of, make_policies
from tests.patrol_factories import picture
from tests.rescue_factories import RescueWriter

TOKEN = "0123456789abcdef" * 2
URL = f"/api/rescue/{TOKEN}"


@pytest.fixture
def keys(app: Flask) -> RescueKeys:
    return RescueKeys(app.extensions["settings"].data_dir / "rescue")


def test_every_tablet_gets_the_same_key_and_never_the_private_half(app: Flask, session: Session):
    client = client_of(app, session, Role.INSPECTOR)
    first = client.get("/sync/rescue-key").get_json()
    assert client.get("/sync/rescue-key").get_json() | {"now": first["now"]} == first
    assert len(first["id"]) == 16
    assert "PRIVATE" not in str(first)


def test_only_administrators_import(app: Flask, session: Session):
    client = client_of(app, session, Role.CHIEF)
    assert client.get("/administration/rescue").status_code == 403
    assert client.post("/administration/rescue").status_code == 403
    assert client.put(f"{URL}?at=0", data=b"x").status_code == 403


def test_a_file_comes_in_pieces_and_is_gone_once_it_is_taken(
    app: Flask, session: Session, keys: RescueKeys, tmp_path: Path
):
    make_policies(session)
    client = client_of(app, session, Role.ADMINISTRATOR)
    file = RescueWriter(keys.public()).photo(picture()).write(tmp_path / "a.rescue").read_bytes()
    half = len(file) // 2
    assert client.put(f"{URL}?at=0", data=file[:half]).get_json() == {"size": half}
    gap = client.put(f"{URL}?at=5", data=file[half:])
    assert gap.get_json()["problem"] == "upload_gap"
    client.put(f"{URL}?at={half}", data=file[half:])

    unproven = client.post("/administration/rescue", data={"token": TOKEN})
    assert unproven.status_code == 422
    assert "已核实" in unproven.text
    taken = client.post("/administration/rescue", data={"token": TOKEN, "trusted": "on"})
    assert "文件完整" in taken.text
    again = client.post("/administration/rescue", data={"token": TOKEN, "trusted": "on"})
    assert again.status_code == 422


def test_a_strange_file_is_named_as_such(app: Flask, session: Session):
    client = client_of(app, session, Role.ADMINISTRATOR)
    client.put(f"{URL}?at=0", data=b"PK\x03\x04 not ours")
    answer = client.post("/administration/rescue", data={"token": TOKEN})
    assert "不是救援文件" in answer.text


@pytest.mark.parametrize("token", ["..", "x" * 32, "0123"])
def test_names_of_files_are_ours_alone(app: Flask, session: Session, token: str):
    client = client_of(app, session, Role.ADMINISTRATOR)
    assert client.post("/administration/rescue", data={"token": token}).status_code == 404
