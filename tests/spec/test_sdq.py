"""Strengths and Difficulties Questionnaire (SDQ, 25 items)

Twenty-five items, 0 to 2; five are reversed, 2 - answer. Five subscales of five items, 0-10; the total
difficulties add up four of them, all but the prosocial one, which is a strength. Item numbers are known
from the literature alone: nothing is scored until the site has compared them with the printed form.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

MIXED = "1 2 2 0 2 0 1 2 1 1 0 1 1 2 1 0 2 2 1 2 2 0 1 1 0".split()


def without(*items: int) -> str:
    """The mixed form, some items left out."""
    return " ".join("x" if n in items else answer for n, answer in enumerate(MIXED, start=1))


def test_answers():
    """Three steps."""
    assert_answers("sdq", "0 to 2")


def test_key():
    """`r` marks a reversed item."""
    assert_key(
        "sdq",
        """
        scale | items
        ------+----------------
        emo   | 3 8 13 16 24
        con   | 5 7r 12 18 22
        hyp   | 2 10 15 21r 25r
        peer  | 6 11r 14r 19 23
        pro   | 1 4 9 17 20
        """,
    )


def test_scales():
    """Two of five items may be missing, unconfirmed; a sum of subscales needs each of them."""
    assert_scales(
        "sdq",
        """
        scale         | items | method        | range | direction     | may be missing | evidence
        --------------+-------+---------------+-------+---------------+----------------+------------
        emo           | 5     | sum           | 0-10  | higher_worse  | 2              | unconfirmed
        con           | 5     | sum           | 0-10  | higher_worse  | 2              | unconfirmed
        hyp           | 5     | sum           | 0-10  | higher_worse  | 2              | unconfirmed
        peer          | 5     | sum           | 0-10  | higher_worse  | 2              | unconfirmed
        pro           | 5     | sum           | 0-10  | higher_better | 2              | unconfirmed
        total         | 20    | sum_of_scales | 0-40  | higher_worse  | 0              |
        externalising | 10    | sum_of_scales | 0-20  | higher_worse  | 0              |
        internalising | 10    | sum_of_scales | 0-20  | higher_worse  | 0              |
        """,
    )
    sums = {id_: REGISTRY["sdq"].scale(id_).scales for id_ in ("total", "externalising", "internalising")}
    assert sums == {
        "total": ("emo", "con", "hyp", "peer"),
        "externalising": ("con", "hyp"),
        "internalising": ("emo", "peer"),
    }


def test_no_score_before_the_site_confirms():
    """Neither subscales nor sums of them."""
    assert_scores("sdq", "answers | emo | pro | total | status\n all 1 | x | x | x | key_not_confirmed")


def test_scored_once_the_site_confirms():
    """The second has few difficulties and every strength."""
    few = "2 1 0 2 0 1 2 0 2 1 2 0 1 2 0 0 2 0 0 2 1 0 1 0 1"
    assert_scores(
        "sdq",
        f"""
        answers | emo | con | hyp | peer | pro | total | externalising | internalising | status
        --------+-----+-----+-----+------+-----+-------+---------------+---------------+-------
        all 1   | 5   | 5   | 5   | 5    | 5   | 20    | 10            | 10            | scored
        {few}   | 1   | 0   | 4   | 2    | 10  | 7     | 4             | 3             | scored
        """,
        confirmed=True,
    )


def test_a_prorated_subscale_is_a_whole_number():
    """4 points on three items are 6.67, so 7; the total adds up whole numbers and counts as prorated."""
    assert_scores(
        "sdq",
        f"""
        answers                 | emo | con | hyp | peer | total | status emo       | status
        ------------------------+-----+-----+-----+------+-------+------------------+-----------------
        {without()}             | 6   | 6   | 6   | 4    | 22    | scored           | scored
        {without(13, 24)}       | 7   | 6   | 6   | 4    | 23    | prorated         | prorated
        {without(3, 8, 13)}     | x   | 6   | 6   | 4    | x     | too_many_missing | too_many_missing
        """,
        confirmed=True,
    )


def test_half_points_are_rounded_up():
    """2 points on four items are 2.5, so 3."""
    four_answered = "0 0 1 0 0 0 2 1 0 0 2 0 0 2 0 0 0 0 0 0 2 0 0 x 2"
    assert_scores(
        "sdq", f"answers | emo | total | status\n {four_answered} | 3 | 3 | prorated", confirmed=True
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["sdq"].bands, REGISTRY["sdq"].thresholds) == ((), ())
