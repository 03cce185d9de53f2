"""Complaints: own numbers, a matter each, shared fallback places, reporters kept apart."""

import hashlib
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from inspect_app.domain.codes import PlaceQuality, ReporterMode
from inspect_app.workflows.import_file.checking import Checked
from inspect_app.workflows.import_file.kinds import COMPLAINTS
from inspect_app.workflows.import_file.report import ImportRequest
from inspect_app.workflows.import_file.writing import cursor_of, insert_rows, raw_texts
from inspect_app.workflows.number import next_number

COMPLAINT_SERIES = "complaint"
MATTER_SERIES = "matter"
COMPLAINT_PREFIX = "TS"
MATTER_PREFIX = "SX"
TITLE_MAX = 60
_DIGEST_LENGTH = 16
_REPORTER = ("reporter_mode", "reporter_name", "reporter_phone", "reporter_address")


def prepare(checked: Checked, request: ImportRequest) -> Checked:
    """Give every row an external number and judge how sure its place is.

    A row without a number of its own is known again by its content: the digest of its raw values
    and how often they stood before it in the file, so that a second import finds it.
    """
    rows = checked.rows.copy()
    rows["external_no"] = _external_numbers(checked)
    rows["place_quality"] = _place_quality(rows, request.shared_place_rows)
    written = tuple(dict.fromkeys((*checked.written, "external_no", "place_quality")))
    return replace(checked, rows=rows, written=written)


def _external_numbers(checked: Checked) -> pd.Series:
    given = checked.rows["external_no"].copy()
    open_ = np.array([value is None for value in given], dtype=bool)
    texts = pd.Series(raw_texts(checked.raw[open_]), index=given.index[open_], dtype=object)
    turns = texts.groupby(texts).cumcount()
    for place, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
        given.loc[place] = f"#{digest}-{turns.loc[place] + 1}"
    return given


def _place_quality(rows: pd.DataFrame, shared_place_rows: int) -> pd.Series:
    """Return the place quality; many complaints at one coordinate are a geocoder's fallback."""
    located = rows["geom"][[shape is not None for shape in rows["geom"]]]
    quality = rows["place_quality"].copy()
    quality.loc[~quality.index.isin(located.index)] = PlaceQuality.NONE.value
    places = pd.Series(shapely.to_wkb(located.to_numpy()), index=located.index)
    crowd = places.groupby(places).transform("size") if len(places) else places
    quality.loc[crowd.index[crowd >= shared_place_rows]] = PlaceQuality.SHARED_FALLBACK.value
    return quality


def insert(
    session: Session, checked: Checked, request: ImportRequest, *, batch_id: int, now: datetime
) -> int:
    """Insert the new complaints with a matter each; their reporters go to their own schema."""
    _number(session, request)
    _helpers(session, checked)
    _insert_matters(session)
    inserted = insert_rows(
        session,
        COMPLAINTS,
        checked,
        batch_id=batch_id,
        extra={"registered_at": now},
        more=("complaint_no", "matter_id"),
    )
    _insert_reporters(session, checked)
    return inserted


def _number(session: Session, request: ImportRequest) -> None:
    """Take numbers for the new rows, year by year of receipt, in one step a year."""
    cursor = cursor_of(session)
    cursor.execute(
        "ALTER TABLE staged ADD complaint_no text, ADD matter_no text, ADD matter_id bigint,"
        " ADD respondent_name text, ADD closed_at timestamptz"
    )
    zone = ZoneInfo(request.time_zone).key
    cursor.execute(
        "SELECT extract(year FROM received_at AT TIME ZONE %s)::int AS year, count(*) FROM staged"
        " WHERE target_id IS NULL GROUP BY 1 ORDER BY 1",
        (zone,),
    )
    for year, count in cursor.fetchall():
        values = {
            "year": year,
            "zone": zone,
            "complaint": next_number(session, COMPLAINT_SERIES, year=year, count=count),
            "matter": next_number(session, MATTER_SERIES, year=year, count=count),
            "complaint_prefix": f"{COMPLAINT_PREFIX}{year}",
            "matter_prefix": f"{MATTER_PREFIX}{year}",
        }
        cursor.execute(_NUMBER, values)


_NUMBER = """
    UPDATE staged SET
      complaint_no = %(complaint_prefix)s || lpad((%(complaint)s + n)::text, 6, '0'),
      matter_no = %(matter_prefix)s || lpad((%(matter)s + n)::text, 6, '0')
    FROM (
      SELECT source_row, row_number() OVER (ORDER BY source_row) - 1 AS n FROM staged
      WHERE target_id IS NULL
        AND extract(year FROM received_at AT TIME ZONE %(zone)s)::int = %(year)s
    ) AS numbered
    WHERE staged.source_row = numbered.source_row
"""


def _helpers(session: Session, checked: Checked) -> None:
    """Bring what only the matter needs to the staged rows."""
    told = checked.rows[["respondent_name", "closed_at"]]
    told = told[told.notna().any(axis=1)]
    if told.empty:
        return
    cursor = cursor_of(session)
    cursor.execute(
        "CREATE TEMP TABLE told (source_row bigint, respondent_name text, closed_at timestamptz)"
        " ON COMMIT DROP"
    )
    with cursor.copy("COPY told FROM STDIN") as stream:
        for place, row in zip(told.index, told.itertuples(index=False, name=None), strict=True):
            stream.write_row((int(place) + 1, *(None if pd.isna(one) else one for one in row)))
    cursor.execute(
        "UPDATE staged SET respondent_name = t.respondent_name, closed_at = t.closed_at"
        " FROM told t WHERE t.source_row = staged.source_row"
    )
    cursor.execute("DROP TABLE told")


def _insert_matters(session: Session) -> None:
    cursor = cursor_of(session)
    cursor.execute(
        """
        INSERT INTO complaint_matter
          (matter_no, title, state, severity, pollution_types, respondent_name, opened_at,
           closed_at, geom)
        SELECT matter_no, left(summary, %s),
          CASE WHEN closed_at IS NULL THEN 'registered' ELSE 'closed' END,
          severity, pollution_types, respondent_name, received_at, closed_at, geom
        FROM staged WHERE target_id IS NULL ORDER BY source_row
        """,
        (TITLE_MAX,),
    )
    cursor.execute("CREATE INDEX ON staged (matter_no)")
    cursor.execute(
        "UPDATE staged SET matter_id = m.id FROM complaint_matter m"
        " WHERE m.matter_no = staged.matter_no"
    )


def _insert_reporters(session: Session, checked: Checked) -> None:
    """Store who complained where no map and no list reads it."""
    private = checked.rows[list(_REPORTER)]
    known = private[private.notna().any(axis=1)]
    if known.empty:
        return
    cursor = cursor_of(session)
    cursor.execute(
        "CREATE TEMP TABLE told (source_row bigint, mode text, name text, phone text,"
        " address text) ON COMMIT DROP"
    )
    with cursor.copy("COPY told FROM STDIN") as stream:
        for place, row in zip(known.index, known.itertuples(index=False, name=None), strict=True):
            mode = row[0] or (ReporterMode.NAMED if any(row[1:]) else ReporterMode.ANONYMOUS)
            stream.write_row((int(place) + 1, str(mode), *row[1:]))
    cursor.execute(
        """
        INSERT INTO pii.reporter (complaint_id, mode, name, phone, address)
        SELECT c.id, t.mode, t.name, t.phone, t.address
        FROM told t JOIN staged s USING (source_row) JOIN complaint c USING (complaint_no)
        WHERE s.target_id IS NULL
        """
    )
    cursor.execute("DROP TABLE told")
