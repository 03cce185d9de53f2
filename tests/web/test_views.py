"""Filters of all templates: what they write, and that none hides one of Jinja's own."""

import pytest
from flask import Flask, render_template_string
from jinja2.defaults import DEFAULT_FILTERS

from inspect_app.domain.access import Role
from tests.factories import log_in, make_account, make_grid


def test_no_filter_of_ours_hides_one_of_jinja(app: Flask):
    filters = app.jinja_env.filters
    hidden = [name for name, own in DEFAULT_FILTERS.items() if filters[name] is not own]
    assert not hidden, f"rename the filter: templates expect Jinja's {hidden}"


@pytest.mark.parametrize(
    ("length_m", "written"),
    [(None, ""), (0, "0 m"), (999.4, "999 m"), (1000, "1.0 km"), (12_345, "12.3 km")],
)
def test_a_length_is_written_in_metres_below_a_kilometre(app: Flask, length_m, written: str):
    with app.test_request_context():
        app.preprocess_request()
        assert render_template_string("{{ length_m | metres }}", length_m=length_m) == written


def test_a_text_that_passes_through_gettext_is_still_escaped(app: Flask):
    with app.test_request_context():
        shown = render_template_string("{{ _(name) }}", name="<b>${1}</b>")
    assert shown == "&lt;b&gt;${1}&lt;/b&gt;"


def test_a_township_post_is_not_led_to_pages_that_need_the_whole_county(app, session):
    county = make_grid(session)
    town = make_account(session, Role.CHIEF, grid=county)
    whole = make_account(session, Role.CHIEF)
    session.commit()
    pages = []
    for account in (town, whole):
        client = app.test_client()
        log_in(client, account)
        pages.append(client.get("/findings").text)
    assert "/imports" not in pages[0]
    assert "/imports" in pages[1]
