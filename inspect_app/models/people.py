"""People: units, persons, their accounts and posts, and who owns which grid when."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import func

from inspect_app.domain.codes import OrgKind, OwnerDuty
from inspect_app.models.base import Base, Json, Key, code_check, reference


class Org(Base):
    """A unit: the bureau, a township station, the enforcement brigade, another department."""

    __tablename__ = "org"
    __table_args__ = (code_check("kind", OrgKind),)

    id: Mapped[Key]
    parent_id: Mapped[int | None] = mapped_column(reference("org.id"))
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    phone: Mapped[str | None]


class Person(Base):
    """A person with a duty; `certificate_no` makes an enforcement officer."""

    __tablename__ = "person"

    id: Mapped[Key]
    org_id: Mapped[int] = mapped_column(reference("org.id"), index=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    position: Mapped[str | None]
    certificate_no: Mapped[str | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    org: Mapped[Org] = relationship()


class Account(Base):
    """A log-in of a person; failures are counted here, for all web workers together."""

    __tablename__ = "account"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(reference("person.id"), unique=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    locale: Mapped[str | None] = mapped_column(String(10))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class Post(Base):
    """A role held by a person over a grid (None: the whole county) in a period."""

    __tablename__ = "post"
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(reference("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(40))
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class GridOwner(Base):
    """Who holds a duty over a grid from when to when; rank 1 is the principal, 2 and up deputies.

    `valid_to` is the first day on which the duty is no longer held. Leading duties have one holder
    per rank at a time, so that "who owned this on that day" has one answer; a grid may have several
    workers and supervisors.
    """

    __tablename__ = "grid_owner"
    __table_args__ = (
        code_check("duty", OwnerDuty),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint("rank >= 1", name="rank"),
        ExcludeConstraint(
            ("grid_id", "="),
            ("duty", "="),
            ("rank", "="),
            (func.daterange(text("valid_from"), text("valid_to")), "&&"),
            where=text("duty IN ('responsible_person', 'grid_chief', 'deputy_leader')"),
            name="ex_grid_owner_one_holder",
        ),
        UniqueConstraint("grid_id", "person_id", "duty", "valid_from"),
    )

    id: Mapped[Key]
    grid_id: Mapped[int] = mapped_column(reference("grid.id", cascade=True), index=True)
    person_id: Mapped[int] = mapped_column(reference("person.id"), index=True)
    duty: Mapped[str] = mapped_column(String(40))
    rank: Mapped[int] = mapped_column(server_default=text("1"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    person: Mapped[Person] = relationship()


class WebSession(Base):
    """A log-in session; the cookie carries an opaque token of which only the hash is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(
        reference("account.id", cascade=True), index=True
    )
    values: Mapped[Json] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
