"""Whom a matter can be given to, and whose it is by its place."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Permission, Role
from inspect_app.models import ComplaintMatter, Grid, GridOwner, Person, Post
from inspect_app.queries.assignment import proposed_handlers
from inspect_app.queries.owners import NoOwner, owner_of_grid

HANDLING_ROLES = tuple(role.value for role in Role if Permission.MATTER_HANDLE in ROLES[role])


def possible_matter_handlers(session: Session, grid_id: int | None, *, day: date) -> list[Person]:
    """Return the persons who can handle a matter of this grid on a day, by name.

    Those with a duty over the grid, and those whose post lets them handle matters and covers the
    grid. A matter without grid can be given to whoever handles matters anywhere.
    """
    path = select(Grid.path).where(Grid.id == grid_id).scalar_subquery()
    covering = select(Grid.id).where(path.startswith(Grid.path))
    reach = Post.grid_id.is_(None) | Post.grid_id.in_(covering)
    posted = select(Post.person_id).where(
        Post.role.in_(HANDLING_ROLES),
        Post.valid_from <= day,
        or_(Post.valid_to.is_(None), Post.valid_to > day),
    )
    if grid_id is not None:
        posted = posted.where(reach)
    owning = select(GridOwner.person_id).where(
        GridOwner.grid_id == grid_id,
        GridOwner.valid_from <= day,
        or_(GridOwner.valid_to.is_(None), GridOwner.valid_to > day),
    )
    return list(
        session.scalars(
            select(Person)
            .where(Person.active, or_(Person.id.in_(posted), Person.id.in_(owning)))
            .order_by(Person.name, Person.id)
        )
    )


def proposed_handler(session: Session, matter: ComplaintMatter, *, day: date) -> int | None:
    """Return whom the matter is proposed to first; without a place the owner of its grid."""
    for proposal in proposed_handlers(session, matter, day=day):
        if proposal.holder is not None:
            return proposal.holder.person_id
    grid = None if matter.grid_id is None else session.get(Grid, matter.grid_id)
    if grid is None:
        return None
    try:
        return owner_of_grid(session, grid, day=day).person.id
    except NoOwner:
        return None
