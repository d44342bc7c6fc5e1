"""CORE-OM

Thirty-four items on the last week, 0 to 4; eight are reversed, 4 - answer. Well-being (w), problems (p),
functioning (f) and risk (r) share them out; non-risk is all but risk. Each has a sum and a mean; the clinical
score is ten times the mean of all, 0-40. More is worse. An answer above 0 to a risk item is for the data
team to list.
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

IN_TURN = [str(number % 5) for number in range(34)]


def without(*items: int) -> str:
    """0 to 4 over and over, some items left out."""
    return " ".join("x" if n in items else answer for n, answer in enumerate(IN_TURN, start=1))


def test_answers():
    """Five steps."""
    assert_answers("core_om", "0 to 4")


def test_key():
    """`r` marks a reversed item."""
    assert_key(
        "core_om",
        """
        scale | items
        ------+-----------------------------------------
        w     | 4r 14 17 31r
        p     | 2 5 8 11 13 15 18 20 23 27 28 30
        f     | 1 3r 7r 10 12r 19r 21r 25 26 29 32r 33
        r     | 6 9 16 22 24 34
        """,
    )


def test_item_30_is_not_reversed():
    """It is worded as a problem. A key that reverses it gives P 24 and total 72 for the third vector."""
    assert 30 not in REGISTRY["core_om"].reverse
    assert_scores("core_om", f"answers | p | total\n {without()} | 28 | 76")


def test_scales():
    """Sums, means, and the clinical score. How many items may be missing is unconfirmed; of non-risk, no rule is known."""
    assert_scales(
        "core_om",
        """
        scale         | items | method   | range | direction    | may be missing | evidence
        --------------+-------+----------+-------+--------------+----------------+------------
        w             | 4     | sum      | 0-16  | higher_worse | 0              | unconfirmed
        p             | 12    | sum      | 0-48  | higher_worse | 1              | unconfirmed
        f             | 12    | sum      | 0-48  | higher_worse | 1              | unconfirmed
        r             | 6     | sum      | 0-24  | higher_worse | 1              | unconfirmed
        non_risk      | 28    | sum      | 0-112 | higher_worse | 0              |
        total         | 34    | sum      | 0-136 | higher_worse | 3              | unconfirmed
        w_mean        | 4     | mean     | 0-4   | higher_worse | 0              | unconfirmed
        p_mean        | 12    | mean     | 0-4   | higher_worse | 1              | unconfirmed
        f_mean        | 12    | mean     | 0-4   | higher_worse | 1              | unconfirmed
        r_mean        | 6     | mean     | 0-4   | higher_worse | 1              | unconfirmed
        non_risk_mean | 28    | mean     | 0-4   | higher_worse | 0              |
        total_mean    | 34    | mean     | 0-4   | higher_worse | 3              | unconfirmed
        total_x10     | 34    | mean_x10 | 0-40  | higher_worse | 3              | unconfirmed
        """,
    )
    structure = REGISTRY["core_om"].structure
    assert (structure.partition, structure.overlap) == (("w", "p", "f", "r"), ("non_risk",))


def test_sums():
    """All 0 is not the best score, nor all 4 the worst: the third is 0 to 4 over and over."""
    assert_scores(
        "core_om",
        f"""
        answers     | w | p  | f  | r  | non_risk | total
        ------------+---+----+----+----+----------+------
        all 0       | 8 | 0  | 24 | 0  | 32       | 32
        all 4       | 8 | 48 | 24 | 24 | 80       | 104
        {without()} | 9 | 28 | 29 | 10 | 66       | 76
        """,
    )


def test_means_and_the_clinical_score():
    """As manuals print them, with four places."""
    assert_scores(
        "core_om",
        f"""
        answers     | w_mean | p_mean | f_mean | r_mean | non_risk_mean | total_mean | total_x10
        ------------+--------+--------+--------+--------+---------------+------------+----------
        all 0       | 2      | 0      | 2      | 0      | 1.1429        | 0.9412     | 9.4118
        all 4       | 2      | 4      | 2      | 4      | 2.8571        | 3.0588     | 30.5882
        {without()} | 2.25   | 2.3333 | 2.4167 | 1.6667 | 2.3571        | 2.2353     | 22.3529
        """,
    )


def test_one_item_of_problems_functioning_or_risk_may_be_missing():
    """A second one leaves that scale without a score; of well-being none may be missing."""
    assert_scores(
        "core_om",
        f"""
        answers         | w | p       | f       | r    | non_risk | total   | status w         | status p
        ----------------+---+---------+---------+------+----------+---------+------------------+-----------------
        {without(2)}    | 9 | 29.4545 | 29      | 10   | x        | 77.2727 | scored           | prorated
        {without(2, 5)} | 9 | x       | 29      | 10   | x        | 75.4375 | scored           | too_many_missing
        {without(1)}    | 9 | 28      | 31.6364 | 10   | x        | 78.303  | scored           | scored
        {without(1, 3)} | 9 | 28      | x       | 10   | x        | 78.625  | scored           | scored
        {without(6)}    | 9 | 28      | 29      | 12   | 66       | 78.303  | scored           | scored
        {without(6, 9)} | 9 | 28      | 29      | x    | 66       | 77.5625 | scored           | scored
        {without(4)}    | x | 28      | 29      | 10   | x        | 77.2727 | too_many_missing | scored
        """,
    )


def test_three_items_of_all_may_be_missing():
    """Wherever they are; a fourth leaves no clinical score."""
    assert_scores(
        "core_om",
        f"""
        answers               | total   | total_mean | total_x10 | answered | status
        ----------------------+---------+------------+-----------+----------+-----------------
        {without(1, 2, 6)}    | 82.2581 | 2.4194     | 24.1935   | 31       | prorated
        {without(1, 2, 4, 6)} | x       | x          | x         | 30       | too_many_missing
        """,
    )


def test_thresholds():
    """The recommended cut-off of 10 on the clinical score; of the two criteria of change it has the one in use."""
    assert_thresholds(
        "core_om",
        """
        scale      | kind            | name                   | when    | level | used | evidence
        -----------+-----------------+------------------------+---------+-------+------+------------
        total_x10  | caseness        | connell_2007           | >= 10   |       | yes  | verified
        total_x10  | caseness        | connell_2007_unrounded | >= 9.9  |       | no   | verified
        total_mean | caseness        | evans_2002_men         | >= 1.19 |       | no   | unconfirmed
        total_mean | caseness        | evans_2002_women       | >= 1.29 |       | no   | unconfirmed
        total_x10  | reliable_change | rci                    | >= 5    |       | yes  | unconfirmed
        total_mean | reliable_change | rci                    | >= 0.48 |       | no   | unconfirmed
        """,
    )


def test_risk_items():
    """The whole risk scale. No bands are known."""
    assert REGISTRY["core_om"].risk_items == (6, 9, 16, 22, 24, 34)
    assert REGISTRY["core_om"].bands == ()
