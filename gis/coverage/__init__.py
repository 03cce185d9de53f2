"""GPS fixes × planned segments and stops → cleaned track, covered share, passes, dwell."""

from gis.coverage.cover import cover, dwell
from gis.coverage.track import CleanTrack, clean_track

__all__ = ["CleanTrack", "clean_track", "cover", "dwell"]
