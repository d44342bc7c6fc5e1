"""What earlier releases told, as bounds on today's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl
import pytest

from schemas.site import Disclosure
from tests.lib.tables import rows
from warehouse.earlier_statements import COUNTS, EARLIER, KEY, TOLD, with_earlier

POLICY = asdict(Disclosure())
COUNT, RATE, MEAN = ("referrals_received", "count"), ("attendance_rate", "rate"), ("alliance_mean", "mean")
KINDS = {kind: figure for figure, kind in (COUNT, RATE, MEAN)}
FIRST = 24312
SCHEMA = {
    "place": pl.Int64, **dict.fromkeys((*KEY, "kind", "state"), pl.String), "start": pl.Int32, "stop": pl.Int32,
    "count_n": pl.Int64, "count_d": pl.Int64, "total": pl.Float64, "tenths": pl.Float64, "closed": pl.Boolean,
}  # fmt: skip
CELLS = {
    **dict.fromkeys(KEY, pl.String),
    "clinics": pl.List(pl.String),
    "first_slot": pl.Int32,
    "last_slot": pl.Int32,
}
RELEASED = {
    **CELLS, "kind": pl.String, "state": pl.String, "value": pl.Decimal(18, 4), "numerator": pl.Decimal(18, 4),
    "denominator": pl.Int64,
}  # fmt: skip
Row = dict[str, Any]


def row(kind: str, months: tuple[int, int] = (0, 0), clinic: str = "north", **more: Any) -> Row:
    """A row of figures, of cells and of a release in one; months: first and last, from the first of the calendar."""
    key = {
        "figure": KINDS[kind], "definition": "standard", "service": "adult", "clinic": clinic, "grain": "month",
        "period": f"{months}", "instrument": "", "scale": "", "kind": kind,
    }  # fmt: skip
    slots = {"first_slot": FIRST + months[0], "last_slot": FIRST + months[1]}
    line = {"start": months[0], "stop": months[1] + 1, "state": "value", "closed": True}
    return {**key, **slots, **line, "clinics": [clinic], **more}


def bounded(now: Sequence[Row], *releases: Sequence[Row], policy: Mapping[str, Any] = POLICY) -> pl.DataFrame:
    figures = pl.DataFrame([{"place": n, **one} for n, one in enumerate(now)], schema=SCHEMA)
    told = [(pl.DataFrame(one, schema=RELEASED), policy) for one in releases]
    cells = pl.DataFrame(list(now), schema=CELLS)
    return with_earlier(figures, cells, told, {(figure, "standard") for figure in KINDS.values()})


def bounds(found: pl.DataFrame, place: int = 0) -> dict[str, Any]:
    return {
        name: value for name, value in found.select(TOLD).row(place, named=True).items() if value is not None
    }


# now and told: numerator/denominator; of a mean: its tenths/denominator. Bounds: low..high.
SPEC = """
    kind  | now     | told      | n      | d        | c    | tenths
    count | 12      | 10        | 8..12  |          |      |
    count | 6       | 5         | 5..7   |          |      |
    count | 13      | 10        |        |          |      |
    count | 0       | 0         | 0..0   |          |      |
    count | 1       | 0         |        |          |      |
    rate  | 19/41   | 20/40     | 18..22 | 38..42   | 5..  |
    rate  | 30/41   | 20/40     |        | 38..42   | 5..  |
    rate  | 40/40   | 40/40     | 38..42 | 38..42   | 0..0 |
    rate  | 38/41   | 40/40     | 38..42 | 38..42   |      |
    rate  | 0/41    | 0/40      | 0..0   | 38..42   | 5..  |
    rate  | 45/45   | 40/45     |        | 43..47   |      |
    rate  | 0/0     | 0/0       | 0..0   | 0..0     | 0..0 |
    rate  | 3/10    | 0/0       |        |          |      |
    mean  | 405/12  | 405/10    |        | 10..12   |      | 405
    mean  | 406/12  | 405/10    |        | 10..12   |      |
    mean  | 405/20  | 405/10    |        |          |      | 405
    mean  | /0      | /0        |        | 0..0     |      |
"""


def counts(text: str, kind: str) -> Row:
    part, _, whole = text.partition("/")
    n, d = (int(one) if one else None for one in (part, whole))
    return {"count_n": None if kind == "mean" else n, "count_d": d, "tenths": n if kind == "mean" else None}


def told(text: str, kind: str) -> Row:
    part, _, whole = text.partition("/")
    n, d = (int(one) if one else None for one in (part, whole))
    state = "no_data" if d == 0 else "value" if n or kind == "mean" else "zero"
    value = n / 10 if kind == "mean" and n is not None else None
    return {"numerator": None if kind == "mean" else n, "denominator": d, "value": value, "state": state}


@pytest.mark.parametrize("spec", rows(SPEC), ids=lambda one: f"{one['kind']} {one['now']} {one['told']}")
def test_bounds_of_what_is_still_true(spec: dict[str, str]):
    kind = spec["kind"]
    found = bounds(bounded([row(kind, **counts(spec["now"], kind))], [row(kind, **told(spec["told"], kind))]))
    expected: dict[str, float] = {}
    for role in "ndc":
        low, _, high = spec[role].partition("..")
        expected |= {f"told_{role}_low": int(low)} if low else {}
        expected |= {f"told_{role}_high": int(high)} if high else {}
    expected |= {"told_tenths": float(spec["tenths"])} if spec["tenths"] else {}
    assert found == expected


def test_a_release_is_read_by_the_policy_it_was_made_by():
    policy = {"threshold": 3, "round_to": 1, "mean_cases": 15}
    found = bounded([row("count", count_n=4)], [row("count", **told("4", "count"))], policy=policy)
    assert bounds(found) == {"told_n_low": 4, "told_n_high": 4}
    found = bounded(
        [row("mean", **counts("405/15", "mean"))], [row("mean", **told("405/15", "mean"))], policy=policy
    )
    assert bounds(found) == {"told_d_low": 15, "told_d_high": 15, "told_tenths": 405}


def test_of_several_releases_the_narrowest_counts():
    releases = [[row("count", **told(text, "count"))] for text in ("10", "5", "10")]
    assert bounds(bounded([row("count", count_n=7)], *releases)) == {"told_n_low": 5, "told_n_high": 7}
    wide = (pl.DataFrame([row("count", **told("20", "count"))], schema=RELEASED), POLICY | {"round_to": 10})
    narrow = (pl.DataFrame([row("count", **told("20", "count"))], schema=RELEASED), POLICY)
    figures = pl.DataFrame([{"place": 0, **row("count", count_n=19)}], schema=SCHEMA)
    cells = pl.DataFrame([row("count")], schema=CELLS)
    assert bounds(with_earlier(figures, cells, [wide, narrow], set())) == {
        "told_n_low": 18,
        "told_n_high": 22,
    }


@pytest.mark.parametrize("state", ["suppressed", "update_withheld", "not_applicable"])
def test_what_told_nothing_new_bounds_nothing(state: str):
    assert not bounds(bounded([row("count", count_n=10)], [row("count", numerator=10, state=state)]))


class TestCells:
    def test_other_clinics_are_other_people(self):
        before = row("count", clinic="all", clinics=["north"], **told("10", "count"))
        now = row("count", clinic="all", clinics=["north", "south"], count_n=10)
        assert not bounds(bounded([now], [before]))

    def test_the_same_clinics_under_another_name(self):
        before = row("count", clinic="all", clinics=["north"], **told("10", "count"))
        found = bounded(
            [row("count", clinic="all", clinics=["north", "south"], count_n=22), row("count", count_n=11)],
            [before],
        )
        assert [bounds(found, place) for place in (0, 1)] == [{}, {"told_n_low": 8, "told_n_high": 12}]

    def test_the_same_months_under_another_name(self):
        before = row("count", grain="all", period="all", **told("10", "count"))
        now = [row("count", count_n=10), row("count", (0, 1), grain="all", period="all", count_n=30)]
        assert [bool(bounds(bounded(now, [before]), place)) for place in (0, 1)] == [True, False]

    def test_rows_that_are_not_applicable_have_no_bounds(self):
        now = row("count", state="not_applicable", count_n=None)
        assert not bounds(bounded([now], [row("count", **told("0", "count"))]))


class TestSums:
    """What all months up to an earlier date were told to be."""

    MONTHS = (row("rate", (0, 0), count_n=7, count_d=20), row("rate", (1, 1), count_n=5, count_d=22))
    BEFORE = row("rate", (0, 1), grain="all", period="all", **told("10/40", "rate"))

    def test_a_sum_that_is_no_figure_now_is_a_row(self):
        now = [*self.MONTHS, row("rate", (2, 2), count_n=1, count_d=9)]
        found = bounded(now, [self.BEFORE], [self.BEFORE])
        assert found["place"].to_list() == [0, 1, 2, 3]
        assert [bounds(found, place) for place in range(3)] == [{}, {}, {}]
        last = found.row(3, named=True)
        assert (last["grain"], last["service"], last["clinic"], last["closed"]) == (
            EARLIER,
            "adult",
            "north",
            False,
        )
        assert (last["start"], last["stop"], last["count_n"], last["count_d"]) == (0, 2, 12, 42)
        assert [last[name] for name in COUNTS] == [8, 12, 38, 42, 5, None]
        assert last["tenths"] is None

    def test_a_mean_of_a_sum(self):
        months = [row("mean", (n, n), count_d=6, total=total) for n, total in enumerate((60.25, 65.25))]
        before = row("mean", (0, 1), grain="all", period="all", **told("105/10", "mean"))
        last = bounded(months, [before]).row(2, named=True)
        assert (last["count_n"], last["count_d"], last["total"], last["tenths"]) == (None, 12, 125.5, 105)
        assert (last["told_d_low"], last["told_d_high"], last["told_tenths"]) == (10, 12, 105)

    def test_one_that_is_no_longer_true_is_none(self):
        months = [row("count", (n, n), count_n=9) for n in range(2)]
        before = row("count", (0, 1), grain="all", period="all", **told("15", "count"))
        assert len(bounded(months, [before])) == 2

    def test_one_of_which_a_month_is_gone_is_none(self):
        assert len(bounded(self.MONTHS[:1], [self.BEFORE])) == 1

    def test_what_does_not_add_up_is_none(self):
        figures = pl.DataFrame([{"place": n, **one} for n, one in enumerate(self.MONTHS)], schema=SCHEMA)
        released = [(pl.DataFrame([self.BEFORE], schema=RELEASED), POLICY)]
        assert len(with_earlier(figures, pl.DataFrame(list(self.MONTHS), schema=CELLS), released, set())) == 2


def test_columns_and_order_stay():
    now = [row("count", (n, n), count_n=n) for n in range(5)]
    found = bounded(now[::-1], [row("count", (3, 3), **told("5", "count"))])
    assert found.columns == [*SCHEMA, *TOLD]
    assert found["count_n"].to_list() == [4, 3, 2, 1, 0]
    assert found.schema["told_n_low"] == pl.Int64
    assert found.schema["told_tenths"] == pl.Float64
