"""Which questionnaires a file holds, how surely, and when a person is asked."""

from __future__ import annotations

import random

import pytest

from flows.inspect_columns import Column
from flows.inspect_forms import Match, find_forms
from tests.lib.unknown_files import FREQUENCY, REGISTRY, answers, items, session

ROWS = 60
PHQ, GAD = answers(ROWS, 9, 0, 3), answers(ROWS, 7, 0, 3, 2)


def forms(*columns: tuple[str, list[str]], name: str = "export") -> list[Match]:
    found = [Column(title, at, tuple(cells)) for at, (title, cells) in enumerate(columns)]
    return find_forms(found, REGISTRY, name)


def told(matches: list[Match]) -> list[tuple[str, bool, bool]]:
    return [(one.instrument.id, one.sure, one.open) for one in matches]


@pytest.mark.parametrize(
    ("id_", "pattern"),
    [
        ("phq_9", "PHQ9_{n}"), ("phq_9", "phq_{n:02}"), ("gad_7", "GAD7_{n}"), ("gad_7", "out_gad7_q{n}"),
        ("core_10", "CORE{n}"), ("core_om", "coreom_{n}"), ("yp_core", "YPCORE_{n}"), ("k10", "K10_{n}"),
        ("pcl_5", "PCL5_{n}"), ("wsas", "WSAS{n}"), ("ors", "ORS_{n}"), ("srs", "SRS_{n}"), ("sdq", "SDQ{n}"),
        ("swemwbs", "SWEMWBS_{n}"), ("wai_sr", "WAI_{n}"), ("wai_s", "WAI_{n}"), ("wai_36", "WAI_{n}"),
        ("wai_b3", "WAIB3_{n}"), ("arm_5", "ARM5_{n}"), ("haq_2", "HAQ_{n}"), ("star_p", "STARP_{n}"),
        ("calpas_p", "CALPAS{n}"), ("vpps", "VPPS{n}"), ("session_checklist", "CHK[SQ{n:03}]"),
    ],
)  # fmt: skip
def test_a_name_a_count_and_a_range_are_sure(id_: str, pattern: str):
    response = REGISTRY[id_].response
    given = answers(ROWS, REGISTRY[id_].n_items, response.step_min, response.step_max)
    point = response.steps_per_point
    columns = items(pattern, given, lambda step: f"{step // point}" if point == 1 else f"{step / point}")
    [found] = forms(*columns)
    assert told([found]) == [(id_, True, False)]
    assert found.block.pattern == pattern


def test_a_shape_alone_is_unsure():
    [found] = forms(*items("D{n}", PHQ))
    assert told([found]) == [("phq_9", False, False)]
    assert found.evidence == ("answers from 0 to 3", "9 items")


def test_several_forms_of_one_shape_are_asked_for():
    [found] = forms(*items("S{n}", answers(ROWS, 10, 0, 4)))
    assert found.open
    assert {found.instrument.id, *(other.instrument.id for other in found.others)} == {
        "core_10",
        "k10",
        "yp_core",
    }


@pytest.mark.parametrize(
    "columns",
    [
        items("X{n}", answers(ROWS, 4, 0, 1)),
        items("X{n}", answers(ROWS, 4, 0, 10)),
        items("X{n}", answers(ROWS, 6, 0, 3)),
        [("a", ["1"] * ROWS), ("b", ["2"] * ROWS)],
    ],
    ids=["four yes or no", "four from 0 to 10", "a count of no form", "no items"],
)
def test_what_many_things_look_like_is_no_form(columns):
    assert forms(*columns) == []


def test_the_files_name_counts():
    [found] = forms(*items("Item{n}", PHQ), name="PHQ9_data")
    assert "the file's name says so" in found.evidence


def test_a_stored_total_makes_it_sure():
    sums = ("SumScore", [str(sum(row)) for row in PHQ])
    [found] = forms(*items("Item{n}", PHQ), sums, name="PHQ9_data")
    assert found.sure
    assert found.totals[0].column == "SumScore"


def test_codes_and_their_labels_side_by_side_are_one_form_read_by_codes():
    texts = items("Item{n}", PHQ, lambda answer: FREQUENCY[answer])
    [found] = forms(*items("Item{n}_num", PHQ), *texts)
    assert found.block.pattern == "Item{n}_num"
    assert found.evidence[-1] == "the same answers stand as texts in Item1 and on"


def test_the_same_form_twice_with_other_answers_is_two_forms():
    before, after = items("pre_phq9_{n}", PHQ), items("post_phq9_{n}", answers(ROWS, 9, 0, 3, 9))
    assert told(forms(*before, *after)) == [("phq_9", True, False)] * 2


def test_shuffled_columns_are_items_by_their_numbers():
    columns = items("PHQ{n}", PHQ)
    random.Random(3).shuffle(columns)
    [found] = forms(*columns)
    assert [column.name for column in found.block.columns] == [f"PHQ{n}" for n in range(1, 10)]


def test_the_difficulty_question_behind_and_in_the_middle():
    tenth = [[*row, row[0]] for row in PHQ]
    [behind] = forms(*items("PHQ9_{n}", tenth))
    assert [column.name for column in behind.difficulty] == ["PHQ9_10"]
    columns = items("PHQ9_{n}", PHQ)
    columns.insert(4, ("PHQ_difficulty", [str(row[0]) for row in PHQ]))
    [within] = forms(*columns)
    assert [column.name for column in within.difficulty] == ["PHQ_difficulty"]
    assert within.block.size == 9


def test_an_attention_check_among_the_items():
    columns = items("W36_{n}", answers(ROWS, 36, 1, 7))
    columns.insert(20, ("ATT1", ["3"] * ROWS))
    [found] = forms(*columns)
    assert [column.name for column in found.attention] == ["ATT1"]


def test_a_survey_that_numbers_through_is_taken_apart_by_how_it_is_answered():
    hard = ("Q10", ["Somewhat difficult" if row[0] else "Not difficult at all" for row in PHQ])
    label = FREQUENCY.__getitem__
    first = items("Q{n}", PHQ, label)
    second = [(f"Q{n + 11}", [label(row[n]) for row in GAD]) for n in range(7)]
    found = forms(*first, hard, *second)
    assert [(one.instrument.id, one.block.columns[0].name) for one in found] == [
        ("phq_9", "Q1"),
        ("gad_7", "Q11"),
    ]


def test_two_forms_answered_alike_and_numbered_through_are_asked_for():
    found = forms(*items("Q{n}", [a + b for a, b in zip(PHQ, GAD, strict=True)]))
    assert [(one.instrument.id, one.block.size, one.open) for one in found] == [
        ("phq_9", 9, True),
        ("gad_7", 7, True),
    ]


def test_a_session_number_among_labelled_items_is_no_item():
    columns = [
        session(ROWS),
        *(
            (f"q{n}", cells)
            for n, (_, cells) in zip("abcdefghi", items("{n}", PHQ, FREQUENCY.__getitem__), strict=True)
        ),
    ]
    [found] = forms(*columns)
    assert "Session" not in [column.name for column in found.block.columns]
    assert (found.block.by, found.instrument.id) == ("place", "phq_9")


def test_a_variant_of_the_response_scale():
    [found] = forms(*items("K10_{n}", answers(ROWS, 10, 0, 4)))
    assert found.variant == "coded_0_4"


def test_codes_counted_from_another_number_without_a_name_are_asked_for():
    [found] = forms(*items("X{n}", PHQ, lambda answer: str(answer + 1)))
    assert found.open


def test_one_mistyped_answer_does_not_make_another_form():
    """12 items of the WAI are the short form of 5 answers or of 7: a single 7 in a small file proves nothing."""
    given = answers(33, 12, 1, 5)
    given[4][7] = 7
    [found] = forms(*items("WAI_{n}", given))
    assert (found.instrument.id, found.sure) == ("wai_sr", True)
