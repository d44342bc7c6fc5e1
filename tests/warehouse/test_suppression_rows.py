"""Rows of exact figures to blocks: which clinics, series and times a row is of, and what tells of each other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from schemas.errors import WarehouseError
from tests.lib.blocks import (
    ENDED,
    OPEN,
    QUANTITIES,
    RECEIVED,
    UNTREATED,
    block_of,
    blocks_of,
    cell_of,
    figures_of,
    known_of,
    rows_named,
    term_of,
    told_of,
)
from tests.lib.small_services import Service, given, small_service
from warehouse.suppression_block import UNBOUND
from warehouse.suppression_relations import linked
from warehouse.suppression_rows import told

CONTACTS = (
    ("appointments_held", "standard"),
    ("attendance_rate", "standard"),
    ("attendance_rate", "of_booked"),
    ("cancelled_by_client_rate", "standard"),
    ("cancelled_by_provider_rate", "standard"),
    ("dna_rate", "of_expected"),
)


def contacts(held: int, **others: int) -> Service:
    """One clinic and month: contacts held and not held."""
    counts = dict.fromkeys(("not_attended", "cancelled_by_client", "cancelled_by_provider"), 0) | others
    counts |= {
        "held": held,
        "expected": held + counts["not_attended"],
        "contacts": held + sum(counts.values()),
    }
    return given({name: [[count]] for name, count in counts.items()}, CONTACTS)


# -- told ------------------------------------------------------------------------------------------


def test_figures_of_one_count_are_one_series():
    """How many ended is told as a count, and as the denominator of a rate."""
    service = given({"untreated": [[10]], "ended": [[30]]}, [UNTREATED, ENDED])
    found = told_of(service)
    assert {key[0] for key in found.series} == {"untreated", "ended"}
    by_figure = {
        figure: (found.series[n][0], found.series[d][0] if d >= 0 else "")
        for figure, n, d in found.rows.select("figure", "series_n", "series_d").unique().iter_rows()
    }
    assert by_figure == {
        "referrals_ended": ("ended", ""),
        "ended_before_treatment_rate": ("untreated", "ended"),
    }


def test_a_unit_is_its_clinics():
    """A service of one clinic is that clinic; of the site those where a figure is not applicable are left out."""
    service = given(
        {"received": [[10], [20], [30]], "ended": [[10], [20], [30]]},
        [RECEIVED, ENDED],
        services="s1 s1 s2",
        lacks=[("c2", "contacts")],
    )
    found = told_of(service)
    units = {
        (row["figure"], row["service"], row["clinic"]): "".join(
            found.clinics[one] for one in sorted(found.groups[row["group"]])
        )
        for row in found.rows.iter_rows(named=True)
    }
    assert units["referrals_received", "all", "all"] == "c1c2c3"
    assert units["referrals_ended", "all", "all"] == "c1c3"
    assert units["referrals_received", "s1", "all"] == "c1c2"
    assert units["referrals_ended", "s1", "all"] == units["referrals_ended", "s1", "c1"] == "c1"
    assert units["referrals_received", "s2", "all"] == units["referrals_received", "s2", "c3"] == "c3"
    assert ("referrals_ended", "s1", "c2") not in units


def test_two_numbers_of_one_count_are_an_error():
    """A figure that says another count of the same people is named; its numbers are not."""
    service = given({"untreated": [[10]], "ended": [[30]]}, [UNTREATED, ENDED])
    month = (pl.col("figure") == "referrals_ended") & (pl.col("grain") == "month")
    wrong = figures_of(service).with_columns(pl.when(month).then(31).otherwise("count_n").alias("count_n"))
    with pytest.raises(WarehouseError, match="another figure says another count") as error:
        told_of(service, wrong)
    assert "30" not in str(error.value)
    assert "31" not in str(error.value)


def test_a_figure_that_no_quantity_is_of_is_an_error():
    """A figure of which it is not declared what it counts cannot be published safely, and is named."""
    service = given({"received": [[10]]}, [RECEIVED])
    with pytest.raises(WarehouseError, match=r"made_up: not in schemas/quantities\.toml"):
        told(figures_of(service).with_columns(pl.lit("made_up").alias("figure")), service.clinics, QUANTITIES)


# -- blocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 4, 11])
def test_each_row_is_in_one_block(seed: int):
    """Nothing is lost, and blocks tell nothing of each other: no relation ties series of two of them."""
    service = small_service(seed, 3, 4)
    figures = figures_of(service)
    found = blocks_of(service, figures=figures)
    places = np.concatenate([block.rows.place for block in found])
    applicable = figures.filter(pl.col("state") != "not_applicable")
    assert sorted(places.tolist()) == applicable["place"].to_list()
    home = {key: number for number, block in enumerate(found) for key in block.keys}
    assert len(home) == sum(len(block.keys) for block in found)
    assert all(home[one] == home[other] for one, other in linked(tuple(home), QUANTITIES))


def test_what_tells_nothing_of_each_other_is_apart():
    """Received and ended are tied by what is open only."""
    counts = {"received": [[30, 20]], "ended": [[10, 20]], "open": [[20, 20]]}
    apart = blocks_of(given(counts, [RECEIVED, ENDED]))
    assert [[key[0] for key in block.keys] for block in apart] == [["ended"], ["received"]] or [
        [key[0] for key in block.keys] for block in apart
    ] == [["received"], ["ended"]]
    (together,) = blocks_of(given(counts, [RECEIVED, ENDED, OPEN]))
    assert {key[0] for key in together.keys} == {"received", "ended", "open_referrals"}


def test_cells_count_what_rows_count():
    """Each row's numbers are those of its cells: numerator, denominator, and the rest of a rate."""
    service = small_service(5, 2, 6)
    figures = figures_of(service)
    exact = dict(zip(figures["place"], figures.select("count_n", "count_d").rows(), strict=True))
    for block in blocks_of(service, figures=figures):
        for row, place in enumerate(block.rows.place):
            part, whole = exact[int(place)]
            for cell, count in zip(
                block.cells[:, row], (part, whole, (whole or 0) - (part or 0)), strict=True
            ):
                assert cell < 0 or block.x[cell] == count


def test_a_stock_is_of_the_end_of_its_month():
    """What is open at the end of a quarter is what is open at the end of its last month."""
    service = given(
        {"received": [[30, 20, 10]], "ended": [[10, 0, 10]], "open": [[20, 40, 40]]}, [RECEIVED, ENDED, OPEN]
    )
    figures = figures_of(service)
    block = block_of(service, figures=figures)
    at = cell_of(block, term_of(block, "open_referrals"), (0,), 2, 3)
    told_by = np.isin(np.arange(len(block.rows.place)), block.rows_of(np.array([at])))
    assert {line.split(" ", 3)[3] for line in rows_named(figures, block, told_by)} == {
        "month 2024-03",
        "quarter 2024-Q1",
        "year 2024",
        "rolling_12_months 2024-03",
        "all all",
    }


def test_without_history_nothing_was_told():
    """At the first publication nothing is known before."""
    block = block_of(given({"received": [[30]]}, [RECEIVED]))
    assert not block.low.any()
    assert (block.high == UNBOUND).all()
    assert not block.rows.mean_told.any()


def test_what_is_worth_more():
    """Years, services and the whole site cost more than months and clinics: those go first."""
    service = given({"received": [[30] * 12, [30] * 12]}, [RECEIVED])
    figures = figures_of(service)
    block = block_of(service, figures=figures)
    worth = dict(zip(block.rows.place.tolist(), block.rows.weight.tolist(), strict=True))
    by_row = {
        (row["grain"], row["service"], row["clinic"]): worth[row["place"]]
        for row in figures.iter_rows(named=True)
    }
    for unit in (("s1", "c1"), ("s1", "all"), ("all", "all")):
        by_grain = [by_row[grain, *unit] for grain in ("month", "quarter", "year", "all")]
        assert by_grain == sorted(set(by_grain))
        assert by_row["month", *unit] < by_row["rolling_12_months", *unit] < by_row["year", *unit]
    for grain in ("month", "quarter", "year", "rolling_12_months", "all"):
        assert by_row[grain, "s1", "c1"] < by_row[grain, "s1", "all"] < by_row[grain, "all", "all"]


# -- parts -----------------------------------------------------------------------------------------


def named_parts(service: Service) -> set[tuple[str, str]]:
    """Parts and wholes by name; a complement as `whole less part`."""
    block = block_of(service)
    names = {number: key[0] for number, key in enumerate(block.keys)}
    names |= {
        rest: f"{names[whole]} less {part}" for rest, (n, whole) in block.pairs.items() for part in [names[n]]
    }
    return {(names[part], names[whole]) for part, whole in block.parts}


PARTS = [
    ("held", "expected"),
    ("held", "contacts"),
    ("not_attended", "contacts"),
    ("expected less not_attended", "expected"),
    ("contacts less held", "contacts"),
    ("held", "expected less not_attended"),
    ("expected", "contacts less cancelled_by_client"),
]


@pytest.mark.parametrize(("part", "whole"), PARTS)
def test_parts_within_wholes(part: str, whole: str):
    """Through others, too; the rest of a rate within its whole; other parts of the whole within the rest."""
    assert (part, whole) in named_parts(contacts(30, not_attended=10, cancelled_by_client=10))


DEEP = [
    ("cancelled_by_client", "contacts less held"),
    ("not_attended", "contacts less held"),
    ("expected less held", "contacts less held"),
]


@pytest.mark.parametrize(("part", "whole"), DEEP)
def test_parts_within_a_rest_further_down(part: str, whole: str):
    """Of those booked and not held: who cancelled, who did not come, and the rests of smaller wholes."""
    assert (part, whole) in named_parts(contacts(30, not_attended=10, cancelled_by_client=10))


def test_a_part_is_not_within_the_rest_of_itself():
    """Who was held is not among those who were not; and nothing is a part of itself."""
    found = named_parts(contacts(30, not_attended=10, cancelled_by_client=10))
    assert ("held", "contacts less held") not in found
    assert ("not_attended", "expected less not_attended") not in found
    assert all(part != whole for part, whole in found)


@pytest.mark.parametrize("seed", [1, 5])
def test_no_part_is_more_than_its_whole(seed: int):
    """In the truth of any service, wherever both are counted."""
    for block in blocks_of(small_service(seed, 2, 6)):
        x, there = block.x.reshape(block.shape), block.exists.reshape(block.shape)
        for part, whole in block.parts:
            both = there[part] & there[whole]
            assert (x[part][both] <= x[whole][both]).all()
        assert known_of(block)
