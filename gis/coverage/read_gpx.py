"""GPX 1.0 and 1.1 tracks of other devices → fixes, or rejections with reasons.

Read with the standard library's expat as a stream. A file with a document type is refused before
anything in it is expanded, so neither an entity bomb nor an entity that names a local file is ever
looked at; GPX has a schema and needs none.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat

import pandas as pd

from gis.coverage.track import Source
from gis.rejection import Rejection

# The beginning of GPS time; receivers without a clock write 1901 or 1970.
FIRST_GPS_DAY = datetime(1980, 1, 6, tzinfo=UTC)

_NUMBERS = {"accuracy": "accuracy_m", "speed": "speed_m_s", "course": "heading_deg"}
_COLUMNS = ("at", "lon", "lat", "accuracy_m", "speed_m_s", "heading_deg")
_LON_LIMIT, _LAT_LIMIT = 180.0, 90.0


class GpxUnreadable(ValueError):
    """The file as a whole can't be read: ``reason`` is a stable code, ``line`` where it broke."""

    def __init__(self, reason: str, line: int = 0) -> None:
        self.reason = reason
        self.line = line
        super().__init__(f"{reason} at line {line}" if line else reason)


@dataclass(frozen=True, slots=True)
class GpxFixes:
    """What a file says.

    Parameters
    ----------
    fixes
        ``at`` (UTC, missing where the file tells none), ``lon``, ``lat`` in EPSG:4490,
        ``accuracy_m``, ``speed_m_s``, ``heading_deg`` (missing where not told) and ``source``:
        ready for `clean_track`.
    rejections
        Track points that can't be taken; the row is the number of the track point in the file.
    """

    fixes: pd.DataFrame
    rejections: tuple[Rejection, ...]


def read_gpx(content: bytes) -> GpxFixes:
    """Read the track points of all tracks and segments of a GPX file.

    Parameters
    ----------
    content
        The bytes of the file. Limiting their number is the caller's.

    Returns
    -------
    The fixes in the order of the file, and a rejection for each track point whose place is missing,
    no number or out of range (``coordinate_unreadable``, ``coordinate_out_of_range``), whose time
    can't be read (``time_unreadable``) or lies before GPS was (``time_before_gps``). Points without
    any time are fixes: `clean_track` drops them with their reason. Routes and waypoints are plans,
    no proof, and are passed over. Times without a zone are UTC, as GPX demands. WGS84 and CGCS2000
    are taken as one.

    Raises
    ------
    GpxUnreadable
        ``doctype``: declares a document type; ``not_xml``: isn't well-formed; ``not_gpx``: has
        another root; ``no_track``: has no track point.

    Notes
    -----
    One pass, about 200,000 points a second.
    """
    reader = _Reader()
    reader.read(content)
    if not reader.points:
        raise GpxUnreadable("no_track")
    fixes = pd.DataFrame(reader.rows, columns=list(_COLUMNS))
    fixes["at"] = pd.to_datetime(fixes["at"], utc=True)
    fixes[list(_COLUMNS[1:])] = fixes[list(_COLUMNS[1:])].astype(float)
    return GpxFixes(fixes.assign(source=Source.GPX.value), tuple(reader.rejections))


@dataclass(slots=True)
class _Reader:
    """What the parser has come to; names are told apart without their prefixes."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    points: int = 0
    path: list[str] = field(default_factory=list)
    place: dict[str, str] | None = None
    told: dict[str, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise GpxUnreadable("not_xml", error.lineno) from error

    def _doctype(self, *_declared: object) -> None:
        raise GpxUnreadable("doctype")

    def _start(self, tag: str, values: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self.path and name != "gpx":
            raise GpxUnreadable("not_gpx")
        self.path.append(name)
        if name == "trkpt":
            self.place, self.told = values, {}
        self.text = []

    def _data(self, text: str) -> None:
        if self.place is not None:
            self.text.append(text)

    def _end(self, _tag: str) -> None:
        name = self.path.pop()
        if name == "trkpt" and self.place is not None:
            self._point(self.place)
            self.place = None
        elif self.place is not None and (name == "time" or name in _NUMBERS):
            self.told.setdefault(name, "".join(self.text).strip())
        self.text = []

    def _point(self, place: dict[str, str]) -> None:
        self.points += 1
        lon, lat = _number(place.get("lon")), _number(place.get("lat"))
        found = {"lon": place.get("lon", ""), "lat": place.get("lat", "")}
        if lon is None or lat is None:
            self._reject("coordinate_unreadable", found)
        elif not (abs(lon) <= _LON_LIMIT and abs(lat) <= _LAT_LIMIT):
            self._reject("coordinate_out_of_range", found)
        else:
            self._timed(lon, lat)

    def _timed(self, lon: float, lat: float) -> None:
        text = self.told.get("time", "")
        at = _time(text)
        if text and at is None:
            self._reject("time_unreadable", {"time": text})
        elif at is not None and at < FIRST_GPS_DAY:
            self._reject("time_before_gps", {"time": text})
        else:
            numbers = [_number(self.told.get(name)) for name in _NUMBERS]
            self.rows.append((at, lon, lat, *numbers))

    def _reject(self, reason: str, facts: dict[str, str]) -> None:
        self.rejections.append(Rejection(self.points, reason, facts))


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _time(text: str) -> datetime | None:
    """Return a date with a time of day as UTC; None for anything else."""
    if "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
