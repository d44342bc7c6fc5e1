"""Outcome Rating Scale (ORS)

Four visual analogue lines of 10 cm on the past week, read to a tenth; the total is their sum, 0 to 40. More is
better: a score below 25 is clinical. The form is licensed: a service must hold a licence.
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
    """A repository with lines from 1 has another form."""
    assert_answers("ors", "0 to 10 in tenths")


def test_key():
    """Individual, interpersonal, social, overall; none reversed."""
    assert_key("ors", "scale | items\n total | 1 2 3 4")


def test_scales():
    """All four lines are needed."""
    assert_scales(
        "ors",
        """
        scale | items | method | range | direction     | may be missing | evidence
        ------+-------+--------+-------+---------------+----------------+---------
        total | 4     | sum    | 0-40  | higher_better | 0              | verified
        """,
    )


def test_total():
    """21.1 is clinical, 25.1 is not. From 21.1 to 26.4 are 5.3 points up and across the cut-off."""
    assert_scores(
        "ors",
        """
        answers         | total | answered | status
        ----------------+-------+----------+-----------------
        5.2 4.8 6.1 5.0 | 21.1  | 4        | scored
        6.5 6.0 6.2 6.4 | 25.1  | 4        | scored
        7.0 6.1 7.2 6.1 | 26.4  | 4        | scored
        0 0 0 0         | 0     | 4        | scored
        5.2 4.8 x 5.0   | x     | 3        | too_many_missing
        """,
    )


def test_thresholds():
    """Adults: below 25, and 5 points. Others are recorded."""
    assert_thresholds(
        "ors",
        """
        kind            | name         | when | used | evidence
        ----------------+--------------+------+------+------------
        caseness        | adult        | < 25 | yes  | verified
        caseness        | age_13_to_17 | < 28 | no   | unconfirmed
        reliable_change | points_5     | >= 5 | yes  | verified
        reliable_change | points_6     | >= 6 | no   | unconfirmed
        """,
    )


def test_licence_notice():
    """Whoever looks the form up is told."""
    assert REGISTRY["ors"].licence.startswith("LICENSED, as the SRS.")
    assert REGISTRY["ors"].bands == ()
