"""Points, lines and areas → grids; ties, tolerances, and the faults of a tiling."""

from gis.assign.points import assign_points
from gis.assign.shares import assign_areas, assign_lines, owner_of_lines
from gis.assign.tiling import tiling_faults

__all__ = ["assign_areas", "assign_lines", "assign_points", "owner_of_lines", "tiling_faults"]
