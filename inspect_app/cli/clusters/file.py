"""`inspect-app clusters scan`: where and when a file of points has more than usual."""

import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from gis.clusters import Cluster, ScanResult, ScanRules, Study, Verdict, scan
from gis.crs import metric_crs_for, name_of, project, unproject
from gis.rejection import Rejection
from inspect_app.cli.edge import console

WANTED = ("id", "at", "lon", "lat")
VERDICTS = {
    Verdict.STRONG: "明显聚集",
    Verdict.WEAK: "可能聚集",
    Verdict.COULD_BE_CHANCE: "可能是偶然",
}
REASONS = {
    "id_missing": "没有编号",
    "id_repeated": "编号重复",
    "time_unreadable": "时间无法识别",
    "coordinate_unreadable": "坐标无法识别",
    "coordinate_outside": "坐标超出范围",
    "too_far": "距其他点太远",
    "after_the_day": "晚于所看的日期",
}
READ = "读入 {read} 行，采用 {used} 行，剔除 {rejected} 行"
REJECTED = "剔除：{reason} {count} 行，行号 {rows}"
MERGED = "地点较多，已合并为 {places} 个边长 {cell} 米的网格单元"
NOTHING = "没有发现聚集"
HEADINGS = (
    "件数",
    "预期件数",
    "倍数",
    "p 值",
    "偶然重现天数",
    "半径（米）",
    "中心",
    "日期",
    "判断",
)
_EXAMPLES = 5
# A zone of the projection measures to 0.03 % within 140 km; farther rows are slips of the pen.
_FARTHEST_M = 300_000.0
# Kulldorff et al. (2005) speak of alarms by how often chance gives one: once a year, once a month.
_YEAR_P, _MONTH_P = 1 / 365, 1 / 30
_DATE = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")
_ZONE = re.compile(r"(?:[Zz]|\d[+-]\d{2}:?\d{2})$")


@dataclass(frozen=True, slots=True)
class Points:
    """The readable rows of a file, and the others with their reasons."""

    table: pd.DataFrame
    read: int
    rejections: tuple[Rejection, ...]


def columns_of(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Return `target=column,…` as a mapping."""
    found = {}
    for one in ",".join(given).split(","):
        target, equals, column = one.partition("=")
        if not equals or not column or target not in (*WANTED, "kind"):
            message = f"'{one}' should be one of id, at, lon, lat, kind, '=' and a column"
            raise click.BadParameter(message)
        found[target] = column
    if missing := [name for name in WANTED if name not in found]:
        message = f"missing: {', '.join(missing)}"
        raise click.BadParameter(message)
    return found


@click.command("scan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--columns", multiple=True, required=True, callback=columns_of)
@click.option("--replications", type=click.IntRange(1, 99_999), default=999, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--prospective", type=click.DateTime(["%Y-%m-%d"]), help="what goes on on this day")
@click.option("--max-radius-m", type=click.FloatRange(min=1), default=3_000, show_default=True)
@click.option("--max-days", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
def scan_file(  # noqa: PLR0913 - one parameter an option
    *,
    file: Path,
    columns: dict[str, str],
    replications: int,
    seed: int,
    out: Path,
    prospective: datetime | None,
    max_radius_m: float,
    max_days: int,
    time_zone: str,
) -> None:
    """Scan the points of FILE (CSV, may end in .gz; degrees of WGS84 or CGCS2000)."""
    day = None if prospective is None else prospective.date()
    points = read_points(file, columns, zone=ZoneInfo(time_zone), day=day)
    rules = ScanRules(max_radius_m, max_days, replications=replications)
    if day is not None:
        rules = ScanRules(
            max_radius_m,
            max_days,
            replications=replications,
            prospective=True,
            strong_p=_YEAR_P,
            weak_p=_MONTH_P,
        )
    table = points.table
    lonlat = table[["lon", "lat"]].to_numpy(float)
    crs = metric_crs_for(float(np.median(lonlat[:, 0])) if len(lonlat) else 0.0)
    first = int(table["day"].min()) if len(table) else 0
    period = (first, day.toordinal()) if day is not None and len(table) else None
    result = scan(
        Study(project(lonlat, metric_crs=crs), table["day"].to_numpy(np.int64), period),
        rules=rules,
        rng=np.random.default_rng(seed),
        workers=os.cpu_count() or 1,
    )
    middles = np.array([(one.x_m, one.y_m) for one in result.clusters]).reshape(-1, 2)
    places = unproject(middles, metric_crs=crs)
    facts = [_facts(one, place, table) for one, place in zip(result.clusters, places, strict=True)]
    report = _report(points, result, rules, facts)
    write_whole(out, orjson.dumps({**report, "seed": seed, "metric_crs": name_of(crs)}, option=2))
    _tell(points, result, facts)


def read_points(file: Path, columns: dict[str, str], *, zone: ZoneInfo, day: date | None) -> Points:
    """Read a file; every row that cannot be used is named with its first reason."""
    try:
        raw = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError, EOFError) as fault:
        message = f"{file.name}: {fault}"
        raise click.ClickException(message) from fault
    if unknown := [name for name in columns.values() if name not in raw.columns]:
        message = f"{file.name} has no column {', '.join(unknown)}"
        raise click.ClickException(message)
    table = pd.DataFrame({target: raw[name].str.strip() for target, name in columns.items()})
    table["day"] = _days(table["at"], zone)
    for name in ("lon", "lat"):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    reasons = _reasons(table, last=None if day is None else day.toordinal())
    rejections = [
        Rejection(int(row) + 1, reason)
        for row, reason in zip(table.index, reasons, strict=True)
        if reason
    ]
    return Points(table[reasons == ""].reset_index(drop=True), len(table), tuple(rejections))


def _days(texts: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Return the calendar day in the zone as a proleptic ordinal; NaN where there is none."""
    plain = texts.where(texts.str.match(_DATE), "").str.replace(
        r"(?<=\d)[/.](?=\d+[-/. T]|\d+$)", "-", n=2, regex=True
    )
    is_zoned = plain.str.contains(_ZONE) & plain.str.contains(":")
    local = pd.to_datetime(plain.mask(is_zoned, ""), format="mixed", errors="coerce")
    zoned = pd.to_datetime(
        plain.where(is_zoned, ""), format="mixed", errors="coerce", utc=True
    ).dt.tz_convert(zone)
    when = local.fillna(zoned.dt.tz_localize(None))
    return (when.dt.floor("D") - pd.Timestamp(1970, 1, 1)).dt.days + date(1970, 1, 1).toordinal()


def _reasons(table: pd.DataFrame, *, last: int | None) -> NDArray[np.object_]:
    lon, lat = table["lon"], table["lat"]
    is_inside = lon.between(-180, 180) & lat.between(-85, 85) & ((lon != 0) | (lat != 0))
    checks = [
        ("id_missing", table["id"] == ""),
        ("id_repeated", table["id"].duplicated()),
        ("time_unreadable", table["day"].isna()),
        ("coordinate_unreadable", ~np.isfinite(lon) | ~np.isfinite(lat)),
        ("coordinate_outside", ~is_inside),
        ("too_far", _is_far(lon.where(is_inside), lat.where(is_inside))),
        ("after_the_day", table["day"] > (np.inf if last is None else last)),
    ]
    found = np.select([check.to_numpy(bool) for _, check in checks], [n for n, _ in checks], "")
    return found.astype(object)


def _is_far(lon: pd.Series, lat: pd.Series) -> pd.Series:
    """Say which places are out of reach of the middle one; on a sphere, that is near enough."""
    metres = np.pi / 180 * 6_371_000
    east = (lon - lon.median()) * np.cos(np.radians(lat.median()))
    return np.hypot(east, lat - lat.median()) * metres > _FARTHEST_M


def _facts(one: Cluster, place: NDArray[np.float64], table: pd.DataFrame) -> dict[str, object]:
    inside = table.iloc[one.complaints]
    facts: dict[str, object] = {
        "lon": round(float(place[0]), 6),
        "lat": round(float(place[1]), 6),
        "radius_m": round(one.radius_m, 1),
        "first_day": date.fromordinal(one.first_day).isoformat(),
        "last_day": date.fromordinal(one.last_day).isoformat(),
        "days": one.days,
        "places": one.places,
        "count": one.count,
        "expected": one.expected,
        "ratio": one.ratio,
        "log_likelihood_ratio": one.log_likelihood_ratio,
        "p": one.p,
        "recurrence_days": one.recurrence_days,
        "verdict": one.verdict,
        "ids": inside["id"].tolist(),
    }
    if "kind" in inside:
        facts["kinds"] = dict(Counter(inside["kind"]).most_common())
    return facts


def _report(
    points: Points, result: ScanResult, rules: ScanRules, facts: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "read": points.read,
        "used": result.complaints,
        "rejected": [{"row": one.row, "reason": one.reason} for one in points.rejections],
        "rules": rules,
        "places": result.places,
        "circles": result.circles,
        "days": result.days,
        "cell_m": result.cell_m,
        "is_exact": result.is_exact,
        "seeds": result.seeds.tolist(),
        "maxima": result.maxima.tolist(),
        "clusters": facts,
    }


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever finds half of it."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _tell(points: Points, result: ScanResult, facts: list[dict[str, object]]) -> None:
    console.print(
        READ.format(read=points.read, used=result.complaints, rejected=len(points.rejections))
    )
    rows: dict[str, list[int]] = {}
    for rejection in points.rejections:
        rows.setdefault(rejection.reason, []).append(rejection.row)
    for reason, found in rows.items():
        first = ", ".join(map(str, found[:_EXAMPLES]))
        console.print(REJECTED.format(reason=REASONS[reason], count=len(found), rows=first))
    if result.cell_m is not None:
        console.print(MERGED.format(places=result.places, cell=f"{result.cell_m:.0f}"))
    if not facts:
        console.print(NOTHING)
        return
    table = Table(*HEADINGS, box=SIMPLE_HEAD)
    for one, each in zip(result.clusters, facts, strict=True):
        table.add_row(
            str(one.count),
            f"{one.expected:.1f}",
            f"{one.ratio:.1f}",
            f"{one.p:.3f}",
            "" if one.recurrence_days is None else f"{one.recurrence_days:.0f}",
            f"{one.radius_m:,.0f}",
            f"{each['lon']:.5f} {each['lat']:.5f}",
            f"{each['first_day']} – {each['last_day']}",
            VERDICTS[one.verdict],
        )
    console.print(table)
