"""What every world must satisfy, as rows of a linear programme: hard ones, and what is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from schemas.errors import WarehouseError
from tests.lib.block_worlds import PlainWorld, contradicted, impossible
from tests.lib.blocks import (
    CLIENTS,
    ENDED,
    ENTERED,
    EXACT,
    HELD,
    OPEN,
    RECEIVED,
    UNTREATED,
    WAITS,
    block_of,
    blocks_of,
    cell_of,
    figures_of,
    programme_of,
    term_of,
)
from tests.lib.small_services import Service, given, small_service
from warehouse import suppression_programme
from warehouse.suppression_block import Block
from warehouse.suppression_programme import Programme
from warehouse.suppression_unknowns import Unknowns

OUTCOMES = tuple((f"outcome_mean_{one}", "standard") for one in ("first", "last", "change"))
SLACK = 1e-6


def received(*clinics: list[int]) -> Service:
    return given({"received": clinics}, [RECEIVED])


def waits(days: int, cases: int) -> Service:
    return given({"wait_days": [[days]], "entered": [[cases]]}, [WAITS, ENTERED])


def told_row(made: Programme, cell: int) -> tuple[float, float]:
    """How far what is told lets a cell fall and rise."""
    (number,) = np.flatnonzero(made.cell == cell)
    return float(made.low[made.soft + number]), float(made.high[made.soft + number])


def allows(made: Programme, by: np.ndarray, hard: bool = True) -> bool:
    """Whether a world that differs by this is within all hard rows, or within all that is told."""
    rows = slice(0, made.soft) if hard else slice(made.soft, None)
    value = made.matrix @ by
    within = (value >= made.low - SLACK)[rows].all() and (value <= made.high + SLACK)[rows].all()
    return bool(within and ((by >= made.floor - SLACK).all() if hard else True))


def moved(unknowns: Unknowns, *moves: tuple[str, int, int, float]) -> np.ndarray:
    """So many more (or fewer) of a quantity in a clinic and slot, and so in all running totals after it."""
    by = np.zeros(unknowns.size)
    for quantity, clinic, slot, number in moves:
        (series,) = [one for key, one in unknowns.series.items() if key[0] == quantity]
        start = int(unknowns.start[series, clinic])
        by[start + slot : start + unknowns.slots] += number
    return by


# -- the truth is a world --------------------------------------------------------------------------


class Unclipped(SimpleNamespace):
    """numpy, but nothing is brought to zero."""

    def __getattr__(self, name: str):
        return getattr(np, name)

    @staticmethod
    def minimum(one, other):
        return one if np.ndim(other) == 0 and other == 0 else np.minimum(one, other)

    @staticmethod
    def maximum(one, other):
        return one if np.ndim(other) == 0 and other == 0 else np.maximum(one, other)


@pytest.mark.parametrize("seed", range(16))
def test_the_truth_is_within_all_bounds(seed: int, monkeypatch):
    """What is so in truth contradicts nothing: no bound has to be mended, but for the last digits."""
    monkeypatch.setattr(suppression_programme, "np", Unclipped())
    for block in blocks_of(small_service(seed, 3, 9)):
        made = programme_of(block)[1]
        assert made.low.max(initial=0.0) <= SLACK
        assert made.high.min(initial=0.0) >= -SLACK
        assert made.floor.max(initial=0.0) <= SLACK


@pytest.mark.parametrize("seed", [0, 4, 5])
def test_zero_is_within_the_bounds(seed: int):
    """All is counted from the truth: no difference at all fits each row."""
    for block in blocks_of(small_service(seed, 2, 6)):
        made = programme_of(block)[1]
        assert (made.low <= 0).all()
        assert (made.high >= 0).all()
        assert (made.floor <= 0).all()
        assert made.matrix.shape == (len(made.low), len(made.floor))
        assert len(made.cell) == len(made.row) == len(made.weight) == len(made.low) - made.soft


def sparse(draw: np.random.Generator, unknowns: Unknowns) -> np.ndarray:
    """A few people more or fewer in one place: so little that some such worlds are possible and some are not."""
    by = np.zeros(unknowns.size)
    people = unknowns.first_sum
    for _ in range(draw.integers(1, 3)):
        start = draw.integers(0, people)
        by[start : start + draw.integers(1, 4)] += draw.choice([-1, 1, 2])
    by[people:] = 0
    return by


@pytest.mark.parametrize("seed", [2, 5, 6, 7, 8, 11])
def test_what_is_allowed_is_what_plain_counting_allows(seed: int):
    """Worlds a little way from the truth: the rows allow just those in which no rule and nothing told is broken."""
    draw = np.random.default_rng(seed)
    for block in blocks_of(small_service(seed, 2, 3)):
        unknowns, made = programme_of(block)
        for _ in range(40):
            by = sparse(draw, unknowns)
            world = PlainWorld(block, unknowns, made.floor, by)
            assert allows(made, by) == (not any(impossible(world))), list(impossible(world))
            assert allows(made, by, hard=False) == (not contradicted(world)), contradicted(world)


# -- what is told ----------------------------------------------------------------------------------


def test_a_told_count_binds_by_its_interval():
    """9 is shown as 10, which stands for 8 to 12; exactly told it is what it is; zero is nobody."""
    block = block_of(received([9, 0]))
    made = programme_of(block)[1]
    assert told_row(made, cell_of(block, 0, (0,), 0, 1)) == (-1, 3)
    assert told_row(made, cell_of(block, 0, (0,), 1, 2)) == (0, 0)
    block = block_of(received([9]), EXACT)
    assert told_row(programme_of(block)[1], cell_of(block, 0, (0,), 0, 1)) == (0, 0)


@pytest.mark.parametrize(("untreated", "low", "high"), [(20, -5, np.inf), (30, 0, 0), (25, 0, np.inf)])
def test_a_told_rate_tells_that_its_rest_is_none_or_not_small(untreated: int, low: float, high: float):
    """Who sees a rate knows that its rest is nobody, or five and more, and not how many."""
    service = given({"untreated": [[untreated]], "ended": [[30]]}, [UNTREATED])
    block = block_of(service)
    made = programme_of(block)[1]
    assert told_row(made, cell_of(block, term_of(block, "untreated", "ended"), (0,), 0, 1)) == (low, high)


def test_what_is_hidden_is_not_in_it():
    """Of a hidden row nothing binds, unless another row tells the same; months of a small quarter are not told."""
    block = block_of(received([3, 0, 0, 30], [30, 30, 30, 30]))
    made = programme_of(block)[1]
    assert set(made.cell.tolist()) == set(np.flatnonzero(block.rounds > 0).tolist())
    assert cell_of(block, 0, (0,), 1, 2) not in made.cell
    chosen = cell_of(block, 0, (0,), 3, 4)
    assert chosen in made.cell
    rows = block.rows_of(np.array([chosen]))
    block.hide_rows(rows[1:])
    assert chosen in programme_of(block)[1].cell
    block.hide_rows(rows)
    assert chosen not in programme_of(block)[1].cell


def test_a_told_mean_binds_by_half_a_tenth_for_each_case():
    """30.0 days of ten people is a sum from 299.5 to 300.5; of eleven people it is eleven times as much."""
    block = block_of(waits(300, 10))
    unknowns, made = programme_of(block)
    means = made.soft + np.flatnonzero(made.row >= 0)
    assert len(means) == 2 * int((block.rows.mean & block.shown()).sum())
    assert (made.cell[made.row >= 0] == -1).all()
    for days, people, fits in [
        (0.5, 0, 1),
        (0.6, 0, 0),
        (-0.5, 0, 1),
        (-0.6, 0, 0),
        (30.5, 1, 1),
        (28, 1, 0),
    ]:
        by = moved(unknowns, ("entered", 0, 0, people))
        by[unknowns.first_sum] = days
        value = (made.matrix @ by)[means]
        within = ((value >= made.low[means] - SLACK) & (value <= made.high[means] + SLACK)).all()
        assert within == bool(fits), (days, people)


def test_a_told_mean_is_of_enough_cases():
    """A mean that is shown is of ten at least, though 10 stands for 8 to 12."""
    block = block_of(waits(300, 11))
    at = cell_of(block, term_of(block, "entered"), (0,), 0, 1)
    assert told_row(programme_of(block)[1], at) == (-1, 1)
    block.hide_rows(np.flatnonzero(block.rows.mean))
    made = programme_of(block)[1]
    assert told_row(made, at) == (-3, 1)
    assert (made.row == -1).all()


def test_a_mean_of_few_is_not_in_it():
    """A mean of nine is hidden, and tells nothing."""
    made = programme_of(block_of(waits(270, 9)))[1]
    assert (made.row == -1).all()


# -- what everybody knows --------------------------------------------------------------------------


def test_parts_stay_within_wholes():
    """20 of 30 were untreated: there may be eleven more only if more ended."""
    service = given({"untreated": [[20]], "ended": [[30]]}, [UNTREATED])
    unknowns, made = programme_of(block_of(service))
    assert allows(made, moved(unknowns, ("untreated", 0, 0, 10)))
    assert not allows(made, moved(unknowns, ("untreated", 0, 0, 11)))
    assert allows(made, moved(unknowns, ("untreated", 0, 0, 11), ("ended", 0, 0, 1)))


def test_stocks_balance():
    """In treatment is who entered less who left, exactly; what is open may also be more, never less."""
    counts = {"received": [[30, 20]], "ended": [[10, 20]], "open": [[20, 20]]}
    unknowns, made = programme_of(block_of(given(counts, [RECEIVED, ENDED, OPEN])))
    one_more = moved(unknowns, ("received", 0, 0, 1))
    assert not allows(made, one_more)
    still_open = moved(
        unknowns, ("received", 0, 0, 1), ("open_referrals", 0, 0, 1), ("open_referrals", 0, 1, 1)
    )
    assert allows(made, still_open)
    assert allows(made, moved(unknowns, ("received", 0, 0, 1), ("ended", 0, 0, 1)))
    assert allows(made, moved(unknowns, ("open_referrals", 0, 1, 1)))
    counts = {
        "in_treatment": [[20, 20]], "inactive": [[9, 9]], "entered": [[30, 20]],
        "untreated": [[0, 0]], "ended": [[10, 20]], "one_session": [[5, 5]], "treated": [[10, 20]],
    }  # fmt: skip
    figures = [
        ("open_without_activity_rate", "standard"),
        ENTERED,
        UNTREATED,
        ("one_session_rate", "of_treated"),
    ]
    unknowns, made = programme_of(block_of(given(counts, figures)))
    assert not allows(made, moved(unknowns, ("open_in_treatment", 0, 1, 1)))


def test_nobody_is_less_than_nobody():
    """A month in which nobody came cannot have one fewer; it can have one more where another clinic has one fewer."""
    unknowns, made = programme_of(block_of(received([30, 0], [30, 30])))
    assert not allows(made, moved(unknowns, ("received", 0, 1, -1), ("received", 1, 1, 1)))
    assert allows(made, moved(unknowns, ("received", 0, 1, 1), ("received", 1, 1, -1)))


def test_a_small_count_is_somebody():
    """Were it nobody it would be shown as zero; months of a small quarter may be, since all of them are hidden."""
    unknowns, made = programme_of(block_of(received([3, 30])))
    assert allows(made, moved(unknowns, ("received", 0, 0, -2)))
    assert not allows(made, moved(unknowns, ("received", 0, 0, -3)))
    unknowns, made = programme_of(block_of(received([1, 2, 0])))
    assert allows(made, moved(unknowns, ("received", 0, 0, -1), ("received", 0, 2, 1)))


def test_clients_of_a_longer_time_are_no_fewer_and_no_more_than_of_its_months():
    """Ten in January and ten in February are ten to twenty in both; nobody is seen without a contact."""
    counts = {"held": [[30, 20]]}
    block = block_of(given(counts, [HELD, CLIENTS], client_months=[[3] * 5 + [1] * 5 + [2] * 5]))
    unknowns, made = programme_of(block)
    (term,) = unknowns.own
    places = {
        tuple(span): int(at) for span, at in zip(block.spans.tolist(), unknowns.own[term][0], strict=True)
    }
    assert [block.count(term, 0, span) for span in range(len(block.spans))] == [10, 15, 10]
    for more, fits in [(5, True), (6, False), (-5, True), (-6, False)]:
        by = np.zeros(unknowns.size)
        by[places[0, 2]] = more
        assert allows(made, by) == fits
    by = np.zeros(unknowns.size)
    by[places[0, 1]] = by[places[0, 2]] = 21
    assert not allows(made, by)


def test_sums_are_no_less_than_the_least_of_each_case():
    """Nobody waits less than no days; the change is the last score less the first."""
    unknowns, made = programme_of(block_of(waits(300, 10)))
    by = np.zeros(unknowns.size)
    by[unknowns.first_sum] = -300
    assert allows(made, by)
    by[unknowns.first_sum] = -301
    assert not allows(made, by)
    counts = {"first_total": [[300]], "last_total": [[200]], "change_total": [[-100]], "pairs": [[20]]}
    unknowns, made = programme_of(block_of(given(counts, OUTCOMES)))
    by = np.zeros(unknowns.size)
    first, last, change = (
        next(at for (name, _), at in unknowns.of_sum.items() if name.startswith(f"outcome_mean_{one}"))
        for one in ("first", "last", "change")
    )
    by[last] = 5
    assert not allows(made, by)
    by[change] = 5
    assert allows(made, by)
    by[first] = 5
    assert not allows(made, by)


# -- what was told before --------------------------------------------------------------------------


def after(service: Service, low: int, high: int, tenths: float | None = None) -> Block:
    """The block where an earlier release told this of the denominators or counts of January in the first clinic."""
    figures = figures_of(service)
    here = (pl.col("grain") == "month") & (pl.col("period") == "2024-01") & (pl.col("clinic") == "c1")
    mean = pl.col("kind") == "mean"
    figures = figures.with_columns(
        pl.when(here & ~mean).then(low).alias("told_n_low"),
        pl.when(here & ~mean).then(high).alias("told_n_high"),
        pl.when(here & mean).then(low).alias("told_d_low"),
        pl.when(here & mean).then(high).alias("told_d_high"),
        *(pl.lit(None, pl.Int64).alias(f"told_c_{one}") for one in ("low", "high")),
        pl.when(here & mean).then(pl.lit(tenths)).alias("told_tenths"),
    )
    return block_of(service, figures=figures)


def test_what_an_earlier_release_told_is_hard():
    """Whatever is hidden now: told before as 8 to 12 it stays 8 to 12."""
    block = after(received([9, 30]), 8, 12)
    block.hide_rows(np.flatnonzero(block.shown()))
    unknowns, made = programme_of(block)
    assert len(made.cell) == 0
    for more, fits in [(3, True), (4, False), (-1, True), (-2, False)]:
        assert allows(made, moved(unknowns, ("received", 0, 0, more))) == fits


def test_a_mean_that_an_earlier_release_told_is_hard():
    """Whatever is hidden now: a mean of 300.0 days that was told before stays within half a tenth."""
    block = after(waits(300, 10), 10, 12, tenths=300.0)
    block.hide_rows(np.flatnonzero(block.shown()))
    unknowns, made = programme_of(block)
    assert len(made.row) == 0
    for days, fits in [(0.5, True), (0.6, False), (-0.5, True), (-0.6, False)]:
        by = np.zeros(unknowns.size)
        by[unknowns.first_sum] = days
        assert allows(made, by) == fits


def test_what_cannot_be_true_is_an_error():
    """More held than expected, where what no figure tells of would be less than nobody."""
    counts = {"held": [[40]], "not_attended": [[0]], "expected": [[30]]}
    service = given(counts, [("attendance_rate", "standard"), ("dna_rate", "of_expected")])
    with pytest.raises(WarehouseError, match="cannot all be true"):
        programme_of(block_of(service))
