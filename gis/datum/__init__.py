"""Any declared source reference → storage, or a Rejection with a reason; and how sure we are."""

from gis.datum.convert import from_storage_points, to_storage_geometries
from gis.datum.degrees import NotDegrees, format_dms, parse_dms
from gis.datum.evidence import evidence
from gis.datum.reference import Shift, SourceReference, UnknownReference, parse_reference
from gis.datum.rows import Located, locate, locate_rows

__all__ = [
    "Located",
    "NotDegrees",
    "Shift",
    "SourceReference",
    "UnknownReference",
    "evidence",
    "format_dms",
    "from_storage_points",
    "locate",
    "locate_rows",
    "parse_dms",
    "parse_reference",
    "to_storage_geometries",
]
