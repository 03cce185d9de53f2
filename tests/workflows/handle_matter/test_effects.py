"""Handling matters: what each step brings about besides the state."""

from datetime import timedelta

from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.models import MatterContact, MatterPhoto, Measure
from tests.conftest import NOW
from tests.factories import actor_with
from tests.workflows.handle_matter.conftest import DUE, Bureau


def contacts(bureau: Bureau) -> list[tuple]:
    rows = bureau.session.scalars(select(MatterContact).order_by(MatterContact.id))
    return [(row.kind, row.means, row.told, row.satisfaction) for row in rows]


def test_a_matter_lives_from_acceptance_to_the_archive(bureau: Bureau):
    clerk = actor_with(bureau.session, Role.CLERK)
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("registered", handler_person_id=None, reply_text=None)
    walk = [
        ("propose_acceptance", clerk),
        ("accept", deputy),
        ("assign", clerk),
        ("arrive", bureau.handler),
        ("verify", bureau.handler),
        ("take_measure", bureau.handler),
        ("progress", bureau.handler),
        ("submit", bureau.handler),
        ("send_back", deputy),
        ("submit", bureau.handler),
        ("approve", deputy),
        ("close", deputy),
        ("revisit", clerk),
        ("reopen", deputy),
        ("submit", bureau.handler),
        ("approve", deputy),
        ("close", deputy),
        ("revisit", clerk),
        ("archive", clerk),
    ]
    for event, actor in walk:
        bureau.handle(matter, event, actor)
    assert (matter.state, matter.reopen_count, matter.closed_at) == ("archived", 1, NOW)
    assert matter.legal_route == "petition"
    assert matter.reply_text == "已责令停产整改"
    kinds = [kind for kind, *_ in contacts(bureau)]
    assert kinds == ["acceptance", "progress", "reply", "revisit", "reply", "revisit"]


def test_the_reply_says_what_was_submitted_unless_other_words_are_used(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    bureau.handle(bureau.matter("reply_review"), "approve", deputy, told="")
    assert contacts(bureau) == [("reply", "phone", "已责令停产", None)]


def test_an_arrival_keeps_where_and_the_photo(bureau: Bureau):
    matter = bureau.matter("assigned")
    event = bureau.handle(matter, "arrive", bureau.handler)
    assert (event.facts["lon"], event.facts["lat"]) == (120.5001, 30.5001)
    assert 10 < event.facts["distance_m"] < 20
    photo = bureau.session.scalars(select(MatterPhoto)).one()
    assert event.facts["photos"] == [photo.photo_sha256]


def test_a_measure_is_kept_with_its_number_and_date(bureau: Bureau):
    matter = bureau.matter("verified")
    bureau.handle(matter, "take_measure", bureau.handler, measure_kind="compensation")
    measure = bureau.session.scalars(select(Measure)).one()
    assert (measure.matter_id, measure.finding_id) == (matter.id, None)
    assert (measure.kind, measure.document_no, measure.due_at) == (
        "compensation",
        "环函〔2026〕5号",
        DUE,
    )


def test_a_hearing_leads_back_to_where_it_began(bureau: Bureau):
    director = actor_with(bureau.session, Role.DIRECTOR)
    for state in ("accepted", "verified", "reply_review"):
        matter = bureau.matter(state)
        bureau.handle(matter, "suspend", director)
        bureau.handle(matter, "urge", director)
        event = bureau.handle(matter, "resume", director, now=NOW + timedelta(days=3))
        assert (matter.state, event.to_state) == (state, state)


def test_a_review_leads_back_to_where_it_was_asked_for(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("closed")
    bureau.handle(matter, "ask_review", deputy)
    bureau.handle(matter, "answer_review", deputy)
    assert matter.state == "closed"


def test_supervision_is_a_flag_beside_the_state(bureau: Bureau):
    chief = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    matter = bureau.matter("handling")
    bureau.handle(matter, "supervise", chief)
    assert (matter.state, matter.is_supervised) == ("handling", True)
    bureau.handle(matter, "lift_supervision", chief)
    assert not matter.is_supervised


def test_who_gives_a_matter_to_another_gives_it_with_new_helpers(bureau: Bureau):
    chief = actor_with(bureau.session, Role.CHIEF, grid=bureau.town)
    helper = actor_with(bureau.session, Role.WORKER, grid=bureau.town)
    matter = bureau.matter("accepted", handler_person_id=None)
    bureau.handle(matter, "assign", chief, co_handler_ids=(helper.person_id,))
    assert matter.co_handler_ids == [helper.person_id]
    bureau.handle(matter, "reassign", chief, handler_person_id=helper.person_id)
    assert (matter.handler_person_id, matter.co_handler_ids) == (helper.person_id, [])


def test_another_route_and_a_flag_are_kept_with_the_reason(bureau: Bureau):
    deputy = actor_with(bureau.session, Role.DEPUTY)
    matter = bureau.matter("accepted")
    event = bureau.handle(matter, "reclassify", deputy, is_key_item=True)
    assert (matter.legal_route, matter.severity, matter.is_key_item) == (
        "petition",
        "important",
        True,
    )
    assert event.facts["is_key_item"] is True
    assert not matter.is_sensitive
