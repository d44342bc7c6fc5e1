"""Kessler Psychological Distress Scale (K10)

Ten items on the past four weeks, 1 (none of the time) to 5 (all of the time), added up to 10-50; none is
reversed. More is worse. A site that codes 0 to 4 says so by the variant `coded_0_4`; its scores are 0-40 and
have no bands.
"""

from __future__ import annotations

from schemas.instrument import Instrument
from tests.lib.spec import REGISTRY, assert_answers, assert_bands, assert_key, assert_scales, assert_scores


def coded_0_4() -> Instrument:
    """The form in its other coding."""
    return REGISTRY["k10"].as_variant("coded_0_4")


def test_answers():
    """Two codings of the same answers."""
    assert_answers("k10", "1 to 5")
    assert_answers(coded_0_4(), "0 to 4")


def test_key():
    """A plain sum: there is nothing in it that a printed form could contradict."""
    assert_key("k10", "scale | items\n total | 1 2 3 4 5 6 7 8 9 10")
    assert REGISTRY["k10"].evidence == "derived"


def test_scales():
    """The range follows the coding."""
    assert_scales(
        "k10",
        """
        scale | items | method | range | direction    | may be missing
        ------+-------+--------+-------+--------------+---------------
        total | 10    | sum    | 10-50 | higher_worse | 0
        """,
    )
    assert_scales(coded_0_4(), "scale | items | range\n total | 10 | 0-40")


def test_total():
    """Complete forms only."""
    assert_scores(
        "k10",
        """
        answers             | total | answered | status
        --------------------+-------+----------+-----------------
        3 3 2 3 2 2 4 3 2 3 | 27    | 10       | scored
        all 1               | 10    | 10       | scored
        all 5               | 50    | 10       | scored
        3 3 2 x 2 2 4 3 2 3 | x     | 9        | too_many_missing
        """,
    )


def test_a_variant_waits_for_the_site():
    """That 0 to 4 is in use is known from the literature, so the site confirms it first."""
    answers = "2 2 1 2 1 1 3 2 1 2"
    assert_scores(coded_0_4(), f"answers | total | status\n {answers} | x | key_not_confirmed")
    assert_scores(coded_0_4(), f"answers | total | status\n {answers} | 17 | scored", confirmed=True)


def test_bands():
    """Of the Australian Bureau of Statistics, as the literature has them: not used, and none in the other coding."""
    assert_bands(
        "k10",
        """
        from | band
        -----+----------
        10   | low
        16   | moderate
        22   | high
        30   | very high
        """,
        used=False,
        evidence="unconfirmed",
    )
    assert coded_0_4().bands == ()


def test_nothing_is_invented():
    """No cut-off or criterion of change was found."""
    assert REGISTRY["k10"].thresholds == ()
