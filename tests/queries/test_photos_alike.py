"""Photos that look alike: copies are near, other pictures far; the same photo used twice."""

from io import BytesIO
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import FindingPhoto, PatrolLog, Photo
from inspect_app.queries.photos import Alike, PhotoUse, alike, uses_of
from inspect_app.workflows.keep_photo.proof import likeness_of, read_photo
from tests.conftest import NOW
from tests.factories import add, make_account, make_finding, make_photo
from tests.patrol_factories import make_crew, make_task

NEAR = 6


def scene(seed: int, *, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Return a picture of soft light and dark patches with grain, as a camera's."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    grain = rng.normal(0, 6, (size[1], size[0], 3))
    patches = np.asarray(soft.resize(size, Image.Resampling.BICUBIC), dtype=float)
    return Image.fromarray(np.clip(patches + grain, 0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str = "JPEG", **options) -> int | None:
    """Return the likeness of a picture as it comes back from a file."""
    out = BytesIO()
    image.save(out, kind, **options)
    out.seek(0)
    return read_photo(out, zone=ZoneInfo("Asia/Shanghai")).likeness


def distance(one: int, other: int) -> int:
    return ((one ^ other) & (2**64 - 1)).bit_count()


def turned(image: Image.Image) -> tuple[Image.Image, Image.Exif]:
    """Return the picture as a camera held upright stores it: lying, with a note how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return image.transpose(Image.Transpose.ROTATE_90), exif


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_photo_are_near(seed: int):
    image = scene(seed)
    first = saved(image, quality=92)
    lying, exif = turned(image)
    copies = [
        saved(image, quality=40),
        saved(image.resize((400, 300))),
        saved(image.resize((1600, 1200), Image.Resampling.LANCZOS)),
        saved(ImageEnhance.Brightness(image).enhance(0.8)),
        saved(image, "PNG"),
        saved(image, "WEBP"),
        saved(lying, exif=exif),
    ]
    assert max(distance(first, copy) for copy in copies) <= NEAR


def test_different_photos_are_far():
    prints = [saved(scene(seed, size=(320, 240))) for seed in range(40)]
    pairs = [distance(one, other) for at, one in enumerate(prints) for other in prints[at + 1 :]]
    assert min(pairs) > NEAR
    assert 24 < sum(pairs) / len(pairs) < 40


def test_a_hash_by_hand():
    """Cells fall from left to right in the first row only: its eight bits are the highest."""
    cells = np.full((8, 9), 100, dtype=np.uint8)
    cells[0] = np.arange(90, 0, -10)
    assert likeness_of(Image.fromarray(cells)) == -(1 << 56)
    cells[0] = np.arange(0, 90, 10)
    assert likeness_of(Image.fromarray(cells)) == 0


def test_a_flat_picture_has_no_likeness():
    assert saved(Image.new("RGB", (64, 48), "black")) is None
    assert saved(Image.new("RGB", (64, 48), (120, 121, 122))) is None


def kept(session: Session, likeness: int | None) -> str:
    sha256 = make_photo(session, at=NOW)
    session.get_one(Photo, sha256).likeness = likeness
    session.flush()
    return sha256


def test_alike_counts_the_bits_that_differ(session: Session):
    first, same, two, all_, flat = (kept(session, bits) for bits in (-1, -1, -4, 0, None))
    assert alike(session, first, NEAR) == [Alike(same, 0), Alike(two, 2)]
    assert alike(session, first, 64) == [Alike(same, 0), Alike(two, 2), Alike(all_, 64)]
    assert alike(session, flat, 64) == []
    assert alike(session, "f" * 64, 64) == []


def test_alike_is_what_counting_by_hand_says(session: Session):
    rng = np.random.default_rng(3)
    prints = {kept(session, int(bits)): int(bits) for bits in rng.integers(-(2**63), 2**63, 60)}
    first, mine = next(iter(prints.items()))
    expected = sorted(
        (distance(mine, bits), name) for name, bits in prints.items() if name != first
    )
    found = [(row.distance, row.sha256) for row in alike(session, first, 32)]
    assert found == [pair for pair in expected if pair[0] <= 32]


def test_a_photo_used_twice_names_both_places(session: Session):
    photo, other = make_photo(session, at=NOW), make_photo(session, at=NOW)
    findings = [make_finding(session, at=NOW).id for _ in range(2)]
    for finding in findings:
        add(session, FindingPhoto(finding_id=finding, photo_sha256=photo))
    account = make_account(session, Role.INSPECTOR)
    task = make_task(session, make_crew(session, account))
    log = {"uid": "00000000-0000-4000-8000-000000000007", "task_id": task.id}
    form = {"photos": [{"sha256": photo}]}
    values = {"recorder_id": account.person_id, "started_at": NOW, "received_at": NOW}
    add(session, PatrolLog(**log, **values, form=form))
    places = [*(PhotoUse("finding", key) for key in findings), PhotoUse("task", task.id)]
    assert uses_of(session, photo) == places
    assert uses_of(session, other) == []
