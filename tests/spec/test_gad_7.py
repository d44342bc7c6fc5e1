"""GAD-7

Seven items on the last two weeks, 0 to 3, added up to 0-21. More is worse.
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
    """0 is not at all (a faulty reprint has "not at all sure"), 3 nearly every day."""
    assert_answers("gad_7", "0 to 3")


def test_key():
    """None reversed."""
    assert_key("gad_7", "scale | items\n total | 1 2 3 4 5 6 7")


def test_scales():
    """One scale."""
    assert_scales(
        "gad_7",
        """
        scale | items | method | range | direction    | may be missing
        ------+-------+--------+-------+--------------+---------------
        total | 7     | sum    | 0-21  | higher_worse | 0
        """,
    )


def test_total():
    """The total is the sum; with an item missing there is none."""
    assert_scores(
        "gad_7",
        """
        answers       | total | answered | status
        --------------+-------+----------+-----------------
        1 1 1 1 1 1 1 | 7     | 7        | scored
        2 1 1 1 1 1 1 | 8     | 7        | scored
        3 2 2 2 2 2 2 | 15    | 7        | scored
        x 1 1 1 1 1 1 | x     | 6        | too_many_missing
        """,
    )


def test_bands():
    """Where each band begins and the one before it ends. A score of 8 is mild, and a case."""
    assert_bands(
        "gad_7",
        """
        score | band
        ------+---------
        0     | minimal
        4     | minimal
        5     | mild
        8     | mild
        9     | mild
        10    | moderate
        14    | moderate
        15    | severe
        21    | severe
        """,
    )


def test_thresholds():
    """NHS Talking Therapies: a case from 8, a reliable change from 4. The criterion from retest reliability is off."""
    assert_thresholds(
        "gad_7",
        """
        kind            | name                  | when | reliability | used | evidence
        ----------------+-----------------------+------+-------------+------+---------
        caseness        | nhs_talking_therapies | >= 8 |             | yes  | verified
        reliable_change | nhs_talking_therapies | >= 4 |             | yes  | verified
        reliable_change | bischoff_2020         | >= 6 | 0.87        | no   | verified
        """,
    )


def test_whose_measure_it_is():
    """The anxiety measure of NHS Talking Therapies for these problems; for others where theirs is missing."""
    assert REGISTRY["gad_7"].measure_for == ("depression", "gad", "mixed")
