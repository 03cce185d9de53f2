"""Near repeats and hot grids as a reader sees them: in sentences that claim no more than counts."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext

from inspect_app.domain.alarm_codes import RepeatConfidence
from inspect_app.models import ClusterScan, NearRepeat
from inspect_app.queries.cluster_scans import JudgedGrid
from inspect_app.web.views import day_text

DIGITS = 6
REPEAT_HEADINGS = (
    "距离(米)",
    "天数",
    "实际对数",
    "预期对数",
    "倍数",
    "p 值",
    "误报比例",
    "判断",
)
GRID_HEADINGS = (
    "编号",
    "网格",
    "层级",
    "件数",
    "相邻网格数",
    "相邻网格件数",
    "z 值",
    "p 值",
    "误报比例",
    "判断",
)

Cells = list[str | int | float]


def repeats_json(scan: ClusterScan | None, rows: list[NearRepeat]) -> dict[str, Any]:
    """Return the near-repeat table: a sentence about its middle, what it rests on, its rows."""
    if scan is None or not rows:
        return {"sentence": gettext("该周没有近重复统计"), "note": "", "rows": []}
    return {
        "sentence": repeat_sentence(_middle(rows)),
        "note": repeats_note(scan),
        "rows": [
            {
                "within": gettext(
                    "%(metres)s 米、%(days)s 天", metres=f"{row.limit_m:.0f}", days=row.limit_days
                ),
                "observed": row.observed,
                "expected": f"{row.expected:,.1f}",
                "ratio": _ratio(row),
                "p": p_text(row.p),
                "class": row.confidence,
                "words": _words(row),
            }
            for row in rows
        ],
    }


def repeat_sentence(row: NearRepeat) -> str:
    """Say how often complaints come again near by; chance is named where it would do."""
    facts = {
        "metres": f"{row.limit_m:.0f}",
        "days": row.limit_days,
        "observed": f"{row.observed:,}",
        "expected": f"{row.expected:,.{0 if row.expected >= 100 else 1}f}",
        "ratio": _ratio(row),
        "p": p_text(row.p),
    }
    if RepeatConfidence(row.confidence) is RepeatConfidence.COULD_BE_CHANCE:
        sentence = gettext(
            "在 %(metres)s 米、%(days)s 天之内再次投诉的有 %(observed)s 对,"
            "随机预期 %(expected)s 对,可能是偶然(p=%(p)s)",
            **{name: value for name, value in facts.items() if name != "ratio"},
        )
    else:
        sentence = gettext(
            "在 %(metres)s 米、%(days)s 天之内再次投诉的有 %(observed)s 对,"
            "是随机预期(%(expected)s 对)的 %(ratio)s 倍(p=%(p)s)",
            **facts,
        )
    return str(sentence)


def repeats_note(scan: ClusterScan) -> str:
    """Say what the near repeats rest on."""
    return str(
        gettext(
            "全县 %(first)s 至 %(last)s 的 %(count)s 件投诉两两比较,随机重排日期 %(times)s 次;"
            "同一人同一天就同一事项来的只计一件",
            first=day_text(scan.first_day),
            last=day_text(scan.last_day),
            count=scan.repeat_complaints,
            times=scan.repeat_replications,
        )
    )


def grids_json(scan: ClusterScan | None, rows: list[JudgedGrid]) -> dict[str, Any]:
    """Return the grids that list and map show, with what they rest on."""
    shown = [row for row in rows if row.is_shown]
    if scan is None or scan.hot_days is None or not shown:
        return {"note": gettext("该周没有热点网格统计"), "rows": []}
    return {
        "note": grids_note(scan, level=shown[0].level),
        "rows": [
            {
                "id": row.grid.id,
                "lon": round(row.place[0], DIGITS),
                "lat": round(row.place[1], DIGITS),
                "name": row.name,
                "class": row.confidence.value,
                "words": gettext(row.confidence.label),
                "sentence": grid_sentence(row),
            }
            for row in shown
        ],
    }


def grid_sentence(row: JudgedGrid) -> str:
    """Say what was counted in and around a grid."""
    grid = row.grid
    return str(
        gettext(
            "本网格 %(observed)s 件,相邻 %(neighbours)s 个网格共 %(around)s 件;"
            "z=%(z)s,p=%(p)s,误报比例 %(q)s",
            observed=grid.observed,
            neighbours=grid.neighbours,
            around=grid.around,
            z=f"{grid.z:.1f}",
            p=p_text(grid.p),
            q=p_text(grid.q),
        )
    )


def grids_note(scan: ClusterScan, *, level: str) -> str:
    """Say what the hot grids rest on, and what they don't tell."""
    return str(
        gettext(
            "%(first)s 至 %(last)s 的 %(count)s 件投诉,按%(level)s比较本网格与相邻网格的件数,"
            "随机抽取 %(times)s 次;只比件数,不反映人口和巡查的多少",
            first=day_text(scan.last_day - timedelta(days=(scan.hot_days or 1) - 1)),
            last=day_text(scan.last_day),
            count=scan.hot_complaints,
            level=level,
            times=scan.hot_replications,
        )
    )


def repeats_table(scan: ClusterScan | None, rows: list[NearRepeat]) -> list[Cells]:
    """Return the near-repeat table of an export, what it rests on in its last row."""
    lines: list[Cells] = [[str(gettext(heading)) for heading in REPEAT_HEADINGS]]
    for row in rows:
        ratio = row.observed / row.expected if row.expected else ""
        numbers: Cells = [row.limit_m, row.limit_days, row.observed, row.expected, ratio]
        lines.append([*numbers, row.p, row.q, _words(row)])
    if scan is not None and rows:
        lines.append([repeats_note(scan), _seed(scan.repeat_seed)])
    return lines


def grids_table(scan: ClusterScan | None, rows: list[JudgedGrid]) -> list[Cells]:
    """Return all judged grids of an export, what they rest on in its last row."""
    lines: list[Cells] = [[str(gettext(heading)) for heading in GRID_HEADINGS]]
    for row in rows:
        grid = row.grid
        numbers: Cells = [grid.observed, grid.neighbours, grid.around, grid.z, grid.p, grid.q]
        words = str(gettext(row.confidence.label))
        lines.append([grid.id, row.name, row.level, *numbers, words])
    if scan is not None and rows:
        lines.append([grids_note(scan, level=rows[0].level), _seed(scan.hot_seed)])
    return lines


def p_text(p: float) -> str:
    """Return a probability with as many digits as it deserves."""
    return f"{p:.2f}" if p >= 0.1 else f"{p:.3f}" if p >= 0.001 else f"{p:.4f}"


def _seed(seed: int | None) -> str:
    """As text: a spreadsheet's numbers end at 15 digits."""
    return str(gettext("种子 %(seed)s", seed=seed))


def _middle(rows: list[NearRepeat]) -> NearRepeat:
    """Return the middle number of days of the middle distance."""
    limits = sorted({row.limit_m for row in rows})
    same = [row for row in rows if row.limit_m == limits[len(limits) // 2]]
    return same[len(same) // 2]


def _ratio(row: NearRepeat) -> str:
    return f"{row.observed / row.expected:.1f}" if row.expected else "—"


def _words(row: NearRepeat) -> str:
    return str(gettext(RepeatConfidence(row.confidence).label))
