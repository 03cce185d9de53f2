"""`inspect-app track`: what a GPX recording of another device is worth, and what it proves."""

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from sqlalchemy.orm import Session

from gis.coverage import CleanTrack, GpxFixes, GpxUnreadable, clean_track, read_gpx
from inspect_app.cli.edge import command_transaction, console, read_settings, today
from inspect_app.models import PatrolTask
from inspect_app.queries.patrol_proof import judge_task, track_rules

_LARGEST_BYTES = 50_000_000


@click.command("track")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--task", "task_id", type=int, help="number of the patrol to set it against")
def command(file: Path, task_id: int | None) -> None:
    """Clean a GPX recording and say what it proves; nothing is stored."""
    found = _read(file)
    with command_transaction() as session:
        task = None if task_id is None else session.get(PatrolTask, task_id)
        if task_id is not None and task is None:
            message = f"no patrol task {task_id}"
            raise click.ClickException(message)
        rules = track_rules(session, day=today() if task is None else task.day)
        track = clean_track(found.fixes, rules=rules)
        _tell_track(found, track)
        if task is not None:
            _tell_visits(session, task, track)


def _read(file: Path) -> GpxFixes:
    if file.stat().st_size > _LARGEST_BYTES:
        message = f"{file.name} is larger than {_LARGEST_BYTES:,} bytes"
        raise click.ClickException(message)
    try:
        return read_gpx(file.read_bytes())
    except GpxUnreadable as fault:
        message = f"{file.name}: {fault}"
        raise click.ClickException(message) from fault


def _tell_track(found: GpxFixes, track: CleanTrack) -> None:
    zone = ZoneInfo(read_settings().time_zone)
    refused = Counter(rejection.reason for rejection in found.rejections)
    console.print(
        f"{len(found.fixes):,} fixes, {track.kept:,} kept in {len(track.pieces)} pieces: "
        f"{track.length_m:,.0f} m in {track.duration_s / 60:,.0f} min"
    )
    for heading, counts in (("refused", refused), ("dropped", track.dropped)):
        if counts:
            told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
            console.print(f"{heading}: {told}")
    for gap in track.gaps.to_dict("records"):
        start, end = (gap[name].tz_convert(zone) for name in ("start_at", "end_at"))
        console.print(
            f"gap {start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S}, "
            f"{gap['metres']:,.0f} m apart ({gap['kind']})"
        )


def _tell_visits(session: Session, task: PatrolTask, track: CleanTrack) -> None:
    zone = ZoneInfo(read_settings().time_zone)
    proof = judge_task(session, task, track, zone=zone)
    names: dict[object, str] = {stop.id: stop.name for stop in task.stops}
    table = Table(title=f"{task.day} {task.crew.name}", box=SIMPLE_HEAD)
    for heading in ("stop", "outcome", "by the track"):
        table.add_column(heading)
    for visit in proof.plan.visits:
        table.add_row(names[visit.visit], visit.outcome.value, visit.track.words())
    console.print(table)
    for lack in proof.lacks:
        console.print(lack.words())
