"""`inspect-app replan`: two ways to change a published week, and the adoption of one."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.cli.edge import command_transaction, console, now, read_settings, today
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.codes import ChangeWay
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import Crew, PatrolPlan, PlanChange
from inspect_app.queries.happenings import happenings
from inspect_app.queries.plan_changes import published_plan
from inspect_app.queries.policies import policy_value
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.replan_week import ChangeRequest, adopt_change, make_offers
from inspect_app.workflows.travel_cache import MatrixStore

DAY = click.DateTime(["%Y-%m-%d"])
WAY = click.Choice([way.value for way in ChangeWay])


@click.command("replan")
@click.option("--week", "week_name", help="ISO week, e.g. 2026-W13 (default: this week).")
@click.option("--urgent", multiple=True, help="Object to be visited urgently, e.g. outlet:12.")
@click.option("--absent", multiple=True, nargs=2, type=(str, DAY), help="Crew and day.")
@click.option("--rain", is_flag=True, help="Storm outlets are to be looked at first.")
@click.option("--iterations", type=click.IntRange(1), help="End after so many: reproducible.")
@click.option("--adopt", nargs=2, type=(WAY, str), help="Adopt an offer: which one, and why.")
def command(
    *,
    week_name: str | None,
    urgent: tuple[str, ...],
    absent: tuple[tuple[str, date], ...],
    rain: bool,
    iterations: int | None,
    adopt: tuple[str, str] | None,
) -> None:
    """Change the published plan of a week with least change.

    Without --urgent, --absent and --rain everything that has happened is taken into account.
    """
    week = parse_week(week_name) if week_name else monday_of(today())
    settings = read_settings()
    hand = Hand(SYSTEM, now(), ZoneInfo(settings.time_zone), store=MatrixStore(settings.data_dir))
    with command_transaction() as session:
        plan = published_plan(session, week)
        if plan is None:
            raise Problem("plan_not_published", week=week_text(week))
        request = ChangeRequest(urgent, _absent(session, plan, absent), rain=rain)
        if request.is_empty:
            request = _found(session, plan)
        request = replace(request, iterations=iterations)
        offered = make_offers(session, plan, request, hand=hand)
        console.print(_table(offered.insert_only, offered.best))
        wanted = ChangeWay.INSERT_ONLY if adopt is None else ChangeWay(adopt[0])
        change = offered.best if wanted is ChangeWay.BEST else offered.insert_only
        _print_moves(change)
        if adopt is not None:
            adopt_change(session, change, reason=adopt[1], hand=hand)
            console.print(f"adopted as change {change.revision} of version {plan.version}")


def _found(session: Session, plan: PatrolPlan) -> ChangeRequest:
    promise = timedelta(hours=policy_value(session, "urgent_arrival_h", day=today()))
    seen = happenings(session, plan, today=today(), promise=promise)
    return ChangeRequest(
        urgent=tuple(f"matter:{one.id}" for one in seen.matters),
        absent=tuple(
            (one.crew_id, tuple((day - plan.week).days for day in one.days)) for one in seen.absent
        ),
        not_done=tuple(one.stop_id for one in seen.missed),
        exempted=tuple(one.key for one in seen.exempt),
        roads=bool(seen.closed_roads),
    )


def _absent(
    session: Session, plan: PatrolPlan, named: tuple[tuple[str, date], ...]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    ids = {crew.name: crew.id for crew in session.execute(select(Crew.name, Crew.id))}
    unknown = [name for name, _ in named if name not in ids]
    if unknown:
        raise Problem("not_found", what="、".join(unknown))
    return tuple((ids[name], ((_date(day) - plan.week).days,)) for name, day in named)


def _date(day: date) -> date:
    """Return the calendar day; the option gives midnights."""
    return date(day.year, day.month, day.day)


def _table(*changes: PlanChange) -> Table:
    table = Table(title="Two ways to change the plan")
    headings = ("way", "minutes added", "visits moved", "crews", "no room", "seconds")
    for heading in headings:
        table.add_column(heading, justify="right" if heading != "way" else "left")
    for change in changes:
        figures = change.figures
        seconds = figures["seconds"]
        table.add_row(
            change.way,
            f"{figures['added_min']:+.0f}",
            str(figures["moved"]),
            str(figures["crews"]),
            str(len(figures["unserved"])),
            f"{seconds[change.way]:.2f}",
        )
    return table


def _print_moves(change: PlanChange) -> None:
    for one in change.figures["arrivals"]:
        kept = "kept" if one["kept"] else "BROKEN"
        console.print(
            f"urgent: {one['name']}: {one['crew'] or 'no crew'} at {one['at'] or '-'},"
            f" promise {one['promise']} {kept}",
            markup=False,
        )
    for visit in change.moves["visits"]:
        source = "new" if visit["from"] is None else " day ".join(map(str, visit["from"]))
        goal = "no room" if visit["to"] is None else " day ".join(map(str, visit["to"]))
        note = "" if visit["asked"] else " (moved along)"
        console.print(f"{visit['name']}: {source} → {goal}{note}", markup=False)
