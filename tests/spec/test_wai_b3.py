"""Working Alliance Inventory, Brief 3 (WAI-B3)

Three items of the 12-item WAI-SR, for client and therapist: item 11 for Goal, item 10 for Task and item 9
for Bond. Here they stand in that order, as items 1, 2 and 3: a feed lists its columns so. Which items
they are is printed; responses and sums follow from the 12-item form.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

IN_THE_12_ITEM_FORM = {1: 11, 2: 10, 3: 9}


def test_answers():
    """The anchors of the 12-item form."""
    assert_answers("wai_b3", "1 seldom, 2 sometimes, 3 fairly often, 4 very often, 5 always")


def test_key():
    """One item for each component."""
    assert_key(
        "wai_b3",
        """
        scale | items
        ------+------
        task  | 2
        bond  | 3
        goal  | 1
        """,
    )


def test_the_key_follows_from_the_12_item_form():
    """Each item belongs to the same component there."""
    for scale in ("task", "bond", "goal"):
        (number,) = REGISTRY["wai_b3"].scale(scale).items
        assert IN_THE_12_ITEM_FORM[number] in REGISTRY["wai_sr"].scale(scale).items


def test_the_order_is_on_the_card():
    """It is Accord's own, so a feed's author must be able to read it."""
    order = "1 = item 11 (Goal), 2 = item 10 (Task), 3 = item 9 (Bond)"
    assert order in REGISTRY["wai_b3"].version


def test_scales():
    """Three scales of one item, and the total."""
    assert_scales(
        "wai_b3",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 3     | sum    | 3-15  | higher_better | 0
        task  | 1     | sum    | 1-5   | higher_better | 0
        bond  | 1     | sum    | 1-5   | higher_better | 0
        goal  | 1     | sum    | 1-5   | higher_better | 0
        """,
    )


def test_sums():
    """A component is its item."""
    assert_scores(
        "wai_b3",
        """
        answers | goal | task | bond | total | status
        --------+------+------+------+-------+-----------------
        4 5 3   | 4    | 5    | 3    | 12    | scored
        1 2 5   | 1    | 2    | 5    | 8     | scored
        4 x 3   | 4    | x    | 3    | x     | too_many_missing
        """,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs were found."""
    assert (REGISTRY["wai_b3"].bands, REGISTRY["wai_b3"].thresholds) == ((), ())
