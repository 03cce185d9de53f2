"""Chunks that come at the same time, and the lock a waiting process gets too late."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from numpy.random import default_rng
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.db import transaction
from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import IncomingPhoto, Photo
from inspect_app.workflows.keep_blob import Chunk, Reception, blob_state, keep_chunk
from inspect_app.workflows.keep_photo import PhotoShelf, keep_photo
from inspect_app.workflows.keep_photo.parts import open_known_part, open_part
from tests.conftest import NOW
from tests.factories import actor_with, make_policies
from tests.patrol_factories import picture, sha256

WORKERS = 4


@pytest.mark.parametrize("seed", [1, 2])
def test_parallel_workers_never_interleave_their_chunks(
    committing: sessionmaker[Session], tmp_path: Path, seed: int
):
    reception = Reception(PhotoShelf(tmp_path), ZoneInfo("Asia/Shanghai"), 10**7)
    body = picture(size=(900, 700))
    name = sha256(body)
    with transaction(committing) as session:
        make_policies(session)
        actor = actor_with(session, Role.INSPECTOR)
    given = {"reception": reception, "actor": actor, "now": NOW}

    def work(number: int) -> int:
        rng, offset, added = default_rng([seed, number]), 0, 0
        while True:
            piece = body[offset : offset + int(rng.integers(1, 2000))]
            try:
                with transaction(committing) as session:
                    state = keep_chunk(session, Chunk(name, piece, offset, len(body)), **given)
            except Problem as problem:
                offset = int(problem.facts["offset"])  # no other refusal has this fact
                continue
            added += 1
            if state.complete:
                return added
            offset = state.offset

    with ThreadPoolExecutor(WORKERS) as pool:
        added = list(pool.map(work, range(WORKERS)))
    assert sum(count > 1 for count in added) > 1, "the workers did not meet"
    assert reception.shelf.original(name, "image/jpeg").read_bytes() == body
    assert list(reception.shelf.incoming.iterdir()) == []
    with committing() as session:
        assert session.scalar(select(func.count(Photo.sha256))) == 1
        assert session.scalar(select(func.count(IncomingPhoto.sha256))) == 0
        assert blob_state(session, name, **given).complete


def test_who_waited_for_a_part_that_was_shelved_gets_a_new_one(tmp_path: Path):
    path, place, held = tmp_path / "incoming" / "a.part", tmp_path / "photos" / "a.jpg", Event()

    def wait() -> int:
        held.wait()
        with open_part(path) as part:
            part.append(b"new")
            return part.size

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        with open_part(path) as part:
            part.append(b"whole photo")
            held.set()
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
            part.shelve(place)
        assert waiting.result(timeout=5) == 3
    assert (place.read_bytes(), path.read_bytes()) == (b"whole photo", b"new")


def test_a_part_that_stays_empty_is_no_file(tmp_path: Path):
    path = tmp_path / "incoming" / "a.part"
    with open_known_part(path) as part:
        assert part is None
    with open_part(path) as part:
        part.append(b"some")
    with open_known_part(path) as part:
        part.restart()
    assert not path.exists()


def test_the_first_chunk_of_a_new_installation_makes_its_folders(session: Session, tmp_path: Path):
    reception = Reception(PhotoShelf(tmp_path / "new" / "data"), ZoneInfo("Asia/Shanghai"), 10**7)
    body = picture()
    make_policies(session)
    actor = actor_with(session, Role.INSPECTOR)
    chunk = Chunk(sha256(body), body, 0, len(body))
    assert keep_chunk(session, chunk, reception=reception, actor=actor, now=NOW).complete


@pytest.mark.parametrize("again", ["asked", "in chunks", "whole"])
def test_a_photo_moved_by_a_killed_process_outlives_a_power_cut_once_it_has_a_row(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
):
    zone = ZoneInfo("Asia/Shanghai")
    reception = Reception(PhotoShelf(tmp_path), zone, 10**7)
    body = picture()
    name = sha256(body)
    make_policies(session)
    given = {"actor": actor_with(session, Role.INSPECTOR), "now": NOW}
    place = reception.shelf.original(name, "image/jpeg")
    place.parent.mkdir(parents=True)
    place.write_bytes(body)
    synced = []

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())

    monkeypatch.setattr(os, "fsync", fsync)
    if again == "asked":
        assert blob_state(session, name, reception=reception, **given).complete
    elif again == "in chunks":
        chunk = Chunk(name, body, 0, len(body))
        assert keep_chunk(session, chunk, reception=reception, **given).complete
    else:
        assert keep_photo(session, (body, name), shelf=reception.shelf, zone=zone, **given)
    assert place.parent in synced
