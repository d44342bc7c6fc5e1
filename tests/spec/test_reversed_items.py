"""Reversed items

A reversed item is keyed as lowest + highest - answer. Reversal happens once: a feed whose system has
reversed at capture says `already_keyed`, and its answers count as they stand.
"""

from __future__ import annotations

from tests.lib.spec import assert_scores


def test_answers_as_printed():
    """Items 2 and 3 of the CORE-10 are reversed here."""
    assert_scores("core_10", "answers | total\n 3 1 2 1 2 0 3 2 3 1 | 20")


def test_answers_reversed_at_capture():
    """The same client, stored by a system that reversed items 2 and 3 already."""
    assert_scores("core_10", "answers | total\n 3 3 2 1 2 0 3 2 3 1 | 20", already_keyed=True)


def test_nothing_is_turned_back():
    """Prorating does not change that."""
    assert_scores("core_10", "answers | total\n 3 3 x 1 2 0 3 2 3 1 | 20", already_keyed=True)
