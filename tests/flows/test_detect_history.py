"""What earlier files of a feed say: a form turned over as a whole, and people who merely changed."""

from __future__ import annotations

import numpy as np
import pytest

from flows.detect import suspicions
from flows.detect_history import FIRST, FLIPPED, History, Verdict, compared
from tests.lib.answered import answers, counted, form_of, forms, turned

FORMS = forms()
REVERSED = "suspect_reversed_items"


def made(card, people=60, seed=1, items=(), shift=0.0):
    rng = np.random.default_rng([seed, people, card.n_items])
    return counted(card, turned(card, answers(rng, card, people, shift), items))


def verdicts(card, *tallies, released=(), **how):
    """Of the files of one feed, in order; each is first looked at alone."""
    history, form = History(), form_of(card, **how)
    return [
        history.judge("north", [(form, tally)], suspicions(form, tally), at in released)
        for at, tally in enumerate(tallies)
    ]


def rules(verdict):
    return [one.rule for one in verdict.held]


@pytest.mark.parametrize("id_", ["phq_9", "core_10", "long", "wai_36", "wai_sr", "srs"])
def test_a_form_turned_over_as_a_whole(id_):
    card = FORMS[id_]
    found = [
        verdicts(card, made(card, 150, seed), made(card, 60, seed + 50, card.items))[1] for seed in range(8)
    ]
    assert [rules(one) for one in found].count([FLIPPED]) >= 7
    assert {one.held[0].items for one in found if one.held} == {tuple(card.items)}
    assert [suspicions(form_of(card), made(card, 60, seed + 50, card.items)) for seed in range(8)] == [()] * 8


@pytest.mark.parametrize("shift", [-1.2, -0.6, 0.0, 0.6, 1.2])
@pytest.mark.parametrize("id_", FORMS)
def test_people_who_are_better_or_worse_are_not_turned_over(id_, shift):
    card = FORMS[id_]
    found = [verdicts(card, made(card, 150, s), made(card, 60, s + 50, shift=shift))[1] for s in range(6)]
    assert found == [Verdict()] * 6


def test_a_risk_item_turned_alone():
    card = FORMS["phq_9"]
    [_, found] = verdicts(card, made(card, 150), made(card, 60, 2, [9]))
    assert [(one.rule, one.items) for one in found.held] in ([(FLIPPED, (9,))], [(REVERSED, (9,))])


def test_earlier_files_make_reversed_items_plain_sooner():
    card, form = FORMS["core_10"], form_of(FORMS["core_10"])
    earlier = made(card, 400)
    files = [made(card, 60, seed, card.reverse) for seed in range(40)]
    alone = [bool(suspicions(form, one)) for one in files]
    known = [bool(suspicions(form, one) or compared(form, one, earlier)) for one in files]
    assert sum(known) >= sum(alone) + 3


@pytest.mark.parametrize(("earlier", "now"), [(20, 60), (150, 10)])
def test_little_is_compared_with_nothing(earlier, now):
    card = FORMS["phq_9"]
    assert verdicts(card, made(card, earlier), made(card, now, 2, card.items))[1] == Verdict()


def test_feeds_and_forms_are_compared_with_their_own():
    card = FORMS["phq_9"]
    history, form = History(), form_of(card)
    history.judge("north", [(form, made(card, 150))])
    assert history.judge("south", [(form, made(card, 60, 2, card.items))]) == Verdict(warnings=(FIRST,))


def test_a_held_file_is_no_history_and_a_released_one_is():
    card = FORMS["phq_9"]
    sound, over = made(card, 150), made(card, 150, 2, card.items)
    again = made(card, 60, 3)
    assert [rules(one) for one in verdicts(card, sound, over, again)] == [[], [FLIPPED], []]
    assert [rules(one) for one in verdicts(card, over, made(card, 60, 4), released=[0])] == [[], [FLIPPED]]


def test_what_was_let_through_once_is_not_asked_again():
    """A person has said that the form is as the file has it."""
    card = FORMS["wai_36"]
    files = [made(card, 60, seed, card.reverse) for seed in range(3)]
    assert verdicts(card, *files) == [Verdict()] * 3
    assert verdicts(card, *files, released=[0]) == [Verdict(), Verdict(released=True), Verdict(released=True)]


def test_something_else_is_asked_again():
    card = FORMS["wai_36"]
    files = made(card, 60, 1, card.reverse), made(card, 200, 2, [*card.reverse, 2])
    assert verdicts(card, *files, released=[0])[1] == Verdict()


class TestFirstFile:
    @pytest.mark.parametrize("id_", ["wai_sr", "srs", "phq_9", "core_10"])
    def test_on_the_wrong_half_is_a_warning(self, id_):
        card = FORMS[id_]
        assert verdicts(card, made(card, 60, 1, card.items)) == [Verdict(warnings=(FIRST,))]

    @pytest.mark.parametrize("id_", FORMS)
    def test_a_sound_one_is_none(self, id_):
        card = FORMS[id_]
        assert [verdicts(card, made(card, 60, seed)) for seed in range(6)] == [[Verdict()]] * 6

    def test_few_people_are_not_judged(self):
        card = FORMS["wai_sr"]
        assert verdicts(card, made(card, 10, 1, card.items)) == [Verdict()]
