"""YP-CORE

Ten items for young people of 11 to 16, 0 to 4; items 3, 5 and 10 are reversed, 4 - answer. The clinical score
is ten times the mean of the answered items, the sum when all ten are: 0-40. More is worse. One item may
be missing. Cut-offs go by age and sex, so none is used.
"""

from __future__ import annotations

from tests.lib.spec import (
    REGISTRY,
    assert_answers,
    assert_key,
    assert_scales,
    assert_scores,
    assert_thresholds,
)


def test_answers():
    """Five steps."""
    assert_answers("yp_core", "0 to 4")


def test_key():
    """`r` marks a reversed item: other ones than in the CORE-10."""
    assert_key("yp_core", "scale | items\n total | 1 2 3r 4 5r 6 7 8 9 10r")


def test_scales():
    """One scale, which one missing item does not spoil; that limit is unconfirmed."""
    assert_scales(
        "yp_core",
        """
        scale | items | method | range | direction    | may be missing | evidence
        ------+-------+--------+-------+--------------+----------------+------------
        total | 10    | sum    | 0-40  | higher_worse | 1              | unconfirmed
        """,
    )


def test_total():
    """The first is keyed 2 1 1 0 2 3 1 2 2 3: above the cut-off of a girl of 15 and of a boy of 15."""
    assert_scores(
        "yp_core",
        """
        answers             | total | answered | status
        --------------------+-------+----------+-------
        2 1 3 0 2 3 1 2 2 1 | 17    | 10       | scored
        all 0               | 12    | 10       | scored
        all 4               | 28    | 10       | scored
        0 0 4 0 4 0 0 0 0 4 | 0     | 10       | scored
        """,
    )


def test_one_missing_item_is_prorated():
    """14 points over nine items make 14 / 9 * 10; a second missing item leaves no score."""
    assert_scores(
        "yp_core",
        """
        answers             | total   | answered | status
        --------------------+---------+----------+-----------------
        2 1 3 0 2 x 1 2 2 1 | 15.5556 | 9        | prorated
        2 1 x 0 2 3 1 2 2 1 | 17.7778 | 9        | prorated
        2 1 3 0 2 x x 2 2 1 | x       | 8        | too_many_missing
        """,
    )


def test_thresholds():
    """Two tables of cut-offs by age and sex, recorded for whoever has both."""
    assert_thresholds(
        "yp_core",
        """
        kind            | name                   | when    | used | evidence
        ----------------+------------------------+---------+------+------------
        caseness        | twigg_2016_boys_11_13  | >= 10.3 | no   | verified
        caseness        | twigg_2016_boys_14_16  | >= 14.1 | no   | verified
        caseness        | twigg_2016_girls_11_13 | >= 14.4 | no   | verified
        caseness        | twigg_2016_girls_14_16 | >= 15.9 | no   | verified
        caseness        | blackshaw_boys_11_13   | >= 10   | no   | verified
        caseness        | blackshaw_boys_14      | >= 13   | no   | verified
        caseness        | blackshaw_boys_15      | >= 14   | no   | verified
        caseness        | blackshaw_boys_16      | >= 15   | no   | verified
        caseness        | blackshaw_girls_11     | >= 11   | no   | verified
        caseness        | blackshaw_girls_12     | >= 15   | no   | verified
        caseness        | blackshaw_girls_13     | >= 14   | no   | verified
        caseness        | blackshaw_girls_14     | >= 16   | no   | verified
        caseness        | blackshaw_girls_15     | >= 16   | no   | verified
        caseness        | blackshaw_girls_16     | >= 15   | no   | verified
        reliable_change | rci_lowest_group       | >= 7.4  | no   | unconfirmed
        reliable_change | rci_highest_group      | >= 8.3  | no   | unconfirmed
        """,
    )


def test_nothing_is_borrowed():
    """The bands of the CORE-10 are not validated here, and no source seen names a risk item."""
    assert (REGISTRY["yp_core"].bands, REGISTRY["yp_core"].risk_items) == ((), ())
