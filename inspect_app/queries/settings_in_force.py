"""What an administrator looks at: policies in force, accounts with posts, the job queue."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, or_, select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.policies import PROPOSALS
from inspect_app.models import Account, Grid, Org, Person, Policy, Post


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy row with its title and unit."""

    key: str
    title: str
    value: float
    unit: str
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with one of its posts of today."""

    login: str
    person: str
    org: str
    role: Role | None
    grid: str | None
    active: bool
    locked_until: datetime | None


def policies_in_force(session: Session, *, day: date) -> list[PolicyInForce]:
    """Return the policy rows valid on the day, in the order of the catalogue."""
    known = {proposal.key: (n, proposal) for n, proposal in enumerate(PROPOSALS)}
    rows = session.scalars(
        select(Policy).where(
            Policy.valid_from <= day, or_(Policy.valid_to.is_(None), Policy.valid_to > day)
        )
    )
    lines = []
    for row in rows:
        order, proposal = known.get(row.key, (len(known), None))
        line = PolicyInForce(
            key=row.key,
            title=row.key if proposal is None else proposal.title,
            value=float(row.value["value"]),
            unit="" if proposal is None else proposal.unit,
            valid_from=row.valid_from,
            source=row.source,
        )
        lines.append((order, row.key, line))
    return [line for _, _, line in sorted(lines, key=lambda entry: entry[:2])]


def policy_history(session: Session) -> dict[str, list[Policy]]:
    """Return all rows of every policy that has more than one, the latest first."""
    rows: dict[str, list[Policy]] = {}
    for row in session.scalars(select(Policy).order_by(Policy.valid_from.desc())):
        rows.setdefault(row.key, []).append(row)
    return {key: found for key, found in rows.items() if len(found) > 1}


def account_lines(session: Session, *, day: date) -> list[AccountLine]:
    """Return every account with each post of the day."""
    rows = session.execute(
        select(Account, Person.name, Org.name, Post.role, Grid.name)
        .join(Person, Person.id == Account.person_id)
        .join(Org, Org.id == Person.org_id)
        .outerjoin(
            Post,
            (Post.person_id == Person.id)
            & (Post.valid_from <= day)
            & (Post.valid_to.is_(None) | (Post.valid_to > day)),
        )
        .outerjoin(Grid, Grid.id == Post.grid_id)
        .order_by(Account.login, Post.role)
    )
    return [
        AccountLine(
            login=account.login,
            person=person,
            org=org,
            role=Role(role) if role else None,
            grid=grid,
            active=account.active,
            locked_until=account.locked_until,
        )
        for account, person, org, role, grid in rows
    ]


def job_counts(session: Session) -> list[Row[tuple[str, str, int, datetime | None]]]:
    """Return task name, status, how many, and the latest scheduled or attempted instant."""
    return list(
        session.execute(
            text(
                """
                SELECT job.task_name, job.status::text, count(*) AS jobs, max(event.at) AS latest
                FROM jobs.procrastinate_jobs AS job
                LEFT JOIN jobs.procrastinate_events AS event ON event.job_id = job.id
                GROUP BY job.task_name, job.status
                ORDER BY job.task_name, job.status
                """
            )
        )
    )
