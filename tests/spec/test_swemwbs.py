"""Short Warwick-Edinburgh Mental Wellbeing Scale (SWEMWBS)

Seven items, 1 (none of the time) to 5 (all of the time), none reversed. More is better. The raw total, 7-35,
is converted by a table to the metric score, which is what figures use and publications compare.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_bands, assert_key, assert_scales, assert_scores
from tests.lib.tables import rows


def test_answers():
    """Five steps."""
    assert_answers("swemwbs", "1 to 5")


def test_key():
    """Both scores are of all seven items."""
    assert_key("swemwbs", "scale | items\n total | 1 2 3 4 5 6 7\n metric | 1 2 3 4 5 6 7")


def test_scales():
    """The table has no entry for fewer than seven answers."""
    assert_scales(
        "swemwbs",
        """
        scale  | items | method | range | direction     | may be missing | evidence
        -------+-------+--------+-------+---------------+----------------+---------
        total  | 7     | sum    | 7-35  | higher_better | 0              | derived
        metric | 7     | table  | 7-35  | higher_better | 0              | derived
        """,
    )
    assert REGISTRY["swemwbs"].outcome_scale == "metric"


def test_scores():
    """Raw and metric."""
    assert_scores(
        "swemwbs",
        """
        answers       | total | metric | status
        --------------+-------+--------+-----------------
        all 3         | 21    | 19.25  | scored
        4 4 3 4 4 4 4 | 27    | 24.11  | scored
        all 1         | 7     | 7      | scored
        all 5         | 35    | 35     | scored
        4 4 3 x 4 4 4 | x     | x      | too_many_missing
        """,
    )


def test_conversion():
    """The whole table, the same in two independent code bases."""
    table = rows(
        """
        raw | metric
        ----+-------
        7   | 7.00
        8   | 9.51
        9   | 11.25
        10  | 12.40
        11  | 13.33
        12  | 14.08
        13  | 14.75
        14  | 15.32
        15  | 15.84
        16  | 16.36
        17  | 16.88
        18  | 17.43
        19  | 17.98
        20  | 18.59
        21  | 19.25
        22  | 19.98
        23  | 20.73
        24  | 21.54
        25  | 22.35
        26  | 23.21
        27  | 24.11
        28  | 25.03
        29  | 26.02
        30  | 27.03
        31  | 28.13
        32  | 29.31
        33  | 30.70
        34  | 32.55
        35  | 35.00
        """
    )
    found = [(str(raw), f"{metric:.2f}") for raw, metric in REGISTRY["swemwbs"].scale("metric").table]
    assert found == [(row["raw"], row["metric"]) for row in table]


def test_bands():
    """Sources disagree and the better known bands are unconfirmed: not used."""
    assert_bands(
        "swemwbs",
        """
        from | band
        -----+-------
        7    | low
        19.6 | medium
        27.5 | high
        """,
        used=False,
        evidence="unconfirmed",
    )


def test_nothing_is_invented():
    """No cut-off or criterion of change was found."""
    assert REGISTRY["swemwbs"].thresholds == ()
