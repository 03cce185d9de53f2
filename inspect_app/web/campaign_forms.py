"""Forms of campaigns: what a request says of a campaign, an item, a step and a list."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from inspect_app.domain.calendar import end_of_day
from inspect_app.domain.campaign_codes import CampaignKind, CampaignLevel, ItemState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import Guard
from inspect_app.queries.campaigns import ItemFilter
from inspect_app.web.http import AnyCode, chosen_code, parsed_day
from inspect_app.workflows.handle_campaign import CampaignDraft, ItemDraft, ItemForm

FIELDS: Mapping[str, tuple[str, str]] = {
    "handler_person_id": ("责任人", "person"),
    "due_at": ("时限", "day"),
    "grid_id": ("网格", "grid"),
    "proof": ("佐证材料(文件名称、文号或照片编号)", "words"),
    "published_text": ("公开内容(不写任何人的个人信息)", "words"),
    "reason": ("情况说明", "words"),
}
"""Label and kind of each field of a step's form."""


@dataclass(frozen=True, slots=True)
class ItemAction:
    """A step offered on an item's page: its fields, all required, and what forbids it."""

    event: str
    label: str
    fields: tuple[str, ...]
    obstacle: Guard | None


def campaign_draft() -> CampaignDraft:
    """Return the campaign the posted form describes."""
    form = request.form
    ends_on = form.get("ends_on", "")
    return CampaignDraft(
        name=form.get("name", ""),
        kind=_code(CampaignKind, "类别", form.get("kind", "")),
        level=_code(CampaignLevel, "级别", form.get("level", "")),
        starts_on=parsed_day("开始日期", form.get("starts_on", "")),
        ends_on=parsed_day("结束日期", ends_on) if ends_on else None,
        source=form.get("source", ""),
    )


def _code(codes: type[AnyCode], field: str, text: str) -> AnyCode:
    """Return the code a required field names, or a refusal."""
    if text in list(codes):
        return codes(text)
    expected = "、".join(code.value for code in codes)
    raise Problem("field_invalid", field=field, expected=expected, found=text[:80])


def item_draft() -> ItemDraft:
    """Return the item the posted form describes."""
    form = request.form
    return ItemDraft(
        item_no=form.get("item_no", ""),
        due_on=parsed_day("时限", form.get("due_on", "")),
        title=form.get("title", ""),
        batch_no=form.get("batch_no", ""),
        is_key_item=form.get("key") == "1",
        org_id=form.get("org", type=int),
        grid_id=form.get("grid", type=int),
        person_id=form.get("person", type=int),
    )


def item_form() -> ItemForm:
    """Return what the posted form of a step says."""
    form = request.form
    due_on = form.get("due_at", "")
    return ItemForm(
        state=form.get("state", ""),
        version=form.get("version", 0, type=int),
        reason=form.get("reason", ""),
        proof=form.get("proof", ""),
        published_text=form.get("published_text", ""),
        handler_person_id=form.get("handler_person_id", type=int),
        due_at=end_of_day(parsed_day("时限", due_on)) if due_on else None,
        grid_id=form.get("grid_id", type=int),
        photos=tuple(value for value in form.getlist("photos") if value),
    )


def item_filter() -> ItemFilter:
    """Return what the address narrows the list of items to."""
    arguments = request.args
    return ItemFilter(
        unit=arguments.get("unit", ""),
        state=chosen_code(ItemState, arguments.get("state", "")),
        batch_no=arguments.get("batch", ""),
        text=arguments.get("text", "").strip(),
        only_key=bool(arguments.get("key")),
        only_late=bool(arguments.get("late")),
        only_soon=bool(arguments.get("soon")),
    )
