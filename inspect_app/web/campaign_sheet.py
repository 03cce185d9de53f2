"""The progress sheet of a campaign: a workbook of half a month or a month, cut off at its end."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import xlsxwriter
from flask import Blueprint, Response, request
from flask_babel import gettext
from xlsxwriter.worksheet import Worksheet

from inspect_app.domain.access import Permission
from inspect_app.domain.dispatch import ReportPeriod, half_month, whole_month
from inspect_app.domain.problems import Problem
from inspect_app.queries.campaign_progress import (
    Progress,
    ProgressCount,
    ProgressLine,
    campaign_progress,
)
from inspect_app.queries.campaigns import find_campaign
from inspect_app.web.clusters.exports import MEDIA, XLSX
from inspect_app.web.http import actor, database, now, parsed_day, requires
from inspect_app.web.views import day_text, moment_text, share_text

pages = Blueprint("campaign_sheet", __name__, url_prefix="/campaigns")

COUNTED = (
    "批次",
    "件数",
    "重点件",
    "期内交办",
    "期内销号",
    "累计销号",
    "阶段性办结",
    "待验收销号",
    "办理中",
    "已超期",
    "销号率",
)
LISTED = (
    ("编号", 12),
    ("批次", 10),
    ("事项", 40),
    ("责任单位", 22),
    ("责任人", 12),
    ("重点件", 8),
    ("状态", 12),
    ("交办日期", 12),
    ("时限", 12),
    ("销号日期", 12),
    ("最近进展", 40),
    ("进展日期", 12),
    ("照片张数(现有)", 16),
)
NAME_WIDTH = 26
FIGURE_WIDTH = 11

Cell = str | int


def sheet_periods(day: date) -> tuple[ReportPeriod, ...]:
    """Return the periods offered: this half month and the one before, this month and the last."""
    half, month = half_month(day), whole_month(day)
    before = timedelta(days=1)
    return (
        half,
        half_month(half.first - before),
        month,
        whole_month(month.first - before),
    )


@pages.get("/<int:campaign_id>/progress.xlsx")
@requires(Permission.COMPLAINT_VIEW)
def sheet(campaign_id: int) -> Response:
    """Send the sheet of `?first=…&last=…`, with the items the person sees."""
    campaign = find_campaign(database(), campaign_id)
    if campaign is None:
        raise Problem("not_found", what="专项行动")
    first = parsed_day("开始日期", request.args.get("first", ""))
    last = parsed_day("结束日期", request.args.get("last", ""))
    if last < first:
        raise Problem("days_reversed", first=first, last=last)
    period = ReportPeriod(first, last)
    progress = campaign_progress(database(), campaign, period, actor=actor(), now=now())
    answer = Response(workbook(progress), mimetype=MEDIA[XLSX])
    name = f"campaign-{campaign.id}-{first.isoformat()}-{last.isoformat()}.{XLSX}"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def workbook(progress: Progress) -> bytes:
    """Return the workbook: figures by unit and by batch, then the items; texts stay texts."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"in_memory": True}) as book:
        figures = book.add_worksheet(gettext("进展汇总"))
        figures.set_column(0, 0, NAME_WIDTH)
        figures.set_column(1, len(COUNTED), FIGURE_WIDTH)
        _write(figures, _figures(progress))
        items = book.add_worksheet(gettext("事项清单"))
        for column, (_, width) in enumerate(LISTED):
            items.set_column(column, column, width)
        items.freeze_panes(1, 0)
        _write(items, _items(progress.lines))
    return body.getvalue()


def counted_words(count: ProgressCount) -> str:
    """Return the figures as bureaus say them: 13 批 37 件."""
    if count.batches:
        return str(gettext("%(batches)s 批 %(items)s 件", batches=count.batches, items=count.items))
    return str(gettext("%(count)s 件", count=count.items))


def _figures(progress: Progress) -> Iterable[Sequence[Cell]]:
    period = progress.period
    first, last = day_text(period.first), day_text(period.last)
    days = gettext("%(first)s 至 %(last)s", first=first, last=last)
    cut = gettext("截止 %(moment)s", moment=moment_text(progress.cut_off))
    yield [progress.campaign.name]
    yield [f"{days}; {cut}"]
    yield [counted_words(progress.total)]
    yield []
    yield _headings("责任单位", *COUNTED)
    for unit, count in progress.by_unit():
        yield [unit, *_counted(count)]
    yield [str(gettext("合计")), *_counted(progress.total)]
    batches = progress.by_batch()
    if batches:
        yield []
        yield _headings("批次", *COUNTED)
        for batch, count in batches:
            yield [batch, *_counted(count)]


def _headings(*texts: str) -> list[Cell]:
    return [str(gettext(text)) for text in texts]


def _counted(count: ProgressCount) -> list[Cell]:
    return [
        count.batches,
        count.items,
        count.key_items,
        count.issued_in_period,
        count.struck_in_period,
        count.struck,
        count.phase_closed,
        count.waiting,
        count.open,
        count.late,
        share_text(count.share_struck),
    ]


def _items(lines: Iterable[ProgressLine]) -> Iterable[Sequence[Cell]]:
    yield _headings(*(title for title, _ in LISTED))
    for line in lines:
        yield [
            line.item_no,
            line.batch_no or "",
            line.title,
            line.unit,
            line.person or "",
            str(gettext("是")) if line.is_key_item else "",
            str(gettext(line.state.label)),
            day_text(line.issued_on),
            day_text(line.due_on),
            day_text(line.struck_on),
            line.told,
            day_text(line.told_on),
            line.photos,
        ]


def _write(sheet: Worksheet, rows: Iterable[Sequence[Cell]]) -> None:
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell)
            else:
                sheet.write_string(row, column, cell)
