"""CORE-10

Ten items, 0 to 4; items 2 and 3 are reversed, 4 - answer. The clinical score is ten times the mean of the
answered items, the sum when all ten are: 0-40. More is worse. One item may be missing. An answer above 0
to item 6 is for the data team to list.
"""

from __future__ import annotations

from tests.lib.spec import (
    REGISTRY,
    assert_answers,
    assert_bands,
    assert_key,
    assert_scales,
    assert_scores,
    assert_thresholds,
)


def test_answers():
    """0 not at all, 4 most or all of the time."""
    assert_answers("core_10", "0 to 4")


def test_key():
    """`r` marks a reversed item. A guide that says 3 and 4 speaks of the CORE-OM."""
    assert_key("core_10", "scale | items\n total | 1 2r 3r 4 5 6 7 8 9 10")


def test_scales():
    """One scale, which one missing item does not spoil; that limit is unconfirmed."""
    assert_scales(
        "core_10",
        """
        scale | items | method | range | direction    | may be missing | evidence
        ------+-------+--------+-------+--------------+----------------+------------
        total | 10    | sum    | 0-40  | higher_worse | 1              | unconfirmed
        """,
    )


def test_items_2_and_3_are_reversed():
    """The first example is keyed 3 3 2 1 2 0 3 2 3 1. All 0 is not the best score, nor all 4 the worst."""
    assert_scores(
        "core_10",
        """
        answers             | total | answered | status
        --------------------+-------+----------+-------
        3 1 2 1 2 0 3 2 3 1 | 20    | 10       | scored
        0 0 0 0 0 0 0 0 0 0 | 8     | 10       | scored
        4 4 4 4 4 4 4 4 4 4 | 32    | 10       | scored
        0 4 4 0 0 0 0 0 0 0 | 0     | 10       | scored
        """,
    )


def test_one_missing_item_is_prorated():
    """17 points over nine items make 17 / 9 * 10; a second missing item leaves no score."""
    assert_scores(
        "core_10",
        """
        answers             | total   | answered | status
        --------------------+---------+----------+-----------------
        3 1 2 1 2 0 x 2 3 1 | 18.8889 | 9        | prorated
        3 x 2 1 2 0 3 2 3 1 | 18.8889 | 9        | prorated
        3 1 2 1 2 0 x x 3 1 | x       | 8        | too_many_missing
        """,
    )


def test_bands():
    """Where each band begins; a prorated score belongs to the band it has reached."""
    assert_bands(
        "core_10",
        """
        score   | band
        --------+----------------
        0       | healthy
        5       | healthy
        6       | low
        10      | low
        10.9999 | low
        11      | mild
        14      | mild
        15      | moderate
        18.8889 | moderate
        19      | moderate
        20      | moderate-severe
        24      | moderate-severe
        25      | severe
        40      | severe
        """,
    )


def test_thresholds():
    """A case from 11. The reliable change of 6 is 5.66, that of a 90 % interval; at 95 % it is 6.75, so 7."""
    assert_thresholds(
        "core_10",
        """
        kind            | name             | when  | level | sd  | reliability | used | evidence
        ----------------+------------------+-------+-------+-----+-------------+------+------------
        caseness        | general_distress | >= 11 |       |     |             | yes  | verified
        caseness        | depression       | >= 13 |       |     |             | no   | verified
        reliable_change | rci_90           | >= 6  | 90 %  | 7.7 | 0.9         | yes  | unconfirmed
        reliable_change | rci_95           | >= 7  | 95 %  | 7.7 | 0.9         | no   | derived
        """,
    )


def test_risk_item():
    """Item 6."""
    assert REGISTRY["core_10"].risk_items == (6,)
