from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dashboards import words
from schemas.published import PUBLISHED
from warehouse.read import Figure, Period


def figure(state: str = "value", **changes: object) -> Figure:
    fields = {
        "figure": "f",
        "definition": "standard",
        "service": "all",
        "clinic": "all",
        "grain": "month",
        "period": "2026-01",
        "instrument": "",
        "scale": "",
        "numerator": None,
        "denominator": None,
        "value": None,
        "unit": "%",
        "n": None,
        "state": state,
    }
    return Figure(**(fields | changes))


RATE = figure(numerator=Decimal(1245), denominator=1590, value=Decimal("78.3000"), n=1590)
COUNT = figure(numerator=Decimal(2145), value=Decimal("2145.0000"), unit="referrals", n=2145)
MEAN = figure(value=Decimal("35.0000"), unit="points", n=35)


@pytest.mark.parametrize(
    ("shown", "quantity", "basis"),
    [
        (RATE, "78.3 %", "1,245 of 1,590"),
        (COUNT, "2,145 referrals", ""),
        (MEAN, "35.0 points", "n = 35"),
        (figure("zero", numerator=Decimal(0), denominator=40, value=Decimal(0), n=40), "0.0 %", "0 of 40"),
        (figure("zero", numerator=Decimal(0), value=Decimal(0), unit="clients", n=0), "0 clients", ""),
        (figure("suppressed"), "hidden", ""),
        (figure("no_data"), "no data", ""),
        (figure("not_applicable"), "not applicable", ""),
        (figure("update_withheld"), "update withheld", ""),
        (
            figure("update_withheld", value=Decimal(70), numerator=Decimal(70), denominator=100),
            "70.0 % (earlier value)",
            "70 of 100; earlier value, update withheld",
        ),
        (
            figure("update_withheld", value=Decimal(20), numerator=Decimal(20), unit="clients", n=20),
            "20 clients (earlier value)",
            "earlier value, update withheld",
        ),
        (None, "not published", ""),
    ],
)
def test_a_number_or_its_state(shown, quantity, basis):
    assert (words.quantity(shown), words.basis(shown)) == (quantity, basis)


def test_the_range_of_a_rate_that_held_records_could_move():
    assert words.bounds(figure(value=Decimal("78.3"), held=10, bound_low=70, bound_high=84)) == "70 to 84 %"
    assert words.bounds(figure(value=Decimal("78.3"), held=0)) == ""
    assert words.bounds(figure("suppressed")) == words.bounds(None) == ""


def test_an_earlier_value_is_a_number():
    assert words.has_number(figure("update_withheld", value=Decimal(70)))
    assert words.state_words(figure("update_withheld", value=Decimal(70))) is None
    assert words.state_words(figure("update_withheld")) == words.STATES["update_withheld"]
    assert not words.has_number(None)


def test_every_published_state_has_words():
    table = next(table for table in PUBLISHED if table.name == "pub_figure")
    said = next(column.comment for column in table.columns if column.name == "state")
    states = said.replace(" or ", ", ").split(", ")
    assert {*words.SHOWN_STATES, *words.STATES} - {"unpublished"} == set(states)


def test_local_time_names_its_zone():
    assert words.moment(datetime(2026, 11, 1, 2, 3, tzinfo=UTC), "Europe/London") == "1 Nov 2026, 02:03 GMT"
    assert words.moment(datetime(2026, 7, 1, 2, 3, tzinfo=UTC), "Europe/London") == "1 Jul 2026, 03:03 BST"


def test_titles_inside_a_sentence():
    assert words.lower_first("Did not attend") == "did not attend"
    assert words.lower_first("DNA rate") == "DNA rate"
    days = (date(2026, 1, 1), date(2026, 1, 31), True)
    assert words.in_sentence(Period("month", "2026-01", "January 2026", *days)) == "January 2026"
    assert (
        words.in_sentence(Period("rolling_12_months", "2026-01", "Twelve months", *days)) == "twelve months"
    )


def test_the_range_of_a_form_of_the_site_is_not_known():
    assert words.scale_range("wai_sr", "total") == (Decimal(12), Decimal(60))
    assert words.scale_range("own_form", "total") is None
