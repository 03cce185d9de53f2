"""Enrolment: a code once and for minutes, a token told once, a tablet ended for a reason."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Device, EnrolmentCode
from inspect_app.workflows.enrol_device import (
    Enrolled,
    Newcomer,
    enrol,
    make_code,
    revoke,
    token_hash,
)
from inspect_app.workflows.log_in import LockRule
from tests.conftest import NOW
from tests.factories import make_account, make_policies

RULE = LockRule(failures_max=3, lock_min=15)


@pytest.fixture
def people(session: Session) -> tuple[Actor, Actor]:
    """Give an administrator and an inspector."""
    make_policies(session)
    return tuple(
        Actor(account.person_id, account.person.name, frozenset({role}), EVERYWHERE)
        for role in (Role.ADMINISTRATOR, Role.INSPECTOR)
        for account in [make_account(session, role)]
    )


def use(session: Session, code: str, actor: Actor, *, uid=None, now=NOW):
    device = (uid or uuid4(), "平板 M5")
    return enrol(session, code, device=Newcomer(*device), rule=RULE, actor=actor, now=now)


def test_a_code_enrols_one_tablet_and_only_hashes_are_kept(session: Session, people):
    administrator, inspector = people
    invitation = make_code(
        session, "设备 07", holder_id=inspector.person_id, actor=administrator, now=NOW
    )
    uid = uuid4()
    done = use(session, invitation.code, inspector, uid=uid)
    assert isinstance(done, Enrolled)
    kept = session.get_one(Device, uid)
    assert (kept.name, kept.holder_id, kept.model) == ("设备 07", inspector.person_id, "平板 M5")
    assert kept.token_hash == token_hash(done.token) != done.token
    plain = invitation.code.replace("-", "")
    assert plain not in session.scalars(select(EnrolmentCode.code_hash)).all()
    again = use(session, invitation.code, inspector)
    assert isinstance(again, Problem)
    assert again.code == "enrolment_code_wrong"


@pytest.mark.parametrize("typed", [str.lower, lambda code: f" {code.replace('-', ' ')} "])
def test_a_code_may_be_typed_with_blanks_and_small_letters(session: Session, people, typed):
    administrator, inspector = people
    invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
    assert isinstance(use(session, typed(invitation.code), inspector), Enrolled)


def test_a_code_whose_reply_was_lost_serves_the_same_tablet_and_person_again(
    session: Session, people
):
    administrator, inspector = people
    invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
    uid = uuid4()
    tokens = [use(session, invitation.code, inspector, uid=uid).token for _ in range(2)]
    assert session.get_one(Device, uid).token_hash == token_hash(tokens[1]) != tokens[0]
    for actor, device in ((inspector, uuid4()), (administrator, uid)):
        assert use(session, invitation.code, actor, uid=device).code == "enrolment_code_wrong"
    revoke(session, uid, reason="丢失", actor=administrator, now=NOW)
    assert use(session, invitation.code, inspector, uid=uid).code == "enrolment_code_wrong"


def test_a_code_ends_after_the_minutes_of_the_policy(session: Session, people):
    administrator, inspector = people
    invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
    assert invitation.expires_at == NOW + timedelta(minutes=10)
    late = use(session, invitation.code, inspector, now=invitation.expires_at)
    assert isinstance(late, Problem)


def test_who_guesses_is_refused_for_a_while_even_with_a_right_code(session: Session, people):
    administrator, inspector = people
    for _ in range(RULE.failures_max):
        wrong = use(session, "AAAAA-AAAAA", inspector)
        assert wrong.code == "enrolment_code_wrong"
    invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
    locked = use(session, invitation.code, inspector, now=NOW + timedelta(minutes=1))
    assert (locked.code, locked.facts["until"]) == ("enrolment_locked", NOW + timedelta(minutes=15))
    later = NOW + timedelta(minutes=16)
    fresh = make_code(session, "设备 07", actor=administrator, now=later)
    assert isinstance(use(session, fresh.code, inspector, now=later), Enrolled)


def test_a_tablet_enrolled_anew_has_a_new_token_and_is_no_longer_revoked(session: Session, people):
    administrator, inspector = people
    uid, tokens = uuid4(), []
    for _ in range(2):
        invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
        tokens.append(use(session, invitation.code, inspector, uid=uid).token)
        if len(tokens) == 1:
            revoke(session, uid, reason="遗失", actor=administrator, now=NOW)
            assert session.get_one(Device, uid).revoke_reason == "遗失"
    kept = session.get_one(Device, uid)
    assert kept.revoked_at is None
    assert kept.token_hash == token_hash(tokens[1])
    acts = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == str(uid)).order_by(AuditEntry.id)
    )
    assert acts.all() == ["device.enrol", "device.revoke", "device.enrol"]


def test_only_an_administrator_invites_and_revokes_and_says_why(session: Session, people):
    administrator, inspector = people
    with pytest.raises(Problem, match="权限"):
        make_code(session, "设备 07", actor=inspector, now=NOW)
    with pytest.raises(Problem, match="权限"):
        revoke(session, uuid4(), reason="遗失", actor=inspector, now=NOW)
    with pytest.raises(Problem, match="理由"):
        revoke(session, uuid4(), reason=" ", actor=administrator, now=NOW)
    with pytest.raises(Problem, match="平板"):
        revoke(session, uuid4(), reason="遗失", actor=administrator, now=NOW)
    with pytest.raises(Problem, match="平板名称"):
        make_code(session, " ", actor=administrator, now=NOW)


def test_a_request_that_arrives_after_its_own_repetition_leaves_the_token_that_was_told(
    session: Session, people
):
    administrator, inspector = people
    invitation = make_code(session, "设备 07", actor=administrator, now=NOW)
    newcomer = Newcomer(uuid4(), "平板 M5", "t" * 43)

    def ask(moment):
        return enrol(
            session, invitation.code, device=newcomer, rule=RULE, actor=inspector, now=moment
        )

    told = ask(NOW + timedelta(seconds=2))
    ask(NOW + timedelta(seconds=3))  # the first request, thought lost and overtaken
    assert told.token == newcomer.token
    kept = session.get_one(Device, newcomer.uid).token_hash
    assert kept == token_hash(told.token)
