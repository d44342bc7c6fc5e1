"""Working Alliance Inventory, Short Revised, 10-item therapist form (WAI-SRT)

Ten statements for therapists, answered 1 to 5, none reversed. The key is known from the literature
alone: nothing is scored until the site has compared it with the printed form. It is not the therapist
form of the 12-item WAI-SR, which circulates under the same name and is wai_sr with rater therapist.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """The anchors of this form were not seen."""
    assert_answers("wai_srt", "1 to 5")


def test_key():
    """Two Task items against four of Bond and Goal: sums cannot be compared with the 12-item form's."""
    assert_key(
        "wai_srt",
        """
        scale | items
        ------+---------
        task  | 1 4
        bond  | 2 5 7 9
        goal  | 3 6 8 10
        """,
    )


def test_scales():
    """Three subscales and the total."""
    assert_scales(
        "wai_srt",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 10    | sum    | 10-50 | higher_better | 0
        task  | 2     | sum    | 2-10  | higher_better | 0
        bond  | 4     | sum    | 4-20  | higher_better | 0
        goal  | 4     | sum    | 4-20  | higher_better | 0
        """,
    )


def test_no_score_before_the_site_confirms():
    """Every administration has its row and no score."""
    assert_scores(
        "wai_srt",
        """
        answers             | task | bond | goal | total | status
        --------------------+------+------+------+-------+------------------
        1 2 3 4 5 1 2 3 4 5 | x    | x    | x    | x     | key_not_confirmed
        """,
    )


def test_scored_once_the_site_confirms():
    """As means the second has Task 4.00, Bond 5.00, Goal 3.75."""
    assert_scores(
        "wai_srt",
        """
        answers             | task | bond | goal | total | status
        --------------------+------+------+------+-------+-----------------
        1 2 3 4 5 1 2 3 4 5 | 5    | 13   | 12   | 30    | scored
        4 5 4 4 5 3 5 4 5 4 | 8    | 20   | 15   | 43    | scored
        4 5 4 x 5 3 5 4 5 4 | x    | 20   | 15   | x     | too_many_missing
        """,
        confirmed=True,
    )


def test_rater():
    """Therapists only."""
    assert REGISTRY["wai_srt"].raters == ("therapist",)


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["wai_srt"].bands, REGISTRY["wai_srt"].thresholds) == ((), ())
