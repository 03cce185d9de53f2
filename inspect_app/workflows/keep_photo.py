"""Keep a photo: its untouched bytes under the name of their hash, after proof that it is one."""

import hashlib
import math
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import Photo

PIXELS_MAX = 50_000_000
"""Cameras of phones give 12 to 50 megapixels; decoding more would take over 150 MB."""

Image.MAX_IMAGE_PIXELS = PIXELS_MAX

# A phone's JPEG with a second picture inside (depth, HDR) is read as MPO.
MEDIA = {
    "JPEG": ("image/jpeg", "jpg"),
    "MPO": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
EXTENSIONS = dict(MEDIA.values())
THUMB_PX = 480


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's own bytes say; time and place (lon, lat) are None where EXIF has none."""

    media_type: str
    width: int
    height: int
    taken_at: datetime | None
    place: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class PhotoShelf:
    """Where photos lie: the data folder; file names are hashes, never a sender's words."""

    data_dir: Path

    def original(self, sha256: str, media_type: str) -> Path:
        """Return the path of the untouched bytes."""
        return self.data_dir / "photos" / sha256[:2] / f"{sha256}.{EXTENSIONS[media_type]}"

    def thumb(self, sha256: str) -> Path:
        """Return the path of the small derivative."""
        return self.data_dir / "thumbs" / sha256[:2] / f"{sha256}.jpg"


def keep_photo(
    session: Session,
    sent: tuple[bytes, str],
    *,
    shelf: PhotoShelf,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> bool:
    """Keep `sent` (bytes, claimed hash) and return whether it is new.

    The file is safe on disk before its row is written: a row never lacks its bytes. EXIF times
    without offset are read in `zone`. Refuses wrong hashes and what is no photo.
    """
    body, sha256 = sent
    found = hashlib.sha256(body).hexdigest()
    if found != sha256:
        raise Problem("digest_mismatch", expected=sha256, found=found)
    facts = read_photo(body, zone=zone)
    write_safely(shelf.original(sha256, facts.media_type), body)
    kept = session.scalar(
        insert(Photo)
        .values(
            sha256=sha256,
            media_type=facts.media_type,
            size=len(body),
            width=facts.width,
            height=facts.height,
            taken_at=facts.taken_at,
            received_at=now,
            received_from=actor.person_id,
            geom=None if facts.place is None else "SRID=4490;POINT({} {})".format(*facts.place),
        )
        .on_conflict_do_nothing()
        .returning(Photo.sha256)
    )
    return kept is not None


def read_photo(body: bytes, *, zone: ZoneInfo) -> PhotoFacts:
    """Return what the bytes say; refuses anything but a whole JPEG, PNG or WebP picture."""
    try:
        with Image.open(BytesIO(body), formats=("JPEG", "PNG", "WEBP")) as image:
            kind, (width, height) = image.format or "", image.size
            if width * height > PIXELS_MAX:
                raise Problem("photo_invalid", reason=f"{width} × {height} px")
            exif = image.getexif()
            taken_at, place = _taken_at(exif, zone), _place(exif)
            image.draft("RGB", (THUMB_PX, THUMB_PX))  # JPEG: all data is read, at an eighth's cost
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Problem("photo_invalid", reason=f"> {PIXELS_MAX} px") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Problem("photo_invalid", reason=str(error)[:120]) from error
    return PhotoFacts(MEDIA[kind][0], width, height, taken_at, place)


def make_thumb(shelf: PhotoShelf, photo: Photo) -> Path:
    """Return the path of the small derivative; made once, turned upright, without EXIF."""
    path = shelf.thumb(photo.sha256)
    if not path.exists():
        with Image.open(shelf.original(photo.sha256, photo.media_type)) as image:
            image.draft("RGB", (THUMB_PX, THUMB_PX))
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((THUMB_PX, THUMB_PX))
            small.info.clear()
            out = BytesIO()
            small.save(out, "JPEG", quality=80)
        write_safely(path, out.getvalue())
    return path


def write_safely(path: Path, body: bytes) -> None:
    """Write a file so that after a power cut it is whole or absent: temp, fsync, rename, fsync."""
    if path.exists() and path.stat().st_size == len(body):
        return
    _make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _make_folder(folder: Path) -> None:
    """Make a folder that outlives a power cut: its name is safe once the one above is synced."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _taken_at(exif: Image.Exif, zone: ZoneInfo) -> datetime | None:
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    moment = tags.get(ExifTags.Base.DateTimeOriginal)
    offset = tags.get(ExifTags.Base.OffsetTimeOriginal)
    if not isinstance(moment, str):
        return None
    try:
        if isinstance(offset, str) and offset.strip("\x00 "):
            return datetime.strptime(moment + offset.strip("\x00 "), "%Y:%m:%d %H:%M:%S%z")
        local = datetime.strptime(moment.strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
    return local.replace(tzinfo=zone)


def _place(exif: Image.Exif) -> tuple[float, float] | None:
    tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
    lon = _degrees(tags.get(ExifTags.GPS.GPSLongitude), tags.get(ExifTags.GPS.GPSLongitudeRef))
    lat = _degrees(tags.get(ExifTags.GPS.GPSLatitude), tags.get(ExifTags.GPS.GPSLatitudeRef))
    if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90 or (lon, lat) == (0, 0):
        return None
    return lon, lat


def _degrees(parts: object, side: object) -> float | None:
    """Return degrees of an EXIF triple; cameras without a fix write 0/0, which is no number."""
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        return None
    return -value if side in ("W", "S", b"W", b"S") else value
