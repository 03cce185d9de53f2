"""A real PostGIS for every test: a throw-away cluster, one rolled-back transaction a test."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from inspect_app import create_app
from inspect_app.cli.migrate import migrate
from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.reporter_keys import KeyPlace, seal_in_use
from inspect_app.workflows.seed_county import seed_county
from tests.demo_county import drawn

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 3, 24, 1, 0, tzinfo=UTC)
"""Tuesday 2026-03-24, 09:00 in Shanghai."""

REPORTER_KEY = "the tests' own key of reporters: forty letters"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright keeps an event loop in this thread until it ends."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[str], str]]:
    """Give the address of a database on a throw-away PostGIS cluster.

    INSPECT_TEST_SERVER may name a running server instead (with `{name}` for the database).
    """
    given = os.environ.get("INSPECT_TEST_SERVER")
    if given:
        yield lambda name: given.format(name=name)
        return
    from inspect_app.cli.cluster import throwaway_cluster

    with throwaway_cluster() as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def make_database(server: Callable[[str], str]) -> Iterator[Callable[..., str]]:
    """Give a maker of databases, empty or copied from a template.

    They end with the throw-away cluster; on a server that was given all are dropped at the end.
    """
    admin = create_engine(server("postgres"), isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def make(*, template: str = "template1") -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        names.append(name)
        return name

    yield make
    with admin.connect() as connection:
        for name in names if "INSPECT_TEST_SERVER" in os.environ else ():
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


def settings_for(url: str, data_dir: Path) -> Settings:
    """Return demo settings for a database address."""
    return Settings(
        DATABASE_URL=url,
        demo=True,
        data_dir=data_dir,
        secret_key="x" * 40,
        reporter_key=REPORTER_KEY,
    )


def seal_of(session: Session) -> ReporterSeal:
    """Return the seal of the tests' key, known to the database."""
    return seal_in_use(session, KeyPlace(Path("unused"), REPORTER_KEY), now=NOW)


@pytest.fixture(scope="session")
def migrated(make_database: Callable[..., str], server: Callable[[str], str]) -> str:
    """Give the name of a migrated, empty database; copy it, do not write to it."""
    name = make_database()
    engine = make_engine(settings_for(server(name), Path("unused")))
    migrate(engine)
    engine.dispose()
    return name


@dataclass(frozen=True)
class SeededCounty:
    """A database with the demo county and the folder of its photos: copy both, write to neither."""

    name: str
    data_dir: Path
    counts: dict[str, int]

    def copy_files(self, folder: Path) -> Path:
        """Return the folder, with a copy of the photos in it."""
        shutil.copytree(self.data_dir, folder, dirs_exist_ok=True)
        return folder


@pytest.fixture(scope="session")
def seeded(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> SeededCounty:
    """Give the demo county of Tuesday 2026-03-24, seeded once for the whole run."""
    data_dir = Path(tmp_path_factory.mktemp("county"))
    name = make_database(template=migrated)
    engine = make_engine(settings_for(server(name), data_dir))
    with Session(engine) as session, session.begin():
        counts = seed_county(
            session,
            drawn(),
            photos_dir=data_dir / "photos",
            progress=lambda _name, _rows: None,
            seal=seal_of(session),
        )
    engine.dispose()
    return SeededCounty(name, data_dir, counts)


@pytest.fixture(scope="session")
def engine(
    migrated: str, make_database: Callable[..., str], server: Callable[[str], str]
) -> Iterator[Engine]:
    """Give an engine on a migrated database of this test run."""
    name = make_database(template=migrated)
    engine = make_engine(settings_for(server(name), Path("unused")))
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is rolled back after the test."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def sessions(connection: Connection) -> sessionmaker[Session]:
    """Give sessions that may commit: a commit is a savepoint, rolled back with the test."""
    return sessionmaker(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Give one database session."""
    with sessions() as session:
        yield session


@pytest.fixture(scope="session")
def quiet_server(server: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """Give a server on which nobody else has a transaction open, whatever its database."""
    if "INSPECT_TEST_SERVER" not in os.environ:
        yield server
        return
    from inspect_app.cli.cluster import throwaway_cluster

    with throwaway_cluster() as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def quiet_template(quiet_server: Callable[[str], str]) -> str:
    """Give the name of a migrated, empty database on the quiet server."""
    name = f"quiet_{uuid.uuid4().hex[:12]}"
    _create(quiet_server, name, template="template1")
    engine = make_engine(settings_for(quiet_server(name), Path("unused")))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="module")
def committing(
    quiet_template: str, quiet_server: Callable[[str], str]
) -> Iterator[sessionmaker[Session]]:
    """Give sessions on a database of the module's own: they really commit, several at a time.

    What a test commits stays: the next one looks at its own rows only.
    """
    name = f"test_{uuid.uuid4().hex[:12]}"
    _create(quiet_server, name, template=quiet_template)
    engine = make_engine(settings_for(quiet_server(name), Path("unused")))
    yield session_factory(engine)
    engine.dispose()


def _create(server: Callable[[str], str], name: str, *, template: str) -> None:
    admin = create_engine(server("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()


@pytest.fixture
def app(sessions: sessionmaker[Session], server: Callable[[str], str], tmp_path: Path) -> Flask:
    """Give the application on the test's own transaction, with a clock that stands still."""
    app = create_app(settings_for(server("unused"), tmp_path), sessions=sessions)
    app.extensions["clock"] = lambda: NOW
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a real data file; skips where it is absent, fails on CI."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            message = f"real data file {name} is not beside the checkout"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
