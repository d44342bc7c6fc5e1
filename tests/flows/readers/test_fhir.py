"""Opening FHIR files: which columns there are, and under which names they are found."""

from __future__ import annotations

import io
import json

import pytest

from flows.readers.fhir import open_fhir
from flows.readers.fhir_answers import FIXED
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.fhir import GAD_7, PHQ_9, bundle, coding, fhir_feed, item, lines, response

DIALECT = load_dialects()["fhir"]
FORM = {
    "resourceType": "Questionnaire",
    "item": [{"linkId": "q1", "type": "choice"}, {"linkId": "t", "type": "display"}],
}


def opened(content, questionnaire=None):
    return open_fhir(io.BytesIO(content.encode()), fhir_feed("mini", ("q1", "q2"), questionnaire), DIALECT)


def test_columns_are_the_fixed_ones_and_the_link_ids():
    table = opened(lines(response("r1", [item("b"), item("g", item=[item("a")])])))
    assert table.names == (*FIXED, "b", "a")
    assert table.column("c") == len(table.names)


def test_of_a_form_with_public_codes_all_questions_are_known():
    table = opened(lines(response("r1", [item(f"/{PHQ_9[0]}", coding("LA6568-5"))])))
    assert {*PHQ_9, *GAD_7} <= set(table.names)
    assert table.aliases[f"/{PHQ_9[8]}"] == table.names.index(PHQ_9[8])


def test_with_a_questionnaire_its_questions_are_the_columns():
    table = opened(bundle(), FORM)
    assert table.names == (*FIXED, "q1")
    with pytest.raises(ExportRefused, match="missing_column"):
        table.column("q2")


def test_a_link_id_named_as_a_fixed_column_is_not_lost():
    table = opened(lines(response("r1", [item("status", {"valueInteger": 2})])))
    [row] = table.records.sample(1)
    assert (row[table.names.index("status")], row[table.names.index("status#2")]) == ("completed", "2")


def test_an_entry_without_a_resource_is_no_record():
    entries = [{"fullUrl": "x", "request": {"method": "DELETE", "url": "QuestionnaireResponse/1"}}, 7, {}]
    table = opened(json.dumps({"resourceType": "Bundle", "entry": entries}))
    [read] = table.records.readers([0])
    assert read().broken == [(1, "unreadable_record"), (2, "unreadable_record")]
