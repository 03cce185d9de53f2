"""`inspect-app rescue import`: the counts, and what is wrong with a file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inspect_app.cli import edge, main
from inspect_app.workflows.import_rescue import RescueKeys
from tests.patrol_factories import picture
from tests.rescue_factories import RescueWriter


@pytest.fixture
def data_dir(
    migrated: str,
    make_database: Callable[..., str],
    server: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """Give the data folder of an installation with an empty database."""
    monkeypatch.setenv("DATABASE_URL", server(make_database(template=migrated)))
    monkeypatch.setenv("INSPECT_DEMO", "1")
    monkeypatch.setenv("INSPECT_DATA_DIR", str(tmp_path))
    return tmp_path


def told(*options: str) -> Result:
    edge.console.width = 200
    return CliRunner().invoke(main, ["rescue", "import", *options])


def test_a_file_is_imported_and_its_faults_are_told(data_dir: Path, capsys):
    keys = RescueKeys(data_dir / "rescue")
    writer = RescueWriter(keys.public()).photo(picture()).photo(b"no photo")
    file = writer.write(data_dir / "a.rescue")
    refused = told(str(file))
    assert refused.exit_code == 1
    assert "已核实" in refused.output
    with capsys.disabled():
        done = told(str(file), "--trusted")
    assert done.exit_code == 0
    for _ in range(2):
        file.write_bytes(file.read_bytes()[:-10])
    broken = told(str(file), "--trusted")
    assert broken.exit_code == 0
