"""Units and persons, who owns which grid when, posts and the demo accounts."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from inspect_app.demo import names
from inspect_app.demo.grids import FOUNDED, Grids
from inspect_app.demo.plane import stream
from inspect_app.domain.access import Role
from inspect_app.domain.codes import OrgKind, OwnerDuty

BUREAU = f"{names.COUNTY}生态环境局"
BRIGADE = f"{names.COUNTY}生态环境保护综合行政执法大队"
DEPARTMENTS = ("水务局", "综合行政执法局", "农业农村局", "住房和城乡建设局", "自然资源局")
CHANGE_CHANCE = 0.14
"""Share of village and unit grids whose responsible person changed during the last year."""


@dataclass(slots=True)
class People:
    """Rows of units, persons, owners and posts, and the persons behind the demo accounts."""

    orgs: list[dict[str, object]] = field(default_factory=list)
    persons: list[dict[str, object]] = field(default_factory=list)
    owners: list[dict[str, object]] = field(default_factory=list)
    posts: list[dict[str, object]] = field(default_factory=list)
    accounts: list[dict[str, object]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    by_role: dict[tuple[Role, int | None], list[int]] = field(default_factory=dict)
    """Ids of persons by role and the grid of the post."""
    stations: dict[int, int] = field(default_factory=dict)
    """Unit of the township station by the id of the township's grid."""

    def org(self, name: str, kind: OrgKind, *, parent: int | None = None) -> int:
        """Add a unit; return its id."""
        number = len(self.orgs) + 1
        phone = f"0999-610{number:04d}"
        self.orgs.append(
            {"id": number, "parent_id": parent, "name": name, "kind": kind.value, "phone": phone}
        )
        return number

    def person(self, org: int, position: str, *, certificate: bool = False) -> int:
        """Add a person; return the id."""
        number = len(self.persons) + 1
        self.persons.append(
            {
                "id": number,
                "org_id": org,
                "name": self.names[number],
                "phone": self.phones[number],
                "position": position,
                "certificate_no": f"{names.COUNTY_CODE}{number:05d}" if certificate else None,
                "active": True,
            }
        )
        return number

    def post(self, person: int, role: Role, *, grid: int | None, since: date = FOUNDED) -> int:
        """Give a person a role over a grid; return the person."""
        self.posts.append(
            {
                "id": len(self.posts) + 1,
                "person_id": person,
                "role": role.value,
                "grid_id": grid,
                "valid_from": since,
                "valid_to": None,
            }
        )
        self.by_role.setdefault((role, grid), []).append(person)
        return person

    def own(
        self,
        grid: int,
        person: int,
        duty: OwnerDuty,
        *,
        period: tuple[date, date | None],
        rank: int = 1,
    ) -> None:
        """Give a person a duty over a grid in a period."""
        self.owners.append(
            {
                "id": len(self.owners) + 1,
                "grid_id": grid,
                "person_id": person,
                "duty": duty.value,
                "rank": rank,
                "valid_from": period[0],
                "valid_to": period[1],
            }
        )

    def account(self, login: str, person: int) -> None:
        """Give a person a log-in."""
        self.accounts.append(
            {"id": len(self.accounts) + 1, "person_id": person, "login": login, "active": True}
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames of all tables of people; accounts are without a password."""
        org, post = pd.DataFrame(self.orgs), pd.DataFrame(self.posts)
        org["parent_id"] = org.parent_id.astype("Int64")
        post["grid_id"] = post.grid_id.astype("Int64")
        return {
            "org": org,
            "person": pd.DataFrame(self.persons),
            "grid_owner": pd.DataFrame(self.owners),
            "post": post,
            "account": pd.DataFrame(self.accounts),
        }


def make_people(seed: int, grids: Grids, *, today: date) -> People:
    """Staff the county."""
    rng = stream(seed, "people")
    people = People(names=names.persons(rng, 2_500), phones=names.phones(rng, 2_500))
    bureau = people.org(BUREAU, OrgKind.BUREAU)
    brigade = people.org(BRIGADE, OrgKind.ENFORCEMENT_BRIGADE, parent=bureau)
    for department in DEPARTMENTS:
        people.org(f"{names.COUNTY}{department}", OrgKind.DEPARTMENT)
    county = grids.frame.iloc[0]
    _staff_bureau(people, bureau, int(county.id))
    for position in ("大队长", "副大队长", *["执法队员"] * 8):
        officer = people.person(brigade, position, certificate=True)
        people.post(officer, Role.INSPECTOR, grid=None)
    people.account("inspector", people.by_role[Role.INSPECTOR, None][0])
    for township in grids.frame[grids.frame.depth == 2].itertuples():
        _staff_township(rng, people, grids, township=int(township.id), today=today)
    return people


def _staff_bureau(people: People, bureau: int, county: int) -> None:
    director = people.post(people.person(bureau, "局长"), Role.DIRECTOR, grid=None)
    deputies = [
        people.post(people.person(bureau, "副局长"), Role.DEPUTY, grid=None) for _ in range(2)
    ]
    always = (FOUNDED, None)
    people.own(county, director, OwnerDuty.GRID_CHIEF, period=always)
    for rank, deputy in enumerate(deputies, start=1):
        people.own(county, deputy, OwnerDuty.DEPUTY_LEADER, period=always, rank=rank)
    for role, position, login in (
        (Role.CLERK, "信访科科员", "clerk"),
        (Role.CLERK, "信访科科长", ""),
        (Role.SUPERVISOR, "网格办监督员", "supervisor"),
        (Role.SUPERVISOR, "网格办监督员", ""),
        (Role.AUDITOR, "纪检审计员", "auditor"),
        (Role.ADMINISTRATOR, "信息科科长", "administrator"),
    ):
        person = people.post(people.person(bureau, position), role, grid=None)
        if role is Role.SUPERVISOR:
            people.own(county, person, OwnerDuty.GRID_SUPERVISOR, period=always)
        if login:
            people.account(login, person)
    people.account("director", director)
    people.account("deputy", deputies[0])


def _staff_township(
    rng: np.random.Generator, people: People, grids: Grids, *, township: int, today: date
) -> None:
    name = str(grids.frame.name[township - 1])
    government = people.org(f"{name}人民政府", OrgKind.DEPARTMENT)
    station = people.org(f"{name}环境管理站", OrgKind.TOWNSHIP_STATION, parent=1)
    people.stations[township] = station
    head = "镇长" if name.endswith("镇") else "乡长"
    always = (FOUNDED, None)
    chief = people.person(government, head)
    if rng.random() < 0.3:
        changed = today - timedelta(days=int(rng.integers(60, 330)))
        former, chief = chief, people.person(government, head)
        people.own(township, former, OwnerDuty.GRID_CHIEF, period=(FOUNDED, changed))
        people.own(township, chief, OwnerDuty.GRID_CHIEF, period=(changed, None))
        people.post(chief, Role.CHIEF, grid=township, since=changed)
    else:
        people.own(township, chief, OwnerDuty.GRID_CHIEF, period=always)
        people.post(chief, Role.CHIEF, grid=township)
    deputy = people.person(government, f"副{head}")
    people.own(township, deputy, OwnerDuty.DEPUTY_LEADER, period=always)
    people.post(deputy, Role.CHIEF, grid=township)
    for position in ("站长", "副站长", "环保专干"):
        member = people.person(station, position)
        people.post(member, Role.STATION, grid=township)
        if position == "副站长":
            people.own(township, member, OwnerDuty.GRID_SUPERVISOR, period=always)
    villages = grids.frame[grids.frame.parent_id == township]
    for village in villages.itertuples():
        _staff_village(rng, people, grids, village=village, today=today, org=government)
    if not any(row["login"] == "chief" for row in people.accounts):
        people.account("chief", chief)
        people.account("station", people.by_role[Role.STATION, township][0])
        worker = next(p for (role, _), p in people.by_role.items() if role is Role.WORKER)
        people.account("worker", worker[0])


def _staff_village(
    rng: np.random.Generator,
    people: People,
    grids: Grids,
    *,
    village: object,
    today: date,
    org: int,
) -> None:
    grid, since, until = village.id, village.valid_from, village.valid_to  # type: ignore[attr-defined]
    secretary = people.person(org, "村支部书记")
    _hand_over(rng, people, secretary, grid=grid, period=(since, until), today=today)
    if rng.random() < 0.4:
        deputy = people.person(org, "村委会副主任")
        duty = OwnerDuty.RESPONSIBLE_PERSON
        people.own(grid, deputy, duty, period=(since, until), rank=2)
    workers = [people.person(org, "网格员") for _ in range(int(rng.integers(1, 3)))]
    for worker in workers:
        people.own(grid, worker, OwnerDuty.GRID_WORKER, period=(since, until))
        if until is None or pd.isna(until):
            people.post(worker, Role.WORKER, grid=grid)
    units = grids.frame[grids.frame.parent_id == grid]
    for place, unit in enumerate(units.itertuples()):
        worker = workers[place % len(workers)]
        _hand_over(rng, people, worker, grid=unit.id, period=(since, until), today=today)


def _hand_over(
    rng: np.random.Generator,
    people: People,
    person: int,
    *,
    grid: int,
    period: tuple[date, date | None],
    today: date,
) -> None:
    """Make a person responsible for a grid; some took over from another during the last year."""
    since, until = period
    duty = OwnerDuty.RESPONSIBLE_PERSON
    changed = today - timedelta(days=int(rng.integers(20, 340)))
    open_ = until is None or pd.isna(until)
    if open_ and since < changed and rng.random() < CHANGE_CHANCE:
        org = int(str(people.persons[person - 1]["org_id"]))
        former = people.person(org, "原网格责任人")
        people.own(grid, former, duty, period=(since, changed))
        since = changed
    people.own(grid, person, duty, period=(since, until))
