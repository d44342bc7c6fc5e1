"""Helping Alliance Questionnaire II (HAq-II, 19 items)

Nineteen statements for client or therapist, 1 (strongly disagree) to 6 (strongly agree); the five
negatively worded ones, 4, 8, 11, 16 and 19, are reversed, 7 - answer. One score, the sum. More is a better
alliance.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """Agreement in six steps, without a middle."""
    assert_answers(
        "haq_2",
        """1 strongly disagree, 2 disagree, 3 slightly disagree,
        4 slightly agree, 5 agree, 6 strongly agree""",
    )


def test_key():
    """`r` marks a reversed item."""
    assert_key(
        "haq_2",
        """
        scale | items
        ------+----------------------------------------------------
        total | 1 2 3 4r 5 6 7 8r 9 10 11r 12 13 14 15 16r 17 18 19r
        """,
    )


def test_scales():
    """No subscales."""
    assert_scales(
        "haq_2",
        """
        scale | items | method | range  | direction     | may be missing
        ------+-------+--------+--------+---------------+---------------
        total | 19    | sum    | 19-114 | higher_better | 0
        """,
    )


def test_total():
    """A yes-sayer does not reach the top."""
    assert_scores(
        "haq_2",
        """
        answers                               | total | answered | status
        --------------------------------------+-------+----------+-----------------
        all 6                                 | 89    | 19       | scored
        all 1                                 | 44    | 19       | scored
        5 5 6 2 5 4 5 1 5 5 2 5 6 6 5 3 4 5 2 | 96    | 19       | scored
        6 6 6 1 6 6 6 1 6 6 1 6 6 6 6 1 6 6 1 | 114   | 19       | scored
        5 5 6 2 5 4 5 1 5 5 2 5 6 6 5 3 4 5 x | x     | 18       | too_many_missing
        """,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["haq_2"].bands, REGISTRY["haq_2"].thresholds) == ((), ())
