"""Questionnaires: where the numbers of answers stand, and what two of them say differently."""

from __future__ import annotations

import json

import pytest

from flows.readers.fhir_forms import Forms, read_forms
from schemas.errors import ExportRefused
from tests.lib.fhir import weighted

WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"


def form(*items, **more):
    return {"resourceType": "Questionnaire", "item": list(items), **more}


def question(link, *options, **more):
    return {"linkId": link, "type": "choice", "answerOption": list(options), **more}


def option(code, value):
    return {**weighted(value), "valueCoding": {"code": code}}


def read(*forms):
    return read_forms(
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in forms]}), ()
    )


def test_numbers_on_options_on_their_codings_and_of_plain_options():
    on_coding = {"valueCoding": {"code": "b", **weighted(1.0, WEIGHT)}}
    plain = [{**weighted(2), "valueString": "often"}, {**weighted(0), "valueInteger": 7}]
    found = read(form(question("q", option("a", 0), on_coding, *plain, {"valueCoding": {"code": "none"}})))
    assert found.any_form.weights == {("q", "a"): "0", ("q", "b"): "1", ("q", "often"): "2", ("q", "7"): "0"}


def test_numbers_in_a_contained_value_set():
    concepts = [{"code": "a", **weighted(3)}]
    sets = [
        {"resourceType": "ValueSet", "id": "one", "compose": {"include": [{"concept": concepts}]}},
        {"resourceType": "ValueSet", "id": "two", "expansion": {"contains": concepts}},
    ]
    asked = [
        {"linkId": name, "type": "choice", "answerValueSet": f"#{name}"} for name in ("one", "two", "three")
    ]
    assert read(form(*asked, contained=sets)).any_form.weights == {("one", "a"): "3", ("two", "a"): "3"}


def test_groups_are_entered_and_are_no_questions():
    found = read(form({"linkId": "g", "type": "group", "item": [question("q", option("a", 1))]}))
    assert found.any_form.links == ("q",)


def test_the_forms_own_numbers_and_what_all_forms_agree_on():
    one = form(question("q", option("a", 0)), question("same", option("a", 1)), url="http://x/one")
    two = form(question("q", option("a", 4)), question("same", option("a", 1)), url="http://x/two")
    forms = read(one, two)
    assert forms.form("http://x/two|2.0").weights["q", "a"] == "4"
    assert forms.form("http://x/three").weights == {("same", "a"): "1"}


def test_a_code_of_two_questions_names_neither():
    code = [{"code": "c", "system": "http://x"}]
    assert read(form(question("q", code=code), question("r", code=code))).any_form.codes == {}
    assert read(form(question("q", code=code))).any_form.codes == {
        "c": "q",
        "http://x|c": "q",
        "http://x/c": "q",
    }


def test_public_codes_in_any_spelling():
    forms = Forms(coded={"44250-9": {"LA6568-5": "0"}})
    assert {forms.link(name) for name in (*forms.spellings("44250-9"), "/1/44250-9")} == {"44250-9"}
    assert forms.link("/x") == "/x"
    assert (forms.public("44250-9", "LA6568-5"), forms.public("x", "LA6568-5")) == ("0", None)


@pytest.mark.parametrize("text", ["", "7", '{"resourceType": "ValueSet"}', '{"a":' * 100_000])
def test_a_file_without_a_questionnaire(text):
    with pytest.raises(ExportRefused, match="wrong_questionnaire"):
        read_forms(text, ())


def test_groups_without_end():
    deep = question("q")
    for _ in range(150):
        deep = {"linkId": "g", "type": "group", "item": [deep]}
    with pytest.raises(ExportRefused, match="wrong_questionnaire"):
        read(form(deep))
