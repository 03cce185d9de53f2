"""`inspect-app clusters weekly|bursts`: what the jobs do, by hand."""

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from inspect_app.cli.edge import command_transaction, console, now, read_settings, today
from inspect_app.domain.access import EVERYWHERE, SYSTEM
from inspect_app.domain.alarm_codes import AlarmUnit, HotConfidence, RepeatConfidence
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import BurstAlarm, ClusterRun
from inspect_app.queries.cluster_scans import (
    FoundCluster,
    found_clusters,
    judged_grids,
    near_repeats_of,
    newest_run,
)
from inspect_app.workflows.ring_bursts import burst_rules, ring_bursts
from inspect_app.workflows.scan_clusters import ScanWish, scan_clusters

SCANNED = (
    "{week}:{complaints} 件,未采用 {left} 件(无位置 {without},疑似默认坐标 {shared}),"
    "{duration:.1f} 秒,种子 {seed}"
)
REPEATS = (
    "近重复({metres:.0f} 米、{days} 天):{observed} 对,预期 {expected:.1f} 对,p={p:.4f},{words}"
)
HOT_GRIDS = "热点网格:{judged} 个网格中 {hot} 个偏多"
STOPPED = "{week} 的扫描曾被停止({person},{moment:%Y-%m-%d %H:%M})"
DONE_BEFORE = "{week} 已扫描过(--again 重新扫描)"
CLUSTER_HEADINGS = ("件数", "预期", "p 值", "偶然重现天数", "半径(米)", "日期", "网格", "判断")
ALARM_HEADINGS = ("对象", "名称", "件数", "预期", "过去", "p 值", "误报比例")
NO_ALARM = "没有新的激增"


@click.command("weekly")
@click.option("--week", help="such as 2026-W13; without it the week that ended last")
@click.option("--seed", type=click.IntRange(min=0), help="by default the week's own")
@click.option("--reason", default="手工扫描", show_default=True)
@click.option("--again", is_flag=True, help="also a week that was scanned before")
def weekly(*, week: str | None, seed: int | None, reason: str, again: bool) -> None:
    """Scan the complaints on record up to the end of a week, and store what is found."""
    asked = parse_week(week) if week else monday_of(today()) - timedelta(days=7)
    wish = ScanWish(
        asked,
        seed=asked.toordinal() if seed is None else seed,
        reason=reason,
        again=again,
        workers=os.cpu_count() or 1,
    )
    zone = ZoneInfo(read_settings().time_zone)
    with command_transaction() as session:
        scan, is_new = scan_clusters(session, wish, zone=zone, actor=SYSTEM, now=now())
        found = found_clusters(session, scan, EVERYWHERE)
        repeats = near_repeats_of(session, scan)
        judged = judged_grids(session, scan, EVERYWHERE)
        _tell_stopped(newest_run(session, week=asked), zone)
        if not is_new:
            console.print(DONE_BEFORE.format(week=week_text(scan.week)))
        left = scan.without_place + scan.on_shared_place
        told = SCANNED.format(
            week=week_text(scan.week),
            complaints=scan.complaints,
            left=left,
            without=scan.without_place,
            shared=scan.on_shared_place,
            duration=scan.duration_s,
            seed=scan.seed,
        )
    console.print(told)
    table = Table(*CLUSTER_HEADINGS, box=SIMPLE_HEAD)
    for one in found:
        table.add_row(*_cells(one))
    console.print(table)
    for row in repeats:
        words = RepeatConfidence(row.confidence).label
        facts = {"observed": row.observed, "expected": row.expected, "p": row.p, "words": words}
        console.print(REPEATS.format(metres=row.limit_m, days=row.limit_days, **facts))
    hot = sum(one.confidence is not HotConfidence.COULD_BE_CHANCE for one in judged)
    console.print(HOT_GRIDS.format(judged=len(judged), hot=hot))


def _tell_stopped(run: tuple[ClusterRun, str | None] | None, zone: ZoneInfo) -> None:
    if run is None or run[0].cancelled_at is None or run[0].scan_id is not None:
        return
    moment = run[0].cancelled_at.astimezone(zone)
    console.print(STOPPED.format(week=week_text(run[0].week), person=run[1], moment=moment))


@click.command("bursts")
@click.option("--at", type=click.DateTime(["%Y-%m-%d %H:%M"]), help="instead of now")
def bursts(*, at: datetime | None) -> None:
    """Test every matter, respondent and grid for a surge of complaints, and store what rings."""
    zone = ZoneInfo(read_settings().time_zone)
    moment = now() if at is None else at.replace(tzinfo=zone)
    with command_transaction() as session:
        rules = burst_rules(session, today())
        rung = ring_bursts(session, rules, actor=SYSTEM, now=moment)
    if not rung:
        console.print(NO_ALARM)
        return
    table = Table(*ALARM_HEADINGS, box=SIMPLE_HEAD)
    for one in rung:
        table.add_row(*_alarm_cells(one))
    console.print(table)


def _cells(one: FoundCluster) -> tuple[str, ...]:
    cluster = one.cluster
    return (
        str(cluster.observed),
        f"{cluster.expected:.1f}",
        f"{cluster.p:.4f}",
        f"{cluster.recurrence_days:,.0f}",
        f"{cluster.radius_m:.0f}",
        f"{cluster.first_day.isoformat()}–{cluster.last_day.isoformat()}",
        one.grid_name or "—",
        one.confidence.label,
    )


def _alarm_cells(one: BurstAlarm) -> tuple[str, ...]:
    return (
        AlarmUnit(one.unit).label,
        one.title,
        str(one.observed),
        f"{one.expected:.2f}",
        str(one.history),
        f"{one.p:.1e}",
        f"{one.q:.1e}",
    )
