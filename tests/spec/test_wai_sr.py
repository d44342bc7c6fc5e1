"""Working Alliance Inventory, Short Revised (12 items, client and therapist form)

Twelve statements answered 1 (seldom) to 5 (always), none reversed. Task, Bond and Goal are sums of four
answers each; the total is the sum of all. More is a better alliance. The therapist form of these twelve
items has the same key; the 10-item therapist form (wai_srt) has not.
"""

from __future__ import annotations

from schemas.instrument import Instrument
from tests.lib.forms import FORMS
from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores


def test_answers():
    """Five anchors; translations with seven points are another form."""
    assert_answers("wai_sr", "1 seldom, 2 sometimes, 3 fairly often, 4 very often, 5 always")


def test_key():
    """Four items to a subscale, none reversed."""
    assert_key(
        "wai_sr",
        """
        scale | items
        ------+----------
        task  | 1 2 10 12
        bond  | 3 5 7 9
        goal  | 4 6 8 11
        """,
    )


def test_scales():
    """Three subscales of four items, and the total."""
    assert_scales(
        "wai_sr",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 12    | sum    | 12-60 | higher_better | 0
        task  | 4     | sum    | 4-20  | higher_better | 0
        bond  | 4     | sum    | 4-20  | higher_better | 0
        goal  | 4     | sum    | 4-20  | higher_better | 0
        """,
    )


def test_sums():
    """Subscale scores are sums of the answers as given."""
    assert_scores(
        "wai_sr",
        """
        answers                 | task | bond | goal | total
        ------------------------+------+------+------+------
        3 3 3 3 3 3 3 3 3 3 3 3 | 12   | 12   | 12   | 36
        1 2 3 4 5 1 2 3 4 5 1 2 | 10   | 14   | 9    | 33
        5 4 5 3 5 4 4 3 5 4 3 4 | 17   | 19   | 13   | 49
        """,
    )


def test_a_missing_answer_costs_its_own_subscale_and_the_total():
    """No rule for missing answers is published: a scale is scored when all of its items are answered."""
    assert_scores(
        "wai_sr",
        """
        answers                 | task | bond | goal | total | answered | status
        ------------------------+------+------+------+-------+----------+-----------------
        5 4 5 3 5 4 4 3 5 x 3 4 | x    | 19   | 13   | x     | 11       | too_many_missing
        5 4 x 3 5 4 4 3 5 4 3 4 | 17   | x    | 13   | x     | 11       | too_many_missing
        5 4 5 3 5 x 4 3 5 4 3 4 | 17   | 19   | x    | x     | 11       | too_many_missing
        all x                   | x    | x    | x    | x     | 0        | too_many_missing
        """,
    )


def test_subscales_are_not_those_of_the_long_form():
    """Item 1 is Task here (Goal as item 25 of the 36), item 8 is Goal here (Task as item 24 of the 36)."""
    short, long = REGISTRY["wai_sr"], REGISTRY["wai_36"]
    assert 1 in short.scale("task").items
    assert 25 in long.scale("goal").items
    assert 8 in short.scale("goal").items
    assert 24 in long.scale("task").items


def test_no_form_is_scored_from_another():
    """A card knows its own items and scales only: components are scales or items of that form."""
    for id_ in FORMS:
        form = REGISTRY[id_]
        assert all(stays_inside(form, part) for _, part in form.components)
        assert all(set(scale.items) <= set(form.items) for scale in form.scales)
        assert all(set(scale.scales) <= set(form.scale_ids) for scale in form.scales)
    assert "there is no crosswalk between forms" in " ".join(REGISTRY["wai_sr"].notes)


def stays_inside(form: Instrument, part: str | tuple[int, ...]) -> bool:
    return part in form.scale_ids if isinstance(part, str) else set(part) <= set(form.items)


def test_the_card_tells_it_from_the_ten_item_therapist_form():
    """Whoever looks up either form is told of the other."""
    assert "not the 10-item WAI-SRT, which is wai_srt" in REGISTRY["wai_sr"].version
    assert "not the 12-item therapist form of the WAI-SR, which is wai_sr" in REGISTRY["wai_srt"].version


def test_nothing_is_invented():
    """Bands that vendors print are not validated, and no cut-off is published."""
    assert (REGISTRY["wai_sr"].bands, REGISTRY["wai_sr"].thresholds) == ((), ())
