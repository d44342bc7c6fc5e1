"""What the policy publishes at all, and units that one clinic stands for."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from schemas.site import Disclosure
from tests.lib.tables import rows
from warehouse.policy_rows import DOMINANCE, dominated, needed, published

CELLS = pl.DataFrame(
    rows("""
        grain             | clinic | period
        month             | all    | 2026-02
        month             | north  | 2026-02
        quarter           | north  | 2026-Q1
        all               | all    | all
        session           | all    | 1
        stage             | north  | before
        rolling_12_months | all    | 2026-02
        rolling_12_months | all    | 2026-03
    """)
)


@pytest.mark.parametrize(
    ("policy", "told", "known"),
    [
        ({}, "11111101", "11111111"),
        ({"grains": ("quarter", "all")}, "00111100", "01111100"),
        ({"by_clinic": False}, "10011001", "11011011"),
        ({"by_session": False}, "11110101", "11110111"),
        ({"by_stage": False}, "11111001", "11111011"),
        ({"grains": ("year",), "by_clinic": False, "by_session": False}, "00000000", "01000000"),
    ],
)
def test_rows_of_the_policy(policy, told, known):
    """Months of single clinics are needed even where nothing is told of them: all else is made of these.

    Rolling years are told to the ends of quarters.
    """
    rules = Disclosure(**policy)
    found = CELLS.select(published(rules).alias("told"), needed(rules).alias("known"))
    assert ["".join(str(int(one)) for one in found[name]) for name in ("told", "known")] == [told, known]


def test_what_was_told_before_is_known_whatever_the_policy_tells_now():
    """A quarter of a clinic under an earlier policy; all months up to an earlier date."""
    told = CELLS.filter(pl.col("clinic") == "north").with_columns(
        pl.Series("told_n_low", [None, 8, None]), pl.Series("told_tenths", [None, None, 4.0])
    )
    rules = Disclosure(grains=("year",), by_stage=False)
    assert told.select(needed(rules)).to_series().to_list() == [True, True, True]
    assert told.with_columns(told_n_low=None, told_tenths=None).select(
        needed(rules)
    ).to_series().to_list() == [
        True,
        False,
        False,
    ]


FIGURES = rows("""
    figure | service | clinic | count_n | count_d | cause
    count  | all     | all    | 24      |         |
    count  | adult   | all    | 20      |         |
    count  | adult   | north  | 17      |         | secondary
    count  | adult   | south  | 3       |         | primary
    count  | young   | all    | 4       |         | primary
    count  | young   | east   | 4       |         | primary
    rate   | all     | all    | 0       | 30      |
    rate   | adult   | all    | 0       | 30      |
    rate   | adult   | north  | 0       | 10      | primary
    rate   | adult   | south  | 0       | 20      |
    none   | adult   | all    | 0       | 0       |
    none   | adult   | north  | 0       | 0       |
    other  | adult   | all    |         |         |
    other  | adult   | north  |         |         |
""")


def hidden(policy: Disclosure) -> list[str]:
    """Rows that are hidden for dominance, of the figures above."""
    figures = pl.DataFrame(FIGURES).with_columns(
        pl.col("count_n", "count_d").replace("", None).cast(pl.Int64),
        *(pl.lit("").alias(name) for name in ("definition", "instrument", "scale")),
        grain=pl.lit("month"),
        period=pl.lit("2026-05"),
    )
    before = figures["cause"].to_list()
    after = dominated(figures, before, policy)
    assert all(
        new in (old, DOMINANCE) and (not old or new == old) for old, new in zip(before, after, strict=True)
    )
    return [
        f"{row['figure']} {row['service']} {row['clinic']}"
        for row, cause in zip(FIGURES, after, strict=True)
        if cause == DOMINANCE
    ]


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (100, []),
        (85, []),
        (84, ["count adult all"]),
        (70, ["count all all", "count adult all"]),
        (50, ["count all all", "count adult all"]),
    ],
)
def test_a_hidden_clinic_stands_for_its_unit_above_the_share(percent, expected):
    """17 of 20 are 85 %, of 24 they are 71 %; a third, and none of none, stand for nobody."""
    assert hidden(Disclosure(dominance_percent=percent)) == expected


def test_a_clinic_that_the_policy_leaves_out_is_as_one_that_is_hidden():
    policy = Disclosure(dominance_percent=60, by_clinic=False)
    assert hidden(policy) == ["count all all", "count adult all", "rate all all", "rate adult all"]
    assert hidden(replace(policy, dominance_percent=100)) == []


def test_nothing_is_hidden_twice_of_what_the_policy_leaves_out():
    assert hidden(Disclosure(dominance_percent=50, grains=("year",))) == []
