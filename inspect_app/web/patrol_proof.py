"""The proof of a patrol in words and shapes: outcomes, gaps, figures of the track."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from flask_babel import gettext
from orjson import Fragment

from gis.coverage.faults import FAULTS, Fault
from gis.coverage.outcome import OUTCOMES, REASONS, SHORTFALLS, Outcome, Sentence, VisitOutcome
from gis.coverage.track import GAPS, GapKind, Source
from inspect_app.queries.patrol_proof import SOURCES, PatrolProof
from inspect_app.web.http import time_zone

_EPOCH = pd.Timestamp(0, tz="UTC")
# About 0.1 m.
_DEGREE = 1e-6


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit as the page tells it; `track` only where the track proves something else."""

    outcome: str
    label: str
    reason: str
    track: str
    order: int | None


@dataclass(frozen=True, slots=True)
class GapView:
    """A gap as the page tells it."""

    period: str
    minutes: float | None
    metres: float
    label: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """What one source recorded; only `counted` ones prove a way of the crew."""

    source: str
    label: str
    pieces: int
    length_m: float
    period: str
    counted: bool


@dataclass(frozen=True, slots=True)
class ProofView:
    """The proof as the page tells it: visits by stop, gaps, and the figures of the track."""

    visits: dict[object, VisitView]
    gaps: list[GapView]
    lacks: list[str]
    dropped: list[tuple[str, int]]
    fixes: int
    kept: int
    suspect: int
    pieces: int
    length_m: float
    minutes: float
    astray_share: float | None
    out_of_order: int
    claimed: int
    counts: list[tuple[str, str, int]]
    sources: list[SourceView]


def proof_view(proof: PatrolProof) -> ProofView:
    """Return the proof in the reader's language."""
    track, visits = proof.track, proof.plan.visits
    counts = pd.Series([visit.outcome for visit in visits], dtype=object).value_counts()
    return ProofView(
        visits={visit.visit: _visit(visit) for visit in visits},
        gaps=_gaps(proof),
        lacks=[str(gettext(SHORTFALLS[lack.shortfall])) % lack.facts for lack in proof.lacks],
        dropped=[
            (str(gettext(FAULTS[Fault(fault)])), count)
            for fault, count in sorted(track.dropped.items(), key=lambda each: -each[1])
        ],
        fixes=len(track.fixes),
        kept=track.kept,
        suspect=track.suspect,
        pieces=len(track.pieces),
        length_m=track.length_m,
        minutes=track.duration_s / 60,
        astray_share=proof.astray.share,
        out_of_order=proof.plan.out_of_order,
        claimed=sum(
            visit.outcome is Outcome.done and not visit.proven for visit in proof.plan.visits
        ),
        counts=[
            (outcome.value, str(gettext(label)), int(counts.get(outcome, 0)))
            for outcome, label in OUTCOMES.items()
        ],
        sources=_sources(proof),
    )


_COUNTED = (Source.DEVICE.value, Source.GPX.value)


def _sources(proof: PatrolProof) -> list[SourceView]:
    labels = {proven: str(gettext(source.label)) for source, proven in SOURCES.items()}
    return [
        SourceView(
            source=str(source),
            label=labels[str(source)],
            pieces=len(rows),
            length_m=float(rows["length_m"].sum()),
            period=f"{_clock(rows['start_at'].min())}–{_clock(rows['end_at'].max())}",
            counted=source in _COUNTED,
        )
        for source, rows in proof.track.pieces.groupby("source", sort=True)
    ]


def track_pieces(proof: PatrolProof) -> list[dict[str, Any]]:
    """Return each piece with its source, its line and the time of each point in seconds."""
    points = proof.track.points
    seconds = (points["at"] - _EPOCH) // pd.Timedelta(seconds=1)
    times = {piece: own.tolist() for piece, own in seconds.groupby(points["piece"])}
    shapes = shapes_of(proof.track.pieces)
    return [
        {"source": source, "geometry": shape, "at": times[piece]}
        for piece, source, shape in zip(
            proof.track.pieces.index, proof.track.pieces["source"], shapes, strict=True
        )
    ]


def _visit(visit: VisitOutcome) -> VisitView:
    return VisitView(
        outcome=visit.outcome.value,
        label=str(gettext(OUTCOMES[visit.outcome])),
        reason=_sentence(visit.why),
        track="" if visit.proven else _sentence(visit.track),
        order=visit.order,
    )


def _sentence(sentence: Sentence) -> str:
    return str(gettext(REASONS[sentence.reason])) % sentence.facts


def _gaps(proof: PatrolProof) -> list[GapView]:
    return [
        GapView(
            period=f"{_clock(gap['start_at'])}–{_clock(gap['end_at'])}",
            minutes=None if pd.isna(gap["seconds"]) else gap["seconds"] / 60,
            metres=gap["metres"],
            label=str(gettext(GAPS[GapKind(gap["kind"])])),
        )
        for gap in proof.track.gaps.to_dict("records")
    ]


def gap_marks(proof: PatrolProof) -> list[dict[str, Any]]:
    """Return the two ends of each gap and what to call it."""
    texts = [f"{gap.period} {gap.label}" for gap in _gaps(proof)]
    return [
        {"title": title, "ends": ends}
        for title, ends in zip(texts, shapes_of(proof.track.gaps), strict=True)
    ]


def outcomes_of(proof: PatrolProof) -> dict[str, str]:
    """Return the outcome of each stop by its id."""
    return {str(visit.visit): visit.outcome.value for visit in proof.plan.visits}


def shapes_of(frame: gpd.GeoDataFrame) -> list[Fragment]:
    """Return the geometries as GeoJSON."""
    shapes = shapely.set_precision(frame.geometry.to_numpy(), _DEGREE, mode="pointwise")
    return [Fragment(text) for text in shapely.to_geojson(shapes).tolist()]


def _clock(at: pd.Timestamp) -> str:
    return f"{at.tz_convert(time_zone()):%H:%M}"
