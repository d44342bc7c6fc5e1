"""Therapeutic Alliance Quality Scale (TAQS, 5 items)

Five questions for the youth and the adult caregiver about one session, 1 (not at all) to 5 (totally), none
reversed; the total is their mean. More is a better alliance. Items, responses and formula are known from
the literature alone: nothing is scored until the site has compared them with the manual.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """Five anchors, as the literature has them."""
    assert_answers("taqs", "1 not at all, 2 only a little, 3 somewhat, 4 quite a bit, 5 totally")


def test_key():
    """None reversed."""
    assert_key("taqs", "scale | items\n total | 1 2 3 4 5")


def test_scales():
    """The battery's 85 % of items are all five."""
    assert_scales(
        "taqs",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 5     | mean   | 1-5   | higher_better | 0
        """,
    )


def test_no_score_before_the_site_confirms():
    """Every administration has its row and no score."""
    assert_scores("taqs", "answers | total | answered | status\n 4 5 4 5 3 | x | 5 | key_not_confirmed")


def test_scored_once_the_site_confirms():
    """With an item missing there is none; the mean of the other four, 4.25, is not used."""
    assert_scores(
        "taqs",
        """
        answers   | total | status
        ----------+-------+-----------------
        4 5 4 5 3 | 4.2   | scored
        5 5 5 5 5 | 5     | scored
        2 1 1 1 1 | 1.2   | scored
        4 5 x 5 3 | x     | too_many_missing
        """,
        confirmed=True,
    )


def test_raters():
    """The clinician has an instrument of another name and key, the TAQR."""
    assert REGISTRY["taqs"].raters == ("client", "caregiver")


def test_nothing_is_invented():
    """Cut points stand in manuals that were not seen."""
    assert (REGISTRY["taqs"].bands, REGISTRY["taqs"].thresholds) == ((), ())
