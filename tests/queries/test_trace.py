"""Up and down the water in the database: suspects with reasons, whom to warn, scope, plan, cost."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from shapely.geometry import MultiPolygon, Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Scope
from inspect_app.domain.codes import OutletClass, SourceKind, StationKind
from inspect_app.domain.suspicion import Evidence, PointRules, suspicion
from inspect_app.domain.waste import OUTLETS, SOURCES, Waste
from inspect_app.domain.waste_words import told_of
from inspect_app.models import ProtectionZone, WaterSource
from inspect_app.queries.policies import PolicyMissing
from inspect_app.queries.trace import (
    Reader,
    Start,
    reading,
    start_of_finding,
    start_of_matter,
    trace,
)
from tests.conftest import NOW
from tests.factories import (
    add,
    ewkt,
    make_finding,
    make_grid,
    make_matter,
    make_outlet,
    make_owner,
    make_person,
    make_policies,
    make_source,
    make_station,
    make_waterway,
)

READER = Reader(EVERYWHERE, NOW, NOW.date())
DEGREE_KM = 95.5  # one degree of longitude at 31 N
RULES = PointRules(40, 30, 30, 5, 6, 10, 0.5, history_days=365)


def one_grid(session: Session, west: float, east: float, **values):
    return make_grid(session, shape=box(west, 30.9, east, 31.1), **values)


@pytest.fixture
def river(session: Session):
    """Return a river along 31 N from 120.00 to 120.30 E, a brook into it, a canal off it.

    Two grids meet at 120.1 E.
    """
    make_policies(session)
    west, east = one_grid(session, 119.9, 120.1, name="西镇"), one_grid(session, 120.1, 120.4)
    make_owner(session, west, person=make_person(session, name="西主任", phone="13800000001"))
    make_owner(session, east, person=make_person(session, name="东主任", phone="13800000002"))
    main = make_waterway(
        session,
        [(120.0, 31), (120.05, 31), (120.1, 31), (120.3, 31)],
        name="大河",
        kind="river",
        flow_direction="digitised",
    )
    make_waterway(
        session,
        [(120.05, 31.05), (120.05, 31.0002)],
        name="小溪",
        flow_direction="digitised",
        flows_into_id=main.id,
    )
    canal = make_waterway(
        session, [(120.1, 31.06), (120.1, 31)], name="干渠", flow_direction="reversed"
    )
    session.flush()
    return {"west": west, "east": east, "main": main, "canal": canal}


def test_outlets_and_sources_upstream_are_ranked_with_their_reasons(session, river):
    mill = make_source(
        session, 120.085, 31.002, name="东沟造纸厂", kind="paper_mill", grid_id=river["west"].id
    )
    farm = make_source(session, 120.05, 31.03, kind="livestock", grid_id=river["west"].id)
    outlet = make_outlet(
        session,
        120.04,
        31.0003,
        outlet_class="1.1",
        source_id=make_source(session, 120.04, 31.2).id,
        waterway_id=river["main"].id,
        grid_id=river["west"].id,
    )
    make_outlet(session, 120.2, 31.0, grid_id=river["east"].id)  # downstream
    make_outlet(session, 120.1, 31.03, grid_id=river["west"].id)  # the canal flows away
    late = NOW - timedelta(days=3)
    make_finding(
        session,
        at=NOW - timedelta(days=30),
        object_kind="outlet",
        object_id=outlet.id,
        state="rectification_ordered",
        due_at=late,
    )
    matter = make_matter(
        session,
        at=NOW,
        title="河水发黑",
        grid_id=river["west"].id,
        geom=ewkt(Point(120.0899, 31.0005)),
    )
    start = start_of_matter(session, EVERYWHERE, matter.id)
    start = replace(start, told=frozenset({Waste.INDUSTRIAL}), text="东沟造纸厂排黑水")
    found = trace(session, start, READER)
    assert found.water.name == "大河"
    assert found.water.distance_m == pytest.approx(55, abs=2)
    by_id = {(one.kind, one.id): one for one in found.suspects}
    assert set(by_id) == {("source", mill.id), ("outlet", outlet.id), ("source", farm.id)}
    assert [one.id for one in found.suspects] == [mill.id, outlet.id, farm.id]
    first = by_id["source", mill.id]
    assert first.distance_m == pytest.approx(0.0049 * DEGREE_KM * 1_000, rel=0.01)
    assert [str(reason) for reason in first.reasons] == [
        "沿水路 0.5 公里,38 分",
        "所排工业废水与反映的相符,加 30 分",
        "正是被反映的单位,加 30 分",
    ]
    second = by_id["outlet", outlet.id]
    assert "近 365 天有问题 1 件、投诉 0 件,加 5 分" in map(str, second.reasons)
    assert "1 件整改逾期未完成,加 10 分" in map(str, second.reasons)
    # By the river to the mouth of the brook, which is led the 20 m to it, then up the brook.
    along = 0.0399 * DEGREE_KM * 1_000 + 0.03 * 110_900
    assert by_id["source", farm.id].distance_m == pytest.approx(along, rel=0.01)


def test_intakes_zones_sections_and_grids_downstream_are_told_with_todays_owner(session, river):
    intake = add(
        session,
        WaterSource(
            name="城关水源地",
            source_type="river",
            geom=ewkt(Point(120.15, 31.0003)),
            grid_id=river["east"].id,
        ),
    )
    add(
        session,
        ProtectionZone(
            name="一级区",
            zone_level="level_1",
            water_source_id=intake.id,
            geom=ewkt(MultiPolygon([box(120.14, 30.99, 120.151, 31.01)])),
        ),
    )
    kind = StationKind.MONITORING_SECTION.value
    make_station(session, 120.2, 31.0, name="断面", kind=kind, grid_id=river["east"].id)
    make_station(session, 120.02, 31.0, name="上游断面", kind=kind, grid_id=river["west"].id)
    found = trace(session, Start(120.09, 31.0), READER)
    told = [(one.kind, one.name, one.keeper.name, one.keeper.phone) for one in found.warned]
    assert told == [
        ("zone", "一级区", "东主任", "13800000002"),
        ("water_source", "城关水源地", "东主任", "13800000002"),
        ("station", "断面", "东主任", "13800000002"),
        ("grid", "西镇", "西主任", "13800000001"),
        ("grid", river["east"].name, "东主任", "13800000002"),
    ]
    metres = [one.distance_m for one in found.warned]
    assert metres == pytest.approx(
        [share * DEGREE_KM * 1_000 for share in (0.05, 0.06, 0.11, 0, 0.01)], rel=0.01, abs=1
    )
    near = trace(session, Start(120.09, 31.0), READER, km=5)
    assert [one.kind for one in near.warned] == ["zone", "grid", "grid"]


def test_a_grid_without_owner_names_the_one_above(session, river):
    deep = make_grid(session, parent=river["east"], shape=box(120.1, 30.9, 120.4, 31.1))
    found = trace(session, Start(120.2, 31.0), READER)
    assert [(one.id, one.keeper.name, one.keeper.grid_name) for one in found.warned] == [
        (deep.id, "东主任", river["east"].name)
    ]


def test_what_lies_outside_the_readers_grids_is_counted_and_not_named(session, river):
    make_source(session, 120.05, 31.0, name="外单位", grid_id=river["west"].id)
    reader = replace(READER, scope=Scope(everywhere=False, grid_paths=(river["east"].path,)))
    found = trace(session, Start(120.09, 31.0), reader)
    assert (found.suspects, found.hidden_suspects) == ((), 1)
    assert ([one.name for one in found.warned], found.hidden_warned) == ([river["east"].name], 1)


@pytest.mark.usefixtures("river")
def test_a_place_far_from_water_says_how_far(session):
    found = trace(session, Start(120.02, 31.04), READER)
    assert found.water is None
    assert str(found.fault) == ("1000 米内没有河道或渠道:最近的“小溪”在 2864 米外,无法溯源")
    nowhere = trace(session, Start(110.0, 25.0), READER)
    assert str(nowhere.fault) == "周围没有河道或渠道的资料,无法溯源"


def test_another_water_nearby_may_be_chosen(session, river):
    here = Start(120.0998, 31.0008)
    found = trace(session, here, READER)
    assert (found.water.name, [one.name for one in found.choices]) == ("干渠", ["大河"])
    other = trace(session, here, READER, water_id=river["main"].id)
    assert (other.water.name, [one.name for one in other.choices]) == ("大河", ["干渠"])


def test_unknown_directions_gates_and_loose_ends_are_said(session, river):
    ditch = make_waterway(session, [(120.07, 31.02), (120.07, 31)], name="无名沟")
    make_waterway(
        session,
        [(120.03, 31.03), (120.03, 31.01)],
        name="断头沟",
        flow_direction="digitised",
        flows_into_id=river["main"].id,
    )
    make_station(
        session, 120.07, 31.001, kind=StationKind.GATE.value, waterway_id=ditch.id, name="闸"
    )
    make_source(session, 120.07, 31.015, name="沟边厂")
    found = trace(session, Start(120.09, 31.0), READER)
    assert found.unsure == ("无名沟",)
    assert found.apart == (("断头沟", pytest.approx(1_109, rel=0.01)),)
    (source,) = found.suspects
    assert (source.certain, source.gates) == (False, 1)
    assert [str(reason) for reason in source.reasons][1:] == [
        "途中有流向不明的水道,只是可能,得分乘以 0.5",
        "途经 1 座闸,关闸时水不通",
    ]
    assert found.upstream.possible_m == pytest.approx(0.02 * 110_900, rel=0.01)


def test_starts_outside_the_scope_are_not_found(session, river):
    matter = make_matter(session, at=NOW, grid_id=river["west"].id)
    finding = make_finding(session, at=NOW, grid_id=river["west"].id, description="养殖粪水")
    east = Scope(everywhere=False, grid_paths=(river["east"].path,))
    assert start_of_matter(session, east, matter.id) is None
    assert start_of_finding(session, east, finding.uid) is None
    start = start_of_finding(session, EVERYWHERE, finding.uid)
    assert (start.title, start.told) == (finding.finding_no, {Waste.FARMING})


def test_a_county_without_the_numbers_says_which_is_missing(session):
    with pytest.raises(PolicyMissing, match="trace_upstream_km"):
        trace(session, Start(120.0, 31.0), READER)


@pytest.mark.usefixtures("river")
def test_every_reading_uses_the_index_of_its_table(session):
    session.execute(text("SET LOCAL enable_seqscan = off"))
    window = reading.Window.around(120.09, 31.0, radius_m=9_000).as_parameters()
    for sql, table in (
        (reading.WATERWAYS, "waterway"),
        (reading.OUTLETS, "outlet"),
        (reading.SOURCES, "pollution_source"),
        (reading.STATIONS, "station"),
        (reading.INTAKES, "water_source"),
    ):
        plan = session.execute(text(f"EXPLAIN {sql}"), window | {"kinds": ["gate"]})
        assert f"idx_{table}_geom" in "\n".join(plan.scalars())


RECURSIVE = """
WITH RECURSIVE edge AS (
    SELECT w.id, ST_StartPoint(part.geom) AS u, ST_EndPoint(part.geom) AS v
    FROM waterway w, ST_Dump(w.geom) AS part WHERE w.flow_direction = 'digitised'
), above(id) AS (
    SELECT id FROM edge WHERE id = :id
    UNION
    SELECT lower.id FROM edge lower JOIN edge upper ON ST_DWithin(lower.v, upper.u, 1e-7)
    JOIN above ON above.id = upper.id
)
SELECT id FROM above
"""


def test_a_recursive_query_finds_the_same_waters_upstream(session):
    make_policies(session)
    steps = [(x, y) for x in range(6) for y in range(4)]
    ids = {}
    for number, (x, y) in enumerate(steps):
        for dx, dy in ((1, 0), (0, 1)):
            if (number * 7 + dx * 3) % 4 == 0:
                continue
            line = [(120 + 0.01 * a, 31 + 0.01 * b) for a, b in ((x, y), (x + dx, y + dy))]
            line = line[::-1] if (number + dy) % 5 == 0 else line
            way = make_waterway(session, line, flow_direction="digitised")
            ids[way.id] = way.name
    for start in list(ids)[::6]:
        middle = session.execute(
            text(
                "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_LineInterpolatePoint("
                "ST_GeometryN(geom, 1), 0.5) AS p FROM waterway WHERE id = :id) AS one"
            ),
            {"id": start},
        ).one()
        wanted = set(session.scalars(text(RECURSIVE), {"id": start}))
        found = trace(session, Start(*middle), READER, km=60, water_id=start)
        assert found.water.id == start
        assert found.upstream.certain_m > 0
        for one in wanted:
            lon, lat = session.execute(
                text(
                    "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_LineInterpolatePoint("
                    "ST_GeometryN(geom, 1), 0.4) AS p FROM waterway WHERE id = :id) AS one"
                ),
                {"id": one},
            ).one()
            make_outlet(session, lon, lat, name=f"{start}/{one}", waterway_id=one)
        again = trace(session, Start(*middle), READER, km=60, water_id=start)
        mine = {one.name for one in again.suspects if one.name.startswith(f"{start}/")}
        names = {f"{start}/{one}" for one in wanted}
        assert mine | {f"{start}/{start}"} == names | {f"{start}/{start}"}


def test_points_add_up_and_nothing_known_is_the_distance_alone():
    told = suspicion(Evidence(2_500, 10_000), RULES)
    assert (told.points, [str(one) for one in told.reasons]) == (30, ["沿水路 2.5 公里,30 分"])
    worst = Evidence(
        0,
        10_000,
        certain=False,
        gates=2,
        matching=frozenset({Waste.STORM, Waste.INDUSTRIAL}),
        named=True,
        findings=9,
        complaints=9,
        overdue=1,
    )
    found = suspicion(worst, RULES)
    assert found.points == 0.5 * (40 + 30 + 30 + 5 * 6 + 10)
    assert "所排工业废水与反映的相符,加 30 分" in map(str, found.reasons)


def test_every_class_and_kind_says_what_it_lets_out():
    assert set(OUTLETS) == set(OutletClass)
    assert set(SOURCES) == set(SourceKind)
    assert told_of("养猪场粪水雨后漫流") == {Waste.FARMING, Waste.STORM}
    assert told_of("夜间有刺鼻气味") == frozenset()


def test_a_trace_of_the_demo_county_is_fast(seeded, server):
    from sqlalchemy import create_engine

    engine = create_engine(server(seeded.name))
    with Session(engine) as county:
        ids = county.scalars(
            text(
                "SELECT m.id FROM complaint_matter m WHERE 'water' = ANY(m.pollution_types)"
                " AND EXISTS (SELECT FROM waterway w WHERE ST_DWithin(w.geom, m.geom, 0.002))"
                " ORDER BY m.id LIMIT 12"
            )
        )
        spent = []
        for number in ids:
            start = start_of_matter(county, EVERYWHERE, number)
            began = time.process_time()
            found = trace(county, start, READER)
            spent.append(time.process_time() - began)
            assert found.water is not None
            assert found.upstream.certain_m + found.downstream.certain_m > 0
    engine.dispose()
    assert len(spent) == 12
    assert sorted(spent)[6] < 0.3
