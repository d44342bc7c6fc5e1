"""What is found of a file alone: each mistake is, and what looks like one is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from flows.detect import suspicions, warnings
from tests.lib.answered import answers, counted, ends, form_of, forms, turned

FORMS = forms()
LONG, CORE_10, WAI_36, WAI_SR, PHQ_9 = (
    FORMS[id_] for id_ in ("long", "core_10", "wai_36", "wai_sr", "phq_9")
)
REVERSED, SHIFTED, LABELS, LINES = (
    "suspect_reversed_items", "suspect_value_set", "suspect_label_order", "suspect_straight_lines",
)  # fmt: skip


def given(card, people=60, seed=1):
    return answers(np.random.default_rng([seed, people, card.n_items]), card, people)


def found(card, rows, **how):
    return [(one.rule, one.items) for one in suspicions(form_of(card, **how), counted(card, rows))]


def noted(card, rows, **how):
    return warnings(form_of(card, **how), counted(card, rows))


def share(card, spoil, expected, people, files=40):
    """Share of files in which exactly this is found."""
    hits = sum(found(card, spoil(given(card, people, seed))) == expected for seed in range(files))
    return hits / files


def test_200_sound_files_of_60_people_raise_no_alarm():
    cards = list(FORMS.values())
    alarms = Counter()
    for number in range(200):
        card = cards[number % len(cards)]
        rows = given(card, 60, 1000 + number)
        alarms[card.id] += bool(found(card, rows)) + bool(noted(card, rows))
    assert sum(alarms.values()) == 0, alarms


@pytest.mark.parametrize("people", [0, 1, 5, 20, 400])
@pytest.mark.parametrize("card", FORMS.values(), ids=FORMS)
def test_nor_do_sound_files_of_other_sizes(card, people):
    assert [
        (found(card, given(card, people, seed)), noted(card, given(card, people, seed))) for seed in range(4)
    ] == [([], ())] * 4


class TestReversedItems:
    @pytest.mark.parametrize(
        ("card", "people", "least"),
        [(WAI_36, 20, 0.3), (LONG, 40, 0.8), (WAI_36, 60, 0.95), (LONG, 60, 0.9), (CORE_10, 100, 0.85)],
        ids=lambda one: getattr(one, "id", one),
    )
    def test_all_turned(self, card, people, least):
        items = tuple(sorted(card.reverse))
        assert share(card, lambda rows: turned(card, rows, items), [(REVERSED, items)], people) >= least

    def test_never_turned_though_the_feed_says_so(self):
        assert found(WAI_36, given(WAI_36), already_keyed=True) == [(REVERSED, tuple(sorted(WAI_36.reverse)))]

    def test_turned_at_capture_and_the_feed_says_so(self):
        rows = turned(WAI_36, given(WAI_36), WAI_36.reverse)
        assert found(WAI_36, rows, already_keyed=True) == []

    @pytest.mark.parametrize(("card", "item"), [(PHQ_9, 2), (WAI_SR, 7), (LONG, 4), (LONG, 5)])
    def test_one_item(self, card, item):
        assert share(card, lambda rows: turned(card, rows, [item]), [(REVERSED, (item,))], 100) >= 0.85

    def test_some_of_the_reversed_items(self):
        items = (1, 3, 7, 9, 10)
        assert share(WAI_36, lambda rows: turned(WAI_36, rows, items), [(REVERSED, items)], 200) >= 0.85

    def test_a_few_people_prove_nothing(self):
        rows = turned(WAI_36, given(WAI_36, 14), WAI_36.reverse)
        assert found(WAI_36, rows) == []

    def test_nor_do_many_sessions_of_a_few_people(self):
        rows = np.repeat(turned(WAI_36, given(WAI_36, 14), WAI_36.reverse), 10, axis=0)
        clients = np.repeat(np.arange(14), 10)
        assert suspicions(form_of(WAI_36), counted(WAI_36, rows, clients)) == ()

    def test_careless_people_at_the_ceiling_turn_no_sign(self):
        """They tick 7 throughout; all others agree so well that these alone set the correlation."""
        rng = np.random.default_rng(8)
        rows = np.full((60, 36), 6, dtype=np.int16) + (rng.random((60, 36)) < 0.3)
        rows = turned(WAI_36, rows, WAI_36.reverse)
        rows[:6] = 7
        keyed = turned(WAI_36, rows, WAI_36.reverse)
        mixed = [item - 1 for item in WAI_36.reverse]
        rest = [item - 1 for item in WAI_36.items if item not in WAI_36.reverse]
        assert np.corrcoef(keyed[:, mixed].sum(axis=1), keyed[:, rest].sum(axis=1))[0, 1] < -0.8
        assert found(WAI_36, rows) == []

    def test_a_risk_item_that_three_people_admit_to_is_let_be(self):
        rows = given(PHQ_9, 100)
        rows[:, 8] = 0
        rows[rows[:, :8].sum(axis=1).argsort()[:3], 8] = 3
        assert found(PHQ_9, rows) == []


class TestValueSet:
    @pytest.mark.parametrize("people", [20, 60])
    @pytest.mark.parametrize("by", [1, -1, 2])
    @pytest.mark.parametrize("card", [PHQ_9, CORE_10, WAI_36, LONG], ids=lambda card: card.id)
    def test_all_answers_lie_too_far(self, card, by, people):
        rule, items = found(card, given(card, people) + by)[0]
        assert (rule, items) == (SHIFTED, tuple(card.items))

    def test_one_column_counted_from_one(self):
        rows = given(PHQ_9, 100)
        rows[:, 3] += 1
        assert found(PHQ_9, rows) == [(SHIFTED, (4,))]

    def test_a_code_for_a_missing_answer_is_no_shift(self):
        """Nobody rates the alliance lowest, and 6 stands for does not apply."""
        rows = np.maximum(given(WAI_SR, 100), 2)
        rows[np.random.default_rng(1).random(rows.shape) < 0.05] = 6
        assert found(WAI_SR, rows) == []

    def test_mistyped_answers_are_no_shift(self):
        rows = np.minimum(given(PHQ_9, 100), 2) + 0
        rows[5, 3] = rows[50, 2] = 4
        assert found(PHQ_9, rows) == []

    def test_a_line_of_a_hundred_marks_has_no_set_of_values(self):
        rows = np.clip(given(FORMS["srs"], 60), 30, 100)
        rows[:10] = 105
        assert found(FORMS["srs"], rows) == []


class TestLabels:
    @pytest.fixture
    def card(self):
        labels = ("Not at all", "Several days", "More than half the days", "Nearly every day")
        return replace(PHQ_9, response=replace(PHQ_9.response, labels=labels))

    @pytest.mark.parametrize(
        ("labels", "wrong"),
        [
            ({"not at all": 0, "NEARLY EVERY DAY ": 3}, False),
            ({"Not at all": 3, "Several days": 2, "More than half the days": 1, "Nearly every day": 0}, True),
            ({"Not at all": 3, "Nearly every day": 0, "gar nicht": 0}, True),
            ({"Not at all": 3}, False),
            ({"gar nicht": 3, "fast jeden Tag": 0}, False),
            ({}, False),
        ],
    )
    def test_anchors_numbered_from_the_other_end(self, card, labels, wrong):
        expected = [(LABELS, tuple(range(1, 10)))] if wrong else []
        assert found(card, given(PHQ_9), labels=labels) == expected

    def test_a_file_without_answers_is_not_blamed(self, card):
        assert found(card, given(PHQ_9, 0), labels={"Not at all": 3, "Nearly every day": 0}) == []


class TestStraightLines:
    def test_most_forms_are_one_line_though_items_are_worded_both_ways(self):
        rows = given(LONG, 60)
        rows[:40] = rows[:40, :1]
        assert (LINES, tuple(LONG.items)) in found(LONG, rows)

    def test_many_are_a_warning(self):
        rows = given(LONG, 60)
        rows[:20] = rows[:20, :1]
        assert (found(LONG, rows), noted(LONG, rows)) == ([], ("straight_lines",))

    def test_full_marks_for_the_alliance_are_none(self):
        rows = given(WAI_SR, 60)
        rows[:45] = ends(WAI_SR, 1)[1]
        assert (found(WAI_SR, rows), noted(WAI_SR, rows)) == ([], ())

    def test_nor_are_people_without_complaints(self):
        rows = given(PHQ_9, 60)
        rows[:50] = 0
        assert (found(PHQ_9, rows), noted(PHQ_9, rows)) == ([], ())

    def test_the_same_form_again_and_again(self):
        rows = given(PHQ_9, 60)
        rows[10:50] = [0, 1, 2, 3, 0, 1, 2, 3, 0]
        assert found(PHQ_9, rows) == [(LINES, tuple(PHQ_9.items))]

    def test_a_column_filled_with_one_answer(self):
        rows = given(PHQ_9, 60)
        rows[:, 3] = 1
        assert found(PHQ_9, rows) == [(LINES, (4,))]

    def test_a_risk_item_that_nobody_admits_to(self):
        rows = given(PHQ_9, 80)
        rows[:, 8] = 0
        assert (found(PHQ_9, rows), noted(PHQ_9, rows)) == ([], ())

    def test_another_item_at_one_end_in_every_form_is_a_warning(self):
        rows = given(PHQ_9, 80)
        rows[:, :8] = np.maximum(rows[:, :8], 1)
        rows[:, 3] = 0
        assert (found(PHQ_9, rows), noted(PHQ_9, rows)) == ([], ("straight_lines",))
