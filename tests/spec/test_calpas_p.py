"""California Psychotherapy Alliance Scale, patient form (CALPAS-P, 24 items)

Twenty-four questions about the session, 1 (not at all) to 7 (very much so); twelve are reversed,
8 - answer. Four scales of six items and the total are means. The whole key is known from the
literature alone: nothing is scored until the site has compared it with the printed form.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

REVERSE = (1, 2, 5, 6, 8, 9, 13, 14, 17, 19, 21, 22)
BEST = " ".join("1" if number in REVERSE else "7" for number in range(1, 25))
IN_TURN = " ".join(str(number % 7 + 1) for number in range(24))


def test_answers():
    """Its anchors between the ends were not seen."""
    assert_answers("calpas_p", "1 to 7")


def test_key():
    """Patient Commitment, Working Capacity, Therapist Understanding, Working Strategy; `r` marks a reversed item."""
    assert_key(
        "calpas_p",
        """
        scale | items
        ------+------------------
        pc    | 1r 4 14r 17r 20 24
        pwc   | 3 6r 8r 11 16 21r
        tui   | 2r 5r 7 9r 12 15
        wsc   | 10 13r 18 19r 22r 23
        """,
    )


def test_scales():
    """Means throughout."""
    assert_scales(
        "calpas_p",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 24    | mean   | 1-7   | higher_better | 0
        pc    | 6     | mean   | 1-7   | higher_better | 0
        pwc   | 6     | mean   | 1-7   | higher_better | 0
        tui   | 6     | mean   | 1-7   | higher_better | 0
        wsc   | 6     | mean   | 1-7   | higher_better | 0
        """,
    )


def test_no_score_before_the_site_confirms():
    """Items 18, 21 and 23 are the first to look up."""
    assert_scores(
        "calpas_p",
        """
        answers | pc | pwc | tui | wsc | total | answered | status
        --------+----+-----+-----+-----+-------+----------+------------------
        all 7   | x  | x   | x   | x   | x     | 24       | key_not_confirmed
        """,
    )


def test_scored_once_the_site_confirms():
    """Half of the items are reversed, so a yes-sayer is in the middle."""
    assert_scores(
        "calpas_p",
        f"""
        answers   | pc     | pwc    | tui    | wsc | total  | status
        ----------+--------+--------+--------+-----+--------+-------
        all 7     | 4      | 4      | 4      | 4   | 4      | scored
        {BEST}    | 7      | 7      | 7      | 7   | 7      | scored
        {IN_TURN} | 4.3333 | 3.1667 | 4.6667 | 3.5 | 3.9167 | scored
        """,
        confirmed=True,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["calpas_p"].bands, REGISTRY["calpas_p"].thresholds) == ((), ())
