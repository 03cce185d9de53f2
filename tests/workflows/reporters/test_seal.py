"""The seal on reporters: only the key opens it, beside its own complaint only."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from inspect_app.domain.access import SYSTEM, Actor, Role, Scope
from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.models import AuditEntry, Reporter, ReporterKey
from inspect_app.queries.reporter_seal import ReporterSeal, SealBroken
from inspect_app.queries.reporters import key_fault
from inspect_app.workflows.reporter_keys import KeyPlace, seal_in_use, seals_of
from inspect_app.workflows.seal_reporter import keep_reporter, reseal_reporters
from tests.conftest import NOW
from tests.factories import make_matter

SEAL = ReporterSeal.of("one key of forty letters, made for a test")
OTHER = ReporterSeal.of("another key of forty letters, for a test")
TOLD = ReporterData(ReporterMode.NAMED, "金丝雀", "13800009999", "建设路1号")


@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=60), st.integers(1, 2**40))
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_opens_unchanged_and_never_looks_the_same_twice(name, phone, address, key):
    told = ReporterData(ReporterMode.NAMED, name, phone, address)
    sealed = SEAL.close(told, complaint_id=key)
    assert SEAL.open(sealed, complaint_id=key) == (name, phone, address)
    assert (sealed is None) == told.is_empty
    assert sealed is None or sealed != SEAL.close(told, complaint_id=key)


def test_another_key_another_complaint_or_a_changed_byte_open_nothing():
    sealed = SEAL.close(TOLD, complaint_id=7)
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for seal, bytes_, number in ((OTHER, sealed, 7), (SEAL, sealed, 8), (SEAL, changed, 7)):
        with pytest.raises(SealBroken):
            seal.open(bytes_, complaint_id=number)


def test_hashes_tell_the_same_person_and_need_the_key():
    assert SEAL.phone_hash("138 0000 9999") == SEAL.phone_hash("+8613800009999")
    assert SEAL.phone_hash("13800009999") != OTHER.phone_hash("13800009999")
    assert SEAL.phone_hash("13800009999") != SEAL.name_hash("13800009999")
    assert SEAL.name_hash("王女士") is None
    assert len(SEAL.phone_hash("13800009999")) == 32


def test_a_new_county_makes_its_key_once_and_for_its_owner_only(session, tmp_path: Path):
    place = KeyPlace(tmp_path)
    first = seal_in_use(session, place, now=NOW)
    assert seal_in_use(session, place, now=NOW).key_id == first.key_id
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
    assert session.scalar(select(ReporterKey.key_id)) == first.key_id


def test_a_missing_and_a_wrong_key_are_told_apart_and_no_new_one_is_made(session, tmp_path: Path):
    seal_in_use(session, KeyPlace(tmp_path / "old"), now=NOW)
    with pytest.raises(Problem) as missing:
        seal_in_use(session, KeyPlace(tmp_path / "new"), now=NOW)
    assert missing.value.code == "reporter_key_missing"
    assert not (tmp_path / "new").exists()
    with pytest.raises(Problem) as wrong:
        seal_in_use(session, KeyPlace(tmp_path, "k" * 40), now=NOW)
    assert wrong.value.code == "reporter_key_wrong"


def kept(session, seal, count=3):
    matter = make_matter(session, at=NOW, complaints=count)
    for complaint in matter.complaints:
        keep_reporter(session, TOLD, complaint_id=complaint.id, seal=seal)
    return matter


def test_the_table_holds_nothing_readable(session, tmp_path: Path):
    kept(session, seal_in_use(session, KeyPlace(tmp_path), now=NOW))
    rows = session.execute(text("SELECT t::text FROM pii.reporter t")).scalars().all()
    assert len(rows) == 3
    for row in rows:
        assert not any(word in row for word in ("金丝雀", "13800009999", "建设路"))
        assert b"13800009999".hex() not in row


def test_a_new_key_opens_all_and_the_old_one_stays_for_backups(session, tmp_path: Path):
    place = KeyPlace(tmp_path)
    old = seal_in_use(session, place, now=NOW)
    matter = kept(session, old)
    assert reseal_reporters(session, place, actor=SYSTEM, now=NOW) == 3
    new = seal_in_use(session, place, now=NOW)
    assert new.key_id != old.key_id
    assert [seal.key_id for seal in seals_of(place.keys())] == [new.key_id, old.key_id]
    for complaint in matter.complaints:
        row = session.get_one(Reporter, complaint.id)
        assert new.open(row.sealed, complaint_id=complaint.id)[0] == "金丝雀"
        assert row.phone_hash == new.phone_hash("13800009999")
    facts = session.scalars(select(AuditEntry)).one().facts
    assert facts == {"from": old.key_id, "to": new.key_id, "reporters": 3}


def test_keys_of_a_setting_are_changed_by_putting_the_new_one_first(session, tmp_path: Path):
    old, new = "o" * 40, "n" * 40
    kept(session, seal_in_use(session, KeyPlace(tmp_path, old), now=NOW))
    with pytest.raises(Problem) as same:
        reseal_reporters(session, KeyPlace(tmp_path, old), actor=SYSTEM, now=NOW)
    assert same.value.code == "reporter_key_same"
    both = KeyPlace(tmp_path, f"{new},{old}")
    assert reseal_reporters(session, both, actor=SYSTEM, now=NOW) == 3
    assert seal_in_use(session, both, now=NOW).key_id == ReporterSeal.of(new).key_id


def test_who_does_not_administer_changes_no_key(session, tmp_path: Path):
    clerk = Actor(None, "甲", frozenset({Role.CLERK}), Scope(everywhere=True))
    with pytest.raises(Problem) as refused:
        reseal_reporters(session, KeyPlace(tmp_path), actor=clerk, now=NOW)
    assert refused.value.code == "not_permitted"


def test_the_check_counts_what_no_key_opens(session, tmp_path: Path):
    seal = seal_in_use(session, KeyPlace(tmp_path), now=NOW)
    kept(session, seal)
    assert key_fault(session, [seal]).count == 0
    fault = key_fault(session, [OTHER])
    assert (fault.count, fault.critical, fault.examples) == (3, True, (f"{seal.key_id} × 3",))
