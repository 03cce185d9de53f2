"""Features of layers: bounds, index, role, sums by cells, tiles against PostGIS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import wkb
from shapely.geometry import Point, box
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from inspect_app.db import map_reader
from inspect_app.domain.access import EVERYWHERE, NOWHERE, Scope
from inspect_app.models import PollutionSource, Road
from inspect_app.queries import features as reads
from inspect_app.queries.features import Bounds, FeatureQuery, tile_bounds
from inspect_app.queries.features.geojson import CELL_PX, TILE_PX
from inspect_app.queries.features.query import narrowed, rows_of
from layers.base import Layer
from layers.registry import all_layers
from tests.conftest import NOW
from tests.county import MONDAY, County, furnish, make_county

WHOLE = Bounds(119, 29, 122, 32)
LAYERS = pytest.mark.parametrize("layer", all_layers().values(), ids=all_layers())


@pytest.fixture
def county(session: Session) -> County:
    county = make_county(session)
    furnish(session, county)
    session.flush()
    return county


def ask(layer: Layer | str, **values) -> FeatureQuery:
    layer = all_layers()[layer] if isinstance(layer, str) else layer
    values = {"scope": EVERYWHERE, "bounds": WHOLE, "zoom": 15} | values
    return FeatureQuery(layer=layer, now=NOW, today=NOW.date(), week=MONDAY, **values)


@LAYERS
@pytest.mark.usefixtures("county")
def test_a_layer_runs_as_the_role_of_maps_and_its_classes_are_in_the_legend(
    session: Session, layer: Layer
):
    with map_reader(session):
        found = reads.features(session, ask(layer), limit=100)
    assert found.features
    assert found.count == len(found.features)
    known = {swatch.value for swatch in layer.legend}
    assert {each["properties"]["class"] for each in found.features} <= known


@LAYERS
@pytest.mark.usefixtures("county")
def test_a_layer_keeps_the_bounds_on_the_map_and_in_tiles(session: Session, layer: Layer):
    away = ask(layer, bounds=Bounds(100, 20, 101, 21))
    assert reads.features(session, away, limit=10).count == 0
    assert reads.tile(session, ask(layer), (9, 0, 0)) == b""


@LAYERS
@pytest.mark.usefixtures("county")
def test_a_person_without_grids_sees_plain_geography_only(session: Session, layer: Layer):
    count = reads.totals(session, ask(layer, scope=NOWHERE))[0]
    assert (count > 0) == layer.everyone


@pytest.mark.parametrize("table", ["pii.reporter", "account", "web_session", "audit_entry"])
def test_the_role_of_maps_cannot_read_reporters_and_accounts(session: Session, table: str):
    savepoint = session.begin_nested()
    session.execute(text("SET LOCAL ROLE inspect_map"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(f"TABLE {table}"))
    savepoint.rollback()


def many_sources(session: Session, county: County, *, count: int) -> list[tuple[float, float]]:
    spread = np.random.default_rng(7).uniform((120, 30), (121, 30.5), (count, 2))
    places = [(float(lon), float(lat)) for lon, lat in spread]
    grid = county.units["west_south"].id
    session.execute(
        PollutionSource.__table__.insert(),
        [
            {"name": f"源{n}", "grid_id": grid, "geom": f"SRID=4490;POINT({lon} {lat})"}
            for n, (lon, lat) in enumerate(places)
        ],
    )
    return places


def plan_of(session: Session, query: FeatureQuery) -> str:
    rows = rows_of(query)
    statement = select(rows.c.id).where(*narrowed(query, rows))
    bare = statement.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    lines = session.connection().exec_driver_sql(f"EXPLAIN {bare}", bare.params).scalars()
    return "\n".join(lines)


def test_bounds_are_served_by_the_spatial_index(session: Session, county: County):
    many_sources(session, county, count=3000)
    session.execute(text("ANALYZE pollution_source"))
    plan = plan_of(session, ask("sources", bounds=Bounds(120.5, 30.2, 120.51, 30.21)))
    assert "idx_pollution_source_geom" in plan


@LAYERS
@pytest.mark.usefixtures("county")
def test_the_select_of_a_layer_leaves_the_spatial_index_usable(session: Session, layer: Layer):
    session.execute(text("SET LOCAL enable_seqscan = off"))
    for name in ("enable_mergejoin", "enable_hashjoin"):
        session.execute(text(f"SET LOCAL {name} = off"))
    plan = plan_of(session, ask(layer, bounds=Bounds(120.5, 30.2, 120.50001, 30.20001)))
    assert "&&" in plan
    assert "SubqueryScan" not in plan.replace(" ", "")


def test_clusters_name_true_sums_and_equal_a_count_by_hand(session: Session, county: County):
    places = many_sources(session, county, count=500)
    view = Bounds(120.2, 30.1, 120.6, 30.4)
    found = reads.clusters(session, ask("sources", bounds=view), zoom=10)
    cell = CELL_PX / TILE_PX * 360 / 2**10
    own = [(source.x, source.y) for source in furnished(session)]
    expected: dict[tuple[int, int], int] = {}
    low, high = (
        (view.west // cell, view.south // cell),
        (-(-view.east // cell), -(-view.north // cell)),
    )
    for lon, lat in [*places, *own]:
        at = (lon // cell, lat // cell)
        if low[0] <= at[0] < high[0] and low[1] <= at[1] < high[1]:
            expected[at] = expected.get(at, 0) + 1
    assert sorted(each["properties"]["count"] for each in found.features) == sorted(
        expected.values()
    )
    assert found.count == sum(expected.values())
    assert all((f["id"] is not None) == (f["properties"]["count"] == 1) for f in found.features)


def furnished(session: Session) -> list[Point]:
    """Places of the two sources of the small county."""
    rows = session.scalars(
        select(func.ST_AsBinary(PollutionSource.geom)).where(PollutionSource.name.like("企业%"))
    )
    return [wkb.loads(bytes(row)) for row in rows]


def test_an_answer_that_is_cut_says_so_and_keeps_the_true_number(session: Session, county: County):
    many_sources(session, county, count=50)
    found = reads.features(session, ask("sources"), limit=10)
    assert (found.shown, found.count) == (10, 52)


def test_a_list_has_every_row_once_over_its_pages(session: Session, county: County):
    many_sources(session, county, count=120)
    pages = [reads.listing(session, ask("sources"), sort="-name", page=n) for n in (1, 2, 3)]
    ids = [row["id_"] for page in pages for row in page.rows]
    assert len(ids) == len(set(ids)) == pages[0].count == 122
    assert pages[0].pages == 3
    names = [row["name"] for page in pages for row in page.rows]
    assert names == sorted(names, reverse=True)


def test_a_list_without_any_condition_counts_all_its_rows(session: Session, county: County):
    many_sources(session, county, count=3)
    found = reads.listing(session, ask("sources", bounds=None, zoom=None))
    assert (found.count, found.number, len(found.rows)) == (5, 5, 5)


def test_scope_by_path_does_not_let_a_neighbour_with_a_longer_number_in(
    session: Session, county: County
):
    scope = Scope(everywhere=False, grid_paths=(county.west.path,))
    listed = reads.listing(session, ask("grids", scope=scope, zoom=None)).rows
    assert {row["name"] for row in listed} == {
        county.west.name,
        county.units["west_south"].name,
        county.units["west_north"].name,
    }


def test_grids_are_townships_on_small_scales_and_the_deepest_on_large_ones(
    session: Session, county: County
):
    far = {row["name"] for row in reads.listing(session, ask("grids", zoom=10)).rows}
    near = {row["name"] for row in reads.listing(session, ask("grids", zoom=11)).rows}
    assert far == {county.west.name, county.east.name}
    assert near == {unit.name for unit in county.units.values()}


def test_hostile_names_come_out_as_they_went_in(session: Session):
    evil = "${alert(1)}<img src=x onerror=alert(2)></script>\u2028`"
    session.add(
        Road(
            name=evil,
            road_class="primary",
            length_m=1.0,
            geom="SRID=4490;MULTILINESTRING((120 30, 120.1 30))",
        )
    )
    session.flush()
    found = reads.features(session, ask("roads"), limit=5)
    assert found.features[0]["properties"]["name"] == evil


@settings(max_examples=40)
@given(st.integers(0, 20), st.floats(0, 0.999999), st.floats(0, 0.999999))
def test_tile_bounds_nest_and_stay_on_earth(z: int, across: float, down: float):
    x, y = int(across * 2**z), int(down * 2**z)
    bounds = tile_bounds(z, x, y)
    assert -180 <= bounds.west < bounds.east <= 180
    if z:
        parent = tile_bounds(z - 1, x // 2, y // 2)
        outer, inner = box(*edges(parent)), box(*edges(bounds))
        assert outer.buffer(1e-9).contains(inner)


def edges(bounds: Bounds) -> tuple[float, float, float, float]:
    return bounds.west, bounds.south, bounds.east, bounds.north


@pytest.mark.parametrize("place", [(0, 0, 0), (9, 427, 210), (14, 13655, 6700)])
def test_tile_bounds_agree_with_postgis(session: Session, place: tuple[int, int, int]):
    envelope = func.ST_Transform(func.ST_TileEnvelope(*place), 4326)
    corners = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    theirs = session.execute(select(*(corner(envelope) for corner in corners))).one()
    margin = 360 / 2 ** place[0] / 32
    for own, other in zip(edges(tile_bounds(*place)), theirs, strict=True):
        assert own == pytest.approx(other, abs=margin)


@pytest.mark.parametrize("place", [(21, 0, 0), (3, 8, 0), (3, 0, 8), (-1, 0, 0)])
def test_a_tile_outside_the_pyramid_is_refused(place: tuple[int, int, int]):
    with pytest.raises(reads.TileInvalid):
        tile_bounds(*place)


@pytest.mark.parametrize(
    "edges", [(1, 0, 0, 1), (0, 0, 0, 1), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)]
)
def test_bounds_that_are_no_rectangle_are_refused(edges: tuple[float, ...]):
    with pytest.raises(reads.BoundsInvalid):
        Bounds(*edges)
