"""Rows of a linear programme: their bounds, and factors that are added in any order."""

from __future__ import annotations

import numpy as np
import pytest

from warehouse.suppression_lines import Lines


def at(*places: int) -> np.ndarray:
    return np.array(places, dtype=np.int64)


def test_rows_have_numbers_in_turn_and_bounds():
    """Rows are numbered one after the other; a bound is one number for all of them, or one for each."""
    lines = Lines()
    assert lines.more(0, 5, 2).tolist() == [0, 1]
    assert lines.more(np.array([-1.0, -2.0, -3.0]), np.inf, 3).tolist() == [2, 3, 4]
    assert lines.more(0, 0, 0).tolist() == []
    assert lines.size == 5
    assert lines.low.tolist() == [0, 0, -1, -2, -3]
    assert lines.high.tolist() == [5, 5, np.inf, np.inf, np.inf]


def test_factors_are_put_into_rows_in_any_order():
    """Rows need not be filled in the order in which they were made; a row may stay empty."""
    lines = Lines()
    rows = lines.more(0, 0, 3)
    lines.put(rows[[2, 0]], at(1, 0), np.array([-1.0, 4.0]))
    lines.put(rows[[0]], at(2))
    assert lines.matrix(4).toarray().tolist() == [[4, 0, 1, 0], [0, 0, 0, 0], [0, -1, 0, 0]]


@pytest.mark.parametrize(("factors", "left"), [((1.0, 2.0, 4.0), 7.0), ((1.0, 1.0, -2.0), 0.0)])
def test_factors_of_one_place_add_up(factors, left):
    """Whoever is counted twice counts twice; what comes to nothing is no factor at all."""
    lines = Lines()
    rows = lines.more(0, 0, 1)
    for factor in factors[:2]:
        lines.put(rows, at(0), factor)
    lines.put(np.repeat(rows, 2), at(0, 0), factors[2] / 2)
    matrix = lines.matrix(1)
    assert matrix.toarray().tolist() == [[left]]
    assert matrix.nnz == (left != 0)


def test_minus_one_is_no_column():
    """What is not there has no unknown: its factor goes nowhere."""
    lines = Lines()
    rows = lines.more(0, 0, 3)
    lines.put(rows, at(0, -1, 1), np.array([1.0, 7.0, 3.0]))
    assert lines.matrix(2).toarray().tolist() == [[1, 0], [0, 0], [0, 3]]


def test_without_rows():
    """Nothing to say is no error."""
    lines = Lines()
    assert lines.matrix(3).shape == (0, 3)
    assert lines.low.tolist() == lines.high.tolist() == []
    lines.more(0, 1, 2)
    assert lines.matrix(3).toarray().tolist() == [[0, 0, 0], [0, 0, 0]]
