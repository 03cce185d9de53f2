"""The chaos run in small: nothing is lost, and it fails when a safeguard is taken away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.dice import Dice
from benchmarks.chaos.disk import Disk
from benchmarks.chaos.faults import CAPTURE, PHOTO, RECORD, SIZES
from benchmarks.chaos.run import Outcome, Site, Trial, run, site


@pytest.fixture(scope="module")
def place() -> Iterator[Site]:
    with site() as place:
        yield place


def tried(place: Site, size: str = "mutant", **values) -> Outcome:
    return run(Trial(SIZES[size], **({"seed": 1, "patience_s": 120.0} | values)), place)


@pytest.mark.slow
def test_every_fault_strikes_and_nothing_is_lost_doubled_different_or_skipped(place: Site):
    outcome = tried(place, "tiny")
    assert outcome.verdict.sentence == "lost 0, doubled 0, different 0, skipped 0"
    assert outcome.verdict.notes == []
    assert outcome.given_up == 0
    held = outcome.verdict.held
    assert (held["records"], held["quarantined"]) == (200, 1)
    assert min(held["photos"], held["segments"], held["cards"]) > 20
    struck = outcome.faults
    assert {
        name for name in (*CAPTURE, *RECORD, *PHOTO, *SIZES["tiny"].world) if not struck[name]
    } == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("without", "kinds"),
    [
        ("on-conflict", {"doubled"}),
        ("fsync", {"lost", "different"}),
        ("hash-check", {"different"}),
        ("tombstones", {"skipped"}),
        ("snapshot", {"skipped"}),
    ],
)
def test_a_safeguard_taken_away_is_missed(place: Site, without: str, kinds: set[str]):
    outcome = tried(place, without=without)
    wrong = {kind for kind, count in outcome.verdict.wrong.items() if count}
    assert wrong, outcome.verdict.sentence
    assert wrong & kinds == wrong


@pytest.mark.slow
def test_plain_posts_double_records(place: Site):
    assert tried(place, control=True).verdict.wrong["doubled"] > 0


def test_the_same_words_throw_the_same_dice():
    draws = [[Dice("seed", 7).below(1_000), Dice("seed", 7).pick("abcdef")] for _ in range(2)]
    assert draws[0] == draws[1]
    assert [Dice("seed", 7).below(1 << 30), Dice("seed", 8).below(1 << 30)][0] != Dice(
        "seed", 8
    ).below(1 << 30)


def test_a_power_cut_takes_what_was_not_synced(tmp_path: Path):
    disk = Disk(tmp_path / "disk.log")
    folder = tmp_path / "files"
    folder.mkdir()
    synced, torn, lost = (folder / name for name in ("synced", "torn", "lost"))
    for file in (synced, torn, lost):
        file.write_bytes(b"x" * 100)
    for file in (synced, torn):
        with file.open("rb") as handle:
            disk.note_synced(handle.fileno())
    torn.write_bytes(b"x" * 150)
    assert disk.cut(folder) == 150
    assert [file.stat().st_size for file in (synced, torn, lost)] == [100, 100, 0]


def test_a_power_cut_undoes_a_rename_whose_folder_was_not_synced(tmp_path: Path):
    disk = Disk(tmp_path / "disk.log")
    folder = tmp_path / "files"
    folder.mkdir()
    old, new = folder / "old", folder / "new"
    old.write_bytes(b"")
    old.rename(new)
    disk.note_renamed(old, new)
    disk.cut(folder)
    assert (old.exists(), new.exists()) == (True, False)
