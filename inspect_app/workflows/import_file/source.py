"""What reading gives: raw rows, raw shapes, and what the file itself declares."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.datum import SourceReference
from gis.rejection import Rejection
from inspect_app.domain.problems import Phrase

Shapes = NDArray[np.object_]
Note = Phrase | str
"""What the reader should be told."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to read: where it lies, its sender's name for it, layer and encoding if given."""

    path: Path
    name: str
    layer: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it is: nothing converted, nothing dropped.

    Parameters
    ----------
    rows
        Attributes; the index is the data row counted from 0.
    shapes
        Raw geometries row by row (None where a row has none); None for tables.
    reference
        The reference the file declares, if it does.
    reference_note
        How it declares it.
    notes
        What the reader should be told, one sentence each.
    rejections
        Rows that could not be read at all.
    osm
        Whether the rows are OpenStreetMap ways of all sorts, from which a kind takes its own.
    """

    rows: pd.DataFrame
    shapes: Shapes | None
    reference: SourceReference | None
    reference_note: Note = ""
    notes: tuple[Note, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    osm: bool = False
