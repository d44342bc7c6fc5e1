"""Session checklist

Accord's own form: what client, therapist or observer report of one session, yes or no. Three items hinder
(a language barrier, a pace too fast, a clinician disengaged), one helps (strategies used). Each item is a
scale of its own, so that what happened in a session can be set beside the alliance after it.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

ITEMS = ("language_barrier", "pace_too_fast", "clinician_disengaged", "strategies_used")


def test_answers():
    """0 is no, 1 is yes."""
    assert_answers("session_checklist", "0 no, 1 yes")


def test_items_have_names():
    """The wording is free, so the card may name them."""
    assert REGISTRY["session_checklist"].item_names == ITEMS


def test_key():
    """The helping item is not part of the sum."""
    assert_key(
        "session_checklist",
        """
        scale                | items
        ---------------------+------
        hindering            | 1 2 3
        language_barrier     | 1
        pace_too_fast        | 2
        clinician_disengaged | 3
        strategies_used      | 4
        """,
    )


def test_scales():
    """How many hindering things were reported, and each item."""
    assert_scales(
        "session_checklist",
        """
        scale                | items | method | range | direction     | may be missing
        ---------------------+-------+--------+-------+---------------+---------------
        hindering            | 3     | sum    | 0-3   | higher_worse  | 0
        language_barrier     | 1     | sum    | 0-1   | higher_worse  | 0
        pace_too_fast        | 1     | sum    | 0-1   | higher_worse  | 0
        clinician_disengaged | 1     | sum    | 0-1   | higher_worse  | 0
        strategies_used      | 1     | sum    | 0-1   | higher_better | 0
        """,
    )


def test_scores():
    """A blank item costs its own scale, and the sum where it hinders."""
    assert_scores(
        "session_checklist",
        """
        answers | hindering | language_barrier | pace_too_fast | clinician_disengaged | strategies_used | status
        --------+-----------+------------------+---------------+----------------------+-----------------+-----------------
        0 0 0 0 | 0         | 0                | 0             | 0                    | 0               | scored
        0 1 0 1 | 1         | 0                | 1             | 0                    | 1               | scored
        1 1 1 1 | 3         | 1                | 1             | 1                    | 1               | scored
        x 1 0 1 | x         | x                | 1             | 0                    | 1               | too_many_missing
        1 1 0 x | 2         | 1                | 1             | 0                    | x               | scored
        """,
    )


def test_it_is_about_the_session():
    """A process form: neither the alliance itself nor an outcome."""
    form = REGISTRY["session_checklist"]
    assert (form.construct, form.raters) == ("process", ("client", "therapist", "observer"))
    assert (form.bands, form.thresholds) == ((), ())
