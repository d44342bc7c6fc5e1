"""Working Alliance Inventory, observer form (WAI-O Revision IV)

Thirty-six items rated from a recording: 1 very strong evidence against, 4 no evidence, 7 very strong
evidence; every item starts at 4. The key is expected to be that of the client form and is unconfirmed:
nothing is scored until the site has compared it with the manual. One public file groups eight items
(9, 16, 18, 21, 24, 25, 34, 35) otherwise; the total is the same either way.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

IN_TURN = " ".join(str(number % 7 + 1) for number in range(36))


def test_answers():
    """A scale of evidence: its anchors between 1, 4 and 7 are not known."""
    assert_answers("wai_o", "1 to 7")


def test_key():
    """As in the client form; `r` marks a reversed item."""
    assert_key(
        "wai_o",
        """
        scale | items
        ------+---------------------------------------
        task  | 2 4 7r 11r 13 15r 16 18 24 31r 33r 35
        bond  | 1r 5 8 17 19 20r 21 23 26 28 29r 36
        goal  | 3r 6 9r 10r 12r 14 22 25 27r 30 32 34r
        """,
    )


def test_scales():
    """Three subscales and the total."""
    assert_scales(
        "wai_o",
        """
        scale | items | method | range  | direction     | may be missing
        ------+-------+--------+--------+---------------+---------------
        total | 36    | sum    | 36-252 | higher_better | 0
        task  | 12    | sum    | 12-84  | higher_better | 0
        bond  | 12    | sum    | 12-84  | higher_better | 0
        goal  | 12    | sum    | 12-84  | higher_better | 0
        """,
    )


def test_no_score_before_the_site_confirms():
    """The total too waits: it rests on the same fourteen reversals."""
    assert_scores(
        "wai_o",
        """
        answers | task | bond | goal | total | answered | status
        --------+------+------+------+-------+----------+------------------
        all 4   | x    | x    | x    | x     | 36       | key_not_confirmed
        """,
    )


def test_scored_once_the_site_confirms():
    """All 4 is no evidence either way: the middle of the scale."""
    assert_scores(
        "wai_o",
        f"""
        answers   | task | bond | goal | total | status
        ----------+------+------+------+-------+-------
        all 4     | 48   | 48   | 48   | 144   | scored
        all 7     | 54   | 66   | 48   | 168   | scored
        {IN_TURN} | 48   | 52   | 47   | 147   | scored
        """,
        confirmed=True,
    )


def test_rater():
    """Observers only; several may rate one segment."""
    assert REGISTRY["wai_o"].raters == ("observer",)


def test_nothing_is_invented():
    """No bands and no cut-offs are published."""
    assert (REGISTRY["wai_o"].bands, REGISTRY["wai_o"].thresholds) == ((), ())
