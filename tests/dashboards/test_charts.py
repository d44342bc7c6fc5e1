from __future__ import annotations

from datetime import date
from decimal import Decimal

import altair as alt
import pytest

from dashboards import charts
from dashboards.charts import Line
from warehouse.read import Figure, Period


def figure(value: str | None, state: str = "value", unit: str = "%") -> Figure:
    number = None if value is None else Decimal(value)
    return Figure(
        "f", "standard", "all", "all", "month", "2026-01", "", "", None, None, number, unit, 20, state
    )


MONTHS = [
    Period("month", f"2026-{m:02}", f"Month {m}", date(2026, m, 1), date(2026, m, 28), True)
    for m in (1, 2, 3)
]
LINE = Line("Attendance", (figure("70"), figure(None, "suppressed"), figure("0", "zero")))


def rows(spec: charts.Spec) -> list[dict]:
    return spec["datasets"]["rows"]


def test_a_hidden_month_is_a_gap_and_a_zero_is_a_point():
    spec = charts.by_month([LINE], MONTHS, "%", MONTHS[0])
    assert [row["value"] for row in rows(spec)] == [70.0, None, 0.0]
    assert [row["shown"] for row in rows(spec)] == ["70.0 %", "hidden", "0.0 %"]


def test_a_value_in_a_hidden_state_is_not_drawn():
    hidden = Line("Attendance", (figure("70", "suppressed"),) * 3)
    assert not charts.has_points([hidden])


def test_an_earlier_value_is_drawn_and_said_to_be_one():
    withheld = Line("Attendance", (figure("70", "update_withheld"),) * 3)
    spec = charts.by_month([withheld], MONTHS, "%", MONTHS[0])
    assert {row["shown"] for row in rows(spec)} == {"70.0 % (earlier value)"}


def test_months_begin_at_midnight_utc_and_the_chosen_ones_are_shaded():
    spec = charts.by_month([LINE], MONTHS, "%", MONTHS[1])
    assert rows(spec)[0]["x"] == 1767225600000
    (shade,) = spec["datasets"]["shaded"]
    assert rows(spec)[0]["x"] < shade["from"] < rows(spec)[1]["x"] < shade["to"] < rows(spec)[2]["x"]


def test_hidden_places_are_named_once_and_in_order():
    other = Line("DNA", (figure("1"), figure(None, "no_data"), None))
    assert charts.hidden_places([LINE, other], ["Jan", "Feb", "Mar"]) == ["Feb", "Mar"]


@pytest.mark.parametrize(
    ("values", "unit", "limits", "span"),
    [
        (["78", "79"], "%", None, (70, 85)),
        (["98", "99"], "%", None, (90, 100)),
        (["0", "1"], "%", None, (0, 10)),
        (["16.1", "16.3"], "points", (Decimal(4), Decimal(20)), (14, 19)),
        (["19.8"], "points", (Decimal(4), Decimal(20)), (17, 20)),
        (["190", "200"], "referrals", None, (0, 220)),
        (["0"], "referrals", None, (0, 1)),
    ],
)
def test_the_axis_never_makes_noise_look_like_news(values, unit, limits, span):
    low, high = charts.axis_span(map(Decimal, values), unit, limits)
    assert (low, round(high, 6)) == span


@pytest.mark.parametrize(
    ("bottom", "top"), [(70, 85), (0, 10), (14, 19), (0, 220), (0, 1), (0, 0.5), (0, 9815)]
)
def test_ticks_are_few_round_and_inside(bottom, top):
    found = charts.ticks(bottom, top)
    assert 3 <= len(found) <= 8
    assert bottom <= found[0]
    assert found[-1] <= top


@pytest.mark.parametrize("axis", ["month", "session"])
def test_charts_are_valid_vega_lite(axis):
    alt.LayerChart.from_dict(charts.template(axis, ("Goal", "Task", "Bond"), "points"))


def test_filling_a_chart_leaves_its_template_alone():
    before = repr(charts.template("month", ("Attendance",), "%"))
    charts.by_month([LINE], MONTHS, "%", MONTHS[0])["layer"].clear()
    assert repr(charts.template("month", ("Attendance",), "%")) == before


def test_several_lines_differ_in_shape_as_well_as_in_colour():
    layers = charts.template("month", ("Goal", "Task", "Bond"), "points")["layer"]
    shapes = [
        layer["encoding"]["shape"]["scale"]["range"] for layer in layers if "shape" in layer["encoding"]
    ]
    assert shapes == [["circle", "triangle-up", "square"]]
