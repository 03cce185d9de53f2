"""The proof that bytes are a photo, and what they say: time, place and what they look like."""

import math
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from inspect_app.domain.problems import Problem
from inspect_app.workflows.keep_photo.shelf import MEDIA, THUMB_PX

PIXELS_MAX = 50_000_000
"""Cameras of phones give 12 to 50 megapixels; decoding more would take over 150 MB."""

Image.MAX_IMAGE_PIXELS = PIXELS_MAX

FLAT_LEVELS = 12
"""A picture with fewer levels of grey than this (night, a covered lens) is like all such."""


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's own bytes say; time and place (lon, lat) are None where EXIF has none.

    `likeness` is None for a picture too flat to be told from others.
    """

    media_type: str
    width: int
    height: int
    taken_at: datetime | None
    place: tuple[float, float] | None
    likeness: int | None


def read_photo(source: Path | BytesIO, *, zone: ZoneInfo) -> PhotoFacts:
    """Return what the bytes say; refuses anything but a whole JPEG, PNG or WebP picture.

    EXIF times without offset are read in `zone`.
    """
    try:
        with Image.open(source, formats=("JPEG", "PNG", "WEBP")) as image:
            kind, (width, height) = image.format or "", image.size
            if width * height > PIXELS_MAX:
                raise Problem("photo_invalid", reason=f"{width} × {height} px")
            exif = image.getexif()
            taken_at, place = _taken_at(exif, zone), _place(exif)
            image.draft("RGB", (THUMB_PX, THUMB_PX))  # JPEG: all data is read, at an eighth's cost
            image.load()
            likeness = likeness_of(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Problem("photo_invalid", reason=f"> {PIXELS_MAX} px") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the photo's
        raise Problem("photo_invalid", reason=str(error)[:120]) from error
    return PhotoFacts(MEDIA[kind][0], width, height, taken_at, place, likeness)


def likeness_of(image: Image.Image) -> int | None:
    """Return the difference hash of a picture as the camera held it: 64 bits, signed.

    Each bit tells whether a cell of 9 × 8 grey ones is lighter than the next in its row, so that
    scale, recompression and exposure change few of them (N. Krawetz, "Kind of Like That", 2013).
    """
    upright = ImageOps.exif_transpose(image).convert("L")
    cells = upright.resize((9, 8), Image.Resampling.BOX).tobytes()
    if max(cells) - min(cells) < FLAT_LEVELS:
        return None
    bits = 0
    for row in range(8):
        for column in range(8):
            here = row * 9 + column
            bits = bits << 1 | (cells[here] > cells[here + 1])
    return bits - (1 << 64) if bits >> 63 else bits


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
