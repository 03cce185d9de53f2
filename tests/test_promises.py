"""Promises the whole product keeps: each test walks everything there is and says what to do."""

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import pytest
from alembic import command as alembic
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

import inspect_app.migrations
from inspect_app.cli import main
from inspect_app.cli.translations import Fault, Text, all_texts, faults
from inspect_app.config import Settings
from inspect_app.db import make_engine, map_reader
from inspect_app.domain.access import EVERYWHERE, ROLES, Permission, Role, Scope
from inspect_app.domain.acts import ACTS
from inspect_app.domain.campaign_codes import ItemState
from inspect_app.domain.guards import GUARDS
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import PROBLEMS
from inspect_app.domain.transitions import (
    FINAL_STATES,
    TRANSITIONS,
    FindingState,
    Guard,
    PlanState,
    TaskState,
)
from inspect_app.migrations import include_object
from inspect_app.models import Base
from inspect_app.queries.features import Bounds, FeatureQuery, features
from inspect_app.web.statuses import STATUS
from layers.registry import all_layers
from tests.conftest import NOW, ROOT, settings_for
from tests.county import furnish, make_county

PUBLIC = {"static", "accounts.login", "health.alive"}
"""Routes for everybody; a new one needs a reason."""

README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, prefix: str = "") -> list[str]:
    names = []
    context = click.Context(group)
    for name in group.list_commands(context):
        entry = group.get_command(context, name)
        assert entry is not None, name
        if isinstance(entry, click.Group):
            names += commands(entry, f"{prefix}{name} ")
        else:
            names.append(prefix + name)
    return names


def test_the_walkers_find_what_is_known_to_exist(app: Flask):
    assert "accounts.login" in app.view_functions
    assert "migrate" in commands(main)
    assert any(isinstance(t, Text) and t.message == "一张图" for t in all_texts())
    assert len(TRANSITIONS) > 40


def test_every_route_names_who_may_open_it(app: Flask):
    without = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not hasattr(view, "permissions")
    ]
    assert not without, f"add @requires, @signed_in or @public to {without}"


def test_routes_without_log_in_are_the_known_ones(app: Flask):
    public = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if getattr(view, "permissions", "public") == "public"
    }
    assert public <= PUBLIC, f"is it meant to be open to everybody? {public - PUBLIC}"


def test_every_route_turns_a_stranger_away(app: Flask):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        values = {name: example(converter) for name, converter in rule._converters.items()}
        with app.test_request_context():
            address = rule.build(values, append_unknown=False)[1]
        for method in rule.methods - {"OPTIONS"}:
            status = client.open(address, method=method).status_code
            assert status in (302, 401), f"{method} {address} answered {status} to a stranger"


def example(converter: object) -> object:
    return {
        "RowNumber": 1,
        "UUIDConverter": "00000000-0000-4000-8000-000000000000",
        "FloatConverter": 1.0,
    }.get(type(converter).__name__, "x")


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_is_held_by_a_role(permission: Permission):
    assert any(permission in granted for granted in ROLES.values())


@pytest.mark.parametrize("role", Role)
def test_every_role_may_do_something(role: Role):
    assert ROLES[role]


@pytest.mark.parametrize("states", [FindingState, MatterState, TaskState, PlanState, ItemState])
def test_every_state_can_be_reached_and_left(states):
    rows = [row for row in TRANSITIONS if isinstance(row.target, states)]
    reached = {row.target for row in rows}
    left = {row.source for row in rows}
    assert set(states) == reached, f"no way into {set(states) - reached}"
    stuck = set(states) - left - FINAL_STATES
    assert not stuck, f"no way out of {stuck}; name it in FINAL_STATES if it is an end"


def test_every_transition_is_permitted_to_some_role_and_stands_once():
    keys = [(row.subject, row.event, row.source) for row in TRANSITIONS]
    assert len(keys) == len(set(keys))
    for row in TRANSITIONS:
        assert any(row.permission in granted for granted in ROLES.values()), row


def test_every_guard_is_implemented():
    assert set(GUARDS) == set(Guard)


def test_every_act_in_the_audit_trail_has_a_name():
    written = {
        text
        for path in (ROOT / "inspect_app" / "workflows").rglob("*.py")
        for keyword in ast.walk(ast.parse(path.read_text()))
        if isinstance(keyword, ast.keyword) and keyword.arg == "action"
        for text in _texts(keyword.value)
    }
    assert "import.run" in written
    assert written <= set(ACTS)


def _texts(expression: ast.expr) -> set[str]:
    if isinstance(expression, ast.IfExp):
        return _texts(expression.body) | _texts(expression.orelse)
    return {expression.value} if isinstance(expression, ast.Constant) else set()


def test_every_status_belongs_to_a_problem():
    assert set(STATUS) <= set(PROBLEMS)


def test_models_and_migrations_are_equal_and_every_migration_goes_down_and_up_again(
    make_database: Callable[..., str], server: Callable[[str], str]
):
    engine = make_engine(settings_for(server(make_database()), Path("unused")))
    config = Config()
    config.set_main_option("script_location", inspect_app.migrations.__path__[0])
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.upgrade(config, "head")
        alembic.downgrade(config, "base")
        left = connection.execute(
            text("SELECT nspname FROM pg_namespace WHERE nspname IN ('pii', 'jobs')")
        ).all()
        assert not left
        alembic.upgrade(config, "head")
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "include_object": include_object}
        )
        difference = compare_metadata(context, Base.metadata)
        assert not difference, "write a migration: alembic revision --autogenerate"
    engine.dispose()


def test_every_setting_is_in_the_readme():
    missing = []
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"INSPECT_{name.upper()}")
        if f"`{variable}`" not in README:
            missing.append(variable)
    assert not missing, f"describe in the README: {missing}"


def test_every_command_is_in_the_readme():
    missing = [name for name in commands(main) if f"inspect-app {name}" not in README]
    assert not missing, f"describe in the README: {missing}"


def test_every_layer_is_in_the_readme():
    missing = [key for key in all_layers() if f"`{key}`" not in README]
    assert not missing, f"name in the README: {missing}"


@pytest.mark.parametrize("key", all_layers())
def test_every_layer_runs_as_the_role_of_maps_inside_bounds_and_scope(session: Session, key: str):
    county = make_county(session)
    furnish(session, county)
    town = Scope(everywhere=False, grid_paths=(county.west.path,))
    layer = all_layers()[key]
    week = NOW.date() - timedelta(days=NOW.weekday())
    asked = FeatureQuery(layer, EVERYWHERE, now=NOW, today=NOW.date(), week=week, zoom=19)
    nowhere = replace(asked, bounds=Bounds(100, 30, 101, 31))
    with map_reader(session):
        whole = features(session, asked, limit=1000).count
        inside = features(session, replace(asked, scope=town), limit=1000).count
        assert features(session, nowhere, limit=1000).count == 0
    assert inside == whole if layer.everyone else inside < whole or whole == 0


def test_every_text_is_translated():
    found: list[Fault] = faults()
    assert not found, f"inspect-app translations update, then fill in English: {found[:10]}"


def test_nothing_but_the_four_places_holds_sql():
    guilty = []
    for path in (ROOT / "inspect_app" / "web").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if (
            "sqlalchemy import" in source
            and any(word in source for word in ("select(", 'text("', "insert("))
            and path.name != "sessions.py"
        ):
            guilty.append(path.name)
    assert not guilty, f"move the statement to queries/ or workflows/: {guilty}"
