"""Two campaigns of the demo: an inspection with batches and a special action, with their items."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

from inspect_app.demo.history import History, StepRow
from inspect_app.demo.patrols import at
from inspect_app.demo.people import People
from inspect_app.demo.pictures import SIZE, Shot, photo
from inspect_app.domain.access import Role
from inspect_app.domain.codes import PhotoStage
from inspect_app.domain.transitions import ITEM_STEP_PHOTOS

_STARTED = ("issue", "acknowledge", "start")
_RECTIFIED = (*_STARTED, "rectify")
_STRUCK = (*_RECTIFIED, "accept", "strike_off")

LIVES: dict[str, tuple[str, ...]] = {
    "issued": ("issue",),
    "acknowledged": ("issue", "acknowledge"),
    "in_progress": (*_STARTED, "report_progress"),
    "phase_closed": (*_STARTED, "report_progress", "close_phase"),
    "rectified": _RECTIFIED,
    "accepted_for_cancel": (*_RECTIFIED, "accept"),
    "cancelled_off": _STRUCK,
    "published": (*_STRUCK, "publish"),
    "reopened": (*_STRUCK, "reopen"),
}
"""The steps an item went through, by the state it is in."""
_REASONS = {
    "report_progress": "已制定整改方案,正在施工",
    "close_phase": "主体工程完工,后续监测三个月",
    "rectify": "已按要求整改完成,报请验收",
    "accept": "现场核对,整改到位",
    "reopen": "复查发现问题反弹,重新整改",
}
_WORK = frozenset({"acknowledge", "start", "report_progress", "close_phase", "rectify"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """An item before it is drawn: its state, and its days counted from today."""

    state: str
    issued: int
    due: int
    title: str = ""
    """Empty for an item that stands for a matter."""
    batch: str | None = None
    key: bool = False


_INSPECTION = (
    _Plan("published", -38, -20, "砂石料场无组织扬尘,未落实覆盖措施", "第一批", key=True),
    _Plan("cancelled_off", -38, -18, "沿街餐饮油烟净化设施不运行", "第一批"),
    _Plan("accepted_for_cancel", -34, -8, "养殖场粪污直排农灌沟", "第二批", key=True),
    _Plan("in_progress", -34, -4, "", "第二批"),
    _Plan("phase_closed", -30, 3, "集镇污水处理站进水浓度长期偏低", "第三批"),
    _Plan("in_progress", -26, 5, "", "第四批", key=True),
    _Plan("reopened", -26, 9, "河道滩地堆存建筑垃圾", "第四批"),
)
_ACTION = (
    _Plan("cancelled_off", -50, -10, "入河排污口未设标识牌"),
    _Plan("rectified", -42, 1, "雨洪排口旱季有污水流出"),
    _Plan("in_progress", -40, -6),
    _Plan("acknowledged", -9, 18),
    _Plan("issued", -2, 30, "取水口上游堆放农药包装废弃物"),
)
_LINKED = ("assigned", "investigating", "handling")


_PICTURED = ("livestock", "bank_waste", "odour_dust", "direct_discharge")
"""What the photos of items show, in turn."""


@dataclass(slots=True)
class Evidence:
    """Rows of the items' photos, which item they belong to, and their bytes."""

    photos: list[dict[str, object]] = field(default_factory=list)
    links: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def add_campaigns(
    rng: np.random.Generator,
    frames: dict[str, pd.DataFrame],
    *,
    people: People,
    history: History,
    today: date,
) -> Evidence:
    """Add the frames of campaigns and items; items without a title stand for matters in hand.

    Returns the photos of what was found where an item was begun, and of what was put right.
    """
    creator = people.by_role[Role.DEPUTY, None][0]
    created = at(today - timedelta(days=60), time(9))
    days = {"created_at": created, "created_by": creator}
    year = today.year
    frames["campaign"] = pd.DataFrame(
        [
            {
                "id": 1,
                "name": f"{year}年省级生态环境保护督察",
                "kind": "inspection_team",
                "level": "provincial",
                "starts_on": today - timedelta(days=40),
                "ends_on": today - timedelta(days=12),
                "source": "省督察组边督边改工作通知(示例)",
                **days,
            },
            {
                "id": 2,
                "name": f"{year}年入河排污口专项整治行动",
                "kind": "special_campaign",
                "level": "county",
                "starts_on": today - timedelta(days=55),
                "ends_on": today + timedelta(days=90),
                "source": "县政府办公室专项整治方案(示例)",
                **days,
            },
        ]
    )
    writer = _Writer(rng, frames, people=people, history=history, today=today)
    plans = [(1, plan) for plan in _INSPECTION] + [(2, plan) for plan in _ACTION]
    items = pd.DataFrame([writer.item(campaign, plan) for campaign, plan in plans])
    for column in ("responsible_person_id", "matter_id"):
        items[column] = items[column].astype("Int64")
    frames["campaign_item"] = items
    frames["campaign_item_photo"] = pd.DataFrame(writer.evidence.links)
    return writer.evidence


class _Writer:
    """Writes items one after another: who answers for each, and what was done."""

    def __init__(
        self,
        rng: np.random.Generator,
        frames: dict[str, pd.DataFrame],
        *,
        people: People,
        history: History,
        today: date,
    ) -> None:
        self.people, self.history, self.today = people, history, today
        matter = frames["complaint_matter"]
        self.matter, self.complaint = matter, frames["complaint"]
        self.matter["is_key_item"] = False
        self.complaint["batch_no"] = None
        fitting = matter[matter.state.isin(_LINKED) & matter.grid_id.notna()]
        fitting = fitting[fitting.handler_person_id.notna()]
        drawn = rng.permutation(fitting.id.to_numpy())
        self.matters = iter(int(number) for number in drawn)
        self.paths = frames["grid"].set_index("id").path
        self.townships = [int(t) for t in rng.permutation(sorted(people.stations))]
        self.count = 0
        self.evidence = Evidence()
        self.pictures = np.random.default_rng(rng.integers(2**32))
        self.shapes = frames["grid"].set_index("id").geom

    def item(self, campaign: int, plan: _Plan) -> dict[str, object]:
        """Return the row of an item; its steps go into the history."""
        self.count += 1
        township = self.townships[self.count % 4]
        title, matter, grid = plan.title, None, township
        person = self.people.by_role[Role.STATION, township][0]
        if not title:
            matter = next(self.matters)
            row = self.matter[self.matter.id == matter].iloc[0]
            title, grid, person = str(row.title), int(row.grid_id), int(row.handler_person_id)
            township = int(str(self.paths[grid]).split("/")[2])
            self.matter.loc[self.matter.id == matter, "is_key_item"] = plan.key
            self.complaint.loc[self.complaint.matter_id == matter, "batch_no"] = plan.batch
        steps = self._steps(plan, person, grid=grid)
        state = self.history.live("campaign_item", self.count, steps)
        published = [step for step in steps if step.event == "publish"]
        signed = len(steps) > 1 or matter is not None
        return {
            "id": self.count,
            "campaign_id": campaign,
            "grid_id": grid,
            "org_id": self.people.stations[township],
            "responsible_person_id": person if signed else None,
            "matter_id": matter,
            "batch_no": plan.batch,
            "item_no": f"{'DC' if campaign == 1 else 'ZX'}-{self.count:03d}",
            "title": title,
            "is_key_item": plan.key,
            "state": state,
            "issued_at": steps[0].at,
            "due_on": self.today + timedelta(days=plan.due),
            "published_text": published[0].facts["published_text"] if published else None,
            "published_at": published[0].at if published else None,
        }

    def _steps(self, plan: _Plan, person: int, *, grid: int) -> list[StepRow]:
        life = LIVES[plan.state]
        due = self.today + timedelta(days=plan.due)
        steps = []
        for n, event in enumerate(life):
            day = self.today + timedelta(days=plan.issued - plan.issued * n // len(life))
            step = self._step(event, at(day, time(9 + n)), person, due=due)
            if event in {"start", "rectify"}:
                step.facts["photos"] = [self._photo(step, grid)]
            steps.append(step)
        return steps

    def _photo(self, step: StepRow, grid: int) -> str:
        """Draw the photo a step was taken with; return its hash."""
        stage = ITEM_STEP_PHOTOS[step.event]
        place = self.shapes[grid].representative_point()
        taken = step.at - timedelta(minutes=15)
        kind = _PICTURED[self.count % len(_PICTURED)]
        shot = Shot(place.x, place.y, taken, kind, cured=stage is PhotoStage.AFTER)
        name, content = photo(self.pictures, shot)
        self.evidence.files[name] = content
        self.evidence.photos.append(
            {
                "sha256": name,
                "media_type": "image/jpeg",
                "size": len(content),
                "width": SIZE[0],
                "height": SIZE[1],
                "taken_at": taken,
                "received_at": step.at,
                "received_from": step.actor,
                "geom": place,
            }
        )
        link = {"item_id": self.count, "photo_sha256": name, "stage": stage.value}
        self.evidence.links.append(link)
        return name

    def _step(self, event: str, moment: datetime, person: int, *, due: date) -> StepRow:
        facts: dict[str, object] = {}
        if event == "issue":
            facts = {"due_on": due.isoformat()}
        if event in {"rectify", "strike_off"}:
            facts = {"proof": "整改报告及前后对比照片"}
        if event == "publish":
            facts = {"published_text": "群众反映的问题属实,已责令整改并通过验收,现场已恢复整洁。"}
        if event == "reopen":
            facts = {"due_at": at(due, time(23, 59)).isoformat()}
        return StepRow(event, moment, self._who(event, person), _REASONS.get(event, ""), facts)

    def _who(self, event: str, person: int) -> int:
        if event in _WORK:
            return person
        if event == "issue":
            return self.people.by_role[Role.CLERK, None][0]
        role = Role.SUPERVISOR if event in {"accept", "reopen"} else Role.DEPUTY
        return self.people.by_role[role, None][0]
