"""Answers that are none

An answer is an integer within the form's range, or a text that the feed lists. Anything else quarantines its
questionnaire, which then has no score: no number is made of it.
"""

from __future__ import annotations

from tests.lib.bad_input import assert_rows


def test_what_is_no_answer():
    """The form has two items of 0 to 3; 9 is listed as missing."""
    assert_rows(
        """
        line                                  | fate        | column | rule
        --------------------------------------+-------------+--------+--------------
        c01,2026-05-01 10:00:00,0,3           | accepted    |        |
        c02,2026-05-01 10:00:00,3.0, 2        | accepted    |        |
        c03,2026-05-01 10:00:00,9,1           | accepted    |        |
        c04,2026-05-01 10:00:00,9.0,1         | accepted    |        |
        c05,2026-05-01 10:00:00,,1            | accepted    |        |
        c06,2026-05-01 10:00:00,2.9,1         | quarantined | Q1     | not_an_answer
        c07,2026-05-01 10:00:00,1,7171        | quarantined | Q2     | out_of_range
        c08,2026-05-01 10:00:00,4,1           | quarantined | Q1     | out_of_range
        c09,2026-05-01 10:00:00,-1,1          | quarantined | Q1     | out_of_range
        c10,2026-05-01 10:00:00,-102,1        | quarantined | Q1     | out_of_range
        c11,2026-05-01 10:00:00,1e0,1         | quarantined | Q1     | not_an_answer
        c12,2026-05-01 10:00:00,0x1,1         | quarantined | Q1     | not_an_answer
        c13,2026-05-01 10:00:00,1_0,1         | quarantined | Q1     | not_an_answer
        c14,2026-05-01 10:00:00,CANARY,1      | quarantined | Q1     | not_an_answer
        c15,2026-05-01 10:00:00,１,1          | quarantined | Q1     | not_an_answer
        c16,2026-05-01 10:00:00,NA,1          | quarantined | Q1     | not_an_answer
        """
    )
