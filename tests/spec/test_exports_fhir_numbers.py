"""Numbers of FHIR answers: from the answer, the feed's Questionnaire, or LOINC's codes; questions found by theirs."""

from __future__ import annotations

import json

import pytest

from schemas.registry import load
from tests.lib.exports import loaded, open_problems, process
from tests.lib.fhir import (
    FREQUENCY,
    GAD_7,
    PAIR,
    PHQ_9,
    answers,
    bundle,
    coding,
    fhir_feed,
    item,
    lines,
    read,
    response,
    weighted,
)

SHIPPED = load()

LIKERT = {
    "resourceType": "Questionnaire",
    "url": "http://example.org/pair",
    "item": [
        {
            "linkId": link,
            "type": "choice",
            "code": [{"system": "http://example.org/codes", "code": f"code-{link}"}],
            "answerOption": [{**weighted(n), "valueCoding": {"code": f"at{n}"}} for n in range(4)],
        }
        for link in PAIR
    ],
}


CODED = response("r1", [item("q1", coding("at3")), item("q2", coding("at0"))])


def test_numbers_of_answers_come_from_the_questionnaire(tmp_path):
    """Weights stand on the Questionnaire, not in the response; without it a code is no answer."""
    with read(tmp_path, lines(CODED), fhir_feed("mini", PAIR, LIKERT)) as con:
        assert answers(con) == {1: [3, 0]}
    assert process(tmp_path, fhir_feed("mini", PAIR), lines(CODED)).counts.quarantined == 1


def test_numbers_on_the_answer_win(tmp_path):
    own = [
        item("q1", {"valueCoding": {"code": "at3", **weighted(1)}}),
        item("q2", {**weighted(2, "http://hl7.org/fhir/StructureDefinition/itemWeight"), **coding("at0")}),
    ]
    for of in (fhir_feed("mini", PAIR, LIKERT), fhir_feed("mini", PAIR)):
        part = process(tmp_path, of, lines(response("r1", own)))
        assert part.rows("mini").select("item_01", "item_02").rows() == [(1, 2)]


def test_a_response_names_its_questionnaire_with_or_without_a_version(tmp_path):
    """The same code has another number in another form: that of the form the response names counts."""
    other = json.loads(json.dumps(LIKERT).replace("example.org/pair", "example.org/turned"))
    for question in other["item"]:
        question["answerOption"] = [{**weighted(3 - n), "valueCoding": {"code": f"at{n}"}} for n in range(4)]
    both = {"resourceType": "Bundle", "entry": [{"resource": LIKERT}, {"resource": other}]}
    named = (
        "http://example.org/pair|2.1",
        "http://example.org/pair",
        "http://example.org/turned|1",
        "http://x/none",
        None,
    )
    content = lines(
        *(
            CODED
            | {
                "id": f"r{n}",
                "subject": {"reference": f"Patient/{n}"},
                **({"questionnaire": url} if url else {}),
            }
            for n, url in enumerate(named)
        )
    )
    with read(tmp_path, content, fhir_feed("mini", PAIR, both)) as con:
        assert answers(con) == {1: [3, 0], 2: [3, 0], 3: [0, 3]}
        assert {(row, rule) for _, row, _, _, rule in open_problems(con)} == {
            (4, "not_an_answer"),
            (5, "not_an_answer"),
        }


def test_questions_are_found_by_their_codes(tmp_path):
    for items in (("code-q1", "code-q2"), ("http://example.org/codes|code-q1", "q2")):
        part = process(tmp_path, fhir_feed("mini", items, LIKERT), lines(CODED))
        assert (part.counts.accepted, part.counts.warnings) == (1, [])


def test_with_a_questionnaire_a_name_it_has_not_is_a_mistake(tmp_path):
    counts = process(tmp_path, fhir_feed("mini", ("q1", "q3"), LIKERT), lines(CODED)).counts
    assert (counts.refused, counts.refused_column) == ("missing_column", "q3")


@pytest.mark.parametrize(
    "text", ["", "{", '{"resourceType": "Patient"}', "[" * 100_000, "[]", '{"entry": 7}']
)
def test_a_file_that_is_no_questionnaire_is_told(tmp_path, text):
    assert (
        process(tmp_path, fhir_feed("mini", PAIR, text), lines(CODED)).counts.refused == "wrong_questionnaire"
    )


@pytest.mark.parametrize("prefix", ["", "/", "http://loinc.org/", "/44249-1/"])
@pytest.mark.parametrize("asked", ["", "/", "http://loinc.org/"])
def test_phq_9_by_its_loinc_codes(tmp_path, prefix, asked):
    """Whatever the link ids look like; the tenth question, on difficulty, stands in the midst of them."""
    items = [item(f"{prefix}{link}", coding(FREQUENCY[n % 4])) for n, link in enumerate(PHQ_9)]
    items.insert(4, item(f"{prefix}69722-7", coding("LA6573-5")))
    of = fhir_feed("phq_9", [f"{asked}{link}" for link in PHQ_9], forms=SHIPPED)
    part = process(tmp_path, of, bundle(response("r1", items)), SHIPPED)
    assert part.rows("phq_9").select("score_total").rows() == [(sum(n % 4 for n in range(9)),)]
    assert part.counts.warnings == []


def test_gad_7_knows_both_of_loincs_codes_for_two(tmp_path):
    codes = ("LA6570-1", "LA18938-3", *FREQUENCY, "LA6568-5")
    content = lines(
        response("r1", [item(f"/{link}", coding(code)) for link, code in zip(GAD_7, codes, strict=True)])
    )
    with loaded(tmp_path, [(fhir_feed("gad_7", GAD_7, forms=SHIPPED), content)], SHIPPED) as con:
        assert answers(con) == {1: [2, 2, 0, 1, 2, 3, 0]}


def test_a_public_code_of_another_question_has_no_number(tmp_path):
    """ "Not at all" is 0 in one form and 1 in another."""
    content = lines(response("r1", [item("q1", coding("LA6568-5")), item("q2", coding("LA6568-5"))]))
    assert process(tmp_path, fhir_feed("mini", PAIR), content).counts.quarantined == 1
