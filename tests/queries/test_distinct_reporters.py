"""Reporters are counted as people, by their keyed hashes; an unknown one counts as one each."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import Complaint
from inspect_app.queries.distinct_reporters import reporters
from tests.conftest import NOW
from tests.factories import make_complaint, make_matter, make_reporter


def counted(session: Session, matter_id: int) -> int:
    return session.scalars(select(reporters()).where(Complaint.matter_id == matter_id)).one()


def test_one_telephone_is_one_person_however_it_is_written(session: Session):
    matter = make_matter(session, at=NOW, complaints=0)
    for phone in ("13812345678", "138 1234 5678", "13800001111"):
        make_reporter(
            session, make_complaint(session, matter, at=NOW), name="", phone=phone, address=""
        )
    assert counted(session, matter.id) == 2


def test_without_a_telephone_the_full_name_tells(session: Session):
    matter = make_matter(session, at=NOW, complaints=0)
    for name in ("欧阳清河", "欧阳清河", "司徒远山"):
        make_reporter(
            session, make_complaint(session, matter, at=NOW), name=name, phone="", address=""
        )
    assert counted(session, matter.id) == 2


def test_each_unknown_reporter_counts_as_one(session: Session):
    matter = make_matter(session, at=NOW, complaints=0)
    make_complaint(session, matter, at=NOW)
    make_reporter(
        session,
        make_complaint(session, matter, at=NOW),
        mode="anonymous",
        name="",
        phone="",
        address="",
    )
    assert counted(session, matter.id) == 2
