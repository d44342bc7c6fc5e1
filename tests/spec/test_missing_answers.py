"""Missing answers

A skipped item, a refusal, an item that was not shown and one that does not apply are kept apart in the
data. For the score all four are no answer, and no answer is never 0.
"""

from __future__ import annotations

from tests.lib.spec import assert_scores


def test_every_kind_of_no_answer():
    """Prorating counts them alike."""
    assert_scores(
        "core_10",
        """
        answers                             | total   | answered | status
        ------------------------------------+---------+----------+-----------------
        3 1 2 1 2 0 x 2 3 1                 | 18.8889 | 9        | prorated
        3 1 2 1 2 0 refused 2 3 1           | 18.8889 | 9        | prorated
        3 1 2 1 2 0 not_shown 2 3 1         | 18.8889 | 9        | prorated
        3 1 2 1 2 0 not_applicable 2 3 1    | 18.8889 | 9        | prorated
        3 1 2 1 2 0 not_applicable 2 refused 1 | x    | 8        | too_many_missing
        """,
    )


def test_refusing_everything():
    """A questionnaire of refusals has a row for each scale, without a score."""
    assert_scores(
        "phq_9",
        """
        answers     | total | answered | status
        ------------+-------+----------+-----------------
        all refused | x     | 0        | too_many_missing
        """,
    )
