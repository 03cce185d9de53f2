"""Milliseconds per layer: GeoJSON of a screen and vector tiles at z 9–14, on a seeded database.

Run with DATABASE_URL of a database that `inspect-app seed` filled; nothing is created or written.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from inspect_app.config import Settings
from inspect_app.db import make_engine, map_reader, session_factory, transaction
from inspect_app.domain.access import EVERYWHERE
from inspect_app.queries import features as reads
from inspect_app.queries.features import Bounds, FeatureQuery
from layers.base import Layer
from layers.registry import all_layers

ZOOMS = range(9, 15)
ROUNDS = 5
LIMIT = 5000
SCREEN_PX = (1280, 800)


def timed(work: Callable[[], object]) -> float:
    """Return the median milliseconds of some rounds; the first, cold one is left out."""
    work()
    spent = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        spent.append((perf_counter() - start) * 1000)
    return median(spent)


def screen(extent: Bounds, zoom: int) -> Bounds:
    """Return what a desk's screen shows around the middle of the county."""
    width = SCREEN_PX[0] * 360 / 256 / 2**zoom
    height = width * SCREEN_PX[1] / SCREEN_PX[0]
    lon, lat = (extent.west + extent.east) / 2, (extent.south + extent.north) / 2
    return Bounds(lon - width / 2, lat - height / 2, lon + width / 2, lat + height / 2)


def middle_tile(extent: Bounds, zoom: int) -> tuple[int, int, int]:
    """Return the tile in the middle of the county."""
    lon, lat = (extent.west + extent.east) / 2, (extent.south + extent.north) / 2
    x = int((lon + 180) / 360 * 2**zoom)
    low, high = 0, 2**zoom - 1
    while low < high:  # rows run from north to south
        y = (low + high) // 2
        low, high = (y + 1, high) if reads.tile_bounds(zoom, x, y).south > lat else (low, y)
    return zoom, x, low


def measured(session: Session, layer: Layer, extent: Bounds) -> Iterator[str]:
    """Yield the cells of a layer's row: GeoJSON and tile per zoom."""
    now = datetime.now(UTC)
    today = now.date()
    for zoom in ZOOMS:
        query = FeatureQuery(
            layer=layer,
            scope=EVERYWHERE,
            now=now,
            today=today,
            week=week_of(today),
            zoom=zoom,
            bounds=screen(extent, zoom),
        )

        def geojson(query: FeatureQuery = query, zoom: int = zoom) -> object:
            if zoom < layer.cluster_below:
                return reads.clusters(session, query, zoom=zoom)
            return reads.features(session, query, limit=LIMIT)

        def tile(query: FeatureQuery = query, zoom: int = zoom) -> object:
            return reads.tile(session, query, middle_tile(extent, zoom))

        yield f"{timed(geojson):.1f} | {timed(tile):.1f}"


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def main() -> None:
    """Print one row per layer: milliseconds of GeoJSON | tile at each zoom."""
    engine = make_engine(Settings())  # type: ignore[call-arg]  # filled from the environment
    table = Table("layer", *(f"z{zoom} ms" for zoom in ZOOMS), title="GeoJSON of a screen | tile")
    with transaction(session_factory(engine)) as session, map_reader(session):
        extent = reads.extent(session, EVERYWHERE, day=datetime.now(UTC).date())
        if extent is None:
            message = "the database has no grids: run inspect-app seed first"
            raise SystemExit(message)
        for key, layer in all_layers().items():
            table.add_row(key, *measured(session, layer, extent))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
