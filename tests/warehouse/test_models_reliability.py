"""Alpha and the agreement of raters, against hand computations and a published example."""

from __future__ import annotations

import math

import numpy as np
import pytest

from warehouse import models


def spread(values: list[int]) -> int:
    return len(values) * sum(value * value for value in values) - sum(values) ** 2


ANSWERS = [(1, 2, 2), (2, 2, 3), (3, 4, 3), (4, 4, 5), (5, 4, 5)]
"""Variances 2.5, 1.2, 1.8; of the sums 5, 7, 10, 13, 14 it is 14.7: alpha = 3/2 * (1 - 5.5/14.7)."""


def test_alpha_is_that_worked_by_hand():
    items = [spread(list(item)) for item in zip(*ANSWERS, strict=True)]
    found = models.alpha(5, items, spread([sum(row) for row in ANSWERS]))
    assert found.value == pytest.approx(1.5 * (1 - 5.5 / 14.7))
    assert found.n == 5
    # Feldt: (1 - alpha) / (1 - estimate) is F with n - 1 and (n - 1)(k - 1) degrees: F(.025, 4, 8) = 1 / 8.9796.
    assert found.low == pytest.approx(1 - (1 - found.value) * 5.0526, abs=1e-4)
    assert found.high == pytest.approx(1 - (1 - found.value) / 8.9796, abs=1e-4)


def test_no_alpha_of_one_item_or_equal_sums():
    assert models.alpha(5, [10], 10) is None
    assert models.alpha(5, [10, 10], 0) is None


SHROUT_FLEISS = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
"""Shrout & Fleiss 1979, table 2: six targets, four judges; ICC(2,1) = .29, ICC(2,4) = .62."""


def test_agreement_of_the_published_example():
    found = models.icc_2k(np.array(SHROUT_FLEISS, dtype=float))
    assert [round(found.value, 2), round(found.low, 2), round(found.high, 2)] == [0.62, 0.07, 0.93]
    assert found.n == 6


def test_agreement_of_raters_who_differ_by_a_constant():
    """Mean squares of targets 1.5 * 2, of raters 6, of error 0: 3 / (3 + 6/4)."""
    ratings = np.array([(1, 2), (2, 3), (3, 4), (4, 5)], dtype=float)
    found = models.icc_2k(ratings)
    between, judges = 2 * ratings.mean(axis=1).var(ddof=1), 2.0
    assert found.value == pytest.approx(between / (between + judges / 4))
    assert math.isnan(found.low)


def test_no_agreement_about_targets_that_do_not_differ():
    assert models.icc_2k(np.array([(1, 2), (2, 1), (1, 2)], dtype=float)) is None
