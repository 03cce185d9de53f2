"""Faults: what goes wrong, to which item of which tablet; drawn from the seed before the run."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.chaos.dice import Dice
from benchmarks.chaos.script import Draft

CAPTURE = ("client_killed_in_capture", "clock_jump")
"""Strike while an item is written into the outbox."""

ENROLMENT = ("enrolment_reply_lost",)
"""Strikes each second tablet while it is enrolled; such faults have a place below all items."""

RECORD = (
    "reply_lost",
    "duplicate_in_parallel",
    "reordered",
    "client_killed_before_reply",
    "receipt_not_noted",
    "server_killed_before_commit",
    "server_killed_after_commit",
    "disk_full",
    "body_truncated",
    "body_corrupted",
    "slow_link",
    "token_expired",
    "other_bytes_under_its_id",
)
"""Strike while a record is sent."""

PHOTO = (
    "chunk_reply_lost",
    "chunk_in_parallel",
    "client_killed_in_photo",
    "server_killed_in_chunk",
    "server_killed_before_fsync",
    "server_killed_after_rename",
    "server_killed_after_photo",
    "disk_full_in_chunk",
    "chunk_truncated",
    "chunk_corrupted",
    "chunk_on_slow_link",
)
"""Strike while a photo is sent in chunks."""

WORLD = (
    "client_killed",
    "worker_killed",
    "all_workers_killed",
    "storm_503",
    "database_restarted",
    "server_restarted",
    "power_cut",
)
"""Strike the whole installation, or whoever stands there; the machine room deals them out."""

KILLS_TABLET = frozenset(
    {
        "client_killed_in_capture",
        "client_killed_before_reply",
        "receipt_not_noted",
        "client_killed_in_photo",
        "client_killed",
    }
)
KILLS_SERVER = frozenset(
    {
        "server_killed_before_commit",
        "server_killed_after_commit",
        "server_killed_in_chunk",
        "server_killed_before_fsync",
        "server_killed_after_rename",
        "server_killed_after_photo",
        "worker_killed",
        "all_workers_killed",
    }
)
RESTARTS = frozenset({"database_restarted", "server_restarted", "power_cut"})


@dataclass(frozen=True, slots=True)
class Size:
    """How much is sent, by how many tablets, with how many faults of each kind."""

    name: str
    tablets: int
    records: int
    each: int
    """Faults of every kind that strikes an item."""
    world: dict[str, int]
    """Faults of the installation by kind."""
    seeds: int = 1
    records_a_task: int = 25

    def of_tablet(self, number: int) -> int:
        """Return how many records a tablet writes; together they write all."""
        share, rest = divmod(self.records, self.tablets)
        return share + (number < rest)


SIZES = {
    "mutant": Size("mutant", tablets=2, records=40, each=2, world={}, records_a_task=10),
    "tiny": Size(
        "tiny",
        tablets=4,
        records=200,
        each=1,
        world=dict.fromkeys(("client_killed", "worker_killed", "storm_503"), 1)
        | {"power_cut": 1, "database_restarted": 1},
        records_a_task=10,
    ),
    "ci": Size(
        "ci",
        tablets=8,
        records=2_000,
        each=5,
        world={
            "client_killed": 8,
            "worker_killed": 6,
            "all_workers_killed": 3,
            "storm_503": 3,
            "database_restarted": 2,
            "server_restarted": 1,
            "power_cut": 1,
        },
    ),
    "release": Size(
        "release",
        tablets=20,
        records=10_000,
        each=22,
        world={
            "client_killed": 40,
            "worker_killed": 30,
            "all_workers_killed": 16,
            "storm_503": 12,
            "database_restarted": 10,
            "server_restarted": 4,
            "power_cut": 4,
        },
        seeds=5,
    ),
}


def faults_of_tablets(
    scripts: Sequence[Sequence[Draft]], *, each: int, dice: Dice, kinds: Sequence[str] | None = None
) -> list[dict[int, str]]:
    """Return for each tablet which fault strikes which item of its script, one an item at most."""
    free = {
        name: [
            (tablet, index)
            for tablet, script in enumerate(scripts)
            for index, draft in enumerate(script)
            if strikes(name, draft)
        ]
        for name in ("capture", "record", "photo")
    }
    found: list[dict[int, str]] = [{} for _ in scripts]
    for where, names in (("photo", PHOTO), ("record", RECORD), ("capture", CAPTURE)):
        wanted = [name for name in names if kinds is None or name in kinds for _ in range(each)]
        places = dice.shuffled([at for at in free[where] if at[1] not in found[at[0]]])
        for name, (tablet, index) in zip(wanted, places, strict=False):
            found[tablet][index] = name
    return found


def strikes(where: str, draft: Draft) -> bool:
    """Whether a fault of this place can strike the item."""
    if where == "photo":
        return bool(draft.photos)
    return where == "capture" or draft.kind != "segment"


def faults_of_world(size: Size, dice: Dice) -> list[tuple[float, str]]:
    """Return when (share of the records that have arrived) which fault strikes the installation."""
    names = [name for name, count in size.world.items() for _ in range(count)]
    return sorted((0.03 + 0.9 * dice.share(), name) for name in names)
