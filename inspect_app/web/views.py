"""What every template shares: filters in one place, the navigation, the nonce."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask, g
from flask_babel import gettext

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code
from inspect_app.domain.weeks import week_text
from inspect_app.queries.bursts import open_alarm_count
from inspect_app.queries.device_gaps import NotArrived, not_arrived
from inspect_app.queries.device_list import devices_in_scope
from inspect_app.queries.inbox import held_count
from inspect_app.queries.metrics import Figure
from inspect_app.queries.overdue import Rise, risen_to
from inspect_app.web.http import actor_or_none, csp_nonce, database, now, settings, time_zone, words
from inspect_app.web.languages import LANGUAGES, current_language

P = Permission


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the top bar; shown to those who hold the permission."""

    endpoint: str
    label: str
    permission: Permission
    county_wide: bool = False
    """Only for posts over the whole county: the page refuses all others."""


NAVIGATION: tuple[NavigationEntry, ...] = (
    NavigationEntry("summary.page", "领导一页", P.SUMMARY_VIEW),
    NavigationEntry("map.page", "一张图", P.MAP_VIEW),
    NavigationEntry("clusters.page", "投诉聚集", P.SUMMARY_VIEW),
    NavigationEntry("complaints.page", "投诉", P.COMPLAINT_VIEW),
    NavigationEntry("findings.page", "问题", P.FINDING_VIEW),
    NavigationEntry("plans.page", "巡查计划", P.PLAN_VIEW),
    NavigationEntry("patrol.page", "今日巡查", P.PATROL_DO),
    NavigationEntry("track_files.mine", "补充轨迹", P.PATROL_DO),
    NavigationEntry("patrols.page", "巡查复核", P.PATROL_REVIEW),
    NavigationEntry("imports.page", "台账与导入", P.IMPORT_RUN, county_wide=True),
    NavigationEntry("administration.page", "系统管理", P.ADMINISTER),
    NavigationEntry("audit.page", "审计", P.AUDIT_VIEW),
)


def navigation(app: Flask) -> list[NavigationEntry]:
    """Return the entries the person may open, in the order of the bar."""
    person = actor_or_none()
    if person is None:
        return []
    return [
        entry
        for entry in NAVIGATION
        if entry.endpoint in app.view_functions
        and person.may(entry.permission)
        and (person.scope.everywhere or not entry.county_wide)
    ]


def held_now() -> int:
    """Return how many tablet records wait for the person to decide; 0 for who does not review.

    A refused request's transaction may be broken: its page does without the number.
    """
    person = actor_or_none()
    if g.get("failed") or person is None or not person.may(P.PATROL_REVIEW):
        return 0
    return held_count(database(), scope=person.scope, now=now())


def not_arrived_now() -> list[NotArrived]:
    """Return the tablets of the person's scope of which something has not come; for who reviews."""
    person = actor_or_none()
    if g.get("failed") or person is None or not person.may(P.PATROL_REVIEW):
        return []
    late = not_arrived(database())
    own = devices_in_scope(database(), scope=person.scope) if late else set()
    return [one for one in late if one.uid in own]


def alarms_now() -> int:
    """Return how many surges wait to be acknowledged; 0 for who does not see the summary."""
    person = actor_or_none()
    if g.get("failed") or person is None or not person.may(P.SUMMARY_VIEW):
        return 0
    return open_alarm_count(database(), person.scope)


def risen_now() -> list[Rise]:
    """Return the overdue matters that went up to the person, the one late longest first."""
    person = actor_or_none()
    if g.get("failed") or person is None or not person.may(P.COMPLAINT_VIEW):
        return []
    if "risen" not in g:
        found = risen_to(database(), person, now=now()).values()
        g.risen = sorted(found, key=lambda rise: rise.since)
    return list(g.risen)


def init_templates(app: Flask) -> None:
    """Register filters and the names every template knows."""

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "navigation": navigation(app),
            "held_now": held_now,
            "alarms_now": alarms_now,
            "risen_now": risen_now,
            "not_arrived_now": not_arrived_now,
            "actor": actor_or_none(),
            "csp_nonce": csp_nonce,
            "bureau_name": settings().bureau_name,
            "demo": settings().demo,
            "languages": LANGUAGES,
            "language": current_language(),
            "now": now(),
        }

    app.jinja_env.filters.update(
        day=day_text,
        moment=moment_text,
        label=label_text,
        metres=metres_text,
        share=share_text,
        week=week_text,
        change_text=change_text,
        trend=trend,
        words=words,
    )


def day_text(value: date | None) -> str:
    """Return a day as 2026-03-24, empty for None."""
    if isinstance(value, datetime):
        value = value.astimezone(time_zone()).date()
    return "" if value is None else value.isoformat()


def moment_text(value: datetime | None) -> str:
    """Return an instant in the bureau's time zone as 2026-03-24 08:05, empty for None."""
    return "" if value is None else f"{value.astimezone(time_zone()):%Y-%m-%d %H:%M}"


def label_text(code: Code | None) -> str:
    """Return the label of a code in the reader's language."""
    return "" if code is None else str(gettext(code.label))


def metres_text(metres: float | None) -> str:
    """Return a length: metres below one kilometre, kilometres with one decimal above."""
    if metres is None:
        return ""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def share_text(share: float | None) -> str:
    """Return a share between 0 and 1 as per cent."""
    return "" if share is None else f"{share * 100:.1f}%"


def change_text(figure: Figure) -> str:
    """Return the change against the period before in words and signs, shares in points."""
    if figure.change is None:
        return str(gettext("上周无可比数据"))
    arrow = "→" if figure.change == 0 else "↑" if figure.change > 0 else "↓"
    if figure.denominator is None:
        return str(
            gettext("较上周 %(arrow)s %(count)s", arrow=arrow, count=abs(int(figure.change)))
        )
    points = f"{abs(figure.change) * 100:.1f}"
    return str(gettext("较上周 %(arrow)s %(points)s 个百分点", arrow=arrow, points=points))


def trend(figure: Figure) -> str:
    """Return whether the change is `better`, `worse` or the `same`; for the colour beside words."""
    if not figure.change or figure.metric.more_is_better is None:
        return "same"
    return "better" if (figure.change > 0) == figure.metric.more_is_better else "worse"
