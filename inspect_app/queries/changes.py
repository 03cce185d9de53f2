"""Changes: what of a person's tasks and near objects is different since a tablet last asked."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.queries.patrols import NearObject, TaskCard, cards_of, objects_named

PAGE_ROWS = 500
BEHIND_MAX = 20_000
"""With more changes than this before it a tablet takes its package anew."""
MANY_OBJECTS = "objects"
"""What a trigger writes for a statement that changes over 1,000 objects: one row a grid."""
LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a tablet has come in the feed: all below (xid, id), and what that rests on.

    `epoch` is the database's life: its cluster, timeline and number. `standing` stands for the
    person's scope and crews. (`seen_id`, `seen_mark`) is the newest change that was passed: where
    it is gone, or another has its number, the tablet's past is not this database's.
    """

    epoch: str
    standing: str
    xid: int
    id: int
    seen_id: int
    seen_mark: int

    def __str__(self) -> str:
        """Return the cursor as a tablet keeps it."""
        numbers = (self.xid, self.id, self.seen_id, self.seen_mark)
        return ".".join((self.epoch, self.standing, *map(str, numbers)))


def parse_cursor(words: str) -> Cursor | None:
    """Return the cursor a tablet sent; None for what is none."""
    parts = words.split(".")
    if len(parts) != 6 or not all(part.isascii() and part.isalnum() for part in parts):
        return None
    epoch, standing, *numbers = parts
    if not all(number.isdigit() and int(number) < 2**63 for number in numbers):
        return None
    return Cursor(epoch, standing, *map(int, numbers))


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of the feed: cards of what is there, kind and id of what has gone."""

    cursor: str
    reset: bool
    rows: list[dict[str, Any]]
    gone: list[dict[str, Any]]
    more: bool


STANDING = """
WITH mine AS (SELECT DISTINCT crew_id FROM crew_member WHERE person_id = :person)
SELECT
    (SELECT array_agg(crew_id ORDER BY crew_id) FROM mine) AS crews,
    (SELECT string_agg(concat_ws(' ', crew.id, crew.name, person.id, person.name, valid_from,
         valid_to), ';' ORDER BY crew.id, person.id, valid_from)
     FROM crew_member JOIN mine USING (crew_id) JOIN crew ON crew.id = crew_id
         JOIN person ON person.id = person_id) AS members,
    (SELECT concat_ws('x', system_identifier, timeline_id, pg_database.oid)
     FROM pg_control_system(), pg_control_checkpoint(), pg_database
     WHERE datname = current_database()) AS epoch
"""
"""Epoch: a restored cluster has another timeline, a restored dump another cluster or database."""

FEED = """
WITH horizon AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin
), marked AS NOT MATERIALIZED (
    SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS mark FROM change
), newest AS (
    SELECT id, mark FROM marked WHERE xid < (SELECT xmin FROM horizon)
    ORDER BY xid DESC, id DESC LIMIT 1
), fresh AS MATERIALIZED (
    SELECT * FROM marked WHERE (xid, id) > (:xid, :id) AND xid < (SELECT xmin FROM horizon)
    ORDER BY xid, id LIMIT :behind
), mine AS (
    SELECT DISTINCT ON (subject_kind, subject_id) fresh.* FROM fresh
    LEFT JOIN patrol_task AS task ON subject_kind = 'task' AND task.id = subject_id
    WHERE CASE WHEN subject_kind = 'task'
        THEN task.state IS DISTINCT FROM 'planned'
            AND (fresh.crew_id = ANY(:crews) OR task.crew_id = ANY(:crews))
        ELSE :everywhere OR EXISTS (SELECT FROM grid WHERE grid.id = fresh.grid_id
            AND grid.path ^@ ANY(:paths)) END
    ORDER BY subject_kind, subject_id, xid DESC, id DESC
)
SELECT horizon.xmin, newest.id AS newest_id, newest.mark AS newest_mark,
    EXISTS (SELECT FROM marked WHERE id = :seen_id AND mark = :seen_mark) AS known,
    (SELECT count(*) FROM fresh) AS behind,
    mine.subject_kind, mine.subject_id, mine.xid, mine.id, mine.mark
FROM horizon LEFT JOIN newest ON true LEFT JOIN mine ON true
ORDER BY mine.xid, mine.id LIMIT :rows
"""
"""Changes after the cursor, each subject once, at its newest change: a subject that is not on this
page has that change after the page's end. A task's crew and an object's grid before a change have
a row of their own, so that who had it sees it go."""


def changes_after(session: Session, cursor: str, *, actor: Actor) -> Changes:
    """Return what of the actor's tasks and objects has changed since the cursor was given.

    `rows` are `{kind, id, card}`: kind `task` with a card as in the day's tasks, or `outlet`,
    `source`, `water_source` with one as in the package's objects. `gone` are `{kind, id}`: deleted,
    closed, cancelled, moved to another crew or out of the scope; also of things the tablet never
    had. Where `more` is true the next page can be asked for at once.

    `reset` tells that nothing can be said about what the tablet holds: a cursor that is none, is
    older than what is kept, comes from before a restored backup, or from another scope, crew or
    person; or an import has changed very many objects in the scope. `rows` and `gone` are empty
    then: the tablet keeps the new cursor, throws its read copies away and takes the package
    (`/sync/week`) anew, in this order.

    A card's `last_visit` and `next_segment` are as of when it was made.
    """
    standing = session.execute(text(STANDING), {"person": actor.person_id}).one()
    life = Cursor(standing.epoch, _stamp(actor, standing.members), LAST, 0, 0, 0)
    asked = parse_cursor(cursor)
    if asked is None or (asked.epoch, asked.standing) != (life.epoch, life.standing):
        asked = life
    found = session.execute(text(FEED), _values(asked, actor, standing.crews)).all()
    head = found[0]
    passed = replace(
        life, xid=head.xmin, id=0, seen_id=head.newest_id or 0, seen_mark=head.newest_mark or 0
    )
    foreign = asked.xid > head.xmin or not (head.known or not asked.seen_id)
    many = any(row.subject_kind == MANY_OBJECTS for row in found)
    if foreign or many or head.behind > BEHIND_MAX:
        return Changes(str(passed), reset=True, rows=[], gone=[], more=False)
    page = [row for row in found[:PAGE_ROWS] if row.subject_kind is not None]
    if more := len(found) > PAGE_ROWS:
        end = page[-1]
        passed = replace(passed, xid=end.xid, id=end.id, seen_id=end.id, seen_mark=end.mark)
    names = [(row.subject_kind, row.subject_id) for row in page]
    cards = _cards(session, names, actor=actor)
    return Changes(
        cursor=str(passed),
        reset=False,
        rows=[{"kind": kind, "id": key, "card": card} for (kind, key), card in cards.items()],
        gone=[{"kind": kind, "id": key} for kind, key in names if (kind, key) not in cards],
        more=more,
    )


def _values(asked: Cursor, actor: Actor, crews: list[int] | None) -> dict[str, Any]:
    return {
        "xid": asked.xid,
        "id": asked.id,
        "seen_id": asked.seen_id,
        "seen_mark": asked.seen_mark,
        "crews": crews or [],
        "everywhere": actor.scope.everywhere,
        "paths": list(actor.scope.grid_paths),
        "behind": BEHIND_MAX + 1,
        "rows": PAGE_ROWS + 1,
    }


def _stamp(actor: Actor, members: str | None) -> str:
    """Return what stands for person, scope and crews: with another one all may be different."""
    scope = actor.scope
    rests_on = repr((actor.person_id, scope.everywhere, sorted(scope.grid_paths), members))
    return hashlib.sha256(rests_on.encode()).hexdigest()[:16]


def _cards(
    session: Session, names: list[tuple[str, int]], *, actor: Actor
) -> dict[tuple[str, int], TaskCard | NearObject]:
    """Return the card of each thing (kind, id) that the actor's tablet shows now."""
    tasks = [number for kind, number in names if kind == "task"]
    objects = [name for name in names if name[0] != "task"]
    cards: dict[tuple[str, int], TaskCard | NearObject] = {}
    if tasks:
        cards |= {("task", card.id): card for card in cards_of(session, actor.person_id, tasks)}
    if objects:
        found = objects_named(session, objects, scope=actor.scope)
        cards |= {(card.kind, card.id): card for card in found}
    return cards
