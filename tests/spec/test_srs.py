"""Session Rating Scale, v3

Four visual analogue lines of 10 cm, read to a tenth; the total is their sum, 0 to 40. More is a better
session. The form is licensed: a service must hold a licence.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_scales, assert_scores, assert_thresholds


def test_scales():
    """One scale."""
    assert_scales(
        "srs",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 4     | sum    | 0-40  | higher_better | 0
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


def test_alliance_concern_is_recorded_and_not_used():
    """Sources disagree on whether 36 itself is a concern."""
    assert_thresholds(
        "srs",
        """
        kind             | name        | when  | level | used | evidence
        -----------------+-------------+-------+-------+------+---------
        alliance_concern | below_36    | < 36  |       | no   | verified
        alliance_concern | 36_or_below | <= 36 |       | no   | verified
        """,
    )


def test_licence_notice():
    """Whoever looks the form up is told."""
    assert REGISTRY["srs"].licence.startswith("LICENSED.")
