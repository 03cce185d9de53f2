"""Plan versus done: the outcome of each visit with its reason and numbers."""

from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest

from gis.coverage import (
    CleanTrack,
    CoverRules,
    Outcome,
    PlanVersusDone,
    Reason,
    VisitRules,
    clean_track,
    judge_visits,
    shortfalls,
)
from gis.coverage.outcome import REASONS
from tests.gis.coverage.recordings import RULES, START, Row, cleaned, fixes, planned, stops, walk

ZONE = ZoneInfo("Asia/Shanghai")
VISITS = VisitRules(
    cover=CoverRules(tolerance_m=30, along_share=0.5, apart_m=15),
    share_min=0.8,
    radius_m=50,
    stay_s=60,
    near_m=300,
    detour=1.4,
)


def judged(track: CleanTrack, visits: gpd.GeoDataFrame) -> PlanVersusDone:
    return judge_visits(track, visits, rules=VISITS, zone=ZONE)


def said(rows: list[Row], visits: gpd.GeoDataFrame) -> list[tuple[Outcome, Reason, str]]:
    plan = judged(cleaned(rows), visits)
    return [(visit.outcome, visit.why.reason, visit.why.words()) for visit in plan.visits]


def waiting(east_m: float, *, from_s: float, seconds: float) -> list[Row]:
    return [(from_s + 5 * n, east_m, 0.0) for n in range(int(seconds / 5) + 1)]


def test_a_line_walked_along_is_done():
    assert said(walk(0, 500), planned([(0, 0), (500, 0)])) == [
        (Outcome.done, Reason.covered, "轨迹覆盖 500 米（100%），通过 1 次")
    ]


def test_a_line_walked_in_part_tells_how_much_was_asked():
    assert said(walk(0, 500), planned([(0, 0), (1_000, 0)])) == [
        (Outcome.partly, Reason.partly_covered, "只覆盖 530 米（53%），要求 80%")
    ]


def test_what_reaches_over_a_junction_is_no_part_of_the_next_line():
    (_, (outcome, reason, words)) = said(
        walk(0, 500), planned([(0, 0), (500, 0)], [(500, 0), (1_500, 0)])
    )
    assert (outcome, reason) == (Outcome.missed, Reason.passed_by)
    assert words == "最近经过距离 0 米，要求 30 米以内"


def test_a_place_stayed_at_long_enough_is_done():
    # In the circle of 45.8 m round the nearest spot from 77.1 s to 432.9 s.
    rows = walk(-200, 0) + waiting(0, from_s=105, seconds=300) + walk(0, 200, from_s=410)
    assert said(rows, stops((0, 20))) == [
        (Outcome.done, Reason.stayed, "08:01 到达，停留 5.9 分钟")
    ]


def test_a_place_driven_through_lacks_its_stay():
    # 2 x 45.8 m of the circle at 2 m/s.
    assert said(walk(-200, 200), stops((0, 20))) == [
        (Outcome.partly, Reason.short_stay, "到达但停留不足：最长 45 秒，要求 60 秒")
    ]


def test_a_place_passed_by_tells_at_how_many_metres():
    assert said(walk(-200, 200), stops((0, 180), (0, 2_000))) == [
        (Outcome.missed, Reason.passed_by, "最近经过距离 180 米，要求 50 米以内"),
        (Outcome.missed, Reason.not_reached, "没有到达，最近 2000 米"),
    ]


def test_a_gap_where_the_visit_would_have_been_is_the_reason():
    rows = walk(-1_000, -600) + walk(600, 1_000, from_s=1_200)
    assert said(rows, stops((0, 100))) == [
        (Outcome.missed, Reason.gap, "轨迹在 08:03 至 08:20 中断，两端相距 1200 米，无法证明")
    ]
    line = planned([(-1_000, 0), (1_000, 0)])
    assert said(rows, line)[0][:2] == (Outcome.partly, Reason.gap)
    assert said(rows, stops((0, 3_000)))[0][1] is Reason.not_reached


def test_a_gap_at_the_planned_time_is_the_reason_wherever_the_visit_lies():
    rows = walk(-1_000, -600) + walk(600, 1_000, from_s=1_200)
    visits = stops((0, 3_000)).assign(arrive_at=START + pd.Timedelta(minutes=10))
    assert said(rows, visits)[0][1] is Reason.gap


def test_the_crews_word_counts_and_the_track_is_told_beside_it():
    visits = stops((0, 180), (0, 180), (0, 180)).assign(
        reported=["done", "done", "unreachable"], note=["隔河查看", None, "道路水毁"]
    )
    plan = judged(cleaned(walk(-200, 200)), visits)
    assert [(visit.outcome, visit.why.words()) for visit in plan.visits] == [
        (Outcome.done, "人工登记完成：隔河查看"),
        (Outcome.done, "人工登记完成，未说明原因"),
        (Outcome.missed, "现场登记未查：道路水毁"),
    ]
    assert {visit.track.reason for visit in plan.visits} == {Reason.passed_by}
    assert not any(visit.proven for visit in plan.visits)


def test_what_the_track_proves_needs_no_word():
    visits = planned([(0, 0), (500, 0)]).assign(reported="skipped", note="下雨")
    assert said(walk(0, 500), visits)[0][:2] == (Outcome.done, Reason.covered)


def test_a_drone_or_a_drawn_line_does_a_visit_and_says_so():
    rows = [fixes(*walk(0, 100))]
    rows += [
        fixes(*walk(0, 500, from_s=900, north_m=north)).assign(source=source)
        for source, north in (("drone", 0.0), ("manual", 1_000.0))
    ]
    track = clean_track(pd.concat(rows, ignore_index=True), rules=RULES)
    plan = judged(track, planned([(0, 0), (500, 0)], [(0, 1_000), (500, 1_000)]))
    assert [visit.why.words() for visit in plan.visits] == [
        "无人机覆盖 500 米（100%），不计入轨迹覆盖率",
        "手工补绘 500 米（100%），不计入轨迹覆盖率",
    ]
    assert plan.coverage.share == pytest.approx(0.13, abs=0.001)


def test_the_order_of_visits_is_told():
    visits = stops((100, 0), (0, 0), (200, 0))
    plan = judged(cleaned(walk(-100, 300)), visits)
    assert [visit.order for visit in plan.visits] == [2, 1, 3]
    assert plan.out_of_order == 1


def test_without_a_track_every_visit_is_missed_for_that():
    visits = pd.concat([stops((0, 0)), planned([(0, 0), (500, 0)])])
    assert said([], visits) == [(Outcome.missed, Reason.no_track, "没有可用轨迹")] * 2
    assert judged(cleaned([]), stops()).visits == ()


def test_minimums_are_told_and_block_nothing():
    track = cleaned(walk(0, 505))
    lacks = shortfalls(track, minutes_min=10, metres_min=1_000)
    assert [lack.words() for lack in lacks] == [
        "有轨迹的时间 4 分钟，少于 10 分钟",
        "里程 504 米，少于 1000 米",
    ]
    assert shortfalls(track, minutes_min=4, metres_min=400) == ()


def test_every_reason_has_a_sentence():
    assert set(REASONS) == set(Reason)
