"""`inspect-app plan`: make, and if asked publish, the patrol plan of a week."""

import time
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import click
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.orm import Session

from gis.routing.explain import REASONS, REMEDIES, Reason, Remedy
from gis.routing.parallel import SEARCHES
from inspect_app.cli.edge import command_transaction, console, now, read_settings, today
from inspect_app.domain.access import EVERYWHERE, SYSTEM
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import PatrolPlan
from inspect_app.queries.plans import board, uncovered
from inspect_app.workflows.plan_week import PlanProgress, PlanRequest, Watcher, plan_week
from inspect_app.workflows.publish_plan import publish_plan
from inspect_app.workflows.travel_cache import MatrixStore

STAGES = {
    "load": "reading objects, crews and roads",
    "search": "searching",
    "bound": "proving the bound",
    "draw": "drawing routes",
    "write": "writing",
}
UNCOVERED_SHOWN = 20
"""Lines of the list on the terminal; the page shows all."""


@click.command("plan")
@click.option("--week", "week_name", help="ISO week, e.g. 2026-W13 (default: this week).")
@click.option("--seed", default=1, show_default=True, help="Start of the search.")
@click.option("--iterations", type=click.IntRange(1), help="End after so many: reproducible.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after so long.")
@click.option("--from", "first_day", type=click.DateTime(["%Y-%m-%d"]), help="First day planned.")
@click.option("--publish", is_flag=True, help="Publish the plan if its check finds no fault.")
def command(
    *,
    week_name: str | None,
    seed: int,
    iterations: int | None,
    seconds: float | None,
    first_day: datetime | None,
    publish: bool,
) -> None:
    """Make the patrol plan of a week."""
    settings = read_settings()
    request = PlanRequest(
        zone=ZoneInfo(settings.time_zone),
        seed=seed,
        iterations=iterations,
        seconds=seconds,
        searches=SEARCHES,
        first_day=None if first_day is None else first_day.date(),
        store=MatrixStore(settings.data_dir),
    )
    week = parse_week(week_name) if week_name else monday_of(today())
    started = time.perf_counter()
    with command_transaction() as session:
        plan = _with_progress(session, week, request=request)
        if publish:
            publish_plan(session, plan, actor=SYSTEM, now=now())
        console.print(_crew_table(session, plan))
        _print_uncovered(session, plan)
        _print_verdict(plan, seconds=time.perf_counter() - started)


def _with_progress(session: Session, week: date, *, request: PlanRequest) -> PatrolPlan:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        line = bar.add_task(STAGES["load"])

        def tell(told: PlanProgress) -> None:
            words = STAGES[told.stage]
            if told.search is not None:
                words += (
                    f": iteration {told.search.iteration}, {told.search.missing_visits} visits"
                    f" missing, travel {told.search.travel_s / 3600:.1f} h"
                )
            bar.update(line, description=words)

        return plan_week(
            session, week, request=request, actor=SYSTEM, now=now(), watcher=Watcher(tell=tell)
        )


def _crew_table(session: Session, plan: PatrolPlan) -> Table:
    table = Table(title=f"Plan of {week_text(plan.week)}, version {plan.version}, {plan.state}")
    table.add_column("crew")
    for heading in ("tasks", "stops", "km", "hours", "of it travel"):
        table.add_column(heading, justify="right")
    crews = board(session, plan, EVERYWHERE)
    rows = [
        (
            crew.name,
            len(crew.cells),
            sum(cell.stops for cell in crew.cells.values()),
            crew.length_m / 1000,
            crew.hours,
            crew.travel_hours,
        )
        for crew in crews
    ]
    for name, tasks, stops, km, hours, travel in rows:
        table.add_row(name, str(tasks), str(stops), f"{km:.1f}", f"{hours:.1f}", f"{travel:.1f}")
    table.add_section()
    sums = [sum(column) for column in list(zip(*rows, strict=True))[1:]] if rows else [0] * 5
    tasks, stops, *floats = sums
    table.add_row("total", str(tasks), str(stops), *(f"{one:.1f}" for one in floats))
    return table


def _print_uncovered(session: Session, plan: PatrolPlan) -> None:
    lines = uncovered(session, plan, EVERYWHERE)
    for line in lines[:UNCOVERED_SHOWN]:
        reason = REASONS[Reason(line.reason.code)] % line.reason.facts if line.reason else ""
        remedies = ";".join(REMEDIES[Remedy(fix.code)] % fix.facts for fix in line.fixes)
        found = f"not planned: {line.name}, {line.missing} missing: {reason}"
        console.print(f"{found}; remedies: {remedies or 'none'}", markup=False)
    if len(lines) > UNCOVERED_SHOWN:
        console.print(f"… and {len(lines) - UNCOVERED_SHOWN} more; the plan's page shows all")


def _print_verdict(plan: PatrolPlan, *, seconds: float) -> None:
    verdict, figures = plan.verdict, plan.figures
    violations = verdict["violations"]
    for violation in violations:
        console.print(f"[red]breaks a rule[/red] {escape(violation['words'])}")
    found = f"check found {len(violations)} violations" if violations else "check passed"
    console.print(
        f"{found}: {verdict['served_visits']} of {verdict['due_visits']} due visits planned,"
        f" travel {figures['overhead_share'] * 100:.0f}% of patrol time,"
        f" {figures['iterations']} iterations"
    )
    if "gap_share" in figures:
        console.print(
            f"hours at most {figures['gap_share'] * 100:.1f} % from the best possible"
            " for the planned visits"
        )
    console.print(f"took {seconds:.1f} s: {timings(figures['seconds'])}")


def timings(stages: Mapping[str, float]) -> str:
    """Return the seconds of each stage in words."""
    return ", ".join(f"{STAGES[stage]} {seconds:.1f} s" for stage, seconds in stages.items())
