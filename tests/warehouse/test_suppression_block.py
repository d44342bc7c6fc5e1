"""Blocks of cells: what is hidden for itself, what is told of each cell, and what hiding changes of that."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.lib.blocks import (
    ENDED,
    ENTERED,
    EXACT,
    OPEN,
    POLICY,
    RECEIVED,
    UNTREATED,
    WAITS,
    block_of,
    cell_of,
    figures_of,
    rows_named,
    term_of,
)
from tests.lib.small_services import Service, given
from warehouse.suppression_block import PRIMARY, SECONDARY, SHOWN, UNBOUND, WITHIN, Block, Policy


def received(*clinics: list[int], services: str = "s1") -> Service:
    return given({"received": clinics}, [RECEIVED], services)


def cause_of(block: Block, start: int = 0, stop: int = 1, clinics: tuple[int, ...] = (0,)) -> list[int]:
    """Causes of the rows of a cell's clinics and months."""
    groups = [np.flatnonzero(row).tolist() == list(clinics) for row in block.contains]
    mine = (block.rows.group == groups.index(True)) & (block.spans[block.rows.span] == [start, stop]).all(
        axis=1
    )
    return sorted(set(block.cause[mine].tolist()))


# -- the policy ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "count", "low", "high"),
    [
        (POLICY, 0, 0, 0),
        (POLICY, 5, 5, 7),
        (POLICY, 7, 5, 7),
        (POLICY, 8, 8, 12),
        (POLICY, 12, 8, 12),
        (EXACT, 5, 5, 5),
        (EXACT, 9, 9, 9),
        (Policy(8, 10, 20, 10), 8, 8, 14),
        (Policy(8, 10, 20, 10), 15, 15, 24),
        (Policy(3, 2, 20, 10), 3, 3, 4),
    ],
)
def test_what_a_shown_count_stands_for(policy: Policy, count: int, low: int, high: int):
    """10 in steps of 5 stands for 8 to 12; 5 for 5 to 7, since smaller ones are hidden; zero is zero."""
    counts = np.array([count], dtype=np.int32)
    assert (policy.told_low(counts).tolist(), policy.told_high(counts).tolist()) == ([low], [high])


@pytest.mark.parametrize("policy", [POLICY, EXACT, Policy(3, 5, 20, 10), Policy(8, 10, 20, 10)], ids=str)
def test_counts_shown_alike_are_told_alike(policy: Policy):
    """A count is within what is told of it, and so is each count that is shown by the same number, and no other."""
    counts = np.array([0, *range(policy.threshold, 200)], dtype=np.int32)
    low, high, shown = policy.told_low(counts), policy.told_high(counts), policy.rounded(counts)
    assert ((low <= counts) & (counts <= high)).all()
    alike = shown[:, None] == shown[None]
    assert (alike == ((low[:, None] <= counts[None]) & (counts[None] <= high[:, None]))).all()


def test_small_counts():
    """From 1 to threshold - 1; nobody is no small count."""
    counts = np.arange(8, dtype=np.int32)
    assert np.flatnonzero(POLICY.small(counts)).tolist() == [1, 2, 3, 4]


# -- primary and within ----------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "cause"), [(0, SHOWN), (1, PRIMARY), (4, PRIMARY), (5, SHOWN)])
def test_small_counts_are_hidden(count: int, cause: int):
    """One to four are hidden; five are told, and so is nobody."""
    assert cause_of(block_of(received([count]))) == [cause]


@pytest.mark.parametrize(
    ("untreated", "ended", "cause"),
    [
        (10, 30, SHOWN),
        (0, 30, SHOWN),
        (30, 30, SHOWN),
        (0, 0, SHOWN),
        (10, 17, PRIMARY),
        (10, 18, SHOWN),
        (3, 30, PRIMARY),
        (27, 30, PRIMARY),
        (100, 102, PRIMARY),
    ],
)
def test_rates_that_are_hidden(untreated: int, ended: int, cause: int):
    """For a small numerator, a small rest (98 % of 102), or a denominator that is not shown as 20."""
    service = given({"untreated": [[untreated]], "ended": [[ended]]}, [UNTREATED])
    assert cause_of(block_of(service)) == [cause]


@pytest.mark.parametrize(("cases", "cause"), [(0, SHOWN), (4, PRIMARY), (9, PRIMARY), (10, SHOWN)])
def test_means_of_few_are_hidden(cases: int, cause: int):
    """A mean is told of ten cases or more; where there is no case there is no mean, and that is told."""
    service = given({"wait_days": [[20 * cases]], "entered": [[cases]]}, [WAITS])
    assert cause_of(block_of(service)) == [cause]


def test_months_of_a_small_quarter_are_hidden():
    """Where a quarter has three, nothing is told of its months, not even that one of them has none."""
    block = block_of(received([3, 0, 0, 20]))
    assert cause_of(block, 0, 1) == [PRIMARY]
    assert cause_of(block, 1, 2) == cause_of(block, 2, 3) == [WITHIN]
    assert cause_of(block, 3, 4) == [SHOWN]
    inside = {(1, 2), (2, 3), (0, 1), (0, 2)}
    for start, stop in block.spans.tolist():
        at = cell_of(block, 0, (0,), start, stop)
        assert block.inside[at] == ((start, stop) in inside)


def test_clinics_of_a_small_service_are_hidden():
    """Where a service has three, nothing is told of its clinics."""
    block = block_of(received([3], [0], [9], services="s1 s1 s2"))
    assert cause_of(block, clinics=(1,)) == [WITHIN]
    assert cause_of(block, clinics=(2,)) == [SHOWN]


def test_parts_of_a_small_whole_are_hidden():
    """Where three have ended, nothing is told of how many of them were untreated, or of the rest."""
    service = given({"untreated": [[0]], "ended": [[3]]}, [UNTREATED, ENDED])
    figures = figures_of(service)
    block = block_of(service, figures=figures)
    part, whole, rest = (
        term_of(block, "untreated"),
        term_of(block, "ended"),
        term_of(block, "untreated", "ended"),
    )
    assert block.inside[cell_of(block, part, (0,), 0, 1)]
    assert block.inside[cell_of(block, rest, (0,), 0, 1)]
    assert not block.inside[cell_of(block, whole, (0,), 0, 1)]
    assert "referrals_ended s1 c1 month 2024-01" in rows_named(figures, block, block.cause == PRIMARY)


def test_an_open_period_tells_nothing():
    """Four months are no quarter yet: the second one is not told, and is not hidden either."""
    service = received([30] * 4)
    figures = figures_of(service)
    block = block_of(service, figures=figures)
    assert not block.cause.any()
    silent = rows_named(figures, block, ~block.shown())
    assert {line.split()[-1] for line in silent} == {"2024-Q2", "2024"}


# -- cells -----------------------------------------------------------------------------------------


def test_one_cell_whatever_row_tells_it():
    """The one clinic is the service and the site; January is the rolling year to it, too: six rows, one cell."""
    block = block_of(received([30, 40]))
    at = cell_of(block, 0, (0,), 0, 1)
    assert block.x[at] == 30
    assert block.exists[at]
    assert block.rounds[at] == 6
    assert block.cost[at] == (10 + 15) * (1 + 2 + 4)
    assert block.rows_of(np.array([at])).tolist() == sorted(np.flatnonzero(block.cells[0] == at))


def test_running_totals():
    """Of each series and clinic, from nobody on, by month."""
    service = given(
        {"received": [[3, 0, 9], [1, 1, 1]], "ended": [[2, 0, 1], [0, 0, 0]], "open": [[1, 1, 9], [1, 2, 3]]},
        [RECEIVED, ENDED, OPEN],
        lacks=[("c2", "contacts")],
    )
    block = block_of(service)
    assert block.running(term_of(block, "received"), 0).tolist() == [0, 3, 3, 12]
    assert block.running(term_of(block, "ended"), 0).tolist() == [0, 2, 2, 3]
    assert block.running(term_of(block, "ended"), 1) is None


def test_running_totals_of_sums_behind_means():
    """Days waited add up over months as people do; of a figure that has no sum there is none."""
    service = given({"wait_days": [[200, 300]], "entered": [[10, 20]]}, [WAITS, ENTERED])
    block = block_of(service)
    (figure,) = {name for name in block.rows.figure if name.startswith("wait_days_mean")}
    assert block.running_sum(figure, 0).tolist() == [0, 200, 500]
    assert block.running_sum("another", 0) is None


def test_protected_are_small_cells_and_rests():
    """One to four, of whatever is counted, the rest of a rate included; nothing else is protected."""
    service = given({"untreated": [[27], [30]], "ended": [[30], [30]]}, [UNTREATED])
    block = block_of(service)
    rest = term_of(block, "untreated", "ended")
    both = {cell_of(block, rest, (0,), 0, 1), cell_of(block, rest, (0, 1), 0, 1)}
    assert set(block.protected().tolist()) == both
    assert {int(block.x[at]) for at in both} == {3}


# -- hiding ----------------------------------------------------------------------------------------


def test_hiding_a_cell_hides_every_row_that_tells_it():
    """A count that is hidden is told by nothing: neither as a count nor as the denominator of a rate."""
    service = given({"untreated": [[10, 20]], "ended": [[30, 40]]}, [UNTREATED, ENDED])
    block = block_of(service)
    whole = cell_of(block, term_of(block, "ended"), (0,), 0, 1)
    tell = block.rows_of(np.array([whole]))
    assert block.shown()[tell].all()
    before = block.shown()
    block.hide(np.array([whole]))
    assert np.flatnonzero(before & ~block.shown()).tolist() == tell.tolist()
    assert set(block.cause[tell]) == {SECONDARY}
    assert (block.rounds[whole], block.cost[whole]) == (0, 0)
    # What only those rows told is told no longer either: the numerator, and the rest.
    part = cell_of(block, term_of(block, "untreated"), (0,), 0, 1)
    assert block.rounds[part] == 0


def test_hiding_a_row_hides_no_other():
    """Another row may still tell the cell."""
    block = block_of(received([30, 40]))
    at = cell_of(block, 0, (0,), 0, 1)
    rows = block.rows_of(np.array([at]))
    block.hide_rows(rows[:2])
    assert block.cause[rows].tolist() == [SECONDARY] * 2 + [SHOWN] * 4
    assert block.rounds[at] == 4
    assert block.cost[at] == block.rows.weight[rows[2:]].sum()


def test_hiding_twice_changes_nothing_and_causes_stay():
    """What is hidden cannot be hidden again, and the first cause is the one that is kept."""
    block = block_of(received([3, 30], [9, 40]))
    everything = np.flatnonzero(block.exists)
    primary = block.cause == PRIMARY
    block.hide(everything)
    once = block.cause.copy(), block.rounds.copy(), block.cost.copy()
    block.hide(everything)
    block.hide_rows(np.arange(len(block.cause)))
    for was, now in zip(once, (block.cause, block.rounds, block.cost), strict=True):
        assert (was == now).all()
    assert (block.cause[primary] == PRIMARY).all()
    assert not block.rounds.any()
    assert not block.shown().any()


# -- history ---------------------------------------------------------------------------------------


def test_what_was_told_before_bounds_a_cell():
    """Of several rows of one cell the narrowest bounds hold; what nobody told has none."""
    service = received([30, 40])
    figures = figures_of(service)
    january = (pl.col("grain") == "month") & (pl.col("period") == "2024-01")
    figures = figures.with_columns(
        pl.when(january & (pl.col("clinic") == "c1")).then(28).when(january).then(26).alias("told_n_low"),
        pl.when(january & (pl.col("service") == "all")).then(31).when(january).then(32).alias("told_n_high"),
        *(pl.lit(None, pl.Int64).alias(f"told_{one}") for one in ("d_low", "d_high", "c_low", "c_high")),
        pl.lit(None, pl.Float64).alias("told_tenths"),
    )
    block = block_of(service, figures=figures)
    at, other = (cell_of(block, 0, (0,), start, start + 1) for start in (0, 1))
    assert (block.low[at], block.high[at]) == (28, 31)
    assert (block.low[other], block.high[other]) == (0, UNBOUND)
