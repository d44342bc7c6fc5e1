"""Work and Social Adjustment Scale (WSAS)

Five items, 0 to 8, added up to 0-40. More is worse. For people who are retired or choose not to work item 1
does not apply: they have a score of the other four, 0-32, which is never stretched to 0-40. A blank is
missing, not "not applicable".
"""

from __future__ import annotations

from tests.lib.spec import (
    REGISTRY,
    assert_answers,
    assert_bands,
    assert_key,
    assert_scales,
    assert_scores,
    assert_thresholds,
)


def test_answers():
    """Nine steps; a comment in a public scorer says 0 to 4, its code 0 to 8."""
    assert_answers("wsas", "0 to 8")


def test_key():
    """None reversed."""
    assert_key("wsas", "scale | items\n total | 1 2 3 4 5\n total_4 | 2 3 4 5")


def test_scales():
    """Two scores, of which an administration has at most one."""
    assert_scales(
        "wsas",
        """
        scale   | items | method | range | direction    | may be missing
        --------+-------+--------+-------+--------------+---------------
        total   | 5     | sum    | 0-40  | higher_worse | 0
        total_4 | 4     | sum    | 0-32  | higher_worse | 0
        """,
    )
    assert REGISTRY["wsas"].scale("total_4").not_applicable == (1,)


def test_with_and_without_work():
    """Only item 1, and only where it is marked as not applicable, makes way for the score of four."""
    assert_scores(
        "wsas",
        """
        answers    | total | total_4 | answered total_4 | status           | status total_4
        -----------+-------+---------+------------------+------------------+-----------------
        4 3 5 2 4  | 18    | x       | 4                | scored           | too_many_missing
        na 3 5 2 4 | x     | 14      | 4                | too_many_missing | scored
        x 3 5 2 4  | x     | x       | 4                | too_many_missing | too_many_missing
        x 3 5 x 4  | x     | x       | 3                | too_many_missing | too_many_missing
        na 3 5 x 4 | x     | x       | 3                | too_many_missing | too_many_missing
        4 3 na 2 4 | x     | x       | 3                | too_many_missing | too_many_missing
        na 8 8 8 8 | x     | 32      | 4                | too_many_missing | scored
        """,
    )


def test_bands():
    """Not used: where they begin is printed, their names are known from the literature."""
    assert_bands(
        "wsas",
        """
        from | band
        -----+----------------------------
        0    | subclinical
        10   | significant
        21   | moderately severe or worse
        """,
        used=False,
        evidence="unconfirmed",
    )


def test_thresholds():
    """A measure of disability: no cut-off, and a criterion of change that only some use."""
    assert_thresholds(
        "wsas",
        """
        kind            | name     | when | used | evidence
        ----------------+----------+------+------+------------
        reliable_change | points_8 | >= 8 | no   | unconfirmed
        """,
    )
