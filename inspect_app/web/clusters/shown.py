"""Counted complaints and clusters as JSON in the reader's language; a big screen gets no names."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from inspect_app.domain.alarm_codes import Confidence
from inspect_app.models import ClusterScan
from inspect_app.queries.cluster_scans import FoundCluster
from inspect_app.queries.complaint_counts import (
    PAGE_SIZE,
    ComplaintLine,
    CountedCell,
    MatterCount,
    Totals,
)
from inspect_app.web.views import day_text, moment_text
from layers.clusters import Clusters
from layers.matters import Matters

DIGITS = 6

WORDS = {
    "failed": "读取失败,请稍后再试",
    "sum": "{complaints} 件投诉 · {matters} 个事项",
    "without_place": "其中 {count} 件没有可显示的位置",
    "here": "此处 {complaints} 件 · {matters} 个事项",
    "page": "第 {page} / {pages} 页",
    "no_rows": "所选范围内没有符合条件的投诉",
    "complaints": "投诉记录({count} 件)",
    "first_only": "只列出最近 {shown} 件",
    "open_page": "打开事项",
    "close": "收起",
    "count": "{count} 件",
    "in_all": "累计 {count}",
    "zoom_in": "放大",
    "zoom_out": "缩小",
    "weeks": "{first} 至 {last}",
    "play": "播放",
    "pause": "暂停",
    "hot": "{sure} 个偏多,列出 {shown} 个",
}
"""Words the page's modules use."""


def cell_json(cell: CountedCell, *, named: bool) -> dict[str, Any]:
    """Return a circle of the map."""
    place = cell.cell
    return {
        "key": f"{place.zoom}/{place.column}/{place.row}",
        "lon": round(cell.lon, DIGITS),
        "lat": round(cell.lat, DIGITS),
        "complaints": cell.complaints,
        "matters": cell.matters,
        "class": cell.kind,
        "id": cell.matter_id,
        "title": cell.title if named else None,
        "ring": cell.confidence and cell.confidence.value,
        "words": cell.confidence and gettext(cell.confidence.label),
    }


def row_json(line: MatterCount, *, named: bool) -> dict[str, Any]:
    """Return a line of the list; unnamed ones say what it is about and in which grid."""
    types = "、".join(str(gettext(kind.label)) for kind in line.pollution_types)
    grid = line.grid_name or str(gettext("无网格"))
    return {
        "id": line.matter_id,
        "title": line.title if named else f"{grid} · {types}",
        "facts": f"{grid} · {types}" if named else "",
        "state": gettext(line.state.label),
        "class": line.kind,
        "complaints": line.complaints,
        "in_all": line.complaints_in_all,
        "last": day_text(line.last_received_at),
        "ring": line.confidence and line.confidence.value,
        "words": line.confidence and gettext(line.confidence.label),
        "lon": None if line.place is None else round(line.place[0], DIGITS),
        "lat": None if line.place is None else round(line.place[1], DIGITS),
        "page": url_for("complaints.matter", matter_id=line.matter_id) if named else None,
    }


def totals_json(totals: Totals) -> dict[str, int]:
    """Return the totals with the number of pages of the list."""
    return {
        "complaints": totals.complaints,
        "matters": totals.matters,
        "without_place": totals.without_place,
        "pages": max(1, -(-totals.matters // PAGE_SIZE)),
    }


def complaint_json(line: ComplaintLine) -> dict[str, str]:
    """Return one complaint."""
    return {
        "no": line.complaint_no,
        "at": moment_text(line.received_at),
        "channel": gettext(line.channel.label),
        "summary": line.summary,
    }


def ring_json(found: FoundCluster, *, named: bool) -> dict[str, Any]:
    """Return a cluster: its ring, its words and numbers."""
    cluster = found.cluster
    return {
        "id": cluster.id,
        "lon": found.place and round(found.place[0], DIGITS),
        "lat": found.place and round(found.place[1], DIGITS),
        "radius": round(cluster.radius_m),
        "class": found.confidence.value,
        "words": gettext(found.confidence.label),
        "sentence": cluster_sentence(found),
        "grid": found.grid_name or gettext("无网格"),
        "matters": [title for _, title, _ in found.matters] if named else [],
    }


def cluster_sentence(found: FoundCluster) -> str:
    """Say a cluster in one sentence that claims no more than the scan does."""
    cluster = found.cluster
    numbers = gettext(
        "%(first)s 至 %(last)s 来了 %(observed)s 件,按平时的时间分布约 %(expected)s 件",
        first=day_text(cluster.first_day),
        last=day_text(cluster.last_day),
        observed=cluster.observed,
        expected=f"{cluster.expected:.1f}",
    )
    if found.confidence is Confidence.COULD_BE_CHANCE:
        chance = gettext("可能是偶然:纯属偶然时,每 %(weeks)s 周也会出现一次", weeks=weeks_of(found))
    else:
        chance = gettext("纯属偶然时,约每 %(weeks)s 周才出现一次", weeks=weeks_of(found))
    return f"{numbers};{chance}"


def weeks_of(found: FoundCluster) -> str:
    """Return how many weekly looks chance needs to show as much."""
    weeks = found.cluster.recurrence_days / 7
    return f"{weeks:,.0f}" if weeks >= 10 else f"{weeks:.1f}"


def scan_json(scan: ClusterScan | None) -> dict[str, str]:
    """Return in words what the rings rest on."""
    if scan is None:
        return {"words": str(gettext("该周尚未扫描聚集"))}
    left_out = scan.without_place + scan.on_shared_place
    sentence = gettext(
        "聚集扫描:%(first)s 至 %(last)s 的 %(count)s 件投诉,随机重排 %(times)s 次;"
        "未采用 %(left)s 件(没有位置或疑似默认坐标)",
        first=day_text(scan.first_day),
        last=day_text(scan.last_day),
        count=scan.complaints,
        times=scan.replications,
        left=left_out,
    )
    return {"words": str(sentence)}


def legend() -> dict[str, Any]:
    """Return colours of pollution types, and how surely a ring is drawn."""
    return {
        "kinds": [
            {"value": one.value, "label": gettext(one.label), "colour": one.colour}
            for one in Matters.legend
        ],
        "rings": [
            {
                "value": one.value,
                "label": gettext(one.label),
                "colour": one.colour,
                "width": one.width_px,
                "dash": one.dash,
            }
            for one in Clusters.legend
        ],
    }
