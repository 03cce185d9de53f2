"""The credit code: published codes, and that one wrong character is always found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.domain.uscc import ALPHABET, check_character, has_form, is_valid

PUBLISHED = (
    "91130200699229617X",
    "11330424002556213T",
    "911302307808371268",
    "91350100M000100Y43",
    "11320000MB151840XJ",
)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_valid(code):
    assert is_valid(code)


@pytest.mark.parametrize(
    "code", ["91350100M000100Y4Z", "91350100M000100Y4", "9113020069922961IX", ""]
)
def test_wrong_codes_are_not(code):
    assert not is_valid(code)


@given(
    st.text(ALPHABET, min_size=17, max_size=17),
    st.integers(0, 16),
    st.sampled_from(ALPHABET),
)
def test_one_exchanged_character_changes_the_check(body, place, letter):
    code = body + check_character(body)
    other = code[:place] + letter + code[place + 1 :]
    assert has_form(code)
    assert is_valid(code)
    assert is_valid(other) == (other == code)
