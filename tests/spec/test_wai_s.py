"""Working Alliance Inventory, Short (12 items)

Twelve of the 36 statements, answered 1 (never) to 7 (always); items 4 and 10 are reversed, 8 - answer.
Its items are 2, 4, 8, 12, 21, 22, 23, 24, 26, 27, 32 and 35 of the long form, with their subscale and
sign: so the key is derived. More is a better alliance.
"""

from __future__ import annotations

import pytest

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

IN_THE_LONG_FORM = (2, 4, 8, 12, 21, 22, 23, 24, 26, 27, 32, 35)


def test_answers():
    """The anchors of the long form."""
    assert_answers("wai_s", "1 never, 2 rarely, 3 occasionally, 4 sometimes, 5 often, 6 very often, 7 always")


def test_key():
    """Four items to a subscale; `r` marks a reversed one."""
    assert_key(
        "wai_s",
        """
        scale | items
        ------+-----------
        task  | 1 2 8 12
        bond  | 3 5 7 9
        goal  | 4r 6 10r 11
        """,
    )


@pytest.mark.parametrize("scale", ["task", "bond", "goal"])
def test_the_key_follows_from_the_long_form(scale):
    """Item by item: the same subscale, and reversed where the long form's item is."""
    short, long = REGISTRY["wai_s"], REGISTRY["wai_36"]
    there = [IN_THE_LONG_FORM[number - 1] for number in short.scale(scale).items]
    assert set(there) <= set(long.scale(scale).items)
    assert {IN_THE_LONG_FORM[number - 1] for number in short.reverse} == set(IN_THE_LONG_FORM) & long.reverse


def test_scales():
    """Three subscales and the total."""
    assert_scales(
        "wai_s",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 12    | sum    | 12-84 | higher_better | 0
        task  | 4     | sum    | 4-28  | higher_better | 0
        bond  | 4     | sum    | 4-28  | higher_better | 0
        goal  | 4     | sum    | 4-28  | higher_better | 0
        """,
    )


def test_sums():
    """A yes-sayer loses on the two reversed Goal items."""
    assert_scores(
        "wai_s",
        """
        answers                 | task | bond | goal | total | status
        ------------------------+------+------+------+-------+-----------------
        all 7                   | 28   | 28   | 16   | 72    | scored
        all 1                   | 4    | 4    | 16   | 24    | scored
        5 6 4 2 7 6 5 6 4 3 5 6 | 23   | 20   | 22   | 65    | scored
        5 6 4 x 7 6 5 6 4 3 5 6 | 23   | 20   | x    | x     | too_many_missing
        """,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs are published."""
    assert (REGISTRY["wai_s"].bands, REGISTRY["wai_s"].thresholds) == ((), ())
