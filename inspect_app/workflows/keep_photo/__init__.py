"""Keep a photo: proven, written so that a power cut loses nothing, and only then in the tables."""

from inspect_app.workflows.keep_photo.keep import keep_photo
from inspect_app.workflows.keep_photo.mark import make_marked
from inspect_app.workflows.keep_photo.shelf import PhotoShelf, make_thumb

__all__ = ["PhotoShelf", "keep_photo", "make_marked", "make_thumb"]
