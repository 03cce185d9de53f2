"""Debian's PostgreSQL programs: where they are, as whom they run, what their failures mean."""

import contextlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

SERVER_USER = "postgres"
# initdb and postgres refuse to run as root; Debian's package makes this account for them.
POSTGRES_HOME = Path("/usr/lib/postgresql")
EXTENSIONS_HOME = Path("/usr/share/postgresql")
APT_LINE = (
    "apt-get install --no-install-recommends postgresql postgresql-15-postgis-3   "
    "(Debian 12; on Debian 13: postgresql-17-postgis-3)"
)


class ClusterProblem(RuntimeError):
    """The private cluster cannot do what was asked; the text says why and what mends it."""


class PostGISMissing(ClusterProblem):
    """No PostgreSQL with PostGIS is installed on this machine."""

    def __init__(self, wanted: str | None = None) -> None:
        what = f"PostgreSQL {wanted} with PostGIS" if wanted else "PostgreSQL with PostGIS"
        super().__init__(f"{what} is not installed. Install it:\n  {APT_LINE}")


def binaries(version: str | None = None) -> Path:
    """Return the program folder of the newest (or the named) PostgreSQL that has PostGIS."""
    found = {
        folder.parent.name: folder
        for folder in POSTGRES_HOME.glob("[0-9]*/bin")
        if (folder / "initdb").exists() and _has_postgis(folder.parent.name)
    }
    if version is not None:
        found = {major: folder for major, folder in found.items() if major == version}
    if not found:
        raise PostGISMissing(version)
    return found[max(found, key=_as_numbers)]


def _has_postgis(major: str) -> bool:
    # Library and control file come in two packages, and removing one leaves the other.
    library = POSTGRES_HOME / major / "lib/postgis-3.so"
    return library.exists() and (EXTENSIONS_HOME / major / "extension/postgis.control").exists()


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def is_root() -> bool:
    """Tell whether we run as root, for whom PostgreSQL needs another account."""
    return os.geteuid() == 0


def server_uid() -> int:
    """Return the user id the server runs under."""
    if not is_root():
        return os.geteuid()
    account = postgres_uid()
    if account is None:
        msg = (
            f"the account '{SERVER_USER}' is missing, and PostgreSQL refuses to run as root. "
            f"Install Debian's package, which makes it:\n  {APT_LINE}"
        )
        raise ClusterProblem(msg)
    return account


def postgres_uid() -> int | None:
    """Return the id of Debian's account for PostgreSQL, or None where it is missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SERVER_USER).pw_uid
    return None


def run_as_server(version: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs under the server's account, or raise its message."""
    command = as_server(str(binaries(version) / program), *arguments)
    checked(run(command), program)


def as_server(*command: str) -> list[str]:
    """Return the command that runs ``command`` under the server's account."""
    return ["runuser", "-u", SERVER_USER, "--", *command] if is_root() else list(command)


def run(command: Sequence[str], *, sent: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program quietly, with ``sent`` as its input, in a neutral folder and environment."""
    # PG* variables of the caller would lead our programs to somebody else's server.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment = clean | {"LC_ALL": "C.UTF-8"}
    return subprocess.run(  # noqa: S603  (fixed programs, no shell)
        command, input=sent, env=environment, cwd="/", capture_output=True, text=True, check=False
    )


def checked(done: subprocess.CompletedProcess[str], program: str) -> str:
    """Return the output of a finished program, or raise what it complained about."""
    if done.returncode != 0:
        msg = f"{program} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}"
        raise ClusterProblem(msg)
    return done.stdout
