"""Who acts: the person of an account, the posts held on a day, the scope they give."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, NOWHERE, Actor, Role, Scope
from inspect_app.models import Account, Grid, Person, Post


def actor_of(session: Session, account_id: int, *, day: date) -> Actor | None:
    """Return the actor behind an active account with the posts of the day; None if ended.

    One statement: it runs at every request.
    """
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
    rows: Sequence[Row[int, str, str, int | None, str]],
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
