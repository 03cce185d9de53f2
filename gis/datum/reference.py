"""What a source declares its coordinates to be, read from text."""

import re
import unicodedata
import warnings
from dataclasses import dataclass
from enum import StrEnum

from pyproj import CRS
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from gis.crs import STORAGE_CRS, WGS84


class Shift(StrEnum):
    """The distortion that web maps in China lay over WGS84."""

    NONE = "none"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class UnknownReference(ValueError):
    """The text names no reference that we can bring to storage."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"expected {expected}, found {found!r}")


@dataclass(frozen=True, slots=True)
class SourceReference:
    """What a source declares its coordinates to be.

    Parameters
    ----------
    text
        Canonical text, stored with the imported rows: ``"EPSG:4547"``, ``"GCJ02"`` or ``"BD09"``.
    crs
        The reference system; for a shifted reference the one below the shift, WGS84.
    shift
        The shift on top of it.
    """

    text: str
    crs: CRS
    shift: Shift = Shift.NONE

    @property
    def is_projected(self) -> bool:
        """Say whether coordinates are metres (or feet) and not degrees."""
        return bool(self.crs.is_projected)

    @property
    def accuracy_m(self) -> float | None:
        """How well storage coordinates can be known, in metres; None when nobody knows.

        None is the answer for Beijing 1954 and Xi'an 1980: their parameters aren't public, and
        without a local calibration the result may be some 100 m off.
        """
        base = self.crs.geodetic_crs or self.crs
        if base.equals(STORAGE_CRS, ignore_axis_order=True):
            return 0.0
        if base.equals(WGS84, ignore_axis_order=True):
            return _WGS84_TO_STORAGE_M
        if any(base.equals(CRS.from_epsg(code)) for code in _WITHOUT_PUBLIC_PARAMETERS):
            return None
        with warnings.catch_warnings():
            # PROJ warns of a better grid that isn't installed; the accuracy says it in metres.
            warnings.simplefilter("ignore", UserWarning)
            best = TransformerGroup(self.crs, WGS84, always_xy=True).transformers[0].accuracy
        return float(best) if best >= 0 else None


# EPSG 15918 and its kin: CGCS2000 and WGS84 agree within a metre.
_WGS84_TO_STORAGE_M = 1.0
# Beijing 1954, New Beijing, Xi'an 1980: what EPSG has for them holds offshore only.
_WITHOUT_PUBLIC_PARAMETERS = (4214, 4555, 4610)

# translations: data; the names that files and people declare.
_NAMED = {
    "WGS84": "EPSG:4326",
    "OGC:CRS84": "EPSG:4326",
    "CGCS2000": "EPSG:4490",
    "国家2000": "EPSG:4490",
    "2000国家大地坐标系": "EPSG:4490",
    "GCJ02": "GCJ02",
    "火星坐标": "GCJ02",
    "火星坐标系": "GCJ02",
    "BD09": "BD09",
    "BD09LL": "BD09",
    "百度坐标": "BD09",
}
_EXPECTED_REFERENCE = "EPSG:<code>, WGS84, CGCS2000, GCJ02 or BD09"
_EXPECTED_CODE = "a code that EPSG knows"
_EXPECTED_PLANE = "a geographic or projected system"
_EPSG_TEXT = re.compile(r"(?:URN:OGC:DEF:CRS:)?EPSG:+(\d{4,6})")


def parse_reference(text: str) -> SourceReference:
    """Read a declaration of the source reference.

    Accepted: ``EPSG:4490`` or any other geographic or projected EPSG code, ``WGS84``,
    ``CGCS2000``, ``GCJ02``, ``BD09``, in any case, with or without hyphens, spaces, full width.

    Raises
    ------
    UnknownReference
        If the text names nothing, or a system without plane coordinates (a height, a geocentre).
    """
    plain = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", text)).upper()
    canonical = _NAMED.get(plain, plain)
    if canonical in {"GCJ02", "BD09"}:
        return SourceReference(canonical, WGS84, Shift(canonical.lower()))
    found = _EPSG_TEXT.fullmatch(canonical)
    if found is None:
        raise UnknownReference(_EXPECTED_REFERENCE, text)
    try:
        crs = CRS.from_epsg(int(found[1]))
    except CRSError as fault:
        raise UnknownReference(_EXPECTED_CODE, text) from fault
    if not (crs.is_geographic or crs.is_projected):
        raise UnknownReference(_EXPECTED_PLANE, text)
    return SourceReference(f"EPSG:{found[1]}", crs)
