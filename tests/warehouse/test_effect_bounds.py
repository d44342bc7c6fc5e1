"""Effect bounds against every way of mending what is held."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from itertools import product

import duckdb
import pytest

from schemas import metrics
from schemas.metrics import Metric
from schemas.tables import MART_FIGURE
from tests.lib.mended_sites import Held, mended, quarantined
from tests.lib.random_site import random_site
from tests.lib.small_warehouse import Site, warehouse
from warehouse.effect_bounds import EXACT, high_of_rounded, low_of_rounded, touched
from warehouse.marts import mart_sql

AS_OF = date(2026, 6, 18)
KEY = ", ".join(MART_FIGURE.key)
SHARES = (0.003, 0.01, 0.03)


def rates() -> list[Metric]:
    return [metric for metric in metrics.load() if metric.kind == "rate"]


@cache
def held_site(seed: int) -> tuple[Site, list[Held]]:
    return quarantined(random_site(seed, clients=60), seed, SHARES[seed % 3])


@cache
def bounds(seed: int) -> dict[tuple[str, ...], tuple[Decimal, Decimal]]:
    con = warehouse(held_site(seed)[0], AS_OF, metrics=rates())
    found = con.execute(f"SELECT {KEY}, low_percent, high_percent FROM mart_bound").fetchall()
    return {row[:-2]: row[-2:] for row in found}


@pytest.mark.parametrize(("seed", "way"), [(0, 0), (0, 1), (1, 0), (2, 1)])
def test_however_held_records_are_mended_every_rate_lies_within_its_bounds(seed: int, way: int):
    after = warehouse(mended(*held_site(seed), seed=way), AS_OF, metrics=rates())
    values = after.execute(f"SELECT {KEY}, value FROM mart_figure WHERE value IS NOT NULL").fetchall()
    within = bounds(seed)
    known = [(row[:-1], row[-1]) for row in values if row[:-1] in within]
    assert len(known) > 1000
    outside = [(key, value) for key, value in known if not within[key][0] <= value <= within[key][1]]
    assert outside == []


def test_the_bounds_are_not_everything():
    """Of a thousand records three are held: many figures of all time are known to some points."""
    wide = [high - low for key, (low, high) in bounds(0).items() if key[4] == "all"]
    assert sum(one < 50 for one in wide) > len(wide) / 4


def test_every_rate_of_the_dictionary_says_what_may_change_it():
    for metric in rates():
        definition = metric.definition if metric.rater == "client" else "standard"
        assert touched(metric.figure, definition), metric.figure


def test_a_rate_that_nothing_is_known_of_has_no_bound():
    assert touched("a_new_rate", "standard") is None
    con = warehouse(random_site(1, clients=20), AS_OF, metrics=rates())
    con.execute("UPDATE mart_touched SET cases = NULL WHERE figure = 'dna_rate'")
    found = con.execute(
        f"SELECT DISTINCT held, low_percent, high_percent FROM ({mart_sql('mart_bound')}) WHERE figure = 'dna_rate'"
    ).fetchall()
    assert found == [(None, Decimal("0.0000"), Decimal("100.0000"))]


def exact_bounds(part: int, whole: int, held: int) -> tuple[Decimal, Decimal]:
    con = duckdb.connect()
    for macro in EXACT:
        con.execute(macro)
    query = f"SELECT bound_low({part}::BIGINT, {whole}, {held}), bound_high({part}::BIGINT, {whole}, {held})"
    return con.execute(query).fetchall()[0]


def reachable(part: int, whole: int, held: int) -> set[tuple[int, int]]:
    """Numerator and denominator after any change of at most so many cases."""
    found = set()
    for yes_in, no_in, to_yes, to_no, yes_out, no_out in product(range(held + 1), repeat=6):
        if yes_in + no_in + to_yes + to_no + yes_out + no_out > held:
            continue
        if to_no + yes_out > part or to_yes + no_out > whole - part:
            continue
        left = whole + yes_in + no_in - yes_out - no_out
        if left:
            found.add((part + yes_in + to_yes - to_no - yes_out, left))
    return found


def test_no_change_of_so_many_cases_leaves_the_bounds_and_one_reaches_each():
    for whole in range(1, 5):
        for part, held in product(range(whole + 1), range(3)):
            shares = [Decimal(100 * a) / b for a, b in reachable(part, whole, held)]
            low, high = exact_bounds(part, whole, held)
            assert low <= min(shares) < low + Decimal("0.0001")
            assert high - Decimal("0.0001") < max(shares) <= high


@pytest.mark.parametrize("round_to", [1, 4, 5, 10])
def test_published_bounds_hold_the_exact_rate_and_the_next_published_one(round_to: int):
    """Of every exact rate near these, and after any change of so many cases."""
    con = duckdb.connect()
    for shown in range(20, 61, 20):
        for part, held in product(range(0, shown + 1, 10), (5, 10)):
            counts = [str(n) for n in (nearest(part, round_to), nearest(shown, round_to), up(held, round_to))]
            query = f"SELECT {low_of_rounded(*counts, round_to)}, {high_of_rounded(*counts, round_to)}"
            low, high = con.execute(query).fetchall()[0]
            for yes, left in changed(part, shown, held, round_to):
                assert low <= Decimal(100 * yes) / left <= high
                if 0 < nearest(yes, round_to) <= nearest(left, round_to) and nearest(left, round_to) >= 20:
                    assert low <= Decimal(100 * nearest(yes, round_to)) / nearest(left, round_to) <= high


def changed(part: int, whole: int, held: int, round_to: int) -> set[tuple[int, int]]:
    """What is possible of all exact counts that are published as these, by moves that go furthest."""
    exact = [
        (a, b)
        for a in range(max(part - round_to, 0), part + round_to)
        for b in range(max(whole - round_to, 1), whole + round_to)
        if a <= b
        and nearest(a, round_to) == nearest(part, round_to)
        and nearest(b, round_to) == nearest(whole, round_to)
    ]
    found = set()
    for (a, b), out in product(exact, range(held + 1)):
        turned = held - out
        up_to, down_to = min(turned, b - a), min(turned, a)
        no_out, yes_out = min(out, b - a - up_to), min(out, a - down_to)
        found |= {(a + up_to, b - no_out), (a - down_to, b - yes_out), (a - down_to, b + out)}
    return {(a, b) for a, b in found if b > 0 and a <= b}


def nearest(count: int, round_to: int) -> int:
    return (2 * count + round_to) // (2 * round_to) * round_to


def up(count: int, round_to: int) -> int:
    return -(-count // round_to) * round_to
