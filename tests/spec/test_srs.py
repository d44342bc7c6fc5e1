"""Session Rating Scale, v3

Four visual analogue lines of 10 cm, read to a tenth; the total is their sum, 0 to 40. More is a better
session. The form is licensed: a service must hold a licence.
"""

from __future__ import annotations

from tests.lib.spec import (
    REGISTRY,
    assert_answers,
    assert_key,
    assert_scales,
    assert_scores,
    assert_thresholds,
)


def test_answers():
    """Millimetres, in effect."""
    assert_answers("srs", "0 to 10 in tenths")


def test_key():
    """Relationship, goals and topics, approach or method, overall; none reversed."""
    assert_key("srs", "scale | items\n total | 1 2 3 4")


def test_scales():
    """One scale."""
    assert_scales(
        "srs",
        """
        scale | items | method | range | direction     | may be missing | evidence
        ------+-------+--------+-------+---------------+----------------+---------
        total | 4     | sum    | 0-40  | higher_better | 0              | verified
        """,
    )


def test_tenths_add_up_exactly():
    """Answers are kept as whole tenths, so 9.5 + 9.0 + 8.2 + 9.3 is 36 and not nearly 36."""
    assert_scores(
        "srs",
        """
        answers         | total | answered | status
        ----------------+-------+----------+-----------------
        9.5 9.0 8.2 9.3 | 36.0  | 4        | scored
        10 10 10 10     | 40.0  | 4        | scored
        8.0 7.5 8.8 8.1 | 32.4  | 4        | scored
        0.1 0.2 0.3 0.1 | 0.7   | 4        | scored
        9.5 9.0 x 9.3   | x     | 3        | too_many_missing
        """,
    )


def test_alliance_markers_run_side_by_side():
    """Sources disagree on whether 36 itself is a concern: both are used, under their own names."""
    assert_thresholds(
        "srs",
        """
        kind             | name         | when  | of    | used | evidence
        -----------------+--------------+-------+-------+------+------------
        alliance_concern | below_36     | < 36  | score | yes  | verified
        alliance_concern | 36_or_below  | <= 36 | score | yes  | verified
        alliance_concern | item_below_9 | < 9   | item  | no   | unconfirmed
        alliance_drop    | drop_1_point | >= 1  | score | yes  | verified
        """,
    )


def test_components():
    """Relationship is the bond, topics are the goal, method is the task; the overall line is none of them."""
    assert REGISTRY["srs"].components == (("bond", (1,)), ("goal", (2,)), ("task", (3,)))


def test_licence_notice():
    """Whoever looks the form up is told."""
    assert REGISTRY["srs"].licence.startswith("LICENSED.")
