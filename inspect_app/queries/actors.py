"""Who acts: the person of an account, the posts of a day, their scope; the tablet they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select, text
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, NOWHERE, Actor, Role, Scope
from inspect_app.models import Account, Grid, Person, Post


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """An enrolled tablet, revoked or not, as a request needs it; and what is noted of it."""

    uid: UUID
    name: str
    token_hash: str
    revoked: bool
    told_seq: int
    seen_at: datetime
    app_version: str | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A stored log-in session, and who acts in it: nobody before log-in or after the account.

    `tablet` is the enrolled one the request names, its token not yet checked.
    """

    values: dict[str, Any]
    created_at: datetime
    seen_at: datetime
    account_id: int | None
    actor: Actor | None
    tablet: KnownDevice | None = None


DEVICE = text("""
SELECT uid, name, token_hash, revoked_at IS NOT NULL, told_seq, seen_at, app_version
FROM device WHERE uid = :device
""")
VISITOR = text("""
SELECT device.uid, device.name, device.token_hash, device.revoked_at IS NOT NULL,
    device.told_seq, device.seen_at, device.app_version,
    web.values, web.created_at, web.seen_at, web.account_id,
    person.id, person.name, post.role, post.grid_id, grid.path
FROM web_session web
LEFT JOIN device ON device.uid = CAST(:device AS uuid)
LEFT JOIN account ON account.id = web.account_id AND account.active
LEFT JOIN person ON person.id = account.person_id AND person.active
LEFT JOIN post ON post.person_id = person.id AND post.valid_from <= :day
    AND (post.valid_to IS NULL OR post.valid_to > :day)
LEFT JOIN grid ON grid.id = post.grid_id
WHERE web.token_hash = :token_hash
""")


def visitor_of(
    session: Session, token_hash: str, *, day: date, device: UUID | None = None
) -> Visitor | None:
    """Return the session a cookie names with its actor, as of this moment; None if it has ended.

    With it comes the tablet of the id `device`. One statement, at every request: what is revoked
    ends with the next one.
    """
    said = {"token_hash": token_hash, "day": day, "device": device}
    rows = session.execute(VISITOR, said).all()
    if not rows:
        return None
    tablet = None if rows[0][0] is None else KnownDevice(*rows[0][:7])
    values, created_at, seen_at, account_id, person_id = rows[0][7:12]
    actor = None if person_id is None else _actor([row[11:] for row in rows])
    return Visitor(values, created_at, seen_at, account_id, actor, tablet)


def known_device(session: Session, uid: UUID) -> KnownDevice | None:
    """Return the enrolled tablet of an id, revoked or not."""
    row = session.execute(DEVICE, {"device": uid}).first()
    return None if row is None else KnownDevice(*row)


def actor_of(session: Session, account_id: int, *, day: date) -> Actor | None:
    """Return the actor behind an active account with the posts of the day; None if ended."""
    rows = session.execute(
        _with_posts(day)
        .join(Account, Account.person_id == Person.id)
        .where(Account.id == account_id, Account.active, Person.active)
    ).all()
    return _actor(rows)


def actor_of_person(session: Session, person_id: int, *, day: date) -> Actor | None:
    """Return the actor a person is with the posts of the day, logged in or not; None if unknown."""
    return _actor(session.execute(_with_posts(day).where(Person.id == person_id)).all())


def _with_posts(day: date) -> Select[int, str, str, int | None, str]:
    return (
        select(Person.id, Person.name, Post.role, Post.grid_id, Grid.path)
        .select_from(Person)
        .outerjoin(
            Post,
            and_(
                Post.person_id == Person.id,
                Post.valid_from <= day,
                or_(Post.valid_to.is_(None), Post.valid_to > day),
            ),
        )
        .outerjoin(Grid, Grid.id == Post.grid_id)
    )


def _actor(
    rows: Sequence[Row[int, str, str, int | None, str] | Sequence[Any]],
) -> Actor | None:
    if not rows:
        return None
    posts = [(role, grid_id, path) for _, _, role, grid_id, path in rows if role]
    return Actor(
        person_id=rows[0][0],
        name=rows[0][1],
        roles=frozenset(Role(role) for role, _, _ in posts),
        scope=scope_of([(grid_id, path) for _, grid_id, path in posts]),
    )


def scope_of(posts: list[tuple[int | None, str | None]]) -> Scope:
    """Return the scope of posts given as (grid id, grid path); no grid means the whole county."""
    if not posts:
        return NOWHERE
    if any(grid_id is None for grid_id, _ in posts):
        return EVERYWHERE
    return Scope(everywhere=False, grid_paths=tuple(sorted({path for _, path in posts if path})))


def demo_accounts(session: Session) -> list[tuple[str, str, str]]:
    """Return login, person and roles of every account, for the demo's log-in page."""
    rows = session.execute(
        select(Account.login, Person.name, Post.role)
        .join(Person, Person.id == Account.person_id)
        .join(Post, Post.person_id == Person.id)
        .where(Account.active)
        .order_by(Account.id)
    ).all()
    return [(login, name, Role(role).label) for login, name, role in rows]
