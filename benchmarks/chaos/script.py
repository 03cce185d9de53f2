"""Script: what an inspector writes down in some days; drawn from the seed, so that it is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.chaos.dice import Dice

FINDINGS = ("direct_discharge", "bank_waste", "noise", "new_outlet", "floating_debris")
SEVERITIES = ("normal", "important")
RESULTS = ("done", "done", "done", "skipped", "unreachable")
PHOTO_BYTES = (4_000, 12_000, 30_000, 90_000, 150_000, 300_000)
FIXES_A_SEGMENT = 40
FORM, FORM_VERSION = "river_patrol_log", 1
FUTURE_KIND = "water_sample_of_next_year"
"""A kind of record this server does not know: it is to be kept all the same."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One item to write down: a record's values without its ids, or a segment's fixes."""

    kind: str
    task: int
    values: dict[str, Any] = field(default_factory=dict)
    photos: tuple[tuple[int, int], ...] = ()
    """Photos as (number, size in bytes); the tablet makes bytes of them."""
    minute: int = 0
    """Minutes since the first item, by a clock that is right."""


def script(tasks: list[dict[str, Any]], *, records: int, a_task: int, words: str) -> list[Draft]:
    """Return the items of a tablet: so many records, and the segments of each task's track."""
    dice, drafts, minute = Dice("script", words), [], 0
    for number, task in enumerate(tasks):
        count = min(a_task, records - number * a_task)
        if count <= 0:
            break
        for draft in _day(task, count=count, dice=dice):
            minute += 1 + dice.below(4)
            drafts.append(Draft(draft.kind, task["id"], draft.values, draft.photos, minute=minute))
    return drafts


def _day(task: dict[str, Any], *, count: int, dice: Dice) -> Iterator[Draft]:
    """Write a patrol of so many records: start, visits, findings, rests, end; and its track."""
    yield Draft("patrol_start", task["id"])
    resting, segments = False, 0
    for step in range(max(0, count - 2)):
        if step % 8 == 3:
            yield Draft("segment", task["id"], {"n": segments, **track(task, segments)})
            segments += 1
        last = step == count - 3
        if resting and (last or dice.below(3) == 0):
            resting = False
            yield Draft("patrol_resume", task["id"])
        else:
            draft = _step(task, dice, may_rest=not resting and not last)
            resting = resting or draft.kind == "patrol_pause"
            yield _by_either(draft, task, dice)
    if count > 1:
        yield Draft("segment", task["id"], {"n": segments, **track(task, segments)})
        yield Draft(
            "patrol_end",
            task["id"],
            {"weather": dice.pick(("晴", "小雨", "多云")), "remark": f"第{dice.below(999)}号"},
        )


def _step(task: dict[str, Any], dice: Dice, *, may_rest: bool) -> Draft:
    drawn = dice.below(100)
    if drawn < 45:
        return _visit(task, dice)
    if drawn < 55:
        return _sheet(task, dice)
    if drawn < 84:
        return _finding(task, dice)
    if drawn < 93:
        photo = (dice.below(1 << 40), dice.pick(PHOTO_BYTES))
        values = {"stop_id": dice.pick(task["stops"]), "lon": 120.505, "lat": 30.5}
        return Draft("site_photo", task["id"], values, (photo,))
    if drawn < 95:
        return Draft(FUTURE_KIND, task["id"], {"ph": dice.below(14), "form": {"version": 99}})
    return Draft("patrol_pause", task["id"]) if may_rest else _visit(task, dice)


def _visit(task: dict[str, Any], dice: Dice) -> Draft:
    result = dice.pick(RESULTS)
    reason = "" if result == "done" else f"水位{dice.below(900)}厘米"
    values = {"stop_id": dice.pick(task["stops"]), "result": result, "reason": reason}
    return Draft("stop_result", task["id"], values | {"lon": 120.505, "lat": 30.5})


def _by_either(draft: Draft, task: dict[str, Any], dice: Dice) -> Draft:
    """Let each fourth record be by the one who is not logged in."""
    if dice.below(4):
        return draft
    return Draft(draft.kind, draft.task, draft.values | {"author": task["partner"]}, draft.photos)


def _sheet(task: dict[str, Any], dice: Dice) -> Draft:
    place = dice.below(len(task["stops"]))
    about = {"stop_id": task["stops"][place], "object_kind": "segment", "object_id": place + 1}
    form = {"form": FORM, "version": FORM_VERSION}
    answers = {"colour": dice.pick(("normal", "black")), "note": f"第{dice.below(9_999)}次"}
    return Draft("check_form", task["id"], about | form | {"answers": answers})


def _finding(task: dict[str, Any], dice: Dice) -> Draft:
    photos = tuple(
        (dice.below(1 << 40), dice.pick(PHOTO_BYTES)) for _ in range(dice.pick((0, 0, 0, 1, 2)))
    )
    values = {
        "finding_type": dice.pick(FINDINGS),
        "severity": dice.pick(SEVERITIES),
        "description": f"岸边第{dice.below(100_000)}处",
        "lon": round(120.5 + dice.below(2_000) / 100_000, 6),
        "lat": 30.5,
        "stop_id": dice.pick([None, *task["stops"]]),
    }
    return Draft("finding", task["id"], values, photos)


def track(task: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the fixes of a piece of a track, as a device gives them."""
    began = datetime.fromisoformat(task["starts_at"]) + timedelta(minutes=7 * number)
    first_ms = int(began.timestamp() * 1000)
    return {
        "fixes": [
            [first_ms + 5_000 * step, round(120.5 + number / 1_000 + step / 50_000, 6), 30.5, 8.0]
            for step in range(FIXES_A_SEGMENT)
        ]
    }
