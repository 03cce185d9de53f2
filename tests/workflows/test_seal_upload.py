"""Uploads that wait: sealed on the disk, whole or refused, gone after a day."""

import io
import os
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.queries.reporter_seal import ReporterSeal, SealBroken
from inspect_app.workflows import seal_upload as module
from inspect_app.workflows.seal_upload import (
    forget_uploads,
    open_upload,
    opened_upload,
    seal_upload,
)
from tests.conftest import NOW

SEAL = ReporterSeal.of("the first key of these tests")
CANARY = "金丝雀,13800009999".encode()


def sealed(folder, content: bytes, name: str = "a" * 32):
    path = folder / name
    path.unlink(missing_ok=True)
    seal_upload(io.BytesIO(content), path, seal=SEAL)
    return path


def opened(path, seal: ReporterSeal = SEAL) -> bytes:
    return b"".join(open_upload(path, seal=seal))


def test_nothing_told_stands_on_the_disk_and_the_clear_file_goes_after_reading(tmp_path):
    path = sealed(tmp_path, CANARY)
    assert CANARY not in path.read_bytes()
    with opened_upload(path, seal=SEAL) as clear:
        assert clear.read_bytes() == CANARY
        assert oct(clear.parent.stat().st_mode & 0o777) == "0o700"
    assert not clear.parent.exists()


@settings(max_examples=20, deadline=None)
@given(content=st.binary(max_size=40), piece=st.integers(1, 9))
def test_a_file_of_any_length_comes_back_as_it_was(tmp_path_factory, content, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", piece)
        path = sealed(tmp_path_factory.mktemp("uploads"), content)
        assert opened(path) == content


def test_another_key_another_name_and_cut_files_do_not_open(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 8)
    path = sealed(tmp_path, CANARY)
    whole = path.read_bytes()
    with pytest.raises(SealBroken):
        opened(path, ReporterSeal.of("another key of these tests"))
    other = tmp_path / ("b" * 32)
    other.write_bytes(whole)
    with pytest.raises(SealBroken):
        opened(other)
    size = 4 + 12 + 8 + 16
    for cut in (whole[:8], whole[: 8 + size], whole[:-1], whole[:8] + whole[8 + size :], CANARY):
        path.write_bytes(cut)
        with pytest.raises(SealBroken):
            opened(path)


def test_what_waited_for_over_a_day_goes_and_the_rest_stays(tmp_path):
    (tmp_path / "7").mkdir()
    old, new = sealed(tmp_path / "7", b"x"), sealed(tmp_path / "7", b"x", "c" * 32)
    for path, hours in ((old, 25), (new, 23)):
        at = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(path, (at, at))
    assert forget_uploads(tmp_path, now=NOW) == 1
    assert (old.exists(), new.exists()) == (False, True)
    assert forget_uploads(tmp_path / "nowhere", now=NOW) == 0
