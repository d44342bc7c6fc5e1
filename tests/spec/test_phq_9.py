"""PHQ-9

Nine items on the last two weeks, 0 to 3, added up to 0-27. More is worse. A tenth question, on
difficulty, is not scored. An answer above 0 to item 9 is for the data team to list.
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
    """0 not at all, 3 nearly every day."""
    assert_answers("phq_9", "0 to 3")


def test_key():
    """None reversed."""
    assert_key("phq_9", "scale | items\n total | 1 2 3 4 5 6 7 8 9")


def test_scales():
    """One scale."""
    assert_scales(
        "phq_9",
        """
        scale | items | method | range | direction    | may be missing | evidence
        ------+-------+--------+-------+--------------+----------------+---------
        total | 9     | sum    | 0-27  | higher_worse | 0              | verified
        """,
    )


def test_total():
    """The total is the sum; with an item missing there is none."""
    assert_scores(
        "phq_9",
        """
        answers           | total | answered | status
        ------------------+-------+----------+-----------------
        2 3 1 2 1 2 1 0 0 | 12    | 9        | scored
        1 1 1 1 1 1 1 1 1 | 9     | 9        | scored
        3 3 3 3 3 3 3 3 3 | 27    | 9        | scored
        2 3 1 2 1 2 1 0 x | x     | 8        | too_many_missing
        """,
    )


def test_bands():
    """Where each band begins and the one before it ends."""
    assert_bands(
        "phq_9",
        """
        score | band
        ------+------------------
        0     | minimal
        4     | minimal
        5     | mild
        9     | mild
        10    | moderate
        12    | moderate
        14    | moderate
        15    | moderately severe
        19    | moderately severe
        20    | severe
        27    | severe
        """,
    )


def test_thresholds():
    """NHS Talking Therapies: a case from 10, a reliable change from 6."""
    assert_thresholds(
        "phq_9",
        """
        kind            | name                  | when  | level | used | evidence
        ----------------+-----------------------+-------+-------+------+---------
        caseness        | nhs_talking_therapies | >= 10 |       | yes  | verified
        reliable_change | nhs_talking_therapies | >= 6  |       | yes  | verified
        """,
    )


def test_risk_item():
    """Item 9."""
    assert REGISTRY["phq_9"].risk_items == (9,)
