"""Scale to Assess Therapeutic Relationships, patient version (STAR-P, 12 items)

Twelve statements, 0 (never) to 4 (always). Positive Collaboration and Positive Clinician Input are sums of
the answers, Non-supportive Clinician Input of reversed ones, 4 - answer: more is better throughout. The whole
key is known from the literature alone: nothing is scored until the site has compared it with the printed form.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """Five anchors, as the literature has them."""
    assert_answers("star_p", "0 never, 1 rarely, 2 sometimes, 3 often, 4 always")


def test_key():
    """`r` marks a reversed item. The clinician version has another third scale."""
    assert_key(
        "star_p",
        """
        scale | items
        ------+-------------
        pc    | 2 3 5 6 8 11
        pci   | 1 10 12
        nsci  | 4r 7r 9r
        """,
    )


def test_scales():
    """Three subscales and the total."""
    assert_scales(
        "star_p",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 12    | sum    | 0-48  | higher_better | 0
        pc    | 6     | sum    | 0-24  | higher_better | 0
        pci   | 3     | sum    | 0-12  | higher_better | 0
        nsci  | 3     | sum    | 0-12  | higher_better | 0
        """,
    )


def test_no_score_before_the_site_confirms():
    """Every administration has its row and no score."""
    assert_scores(
        "star_p",
        """
        answers | pc | pci | nsci | total | status
        --------+----+-----+------+-------+------------------
        all 4   | x  | x   | x    | x     | key_not_confirmed
        """,
    )


def test_scored_once_the_site_confirms():
    """A yes-sayer gets nothing for the reversed items."""
    assert_scores(
        "star_p",
        """
        answers                 | pc | pci | nsci | total | status
        ------------------------+----+-----+------+-------+-----------------
        all 4                   | 24 | 12  | 0    | 36    | scored
        3 3 4 1 3 4 0 3 1 2 3 3 | 20 | 8   | 10   | 38    | scored
        3 3 4 1 3 4 0 3 x 2 3 3 | 20 | 8   | x    | x     | too_many_missing
        """,
        confirmed=True,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["star_p"].bands, REGISTRY["star_p"].thresholds) == ((), ())
