"""Rows that cannot be read

Every row of a file has a number and a fate. A row that is cut, lengthened or spoiled waits in quarantine; the
rows before and after it are taken, and their numbers stay those of the file.
"""

from __future__ import annotations

from tests.lib.bad_input import assert_rows


def test_short_and_long_rows():
    """Cells are never filled up or dropped to make a row fit."""
    assert_rows(
        """
        line                             | fate        | rule
        ---------------------------------+-------------+-----------
        c1,2026-05-01 10:00:00,1,2       | accepted    |
        c2,2026-05-01 10:00:00,1         | quarantined | short_row
        c3,2026-05-01 10:00:00,1,2,3     | quarantined | long_row
        c4,2026-05-01 10:00:00,1,2,      | quarantined | long_row
        CANARY                           | quarantined | short_row
        c5,2026-05-01 10:00:00,1,2       | accepted    |
        """
    )


def test_an_unclosed_quote():
    """It costs its own row and no other, whether or not a later row closes it."""
    assert_rows(
        """
        line                               | fate        | rule
        -----------------------------------+-------------+---------------
        "c1,2026-05-01 10:00:00,1,2        | quarantined | unclosed_quote
        c2,2026-05-01 10:00:00,1,2         | accepted    |
        c3,"2026-05-01 10:00:00",1,2       | accepted    |
        c4,2026-05-01 10:00:00,"1,2        | quarantined | unclosed_quote
        c5,2026-05-01 10:00:00,1,2         | accepted    |
        c6,2026-05-01 10:00:00,1,"         | quarantined | unclosed_quote
        c7,"2026-05-01" 10:00:00,1,2       | quarantined | unclosed_quote
        c8,2026-05-01 10:00:00,1,2         | accepted    |
        """
    )


def test_quotes_that_are_right():
    """Line ends and delimiters in quotes are part of a cell; a quote within a cell is an ordinary character."""
    assert_rows(
        r'''
        line                                    | fate        | column | rule
        ----------------------------------------+-------------+--------+-------------
        "c\n1",2026-05-01 10:00:00,1,2          | accepted    |        |
        "c,2",2026-05-01 10:00:00,"1","2"       | accepted    |        |
        c "3",2026-05-01 10:00:00,1,2           | accepted    |        |
        "c ""4""",2026-05-01 10:00:00,1,2       | accepted    |        |
        c5,2026-05-01 10:00:00,7,2              | quarantined | Q1     | out_of_range
        '''
    )


def test_bytes_that_are_no_text():
    """A row in another encoding waits; the others are taken. (A `¿` stands for a byte that is no UTF-8.)"""
    assert_rows(
        """
        line                              | fate        | rule
        ----------------------------------+-------------+------------
        Jos¿,2026-05-01 10:00:00,1,2      | quarantined | undecodable
        José,2026-05-01 10:00:00,1,2      | accepted    |
        c3,2026-05-01 10:00:00,1,2        | accepted    |
        """
    )


def test_rows_of_nothing():
    """A row of blank cells is a record; a blank line is none."""
    assert_rows(
        r"""
        line                              | fate     | rule
        ----------------------------------+----------+------
        c1,2026-05-01 10:00:00,1,2        | accepted |
        ,,,                               | excluded | empty
        \n ,"",,                          | excluded | empty
        c2,2026-05-01 10:00:00,,          | excluded | empty
        c3,2026-05-01 10:00:00,1,2        | accepted |
        """
    )


def test_a_client_id_that_is_missing():
    """Whose answers they are is not guessed."""
    assert_rows(
        """
        line                              | fate        | column | rule
        ----------------------------------+-------------+--------+---------------
        ,2026-05-01 10:00:00,1,2          | quarantined | PID    | missing_client
        "  ",2026-05-01 10:00:00,1,2      | quarantined | PID    | missing_client
        0,2026-05-01 10:00:00,1,2         | accepted    |        |
        """
    )


def test_a_date_that_is_missing_or_none():
    """A time in the hour that is skipped in spring never was."""
    assert_rows(
        """
        line                              | fate        | column | rule
        ----------------------------------+-------------+--------+-------------
        c1,,1,2                           | quarantined | When   | missing_date
        c2,01/05/2026,1,2                 | quarantined | When   | invalid_date
        c3,2026-02-30 10:00:00,1,2        | quarantined | When   | invalid_date
        c4,26-05-01 10:00:00,1,2          | quarantined | When   | invalid_date
        c5,2026-03-29 01:30:00,1,2        | quarantined | When   | invalid_date
        c6,2026-10-25 01:30:00,1,2        | accepted    |        |
        """
    )
