"""Findings in every state, with the steps that led there, measures and photos."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo.complaints import owner_on
from inspect_app.demo.crews import CrewPlan, PatrolObject
from inspect_app.demo.ground import Ground, stored_points
from inspect_app.demo.history import History, StepRow
from inspect_app.demo.lives import BY_KIND, HOURS, LIVES, REASONS, WORDS
from inspect_app.demo.patrols import HOME, Patrols, at
from inspect_app.demo.people import DEPARTMENTS, People
from inspect_app.demo.pictures import Shot, photo
from inspect_app.demo.plane import stream
from inspect_app.domain.access import Role
from inspect_app.domain.codes import MeasureKind, Severity

RECTIFY_DAYS = {"normal": 15, "important": 7, "urgent": 2}
PHOTO_CHANCE = 0.75
CURES = ("submit_rectification", "resolve_on_site")
ORDERS = ("order_rectification", "order_again")
DONE = ("close", "perform")


@dataclass(slots=True)
class Findings:
    """Rows of findings, measures and photos, and the photos' bytes."""

    findings: list[dict[str, object]] = field(default_factory=list)
    measures: list[dict[str, object]] = field(default_factory=list)
    photos: list[dict[str, object]] = field(default_factory=list)
    links: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames."""
        findings = pd.DataFrame(self.findings)
        for column in ("owner_person_id", "handler_person_id"):
            findings[column] = findings[column].astype("Int64")
        return {
            "finding": findings,
            "measure": pd.DataFrame(self.measures),
            "photo": pd.DataFrame(self.photos),
            "finding_photo": pd.DataFrame(self.links),
        }


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and on which stop a finding was made, and the people around it."""

    stop: dict[str, object]
    thing: PatrolObject
    crew: CrewPlan
    lon: float
    lat: float
    grid: int
    owner: int | None
    found_at: datetime


def make_findings(
    seed: int, ground: Ground, people: People, *, patrols: Patrols, history: History, today: date
) -> Findings:
    """Return about 130 findings; every state of a finding occurs."""
    rng = stream(seed, "findings")
    findings = Findings()
    lives = [steps for count, steps in LIVES for _ in range(count)]
    order = rng.permutation(len(lives))
    now = at(today, time(8, 0))
    pool = [made for made in patrols.made if made[0]["result"] == "done"]
    used: set[int] = set()
    chosen = []
    for place in order:
        steps = lives[int(place)]
        hours = [float(rng.uniform(*HOURS[step])) for step in steps]
        made = _stop_for(rng, pool, used, hours=sum(hours), steps=steps, now=now)
        chosen.append((steps, hours, made))
    chosen.sort(key=lambda item: str(item[2][0]["done_at"]))
    spots = _spots(rng, ground, people, made=[made for _, _, made in chosen])
    for (steps, hours, _), spot in zip(chosen, spots, strict=True):
        life = _Life(rng, findings, spot, people=people, ground=ground)
        life.write(history, steps, hours)
    return findings


Made = tuple[dict[str, object], PatrolObject, CrewPlan]


def _stop_for(
    rng: np.random.Generator,
    pool: list[Made],
    used: set[int],
    *,
    hours: float,
    steps: tuple[str, ...],
    now: datetime,
) -> Made:
    """Return an unused stop long enough ago; unfinished findings lie as near to today as fits."""
    ended = steps[-1] in {"close", "perform", "dismiss", "mark_duplicate", "reopen"}
    slack = 24 * 42 if ended else 24 * 5
    latest = now - timedelta(hours=hours + 16 * (len(steps) - 1))
    for widen in (1, 3, 20):
        earliest = latest - timedelta(hours=slack * widen)
        fitting = [
            place
            for place, (row, _, _) in enumerate(pool)
            if place not in used and earliest <= _instant(row["done_at"]) <= latest
        ]
        if fitting:
            place = int(rng.choice(fitting))
            used.add(place)
            return pool[place]
    message = f"no stop of a patrol is old enough for {steps}"
    raise ValueError(message)


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime):
        message = f"not an instant: {value!r}"
        raise TypeError(message)
    return value


def _spots(
    rng: np.random.Generator, ground: Ground, people: People, *, made: list[Made]
) -> list[Spot]:
    """Return the places and people of findings, all looked up at once."""
    xy = np.array([thing.xy[int(rng.integers(len(thing.xy)))] for _, thing, _ in made])
    points = stored_points(xy + rng.normal(0, 9, xy.shape))
    minutes = rng.integers(1, 8, len(made))
    found = [
        _instant(row["done_at"]) - timedelta(minutes=int(early))
        for (row, _, _), early in zip(made, minutes, strict=True)
    ]
    days = pd.Series([pd.Timestamp(instant.astimezone(HOME).date()) for instant in found])
    grids = pd.Series(ground.grids.deepest(points, days), dtype="Int64")
    owners = owner_on(people, grids, days)
    lonlat = shapely.get_coordinates(points)
    return [
        Spot(
            stop=row,
            thing=thing,
            crew=crew,
            lon=float(lonlat[place, 0]),
            lat=float(lonlat[place, 1]),
            grid=int(grids[place]),
            owner=None if pd.isna(owners[place]) else int(owners[place]),
            found_at=found[place],
        )
        for place, (row, thing, crew) in enumerate(made)
    ]


class _Life:
    """One finding from its birth through its steps."""

    def __init__(
        self,
        rng: np.random.Generator,
        findings: Findings,
        spot: Spot,
        *,
        people: People,
        ground: Ground,
    ) -> None:
        self.out, self.people, self.ground, self.rng, self.spot = (
            findings,
            people,
            ground,
            rng,
            spot,
        )
        township = spot.thing.township
        self.station = people.by_role[Role.STATION, township]
        self.chief = people.by_role[Role.CHIEF, township][0]
        self.deputy = people.by_role[Role.DEPUTY, None][0]
        self.officers = people.by_role[Role.INSPECTOR, None]
        self.number = len(findings.findings) + 1
        kinds = BY_KIND[spot.thing.kind.value]
        self.kind = kinds[int(rng.integers(len(kinds)))]
        if spot.thing.id <= 3 and spot.thing.kind.value == "outlet":
            self.kind = "zone_violation"
        self.severity = str(rng.choice(["normal", "important", "urgent"], p=[0.7, 0.24, 0.06]))
        self.handler = self._who_handles()
        self.columns: dict[str, object] = {"due_at": None, "handler_person_id": None, "orders": 0}
        self.cured: list[str] = []

    def _who_handles(self) -> int:
        workers = {
            p for (role, _), ids in self.people.by_role.items() if role is Role.WORKER for p in ids
        }
        local = self.people.by_role.get((Role.WORKER, self._village()), [])
        crew = [member for member in self.spot.crew.members if member in workers]
        if crew and self.rng.random() < 0.35:
            return crew[0]
        if self.spot.owner in workers:
            return int(self.spot.owner or 0)
        return local[0] if local else self.station[-1]

    def _village(self) -> int:
        return int(self.ground.grids.frame.parent_id[self.spot.grid - 1])

    def write(self, history: History, steps: tuple[str, ...], hours: list[float]) -> None:
        """Write the finding, its events, measures and photos."""
        clock = self.spot.found_at
        rows = []
        before = bool(self.rng.random() < PHOTO_CHANCE)
        if before:
            self._photo(clock, stage="before")
        for step, gap in zip(steps, hours, strict=True):
            clock = clock + timedelta(minutes=4) if step == "report" else self._office(clock, gap)
            rows.append(self._step(step, clock))
        state = history.live("finding", self.number, rows)
        found = self.spot.found_at
        words = WORDS[self.kind]
        self.out.findings.append(
            {
                "id": self.number,
                "uid": UUID(bytes=self.rng.bytes(16), version=4),
                "grid_id": self.columns.get("grid_id", self.spot.grid),
                "owner_person_id": self.columns.get("owner_person_id", self.spot.owner),
                "finding_no": f"{rows[0].at.astimezone(HOME).year}{self._serial(rows[0].at):06d}",
                "finding_type": self.kind,
                "severity": self.severity,
                "state": state,
                "description": words[int(self.rng.integers(len(words)))].format(
                    name=self.spot.thing.name
                ),
                "origin": "patrol",
                "patrol_stop_id": self.spot.stop["id"],
                "object_kind": self.spot.thing.kind.value,
                "object_id": self.spot.thing.id,
                "found_on": found.astimezone(HOME).date(),
                "found_at": found,
                "reported_at": rows[0].at,
                "reported_by": rows[0].actor,
                "handler_person_id": self.columns["handler_person_id"],
                "due_at": self.columns["due_at"],
                "orders": self.columns["orders"],
                "closed_at": self.columns.get("closed_at"),
                "geom": shapely.Point(self.spot.lon, self.spot.lat),
            }
        )

    def _serial(self, reported: datetime) -> int:
        year = reported.astimezone(HOME).year
        return 1 + sum(
            _instant(row["reported_at"]).astimezone(HOME).year == year for row in self.out.findings
        )

    def _office(self, before: datetime, hours: float) -> datetime:
        """Return the instant of a step: some hours later, moved into the working day."""
        if hours < 1:
            return before + timedelta(hours=hours)
        local = (before + timedelta(hours=hours)).astimezone(HOME)
        if local.hour < 8 or local.hour >= 18:
            days = 1 if local.hour >= 18 else 0
            morning = local.replace(hour=8, minute=int(self.rng.integers(20, 59)))
            local = morning + timedelta(days=days)
        return local.astimezone(UTC)

    def _due(self, clock: datetime) -> datetime:
        days = RECTIFY_DAYS[self.severity]
        return at(clock.astimezone(HOME).date() + timedelta(days=days), time(23, 59, 59))

    def _step(self, step: str, clock: datetime) -> StepRow:
        """Return one step with its actor and facts; columns of the finding follow it."""
        facts: dict[str, object] = {}
        if step in {"assign", "decline_case"}:
            self.columns["handler_person_id"] = self.handler
            facts["handler_person_id"] = self.handler
        if step in {"assign", "forward", *ORDERS}:
            due = self._due(clock)
            self.columns["due_at"] = due
            facts["due_at"] = due.isoformat()
        facts |= self._facts(step, clock)
        return StepRow(step, clock, self._actor(step), REASONS.get(step, ""), facts)

    def _facts(self, step: str, clock: datetime) -> dict[str, object]:
        effects = {
            "report": self._reported,
            "verify": self._verified,
            "hand_to_enforcement": self._verified,
            "escalate": self._escalated,
            "forward": self._forwarded,
            "file_case": self._filed,
            "reopen": self._reopened,
        }
        if step in CURES:
            self.cured = [self._photo(clock - timedelta(minutes=20), stage="after")]
            return {"photos": self.cured}
        if step in ORDERS:
            return self._ordered(step, clock)
        if step in DONE:
            self.columns["closed_at"] = clock
            return {"photos": self.cured} if self.cured else {}
        return effects[step](clock) if step in effects else {}

    def _reported(self, clock: datetime) -> dict[str, object]:
        day = clock.astimezone(HOME).date()
        days = 1 if day.weekday() < 4 else 7 - day.weekday()
        self.columns["due_at"] = at(day + timedelta(days=days), time(23, 59, 59))
        return {}

    def _verified(self, _clock: datetime) -> dict[str, object]:
        self.columns["due_at"] = None
        return {}

    def _escalated(self, _clock: datetime) -> dict[str, object]:
        upper = self._village()
        when = pd.Series([pd.Timestamp(self.spot.found_at.astimezone(HOME).date())])
        owner = owner_on(self.people, pd.Series([upper], dtype="Int64"), when).iloc[0]
        self.columns["grid_id"] = upper
        self.columns["owner_person_id"] = None if pd.isna(owner) else int(owner)
        return {"upper_grid_id": upper}

    def _forwarded(self, _clock: datetime) -> dict[str, object]:
        return {"department": DEPARTMENTS[int(self.rng.integers(len(DEPARTMENTS)))]}

    def _filed(self, clock: datetime) -> dict[str, object]:
        case_no = f"宁环罚立〔{clock.year}〕{self.number}号"
        return {"case_no": case_no, "officers": self.officers[:2]}

    def _reopened(self, _clock: datetime) -> dict[str, object]:
        empty = {"closed_at": None, "due_at": None, "handler_person_id": None, "orders": 0}
        self.columns |= empty
        return {}

    def _ordered(self, step: str, clock: datetime) -> dict[str, object]:
        self.columns["orders"] = int(str(self.columns["orders"])) + 1
        kind = (
            MeasureKind.RECTIFICATION_NOTICE if step == ORDERS[0] else MeasureKind.ORDER_TO_CORRECT
        )
        document = f"宁环限改〔{clock.year}〕{len(self.out.measures) + 1}号"
        self.out.measures.append(
            {
                "id": len(self.out.measures) + 1,
                "finding_id": self.number,
                "kind": kind.value,
                "document_no": document,
                "due_at": self.columns["due_at"],
                "issued_at": clock,
                "issued_by": self._actor(step),
                "note": None,
            }
        )
        facts: dict[str, object] = {"document_no": document, "measure_kind": kind.value}
        return facts | ({"rounds_max": 2} if step == ORDERS[1] else {})

    def _actor(self, step: str) -> int:
        major = self.severity != Severity.NORMAL
        actors = {
            "report": self.spot.crew.members[0],
            "resolve_on_site": self.spot.crew.members[0],
            "assign": self.chief,
            "escalate": self.chief,
            "forward": self.deputy,
            "feedback": self.deputy,
            "submit_rectification": self.handler,
            "hand_to_enforcement": self.deputy,
            "decline_case": self.officers[0],
            "file_case": self.officers[0],
            "penalise": self.officers[0],
            "perform": self.officers[0],
            "close": self.deputy if major else self.chief,
        }
        if step.startswith("recheck"):
            return self.officers[1] if self.station[0] == self.handler else self.station[0]
        return actors.get(step, self.station[0])

    def _photo(self, taken: datetime, *, stage: str) -> str:
        cured = stage == "after"
        shot = Shot(self.spot.lon, self.spot.lat, taken, self.kind, cured)
        name, content = photo(self.rng, shot)
        self.out.files[name] = content
        self.out.photos.append(
            {
                "sha256": name,
                "media_type": "image/jpeg",
                "size": len(content),
                "width": 640,
                "height": 480,
                "taken_at": taken,
                "received_at": taken + timedelta(minutes=6),
                "received_from": self.handler if cured else self.spot.crew.members[0],
                "geom": shapely.Point(self.spot.lon, self.spot.lat),
            }
        )
        self.out.links.append({"finding_id": self.number, "photo_sha256": name, "stage": stage})
        return name
