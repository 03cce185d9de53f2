"""Following findings: several people at once, several findings at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.db import make_engine
from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    Finding,
    GridOwner,
)
from inspect_app.workflows.follow_finding import FollowForm, follow
from inspect_app.workflows.follow_many import follow_many
from inspect_app.workflows.take_many import Ticked
from tests.conftest import NOW, settings_for
from tests.factories import (
    actor_with,
    make_finding,
)
from tests.workflows.follow_finding.conftest import County


def test_the_second_of_two_who_saw_the_same_page_is_told_who_was_first(county: County):
    first, second = (actor_with(county.session, Role.CHIEF) for _ in range(2))
    finding = county.finding("verified")
    shown = county.form(finding)
    follow(county.session, finding, "dismiss", form=shown, actor=first, now=NOW)
    with pytest.raises(Problem) as caught:
        follow(county.session, finding, "assign", form=shown, actor=second, now=NOW)
    assert caught.value.code == "page_stale"
    assert first.name in str(caught.value)
    assert "不成立" in str(caught.value)


def test_a_step_that_keeps_the_state_still_makes_older_pages_stale(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("assigned")
    shown = county.form(finding)
    follow(county.session, finding, "extend", form=shown, actor=chief, now=NOW)
    assert finding.state == "assigned"
    with pytest.raises(Problem) as caught:
        follow(county.session, finding, "reassign", form=shown, actor=chief, now=NOW)
    assert caught.value.code == "page_stale"


def test_many_findings_take_a_step_together_and_each_refusal_is_named(county: County):
    chief = actor_with(county.session, Role.CHIEF, grid=county.town)
    owner = county.session.scalars(
        select(GridOwner).where(GridOwner.grid_id == county.town.id)
    ).one()
    good = [county.finding("verified", owner_person_id=owner.person_id) for _ in range(3)]
    wrong = county.finding("reported")
    hidden = county.finding("verified", grid_id=county.county.id)
    chosen = [Ticked(finding.uid, finding.state, 0) for finding in (*good, wrong, hidden)]
    form = FollowForm(state="", version=0, reason="按职责分办")
    outcome = follow_many(county.session, chosen, "assign", form=form, actor=chief, now=NOW)
    assert outcome.done == 3
    assert {finding.state for finding in good} == {"assigned"}
    assert {finding.handler_person_id for finding in good} == {owner.person_id}
    assert (wrong.state, hidden.state) == ("reported", "verified")
    assert {problem.code for _, problem in outcome.refused} == {"wrong_step", "not_found"}
    for finding in good:
        assert "承办人" not in finding.description


@pytest.mark.parametrize(
    ("event", "chosen", "code"),
    [("reopen", [1], "unknown_event"), ("verify", [], "nothing_chosen")],
)
def test_many_findings_take_only_steps_meant_for_many(county: County, event, chosen, code):
    with pytest.raises(Problem) as caught:
        follow_many(
            county.session,
            chosen,
            event,
            form=FollowForm("", 0),
            actor=actor_with(county.session, *Role),
            now=NOW,
        )
    assert caught.value.code == code


def test_two_who_press_at_the_same_moment_take_one_step_between_them(
    migrated, make_database, server
):
    engine = make_engine(settings_for(server(make_database(template=migrated)), Path("unused")))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        chiefs = [actor_with(session, Role.CHIEF) for _ in range(2)]
        finding_id = make_finding(session, at=NOW, state="verified").id
    first, second = Session(engine), Session(engine)
    form = FollowForm(state="verified", version=0, reason="重复登记")
    follow(first, first.get(Finding, finding_id), "dismiss", form=form, actor=chiefs[0], now=NOW)
    waiting = second.get(Finding, finding_id)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(
            follow, second, waiting, "mark_duplicate", form=form, actor=chiefs[1], now=NOW
        )
        with pytest.raises(TimeoutError):
            late.result(timeout=0.3)  # it waits for the first one's lock
        first.commit()
        with pytest.raises(Problem) as caught:
            late.result(timeout=10)
    assert caught.value.code == "page_stale"
    first.close()
    second.close()
    engine.dispose()
