"""The shelf: where photos lie, and writing to it so that a power cut loses nothing."""

import os
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from inspect_app.models import Photo

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
class PhotoShelf:
    """Where photos lie: the data folder; file names are hashes, never a sender's words.

    All of it is one file system: a photo that is whole is renamed from `incoming` into `photos`.
    """

    data_dir: Path

    def original(self, sha256: str, media_type: str) -> Path:
        """Return the path of the untouched bytes."""
        return self.data_dir / "photos" / sha256[:2] / f"{sha256}.{EXTENSIONS[media_type]}"

    def holds(self, sha256: str, media_type: str, size: int) -> bool:
        """Whether the untouched bytes are there, and as many as there should be."""
        try:
            return self.original(sha256, media_type).stat().st_size == size
        except FileNotFoundError:
            return False

    def found(self, sha256: str) -> Path | None:
        """Return the path of the untouched bytes if they are there, whatever their kind."""
        paths = (self.original(sha256, media_type) for media_type in EXTENSIONS)
        return next((path for path in paths if path.exists()), None)

    def thumb(self, sha256: str) -> Path:
        """Return the path of the small derivative."""
        return self.data_dir / "thumbs" / sha256[:2] / f"{sha256}.jpg"

    def marked(self, sha256: str, said: str) -> Path:
        """Return the path of the copy that carries lines; `said` stands for what they say."""
        return self.data_dir / "marked" / sha256[:2] / f"{sha256}-{said}.jpg"

    def part(self, sha256: str) -> Path:
        """Return the path of the bytes of a photo that is still on its way."""
        return self.incoming / f"{sha256}.part"

    @property
    def incoming(self) -> Path:
        """The folder of photos that are still on their way."""
        return self.data_dir / "incoming"


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
    make_folder(path.parent)
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
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder that outlives a power cut: its name is safe once the one above is synced."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
