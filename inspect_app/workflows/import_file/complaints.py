"""Complaints: own numbers, a matter each, shared fallback places, reporters sealed apart."""

import hashlib
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from psycopg import sql
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.domain.codes import PlaceQuality, ReporterMode, SourceChannel
from inspect_app.domain.intake import is_skip_level
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.queries.policies import policy_value
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.queries.respondents import Respondent, source_book
from inspect_app.workflows.import_file.checking import Checked
from inspect_app.workflows.import_file.kinds import COMPLAINTS
from inspect_app.workflows.import_file.report import ImportRequest
from inspect_app.workflows.import_file.writing import (
    cursor_of,
    names,
    raw_texts,
    stored_columns,
)
from inspect_app.workflows.number import (
    COMPLAINT_PREFIX,
    COMPLAINT_SERIES,
    MATTER_PREFIX,
    MATTER_SERIES,
    next_number,
)
from inspect_app.workflows.register_matter import TITLE_MAX
from inspect_app.workflows.seal_reporter import SEALED_COLUMNS, sealed_rows

_DIGEST_LENGTH = 16
_HELPERS = ("respondent_name", "respondent_source_id", "legal_route", "closed_at")
_REPORTER = ("reporter_mode", "reporter_name", "reporter_phone", "reporter_address")


def prepare(session: Session, checked: Checked, request: ImportRequest) -> Checked:
    """Give every row an external number and a respondent, and judge how sure its place is.

    A row without a number of its own is known again by its content: the digest of its raw values
    and how often they stood before it in the file, so that a second import finds it.
    """
    rows = checked.rows.copy()
    rows["external_no"] = _external_numbers(checked)
    rows["place_quality"] = _place_quality(rows, request.shared_place_rows)
    rows["is_skip_level"] = _skip_level(session, rows, day=request.day)
    book = source_book(session)
    matches = [book.match(one) for one in _respondents(rows)]
    rows["respondent_source_id"] = pd.Series(
        [match.source_id for match in matches], index=rows.index, dtype=object
    )
    named = zip(rows["respondent_name"], rows["respondent_uscc"], matches, strict=True)
    rows["respondent_name"] = pd.Series(
        [name or book.name_of(match.source_id) or code for name, code, match in named],
        index=rows.index,
        dtype=object,
    )
    doubts = tuple(
        Rejection(int(place) + 1, match.doubt, {"column": "被投诉单位", "found": str(name)})
        for place, name, match in zip(rows.index, rows["respondent_name"], matches, strict=True)
        if match.doubt
    )
    written = tuple(dict.fromkeys((*checked.written, "external_no", "place_quality")))
    return replace(checked, rows=rows, written=written, warnings=(*checked.warnings, *doubts))


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Return what is counted of complaints: places that are none, respondents, skipped levels."""
    quality = rows["place_quality"].value_counts()
    named = rows["respondent_name"].notna() | rows["respondent_uscc"].notna()
    matched = rows["respondent_source_id"].notna()
    return {
        "shared_fallback": int(quality.get(PlaceQuality.SHARED_FALLBACK.value, 0)),
        "no_place": int(quality.get(PlaceQuality.NONE.value, 0)),
        "respondents_matched": int(matched.sum()),
        "respondents_text": int((named & ~matched).sum()),
        "skip_level": int(rows["is_skip_level"].astype(bool).sum()),
    }


def _respondents(rows: pd.DataFrame) -> list[Respondent]:
    told = zip(rows["respondent_name"], rows["respondent_uscc"], strict=True)
    return [Respondent(name, code) for name, code in told]


def _skip_level(session: Session, rows: pd.DataFrame, *, day: date) -> pd.Series:
    """Return whether a level was passed over: the file says so, or channel and policy do."""
    sent_on = rows["source_channel"] == SourceChannel.PASSED_ON.value
    visited = sent_on & rows["visitor_count"].notna()
    # The policy is asked only where a row depends on it: a file without visits needs none.
    counts_ = bool(visited.any()) and bool(policy_value(session, "skip_level_visits", day=day))
    told = zip(rows["is_skip_level"], rows["source_channel"], rows["visitor_count"], strict=True)
    return pd.Series(
        [
            bool(said) or is_skip_level(SourceChannel(channel), visitors, counts=counts_)
            for said, channel, visitors in told
        ],
        index=rows.index,
        dtype=object,
    )


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
    """Insert the new complaints with a matter each.

    `fresh` holds what the staged rows do not: numbers, and what only the matter needs.
    """
    _stage_fresh(session, checked)
    _number(session, request)
    cursor = cursor_of(session)
    cursor.execute(_INSERT_MATTERS, {"title_max": TITLE_MAX})
    columns = (*stored_columns(COMPLAINTS), "raw", "source_row")
    cursor.execute(
        sql.SQL(
            "INSERT INTO complaint ({columns}, complaint_no, matter_id, registered_at, source_crs,"
            " import_batch_id, respondent_name, respondent_source_id)"
            " SELECT {staged}, f.complaint_no, m.id, %(now)s, %(crs)s, %(batch)s,"
            " f.respondent_name, f.respondent_source_id"
            " FROM staged s JOIN fresh f USING (source_row)"
            " JOIN complaint_matter m USING (matter_no) ORDER BY s.source_row"
        ).format(columns=names(columns), staged=names(columns, "s")),
        {"now": now, "crs": checked.reference_text[:40], "batch": batch_id},
    )
    inserted = cursor.rowcount
    cursor.execute(_INSERT_BIRTHS, {"now": now, "batch": batch_id})
    return inserted


def insert_reporters(session: Session, checked: Checked, *, seal: ReporterSeal | None) -> None:
    """Seal the reporters of the complaints just inserted into their own schema.

    Without a seal a file that tells of reporters is refused as a whole.
    """
    cursor = cursor_of(session)
    cursor.execute(
        "SELECT f.source_row, c.id FROM fresh f JOIN complaint c USING (complaint_no) ORDER BY 2"
    )
    numbers = {row - 1: number for row, number in cursor.fetchall()}
    told = checked.rows.loc[list(numbers), list(_REPORTER)]
    people = [
        (numbers[place], one)
        for place, *values in zip(told.index, *(told[c].tolist() for c in _REPORTER), strict=True)
        if (one := _reporter(values)) is not None
    ]
    if not people:
        return
    if seal is None:
        raise Problem("reporter_key_missing", key="—")
    copy = f"COPY pii.reporter ({', '.join(SEALED_COLUMNS)}) FROM STDIN"
    with cursor.copy(copy) as stream:
        for row in sealed_rows(people, seal=seal):
            stream.write_row(row)


def _reporter(values: list[object]) -> ReporterData | None:
    """Return what a row tells of a reporter; None where it says nothing of one."""
    mode, *told = ("" if value is None or pd.isna(value) else str(value) for value in values)
    if not mode and not any(told):
        return None
    return ReporterData(ReporterMode(mode or ReporterMode.NAMED), *told)


def _stage_fresh(session: Session, checked: Checked) -> None:
    cursor = cursor_of(session)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.fresh")
    cursor.execute(
        "CREATE TEMP TABLE fresh (source_row bigint, respondent_name text,"
        " respondent_source_id bigint, legal_route text, closed_at timestamptz,"
        " complaint_no text, matter_no text) ON COMMIT DROP"
    )
    cursor.execute(
        "SELECT source_row FROM staged WHERE source_row NOT IN (SELECT source_row FROM matched)"
    )
    fresh = checked.rows.loc[[row - 1 for (row,) in cursor.fetchall()], list(_HELPERS)]
    with cursor.copy(f"COPY fresh (source_row, {', '.join(_HELPERS)}) FROM STDIN") as stream:
        for place, *values in zip(
            fresh.index, *(fresh[name].tolist() for name in _HELPERS), strict=True
        ):
            known = [None if pd.isna(value) else value for value in values]
            stream.write_row((int(place) + 1, *known))


def _number(session: Session, request: ImportRequest) -> None:
    """Take numbers for the new rows, year by year of receipt, in one step a year."""
    cursor = cursor_of(session)
    zone = ZoneInfo(request.time_zone).key
    cursor.execute(
        "SELECT extract(year FROM s.received_at AT TIME ZONE %s)::int AS year, count(*)"
        " FROM staged s JOIN fresh USING (source_row) GROUP BY 1 ORDER BY 1",
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
    UPDATE fresh SET
      complaint_no = %(complaint_prefix)s || lpad((%(complaint)s + n)::text, 6, '0'),
      matter_no = %(matter_prefix)s || lpad((%(matter)s + n)::text, 6, '0')
    FROM (
      SELECT s.source_row, row_number() OVER (ORDER BY s.source_row) - 1 AS n
      FROM staged s JOIN fresh USING (source_row)
      WHERE extract(year FROM s.received_at AT TIME ZONE %(zone)s)::int = %(year)s
    ) AS numbered
    WHERE fresh.source_row = numbered.source_row
"""
# A fallback point is not the place of the matter; the complaint keeps it as it came.
_INSERT_MATTERS = """
    INSERT INTO complaint_matter
      (matter_no, title, state, severity, pollution_types, respondent_name, respondent_source_id,
       legal_route, opened_at, closed_at, geom)
    SELECT f.matter_no, left(s.summary, %(title_max)s),
      CASE WHEN f.closed_at IS NULL THEN 'registered' ELSE 'closed' END,
      s.severity, s.pollution_types, f.respondent_name, f.respondent_source_id, f.legal_route,
      s.received_at, f.closed_at,
      CASE WHEN s.place_quality <> 'shared_fallback' THEN s.geom END
    FROM staged s JOIN fresh f USING (source_row) ORDER BY s.source_row
"""
_INSERT_BIRTHS = """
    INSERT INTO event (subject_kind, subject_id, event, to_state, actor_id, at, facts)
    SELECT 'matter', m.id, 'register', m.state,
      (SELECT imported_by FROM import_batch WHERE id = %(batch)s), %(now)s,
      jsonb_build_object('matter_no', m.matter_no, 'imported', true)
        || CASE WHEN s.is_skip_level THEN '{"skip_level": true}'::jsonb ELSE '{}'::jsonb END
    FROM staged s JOIN fresh f USING (source_row) JOIN complaint_matter m USING (matter_no)
    ORDER BY f.source_row
"""
