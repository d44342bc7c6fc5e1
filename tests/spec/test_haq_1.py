"""Helping Alliance Questionnaire I (HAq-I, 11 items)

Eleven positive statements for client or therapist, none reversed. Sources differ on the responses: 1 to 6
here, with 1 to 4 and -3 to 3 (without 0) as variants that a feed asks for. Which items make up the two
types is known from the literature alone: nothing is scored until the site has compared the key with
the printed form.
"""

from __future__ import annotations

from schemas.instrument import Instrument
from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def variant(id_: str) -> Instrument:
    """The form with another of its response scales."""
    return REGISTRY["haq_1"].as_variant(id_)


def test_answers():
    """Three response scales of the same items."""
    assert_answers("haq_1", "1 to 6")
    assert_answers(variant("four_point"), "1 to 4")
    assert_answers(variant("minus_3_to_3"), "-3 to 3 without 0")


def test_key():
    """Type I is perceived helpfulness, type II collaboration or bonding."""
    assert_key(
        "haq_1",
        """
        scale  | items
        -------+----------------
        type_1 | 1 2 3 4 5 6 7 8
        type_2 | 9 10 11
        """,
    )


def test_scales():
    """Ranges follow the response scale."""
    assert_scales(
        "haq_1",
        """
        scale  | items | method | range | direction     | may be missing
        -------+-------+--------+-------+---------------+---------------
        total  | 11    | sum    | 11-66 | higher_better | 0
        type_1 | 8     | sum    | 8-48  | higher_better | 0
        type_2 | 3     | sum    | 3-18  | higher_better | 0
        """,
    )
    assert_scales(variant("four_point"), "scale | range\n total | 11-44\n type_1 | 8-32\n type_2 | 3-12")
    assert_scales(variant("minus_3_to_3"), "scale | range\n total | -33-33\n type_1 | -24-24\n type_2 | -9-9")


def test_no_score_before_the_site_confirms():
    """In no response scale."""
    assert_scores("haq_1", "answers | total | status\n all 5 | x | key_not_confirmed")
    assert_scores(variant("four_point"), "answers | total | status\n all 4 | x | key_not_confirmed")
    assert_scores(variant("minus_3_to_3"), "answers | total | status\n all 3 | x | key_not_confirmed")


def test_scored_once_the_site_confirms():
    """Answers 1 to 6."""
    assert_scores(
        "haq_1",
        """
        answers               | total | type_1 | type_2 | status
        ----------------------+-------+--------+--------+-----------------
        all 5                 | 55    | 40     | 15     | scored
        6 5 4 6 5 4 6 5 4 6 5 | 56    | 41     | 15     | scored
        6 5 4 6 5 4 6 5 4 6 x | x     | 41     | x      | too_many_missing
        """,
        confirmed=True,
    )


def test_other_response_scales():
    """The same sums, over other answers."""
    assert_scores(
        variant("four_point"),
        """
        answers               | total | type_1 | type_2
        ----------------------+-------+--------+-------
        1 2 3 4 1 2 3 4 1 2 3 | 26    | 20     | 6
        """,
        confirmed=True,
    )
    assert_scores(
        variant("minus_3_to_3"),
        """
        answers                    | total | type_1 | type_2
        ---------------------------+-------+--------+-------
        3 2 1 -1 -2 -3 3 2 1 -1 2  | 7     | 5      | 2
        all -3                     | -33   | -24    | -9
        """,
        confirmed=True,
    )


def test_evidence_of_the_variants():
    """The 4-point scale is printed; the signed one is known from the literature."""
    found = [(one.id, one.evidence) for one in REGISTRY["haq_1"].variants]
    assert found == [("four_point", "verified"), ("minus_3_to_3", "unconfirmed")]


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["haq_1"].bands, REGISTRY["haq_1"].thresholds) == ((), ())
