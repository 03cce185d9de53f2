"""What the tests of the geography rooms share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data; skip without it, but never silently in CI."""
    for parent in ROOT.parents:
        folder = parent / "shared" / "data"
        if folder.is_dir():
            return folder
    if os.environ.get("CI"):
        pytest.fail("the shared data are missing")
    pytest.skip("the shared data aren't on this machine")
