"""Photos on disk: what is synced, and in which order, so that a power cut loses nothing."""

import os
from pathlib import Path

import pytest

from inspect_app.workflows.keep_photo.shelf import write_safely


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give the paths that are synced from here on, in order."""
    paths: list[Path] = []
    real = os.fsync

    def spy(handle: int) -> None:
        paths.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(os, "fsync", spy)
    return paths


def test_the_folder_above_each_new_folder_is_synced_before_the_photo(tmp_path: Path, synced):
    place = tmp_path / "photos" / "aa" / "aa1.jpg"
    write_safely(place, b"bytes")
    assert place.read_bytes() == b"bytes"
    assert [*synced[:2], synced[-1]] == [tmp_path, tmp_path / "photos", place.parent]
    assert synced[2].parent == place.parent
    assert len(synced) == 4


def test_in_a_folder_that_is_there_only_file_and_folder_are_synced(tmp_path: Path, synced):
    write_safely(tmp_path / "a.jpg", b"one")
    assert len(synced) == 2
    write_safely(tmp_path / "a.jpg", b"one")
    assert len(synced) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
