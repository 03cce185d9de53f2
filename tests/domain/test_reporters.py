"""Reporters: how telephones and names are made plain, and what a mask leaves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.reporters import (
    ReporterData,
    masked_address,
    masked_name,
    masked_phone,
    plain_name,
    plain_phone,
)


@pytest.mark.parametrize(
    "written",
    [
        *("13812341234", "138 1234 1234", "138-1234-1234", "+86 138 1234 1234"),
        *("0086-13812341234", "１３８１２３４１２３４", " (86)13812341234 "),
    ],
)
def test_a_mobile_number_is_known_however_it_is_written(written):
    assert plain_phone(written) == "13812341234"


@pytest.mark.parametrize("written", ["", "无", "12345", "不详", "--"])
def test_what_is_no_telephone_is_nobody(written):
    assert plain_phone(written) == ""


def test_a_land_line_keeps_its_area_code():
    assert plain_phone("0951-8612345") == "09518612345"


@pytest.mark.parametrize(
    "shared", ["张某", "王女士", "李先生", "匿名", "群众", "张", "", "村民代表"]
)
def test_a_name_many_share_tells_nobody(shared):
    assert plain_name(shared) == ""


def test_a_full_name_is_known_with_spaces_and_width_folded():
    assert plain_name(" 张 三丰 ") == plain_name("张三丰") == "张三丰"


def test_masks_are_those_of_the_rule():
    assert masked_name("张三丰") == "张*"
    assert masked_phone("138-1234-5678") == "138****5678"
    assert masked_phone("8612345") == "****"
    assert masked_address("宁川县城关镇建设路12号3单元") == "宁川县***"
    assert masked_name("") == masked_phone("") == masked_address("") == ""


@given(st.text(min_size=3, max_size=12), st.text("0123456789", min_size=7, max_size=15))
@settings(max_examples=80, deadline=None)
def test_no_mask_holds_what_it_masks(name, phone):
    assert name not in masked_name(name)
    assert phone not in masked_phone(phone)


def test_the_representation_of_a_reporter_tells_the_mode_alone():
    told = ReporterData(ReporterMode.NAMED, "金丝雀", "13812341234", "某路")
    assert repr(told) == str(told) == "ReporterData(named)"
