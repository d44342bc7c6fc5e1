"""PTSD Checklist for DSM-5 (PCL-5)

Twenty items, 0 to 4, added up to 0-80; four clusters of symptoms, B to E, have sums of their own. None is
reversed. More is worse. The provisional diagnosis, which counts symptoms, is another rule and no score.
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
    """Five steps."""
    assert_answers("pcl_5", "0 to 4")


def test_key():
    """The clusters follow one another."""
    assert_key(
        "pcl_5",
        """
        scale | items
        ------+---------------------
        b     | 1 2 3 4 5
        c     | 6 7
        d     | 8 9 10 11 12 13 14
        e     | 15 16 17 18 19 20
        """,
    )


def test_scales():
    """Four clusters and the total."""
    assert_scales(
        "pcl_5",
        """
        scale | items | method | range | direction    | may be missing
        ------+-------+--------+-------+--------------+---------------
        total | 20    | sum    | 0-80  | higher_worse | 0
        b     | 5     | sum    | 0-20  | higher_worse | 0
        c     | 2     | sum    | 0-8   | higher_worse | 0
        d     | 7     | sum    | 0-28  | higher_worse | 0
        e     | 6     | sum    | 0-24  | higher_worse | 0
        """,
    )


def test_sums():
    """The first meets the provisional diagnosis although its total is far below the cut-off."""
    assert_scores(
        "pcl_5",
        """
        answers                                 | b  | c | d  | e  | total | status
        ----------------------------------------+----+---+----+----+-------+-----------------
        2 1 2 0 1 2 1 1 2 2 1 0 1 1 1 0 2 1 2 1 | 6  | 3 | 8  | 7  | 24    | scored
        all 1                                   | 5  | 2 | 7  | 6  | 20    | scored
        all 4                                   | 20 | 8 | 28 | 24 | 80    | scored
        2 1 2 0 1 x 1 1 2 2 1 0 1 1 1 0 2 1 2 1 | 6  | x | 8  | 7  | x     | too_many_missing
        """,
    )


def test_thresholds():
    """Sources give 31 to 33; 33 is used. What NHS Talking Therapies uses is unconfirmed."""
    assert_thresholds(
        "pcl_5",
        """
        kind            | name                  | when  | used | evidence
        ----------------+-----------------------+-------+------+------------
        caseness        | total_33              | >= 33 | yes  | verified
        caseness        | total_31              | >= 31 | no   | verified
        caseness        | nhs_talking_therapies | >= 32 | no   | unconfirmed
        reliable_change | nhs_talking_therapies | >= 10 | no   | unconfirmed
        reliable_change | marx_2022_low         | >= 15 | no   | unconfirmed
        reliable_change | marx_2022_high        | >= 18 | no   | unconfirmed
        """,
    )


def test_whose_measure_it_is():
    """The anxiety measure of NHS Talking Therapies where the problem is PTSD."""
    assert REGISTRY["pcl_5"].measure_for == ("ptsd",)
    assert REGISTRY["pcl_5"].bands == ()
