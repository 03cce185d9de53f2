"""Deadlines of matters: cases worked out by hand on real calendars, and what always holds."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.domain.calendar import CHINA, Light, WorkCalendar, end_of_day, local_day
from inspect_app.domain.deadlines import (
    Clock,
    Contact,
    Deadline,
    Happening,
    MatterFacts,
    OverdueLevel,
    contacts_due,
    deadlines_of,
    next_due,
    overdue_level,
)
from inspect_app.domain.matter_codes import ContactKind, MatterState
from inspect_app.models import ComplaintMatter, MatterContact
from inspect_app.queries.holidays import LAST_YEAR_KNOWN, NATIONAL

CALENDAR = WorkCalendar(NATIONAL, last_year=LAST_YEAR_KNOWN)
RULES = {
    "accept_days": 15,
    "accept_working_days_wechat": 2,
    "accept_working_days_phone_12369": 3,
    "object_working_days": 5,
    "dispatch_working_days": 1,
    "finish_days": 60,
    "finish_days_petition": 60,
    "finish_days_illegal_act": 50,
    "finish_days_wechat": 30,
    "finish_days_urgent": 15,
    "finish_days_repeated": 20,
    "inspection_reply_days": 7,
    "repeat_level_min": 5,
    "progress_every_days": 15,
    "revisit_days": 10,
    "review_days": 30,
    "recheck_days": 30,
    "urgent_arrival_h": 2,
    "overdue_chief_days": 1,
    "overdue_deputy_days": 3,
    "overdue_director_days": 7,
}


def at(text: str) -> datetime:
    """Return an instant of Beijing time: 2026-03-24 or 2026-03-24 09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def matter(received: str, state: str = "registered", **values) -> MatterFacts:
    return MatterFacts(state=state, received_at=at(received), **values)


def happened(event: str, when: str, state: str = "", **values) -> Happening:
    return Happening(event, at(when), state, **values)


def clock(facts: MatterFacts, which: Clock, *, now: str = "2026-12-31", **rules) -> Deadline | None:
    made = deadlines_of(facts, RULES | rules, calendar=CALENDAR, now=at(now))
    return next((deadline for deadline in made if deadline.clock is which), None)


def last_day(facts: MatterFacts, which: Clock, **values) -> str:
    deadline = clock(facts, which, **values)
    assert deadline is not None
    assert deadline.due == end_of_day(local_day(deadline.due))
    return local_day(deadline.due).isoformat()


def test_fifteen_days_to_accept_are_calendar_days_whatever_the_holiday():
    # Over Tomb-sweeping Day (4 to 6 April 2026).
    assert last_day(matter("2026-03-24 09:00"), Clock.ACCEPT) == "2026-04-08"


def test_two_working_days_over_spring_festival_use_the_worked_saturday():
    # Friday 13 February 2026: Saturday 14 is worked, 15 to 23 are off, Tuesday 24 is the second.
    facts = matter("2026-02-13 16:00", channels=frozenset({"wechat"}))
    assert last_day(facts, Clock.ACCEPT) == "2026-02-24"
    assert clock(facts, Clock.ACCEPT).rule == "accept_working_days_wechat"


def test_three_working_days_over_national_day_end_on_the_worked_saturday():
    # Wednesday 30 September 2026: 1 to 7 October are off; 8, 9 and Saturday 10 are worked.
    facts = matter("2026-09-30 17:30", channels=frozenset({"phone_12369"}))
    assert last_day(facts, Clock.ACCEPT) == "2026-10-10"


def test_beyond_the_announced_years_only_weekends_are_off():
    # 1 October 2030 is a Tuesday and counts, because nothing is announced for 2030 yet.
    assert LAST_YEAR_KNOWN < 2030
    facts = matter("2030-09-30 09:00", channels=frozenset({"wechat"}))
    assert last_day(facts, Clock.ACCEPT) == "2030-10-02"
    assert not CALENDAR.knows(date(2030, 10, 1))


def test_a_day_of_the_bureaus_own_goes_before_the_announced_one():
    own = WorkCalendar(dict(NATIONAL) | {date(2026, 2, 14): False})
    facts = matter("2026-02-13 16:00", channels=frozenset({"wechat"}))
    made = deadlines_of(facts, RULES, calendar=own, now=at("2026-03-01"))
    due = next(one.due for one in made if one.clock is Clock.ACCEPT)
    assert local_day(due) == date(2026, 2, 25)


def test_an_item_from_above_can_be_sent_back_for_five_working_days():
    # Tuesday 31 March 2026: 1, 2, 3 April, then 7 and 8 after Tomb-sweeping Day.
    facts = matter("2026-03-31 10:00", channels=frozenset({"passed_on"}))
    assert last_day(facts, Clock.OBJECT) == "2026-04-08"
    assert clock(matter("2026-03-31"), Clock.OBJECT) is None


PETITION = matter(
    "2026-03-20 09:00",
    "handling",
    legal_route="petition",
    happenings=(happened("register", "2026-03-20"), happened("accept", "2026-03-24 15:00")),
)


def test_a_petition_is_answered_sixty_days_after_its_acceptance():
    assert last_day(PETITION, Clock.FINISH) == "2026-05-23"


def test_a_hearing_of_ten_days_puts_the_answer_off_by_ten_days():
    paused = replace(
        PETITION,
        happenings=(
            *PETITION.happenings,
            happened("suspend", "2026-04-01 17:00"),
            happened("resume", "2026-04-11 08:00"),
        ),
    )
    assert last_day(paused, Clock.FINISH) == "2026-06-02"


def test_what_is_still_suspended_moves_with_the_day_and_shows_no_light():
    facts = replace(
        PETITION,
        state="suspended",
        happenings=(*PETITION.happenings, happened("suspend", "2026-05-20 17:00")),
    )
    assert last_day(facts, Clock.FINISH, now="2026-05-20 18:00") == "2026-05-23"
    assert last_day(facts, Clock.FINISH, now="2026-08-20") == "2026-08-23"
    deadline = clock(facts, Clock.FINISH, now="2026-08-20")
    assert deadline.paused
    assert deadline.light(now=at("2026-08-20"), calendar=CALENDAR) is Light.NONE


def test_an_extension_is_counted_from_the_end_of_the_sixty_days():
    longer = replace(
        PETITION, happenings=(*PETITION.happenings, happened("extend", "2026-05-20", days=30))
    )
    assert last_day(longer, Clock.FINISH) == "2026-06-22"


def test_a_hearing_within_the_extended_days_counts_too():
    both = replace(
        PETITION,
        happenings=(
            *PETITION.happenings,
            happened("extend", "2026-05-20", days=30),
            happened("suspend", "2026-06-10"),
            happened("resume", "2026-06-15"),
        ),
    )
    assert last_day(both, Clock.FINISH) == "2026-06-27"


def test_another_legal_route_has_another_time():
    assert last_day(replace(PETITION, legal_route="illegal_act"), Clock.FINISH) == "2026-05-13"
    lawsuit = replace(PETITION, legal_route="lawsuit")
    assert clock(lawsuit, Clock.FINISH).rule == "finish_days"


@pytest.mark.parametrize(
    ("values", "rule", "due"),
    [
        ({"channels": frozenset({"wechat"})}, "finish_days_wechat", "2026-04-23"),
        ({"channels": frozenset({"letter", "inspection"})}, "inspection_reply_days", "2026-03-31"),
        ({"severity": "urgent"}, "finish_days_urgent", "2026-04-08"),
        ({"complaints": 4}, "finish_days_petition", "2026-05-23"),
        ({"complaints": 5}, "finish_days_repeated", "2026-04-13"),
        (
            {"complaints": 9, "severity": "urgent", "channels": frozenset({"wechat"})},
            "finish_days_urgent",
            "2026-04-08",
        ),
    ],
)
def test_the_shortest_rule_that_applies_counts(values, rule, due):
    facts = replace(PETITION, **values)
    assert clock(facts, Clock.FINISH).rule == rule
    assert last_day(facts, Clock.FINISH) == due


def test_a_reopened_matter_begins_its_time_anew_and_may_be_extended_again():
    facts = replace(
        PETITION,
        happenings=(
            *PETITION.happenings,
            happened("extend", "2026-05-20", days=30),
            happened("approve", "2026-06-01"),
            happened("close", "2026-06-01"),
            happened("reopen", "2026-07-01"),
        ),
    )
    deadline = clock(facts, Clock.FINISH)
    assert (deadline.start, deadline.done_at) == (at("2026-07-01"), None)
    assert last_day(facts, Clock.FINISH) == "2026-08-30"


def test_a_promise_to_be_there_in_two_hours_runs_from_the_receipt_to_the_arrival():
    facts = matter("2026-10-01 23:10", "assigned", is_on_site_promised=True)
    deadline = clock(facts, Clock.ARRIVE)
    assert (deadline.due, deadline.done_at) == (at("2026-10-02 01:10"), None)
    there = replace(facts, happenings=(happened("arrive", "2026-10-02 01:10"),))
    assert clock(there, Clock.ARRIVE).was_kept
    late = replace(facts, happenings=(happened("arrive", "2026-10-02 01:11"),))
    assert clock(late, Clock.ARRIVE).was_kept is False
    assert clock(replace(facts, is_on_site_promised=False), Clock.ARRIVE) is None


def test_who_accepts_gives_it_to_somebody_on_the_next_working_day():
    accepted = (happened("accept", "2026-09-30 16:00"),)
    facts = matter("2026-09-28", "accepted", happenings=accepted)
    assert last_day(facts, Clock.DISPATCH) == "2026-10-08"


def test_a_review_and_a_recheck_have_thirty_days_each():
    asked = (happened("ask_review", "2026-03-01"), happened("ask_recheck", "2026-03-20"))
    facts = matter("2026-01-05", "in_recheck", happenings=asked)
    assert clock(facts, Clock.REVIEW).done_at == at("2026-03-20")
    assert last_day(facts, Clock.RECHECK) == "2026-04-19"


def test_the_day_another_unit_was_given_is_waited_for():
    due = end_of_day(date(2026, 4, 9))
    sent = (happened("transfer", "2026-03-24", due_at=due),)
    facts = matter("2026-03-20", "transferred", happenings=sent)
    made = deadlines_of(facts, RULES, calendar=CALENDAR, now=at("2026-03-25"))
    pressing = next_due(made, state="transferred")
    assert pressing is not None
    assert (pressing.clock, pressing.due) == (Clock.FEEDBACK, due)


def test_what_ends_first_presses_and_nothing_presses_a_matter_at_rest():
    facts = matter("2026-03-24 09:00", is_on_site_promised=True)
    made = deadlines_of(facts, RULES, calendar=CALENDAR, now=at("2026-03-24 09:30"))
    assert next_due(made, state="registered").clock is Clock.ARRIVE
    assert next_due(made, state="archived") is None


def test_a_matter_imported_as_closed_waits_for_nothing():
    born = (Happening("register", at("2026-03-24"), "closed"),)
    facts = matter("2026-01-01", "closed", happenings=born)
    made = deadlines_of(facts, RULES, calendar=CALENDAR, now=at("2026-03-24"))
    assert next_due(made, state="closed") is None
    assert all(deadline.done_at is not None for deadline in made)


def test_a_county_without_rules_has_no_times():
    assert deadlines_of(PETITION, {}, calendar=CALENDAR, now=at("2026-04-01")) == ()


def test_five_contacts_fall_due_one_after_the_other():
    def state(facts: MatterFacts, now: str):
        made = deadlines_of(facts, RULES, calendar=CALENDAR, now=at(now))
        dues = contacts_due(facts, RULES, made, now=at(now))
        assert [due.kind for due in dues] == list(ContactKind)
        return {
            due.kind.value: "done" if due.done_at else due.due and str(local_day(due.due))
            for due in dues
        }

    assert state(PETITION, "2026-03-25") == {
        "receipt": "2026-04-04",
        "acceptance": "2026-04-04",
        "progress": "2026-04-08",
        "reply": "2026-05-23",
        "revisit": None,
    }
    told = replace(
        PETITION,
        contacts=(
            Contact("receipt", at("2026-03-20")),
            Contact("acceptance", at("2026-03-24 15:00")),
            Contact("progress", at("2026-04-07")),
        ),
    )
    assert state(told, "2026-04-10")["progress"] == "2026-04-22"
    over = replace(
        told,
        state="closed",
        happenings=(
            *told.happenings,
            happened("approve", "2026-05-01"),
            happened("close", "2026-05-06"),
        ),
        contacts=(*told.contacts, Contact("reply", at("2026-05-01"))),
    )
    assert state(over, "2026-05-07") == {
        "receipt": "done",
        "acceptance": "done",
        "progress": "done",
        "reply": "done",
        "revisit": "2026-05-16",
    }


def test_overdue_goes_up_level_by_level():
    due = end_of_day(date(2026, 3, 20))
    levels = [
        overdue_level(due, RULES, now=at(f"2026-03-{day} 09:00")) for day in (20, 21, 22, 23, 27)
    ]
    assert levels == [
        None,
        OverdueLevel.CHIEF,
        OverdueLevel.CHIEF,
        OverdueLevel.DEPUTY,
        OverdueLevel.DIRECTOR,
    ]
    assert overdue_level(due, {}, now=at("2026-04-30")) is OverdueLevel.OWNER


def test_no_table_has_a_column_for_the_time_a_matter_is_due():
    for table in (ComplaintMatter, MatterContact):
        assert not [column.name for column in table.__table__.columns if "due" in column.name]


DAYS = st.integers(0, 880 * 24).map(lambda hours: at("2024-01-01") + timedelta(hours=hours))


def finish(accepted: datetime, *extra: Happening) -> datetime:
    facts = MatterFacts(
        state="handling",
        received_at=accepted,
        happenings=(Happening("accept", accepted, ""), *extra),
    )
    made = deadlines_of(facts, RULES, calendar=CALENDAR, now=accepted + timedelta(days=900))
    return next(one.due for one in made if one.clock is Clock.FINISH)


@settings(max_examples=60)
@given(DAYS, st.integers(0, 49), st.integers(0, 200))
def test_pausing_for_so_many_days_shifts_by_just_so_many(accepted, after, days):
    begun = accepted + timedelta(days=after)
    pause = (
        Happening("suspend", begun, "suspended"),
        Happening("resume", begun + timedelta(days=days), "handling"),
    )
    assert finish(accepted, *pause) - finish(accepted) == timedelta(days=days)


@settings(max_examples=60)
@given(DAYS, DAYS, st.sampled_from(["wechat", "phone_12369", "letter"]))
def test_who_comes_later_is_never_due_earlier(one, other, channel):
    dues = []
    for received in sorted((one, other)):
        facts = MatterFacts("registered", received, channels=frozenset({channel}))
        made = deadlines_of(facts, RULES, calendar=CALENDAR, now=received)
        dues.append(next(d.due for d in made if d.clock is Clock.ACCEPT))
    assert dues == sorted(dues)
    assert CALENDAR.works(local_day(dues[0])) or channel == "letter"


@settings(max_examples=60)
@given(DAYS, st.sampled_from(list(MatterState)), st.integers(0, 400))
def test_looking_again_gives_the_same_and_a_light_is_always_given(received, state, days):
    facts = MatterFacts(state.value, received, channels=frozenset({"inspection"}))
    now = received + timedelta(days=days)
    made = deadlines_of(facts, RULES, calendar=CALENDAR, now=now)
    assert made == deadlines_of(facts, RULES, calendar=CALENDAR, now=now)
    for deadline in made:
        assert deadline.due >= deadline.start
        assert deadline.light(now=now, calendar=CALENDAR) in Light
