"""Control: the same tablets against a plain POST with ids made by the server; it must double."""

from flask import Blueprint, Response, request
from sqlalchemy import text

from inspect_app.domain.access import Permission
from inspect_app.web.http import database, json_answer, requires

pages = Blueprint("control", __name__)

TABLE = """
CREATE TABLE control_record (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL)
"""


@pages.post("/control/records")
@requires(Permission.PATROL_DO)
def record() -> Response:
    """Keep whatever comes as a new row."""
    body = request.get_data()
    made = database().scalar(
        text("INSERT INTO control_record (body) VALUES (:body) RETURNING id"), {"body": body}
    )
    return json_answer({"id": made}, 201)
