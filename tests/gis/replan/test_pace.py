"""How far a crew is: what it reported, and what it must have reached by now."""

from gis.routing.replan.pace import VisitNow, progress_of

EIGHT = 8 * 3600


def minute(hour: int, minutes: int) -> int:
    return hour * 3600 + minutes * 60


# Ten minutes of way and twenty of work each.
PLANNED = [
    VisitNow("a", minute(8, 10), minute(8, 30)),
    VisitNow("b", minute(8, 40), minute(9, 0)),
    VisitNow("c", minute(9, 10), minute(9, 30)),
]


def done(visit: VisitNow, at: int) -> VisitNow:
    return VisitNow(visit.task, visit.arrive_s, visit.leave_s, done_s=at)


def test_without_any_word_the_crew_keeps_the_plan() -> None:
    progress = progress_of(PLANNED, leave_s=EIGHT, now_s=minute(8, 45), silent=True)
    assert progress.settled == ("a", "b")
    assert progress.free_s == minute(9, 0)


def test_on_the_way_between_two_visits_it_is_free_at_once() -> None:
    progress = progress_of(PLANNED, leave_s=EIGHT, now_s=minute(8, 35), silent=True)
    assert progress.settled == ("a",)
    assert progress.free_s == minute(8, 35)


def test_after_a_late_report_the_rest_is_late_too() -> None:
    visits = [done(PLANNED[0], minute(9, 0)), *PLANNED[1:]]
    progress = progress_of(visits, leave_s=EIGHT, now_s=minute(9, 15), silent=False)
    assert progress.settled == ("a", "b")
    assert progress.free_s == minute(9, 30)


def test_a_crew_that_is_heard_and_reports_nothing_is_late() -> None:
    visits = [done(PLANNED[0], minute(8, 30)), *PLANNED[1:]]
    heard = progress_of(visits, leave_s=EIGHT, now_s=minute(9, 20), silent=False)
    assert heard.settled == ("a",)
    assert heard.free_s == minute(9, 20)
    silent = progress_of(visits, leave_s=EIGHT, now_s=minute(9, 20), silent=True)
    assert silent.settled == ("a", "b", "c")


def test_reports_out_of_order_are_settled_in_the_order_they_were_made() -> None:
    visits = [PLANNED[0], done(PLANNED[1], minute(8, 30)), done(PLANNED[2], minute(8, 20))]
    progress = progress_of(visits, leave_s=EIGHT, now_s=minute(8, 31), silent=False)
    assert progress.settled[:2] == ("c", "b")


def test_a_day_without_visits_has_nothing_settled() -> None:
    assert progress_of([], leave_s=EIGHT, now_s=EIGHT + 60, silent=True).settled == ()
