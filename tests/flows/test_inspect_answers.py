"""Cells of a block as answers of a form."""

from __future__ import annotations

import pytest

from flows.inspect_answers import Reading, label_steps, read_block, steps_of
from flows.inspect_columns import Column
from flows.inspect_items import Block
from tests.lib.unknown_files import FREQUENCY, REGISTRY

PHQ, GAD, SRS, WAI = (REGISTRY[id_] for id_ in ("phq_9", "gad_7", "srs", "wai_sr"))


def read(form, *cells: str, labels: dict[str, str] | None = None, copies: int = 2, absent=()) -> Reading:
    """The same cells in each of some columns."""
    columns = tuple(Column(f"Q{n}", n, cells, labels or {}) for n in range(copies))
    return read_block(Block(columns, "Q{n}", "number"), form, form.response, absent)


def test_codes():
    found = read(PHQ, "0", "3", "2.0", "")
    assert (found.by, found.valid, found.labels) == ("codes", 1.0, {})
    assert found.answers == {0: 2, 3: 2, 2: 2}


def test_codes_with_a_decimal():
    assert read(SRS, "9.5", "10", "0").answers == {95: 2, 100: 2, 0: 2}


@pytest.mark.parametrize(
    "write", [str, str.upper, lambda text: f" {text} ", lambda text: text.replace(" ", " ")]
)
def test_labels_whatever_their_case_and_blanks(write):
    found = read(PHQ, *map(write, FREQUENCY))
    assert found.by == "labels"
    assert sorted(found.labels.values()) == [0, 1, 2, 3]
    assert steps_of([write(FREQUENCY[2]), "x"], found) == [2, None]


def test_labels_with_the_number_before_and_an_explanation_after():
    texts = (
        "0 - Not at all",
        "1 - Several days (less than 15 days)",
        "2. More than half the days",
        "3) Nearly every day",
    )
    found = read(PHQ, *texts)
    assert (found.by, found.valid, found.sure) == ("labels", 1.0, True)
    assert found.labels == dict(zip(texts, range(4), strict=True))


def test_numbers_before_labels_that_count_otherwise_are_told():
    found = read(
        PHQ, "1 - Not at all", "2 - Several days", "3 - More than half the days", "4 - Nearly every day"
    )
    assert list(found.labels.values()) == [0, 1, 2, 3]
    assert not found.sure
    assert "differ" in found.why


def test_labels_and_codes_mixed():
    found = read(PHQ, "Not at all", "Several days", "2", "3")
    assert found.valid == 1.0
    assert found.labels == {"Not at all": 0, "Several days": 1}


def test_labels_nobody_knows_by_the_numbers_before_them():
    found = read(PHQ, "0 = jamais", "1 = parfois", "2 = souvent", "3 = toujours")
    assert (found.by, found.sure, found.valid) == ("labels", False, 1.0)


def test_codes_of_a_survey_system_in_the_forms_order():
    found = read(WAI, "A1", "A2", "A5", "A3", "A4")
    assert found.by == "letters"
    assert found.labels == {"A1": 1, "A2": 2, "A3": 3, "A4": 4, "A5": 5}
    assert found.sure
    assert not read(WAI, "A1", "A2").sure


def test_numbers_counted_from_one_are_proposed_and_unsure():
    found = read(PHQ, "1", "2", "3", "4")
    assert (found.by, found.sure) == ("shifted", False)
    assert found.labels == {"1": 0, "2": 1, "3": 2, "4": 3}


def test_what_the_file_says_of_its_codes_decides():
    said = {str(n + 1): text for n, text in enumerate(FREQUENCY)}
    found = read(PHQ, "1", "2", "3", "4", labels=said)
    assert (found.labels, found.sure, found.known) == ({"1": 0, "2": 1, "3": 2, "4": 3}, True, 4)
    own = read(PHQ, "0", "1", "2", "3", labels={str(n): text for n, text in enumerate(FREQUENCY)})
    assert (own.labels, own.known) == ({}, 4)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("-99",), {"missing": ("-99",)}),
        (("99",) * 2, {"missing": ("99",)}),
        (("99",), {}),
        (("N/A", "refused"), {"missing": ("N/A",), "refused": ("refused",)}),
        (("7", "6", "5", "8", "4"), {}),
    ],
)
def test_codes_of_no_answer(cells: tuple[str, ...], found: dict[str, tuple[str, ...]]):
    assert read(PHQ, "0", "1", "2", "3", *cells).no_answer == found


def test_a_code_that_is_an_answer_of_the_form_is_none_of_no_answer():
    assert read(SRS, "9", "9", "9", "1").no_answer == {}


def test_what_the_dialect_knows_is_left_to_it():
    assert read(PHQ, "0", "1", "2", "3", "N/A", absent=("N/A",)).no_answer == {}


def test_labels_of_a_form_come_from_its_card_or_from_what_is_known():
    assert label_steps(WAI, WAI.response)["seldom"] == 1
    assert label_steps(PHQ, PHQ.response)["almost every day"] == 3
    assert label_steps(SRS, SRS.response) == {}
