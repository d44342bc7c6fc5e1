"""One QuestionnaireResponse to records: what it is about, repeats, and the text of an answer."""

from __future__ import annotations

import pytest

from flows.readers import fhir_answers
from flows.readers.fhir_answers import TWICE, Reading, records_of
from flows.readers.fhir_forms import Forms
from flows.readers.table import Broken
from tests.lib.fhir import item, response


def records(items, **more):
    return records_of(response("r1", items, **more), Reading(Forms()))


def value(text):
    return {"valueString": text}


def test_what_a_response_is_about():
    [record] = records(
        [],
        identifier={"value": "I"},
        meta={"lastUpdated": "2026"},
        subject={"reference": "Patient/1/_history/2", "identifier": {"value": "N"}},
        source={"reference": "http://x.org/fhir/Practitioner/7"},
        author={"type": "Device", "identifier": {"value": "D"}},
        questionnaire="http://x.org/q|1",
    )
    assert record == {
        "id": "r1", "identifier": "I", "status": "completed", "authored": "2026-10-01T10:00:00Z",
        "lastUpdated": "2026", "subject": "Patient/1", "subject.identifier": "N", "author": "D",
        "source": "http://x.org/fhir/Practitioner/7", "source.type": "Practitioner", "encounter": "",
        "questionnaire": "http://x.org/q|1", "repeat": "",
    }  # fmt: skip


@pytest.mark.parametrize("odd", [7, "x", [], ["x"], {"identifier": [{"value": 7}]}, {"reference": {}}])
def test_odd_references_are_read_or_blank(odd):
    [record] = records([], subject=odd, meta=odd, identifier=odd, source=odd)
    assert record["subject"] in ("", "7")


def test_repeats_carry_what_stands_beside_them():
    groups = [item("g", item=[item("a", value(text))]) for text in "xy"]
    found = records([item("b", value("z")), *groups])
    assert [(one["a"], one["b"], one["repeat"]) for one in found] == [("x", "z", "1"), ("y", "z", "2")]


def test_repeats_within_repeats_and_within_a_group():
    inner = [item("h", item=[item("a", value(text))]) for text in "xy"]
    outer = [item("g", item=[item("b", value(str(n))), *inner]) for n in (1, 2)]
    found = records([item("once", item=outer)])
    assert [one["b"] + one["a"] for one in found] == ["1x", "1y", "2x", "2y"]


def test_a_second_answer_under_one_link_id_is_told_in_its_cell():
    [record] = records([item("a", value("x")), item("a", value("x")), item("b"), item("b", value("y"))])
    assert (record["a"], record["b"]) == (TWICE, "y")


def test_repeats_that_would_fill_the_memory(monkeypatch):
    monkeypatch.setattr(fhir_answers, "CELLS", 20)
    groups = [item("g", item=[item("a", value("x"))]) for _ in range(2)]
    assert records(groups) == [Broken("too_many_repeats")]


def test_a_number_on_the_value_itself():
    extension = [
        {"url": "other"},
        {"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueInteger": 0},
    ]
    [record] = records([item("a", {"valueString": "never", "_valueString": {"extension": extension}})])
    assert record["a"] == "0"
