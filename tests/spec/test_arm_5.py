"""Agnew Relationship Measure, 5 items (ARM-5)

Five statements on the most recent meeting, 1 (strongly disagree) to 7 (strongly agree); item 3, the only
negative one, is reversed, 8 - answer. One score, the sum. More is a better alliance.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """Agreement in seven steps."""
    assert_answers(
        "arm_5",
        """1 strongly disagree, 2 disagree, 3 slightly disagree, 4 neutral,
        5 slightly agree, 6 agree, 7 strongly agree""",
    )


def test_key():
    """One scale, though its items come from Bond (1), Partnership (2, 3) and Confidence (4, 5) of the long form."""
    assert_key("arm_5", "scale | items\n total | 1 2 3r 4 5")


def test_scales():
    """No subscales."""
    assert_scales(
        "arm_5",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 5     | sum    | 5-35  | higher_better | 0
        """,
    )


def test_total():
    """Item 3 counts turned round, and item 5 counts: a public scorer gets both wrong."""
    assert_scores(
        "arm_5",
        """
        answers   | total | answered | status
        ----------+-------+----------+-----------------
        7 7 1 7 7 | 35    | 5        | scored
        7 7 7 7 7 | 29    | 5        | scored
        6 5 3 6 5 | 27    | 5        | scored
        6 5 3 6 7 | 29    | 5        | scored
        6 5 x 6 5 | x     | 4        | too_many_missing
        """,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found; those of the public scorer are its own."""
    assert (REGISTRY["arm_5"].bands, REGISTRY["arm_5"].thresholds) == ((), ())
