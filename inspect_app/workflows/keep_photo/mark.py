"""A marked copy of a photo: time, place and names on a band below; the original stays untouched."""

import hashlib
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from inspect_app.models import Photo
from inspect_app.workflows.keep_photo.shelf import PhotoShelf, write_safely

MARKED_PX = 1920
"""The longer side of a marked copy: enough for a printed page of A4 at 150 dots an inch."""
TEXT_SHARE = 1 / 28
"""Height of a line of text as a share of the picture's shorter side."""
TEXT_PX_MIN = 12
BAND = (0, 0, 0)
INK = (255, 255, 255)


def make_marked(
    shelf: PhotoShelf, photo: Photo, lines: tuple[str, ...], *, font_path: Path
) -> Path:
    """Return the path of the copy that carries these lines; made once for the same lines.

    The lines stand on a band of their own under the picture and cover none of it.
    """
    said = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    path = shelf.marked(photo.sha256, said)
    if not path.exists():
        with Image.open(shelf.original(photo.sha256, photo.media_type)) as image:
            image.draft("RGB", (MARKED_PX, MARKED_PX))
            picture = ImageOps.exif_transpose(image).convert("RGB")
            picture.thumbnail((MARKED_PX, MARKED_PX))
        out = BytesIO()
        _with_band(picture, lines, font_path).save(out, "JPEG", quality=88)
        write_safely(path, out.getvalue())
    return path


def _with_band(picture: Image.Image, lines: tuple[str, ...], font_path: Path) -> Image.Image:
    font = _fitting(picture, lines, font_path)
    step = round(font.size * 1.4)
    margin = step // 2
    whole = Image.new("RGB", (picture.width, picture.height + len(lines) * step + margin), BAND)
    whole.paste(picture)
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        place = (margin, picture.height + margin // 2 + number * step)
        pen.text(place, line, font=font, fill=INK)
    return whole


def _fitting(
    picture: Image.Image, lines: tuple[str, ...], font_path: Path
) -> ImageFont.FreeTypeFont:
    """Return the font in a size in which the longest line fits, but never too small to read."""
    size = max(TEXT_PX_MIN, min(picture.size) * TEXT_SHARE)
    font = ImageFont.truetype(font_path, size)
    longest = max((font.getlength(line) for line in lines), default=0)
    room = picture.width - 2 * size
    if longest <= room:
        return font
    return ImageFont.truetype(font_path, max(TEXT_PX_MIN, size * room / longest))
