"""Repeats: ranked earlier complaints, their reasons, and what says nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.repeats import (
    PROPOSED,
    REASONS,
    Complaint,
    ReasonCode,
    RepeatIndex,
    fallback_coordinates,
    learn,
)
from gis.repeats.index import KeptAlready, TimeWithoutZone
from gis.repeats.levels import LEVELS, Field
from gis.repeats.words import grams, plain

NOW = datetime(2026, 3, 24, 1, 0, tzinfo=UTC)
ASKED = Complaint(
    "new", NOW, (0.0, 0.0), kind="water", text="东沟造纸厂夜间偷排黑水", reporter="r1"
)


def earlier(key: str, *, days: float, east_m: float = 0.0, **facts: str) -> Complaint:
    return Complaint(key, NOW - timedelta(days=days), (east_m, 0.0), **facts)


def test_a_worked_example_adds_up_by_hand() -> None:
    kept = earlier("old", days=2, east_m=35, kind="water", text=ASKED.text, reporter="r1")

    (match,) = RepeatIndex.build([kept]).rank(ASKED)

    # 35 m is the third distance, 2 days the fourth time; 1 complaint of the kind is around.
    bits = -5.0 + 2.0 + 1.0 + 1.0 + 3.0 + 4.0 + 0.5
    assert PROPOSED.fields[Field.place][3] == 2.0
    assert match.bits == pytest.approx(bits)
    assert match.probability == pytest.approx(1 / (1 + 2**-bits))
    assert {reason.words() for reason in match.reasons} == {
        "相距 35 米",
        "早 2 天",
        "类别相同",
        "用词相似度 100%",
        "同一举报人",
        "周边 250 米内近 90 天有 1 件同类投诉",
    }
    assert match.reasons[0].code is ReasonCode.same_reporter
    assert match.bits == pytest.approx(-5 + sum(reason.bits for reason in match.reasons))


def test_the_same_object_is_found_wherever_it_was_placed() -> None:
    kept = earlier("old", days=200, east_m=90_000, object_key="outlet:7")
    (match,) = RepeatIndex.build([kept]).rank(replace(ASKED, object_key="outlet:7"))
    assert ReasonCode.same_object in {reason.code for reason in match.reasons}


def test_the_words_find_a_complaint_without_a_place() -> None:
    texts = [
        "新渠烧烤城油烟扰民",
        "南塬工地夜间打桩",
        "反映东沟造纸厂排放黑水，夜间更多",
        "养鸡场粪便露天堆放",
    ]
    kept = [
        Complaint(f"old{number}", NOW - timedelta(days=3), text=text)
        for number, text in enumerate(texts)
    ]
    best = RepeatIndex.build(kept).rank(ASKED)[0]
    assert best.key == "old2"
    assert ReasonCode.no_place in {reason.code for reason in best.reasons}


def test_words_are_compared_in_one_width_and_case_without_punctuation() -> None:
    assert plain("Ａ厂，  Oak St.") == "a厂oakst"
    assert grams("排黑水").tolist() == grams(" 排，黑 水。").tolist()
    assert grams("").size == 0
    assert grams("水").size > 0


@given(
    days=st.integers(-30, 500), east_m=st.floats(-800, 800), kind=st.sampled_from(["water", "air"])
)
@settings(max_examples=60, deadline=None)
def test_matches_only_point_back_in_time(days: int, east_m: float, kind: str) -> None:
    kept = earlier("other", days=days, east_m=east_m, kind=kind)
    matches = RepeatIndex.build([kept, replace(ASKED, text="")]).rank(ASKED)
    assert {match.key for match in matches} <= {"other"}
    assert not matches or 0 <= days <= 365


@given(st.lists(st.floats(0, 700), min_size=2, max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_the_score_never_rises_with_distance(distances_m: list[float]) -> None:
    found = []
    for distance_m in sorted(distances_m):
        kept = earlier("old", days=1, east_m=distance_m, reporter="r1")
        found.append(RepeatIndex.build([kept]).rank(ASKED)[0])
    # Crowding counts what is near, so it is left out of what distance alone says.
    place = [
        next(reason.bits for reason in match.reasons if reason.code is ReasonCode.near)
        for match in found
    ]
    assert place == sorted(place, reverse=True)


@given(far_m=st.floats(2_000, 500_000), days=st.floats(0, 300))
@settings(max_examples=40, deadline=None)
def test_an_irrelevant_far_complaint_changes_nothing(far_m: float, days: float) -> None:
    kept = [
        earlier("a", days=2, east_m=35, kind="water", text="造纸厂偷排黑水"),
        earlier("b", days=9, east_m=140, kind="air", text="造纸厂气味难闻"),
    ]
    index = RepeatIndex.build(kept)
    before = index.rank(ASKED)
    index.add(earlier("far", days=days, east_m=far_m, kind="noise"))
    assert index.rank(ASKED) == before


def test_the_order_of_entry_does_not_matter() -> None:
    kept = [
        earlier(str(number), days=number, east_m=17.0 * number, kind="water") for number in range(9)
    ]
    assert RepeatIndex.build(kept).rank(ASKED) == RepeatIndex.build(kept[::-1]).rank(ASKED)


def test_candidates_equal_those_of_brute_force() -> None:
    rng = np.random.default_rng(4)
    kept = [
        Complaint(
            str(number),
            NOW - timedelta(days=float(rng.uniform(-100, 500))),
            (float(rng.uniform(-900, 900)), float(rng.uniform(-900, 900))),
        )
        for number in range(400)
    ]
    found = RepeatIndex.build(kept).compare(ASKED)
    wanted = [
        number
        for number, one in enumerate(kept)
        if one.xy
        and np.hypot(*one.xy) <= 500
        and timedelta(0) <= NOW - one.at <= timedelta(days=365)
    ]
    assert found.numbers.tolist() == wanted
    assert found.distance_m == pytest.approx([np.hypot(*(kept[one].xy or ())) for one in wanted])


def _county(rng: np.random.Generator, *, shared: int) -> tuple[np.ndarray, list[str], list[str]]:
    points = rng.uniform(0, 20_000, (600, 2))
    points[:shared] = [777.7, 888.8]
    kinds = [f"kind {number}" for number in rng.integers(0, 8, 600)]
    return points, kinds, [f"text {number}" for number in range(600)]


def test_a_coordinate_of_all_kinds_is_a_fallback_and_a_hot_spot_is_none() -> None:
    points, kinds, texts = _county(np.random.default_rng(1), shared=80)
    found = fallback_coordinates(points, kinds, texts)
    assert found.tolist() == [True] * 80 + [False] * 520
    kinds[:80] = ["odour"] * 80
    assert not fallback_coordinates(points, kinds, texts).any()
    assert not fallback_coordinates(np.full((600, 2), np.nan), kinds, texts).any()


def test_without_kinds_different_texts_tell_a_fallback() -> None:
    points, _, texts = _county(np.random.default_rng(1), shared=80)
    assert fallback_coordinates(points, [""] * 600, texts)[:80].all()
    assert not fallback_coordinates(points, [""] * 600, ["same"] * 600).any()


def test_a_fallback_coordinate_is_no_evidence() -> None:
    points, kinds, _ = _county(np.random.default_rng(1), shared=80)
    index = RepeatIndex.build(
        Complaint(str(number), NOW - timedelta(days=1), (x, y), kind=kind)
        for number, ((x, y), kind) in enumerate(zip(points.tolist(), kinds, strict=True))
    )
    there = Complaint("new", NOW, (777.7, 888.8), kind="kind 1")
    assert index.rank(there) == ()
    beside = index.rank(replace(there, xy=(777.7 + 30, 888.8)), limit=99)
    assert all(int(match.key) >= 80 for match in beside)
    flagged = replace(ASKED, fallback=True, text="", reporter="")
    assert RepeatIndex.build([earlier("old", days=1)]).rank(flagged) == ()


def test_nothing_known_is_no_match_and_no_fault() -> None:
    empty = Complaint("empty", NOW)
    assert RepeatIndex().rank(empty) == ()
    index = RepeatIndex.build([Complaint("old", NOW), earlier("near", days=1)])
    assert len(index) == 2
    assert index.rank(empty) == ()
    assert index.rank(ASKED, limit=0) == ()


def test_a_time_without_zone_and_a_key_kept_already_are_refused() -> None:
    index = RepeatIndex.build([earlier("old", days=1)])
    with pytest.raises(KeptAlready):
        index.add(earlier("old", days=2))
    with pytest.raises(TimeWithoutZone):
        index.rank(replace(ASKED, at=NOW.replace(tzinfo=None)))


def test_every_reason_has_a_sentence() -> None:
    assert set(REASONS) == set(ReasonCode)


def test_proposed_weights_fit_the_levels() -> None:
    assert {one: len(PROPOSED.fields[one]) for one in Field} == LEVELS


def test_weights_are_the_share_among_true_pairs_over_that_among_wrong_ones() -> None:
    rows = np.zeros((400, 6), dtype=np.int64)
    is_match = np.arange(400) < 200
    rows[:, Field.reporter] = 1
    rows[:150, Field.reporter] = 0  # three quarters of the true pairs
    rows[200:210, Field.reporter] = 0  # one in twenty of the wrong ones
    learnt = learn(rows, is_match=is_match, kinds=["water"] * 400)
    same, other, unknown = learnt.fields[Field.reporter]
    # log2(0.75 / 0.05) = 3.9 and log2(0.25 / 0.95) = -1.9, smoothed by a pseudo-count.
    assert same == pytest.approx(3.9, abs=0.3)
    assert other == pytest.approx(-1.9, abs=0.3)
    assert unknown == 0
    assert learnt.prior_bits == pytest.approx(0, abs=0.5)


def test_learnt_weights_never_rise_with_distance_nor_fall_with_likeness() -> None:
    rng = np.random.default_rng(7)
    rows = np.column_stack([rng.integers(0, LEVELS[one], 500) for one in Field])
    learnt = learn(rows, is_match=rng.random(500) < 0.3, kinds=["a", "b"] * 250)
    place = learnt.fields[Field.place][1:9]
    text = learnt.fields[Field.text][:-1]
    assert list(place) == sorted(place, reverse=True)
    assert list(text) == sorted(text)


def test_of_two_fields_that_say_the_same_each_weighs_half() -> None:
    rng = np.random.default_rng(3)
    is_match = rng.random(2_000) < 0.5
    says = np.where(rng.random(2_000) < 0.8, is_match, ~is_match)
    rows = np.zeros((2_000, 6), dtype=np.int64)
    rows[:, Field.reporter] = ~says
    alone = learn(rows, is_match=is_match, kinds=["a"] * 2_000)
    rows[:, Field.kind] = ~says
    both = learn(rows, is_match=is_match, kinds=["a"] * 2_000)
    once = np.subtract(*alone.fields[Field.reporter][:2])
    twice = [np.subtract(*both.fields[one][:2]) for one in (Field.reporter, Field.kind)]
    # log2(0.8 / 0.2) = 2 bits for and 2 against, whether told by one field or by two together.
    assert once == pytest.approx(4, abs=0.3)
    assert twice == pytest.approx([once / 2] * 2, abs=0.1)


def test_kinds_may_be_shared_in_part() -> None:
    kept = [
        earlier(kind, days=2, east_m=35, kind=kind)
        for kind in ("air+water", "water", "noise", "air+noise")
    ]
    index = RepeatIndex.build(kept)
    codes = {
        match.key: {reason.code for reason in match.reasons}
        for match in index.rank(replace(ASKED, kind="air+water"))
    }
    assert ReasonCode.same_kind in codes["air+water"]
    assert ReasonCode.shared_kind in codes["water"]
    assert ReasonCode.shared_kind in codes["air+noise"]
    assert ReasonCode.other_kind in codes["noise"]


def test_one_sort_of_pairs_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="only one sort"):
        learn(np.zeros((3, 6), dtype=np.int64), is_match=np.ones(3, dtype=bool), kinds=[""] * 3)
