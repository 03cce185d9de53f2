"""deploy/vendor.py: the table and the installed packages agree, or it says where they do not."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def vendor() -> ModuleType:
    """Load the script, which is no part of a package."""
    specification = importlib.util.spec_from_file_location("vendor", ROOT / "deploy/vendor.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def project(vendor: ModuleType, tmp_path: Path) -> Path:
    """Lay out a project in which every file of the table exists."""
    manifest = {"dependencies": {"leaflet": "1.9.4"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    for package, (served, licences) in vendor.VENDORED.items():
        for name in ("package.json", *served, *licences):
            file = (
                tmp_path / "node_modules" / package / (f"{name}a.png" if name[-1] == "/" else name)
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text('{"version": "1"}')
    return tmp_path


def test_every_file_arrives_with_its_licence_and_old_ones_go(
    vendor: ModuleType, project: Path
) -> None:
    target = project / "inspect_app/static/vendor"
    (target / "gone").mkdir(parents=True)
    count = vendor.vendor(project)
    assert not (target / "gone").exists()
    assert (target / "leaflet/leaflet.js").exists()
    assert (target / "leaflet/images/a.png").exists()
    assert (target / "leaflet/LICENSE").exists()
    assert sum(file.is_file() for file in target.rglob("*")) == count + 1  # and versions.json


def test_all_missing_files_are_reported_at_once(vendor: ModuleType, project: Path) -> None:
    (project / "node_modules/leaflet/dist/leaflet.js").unlink()
    (project / "node_modules/jquery/LICENSE.txt").unlink()
    with pytest.raises(vendor.VendorFault) as fault:
        vendor.vendor(project)
    assert "leaflet/dist/leaflet.js" in str(fault.value)
    assert "jquery/LICENSE.txt" in str(fault.value)


def test_a_package_nobody_serves_is_an_error(vendor: ModuleType, project: Path) -> None:
    (project / "package.json").write_text('{"dependencies": {"left-pad": "1.0.0"}}')
    with pytest.raises(vendor.VendorFault, match="left-pad"):
        vendor.vendor(project)


def test_the_table_serves_what_package_json_names(vendor: ModuleType) -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    assert vendor.unlisted(manifest) == []
    assert all(licences for _, licences in vendor.VENDORED.values())


def test_style_sheets_find_the_images_and_fonts_they_name() -> None:
    target = ROOT / "inspect_app/static/vendor"
    if not target.exists():
        pytest.skip("the front end is not set up: make setup")
    for sheet in target.rglob("*.css"):
        for link in re.findall(r"url\(['\"]?([^)'\"]+)", sheet.read_text()):
            if not link.startswith(("data:", "#")):
                assert (sheet.parent / link).exists(), f"{sheet}: {link}"


def test_the_program_says_what_is_wrong_and_exits_with_one(
    vendor: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package.json").write_text("{}")
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    heard: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", heard.append)
    assert vendor.main() == 1
    assert "npm ci" in heard[0]
