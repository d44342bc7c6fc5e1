"""Qualtrics API responses: which text a cell has, and what is no response."""

from __future__ import annotations

import io
import json

import pytest

from flows.readers.qualtrics_json import NOT_DISPLAYED, open_qualtrics_json
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import feed

TOML = """
dialect = "qualtrics_json"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
"""


def cells(responses, *names, items='"QID{n}"'):
    table = open_qualtrics_json(
        io.BytesIO(json.dumps(responses).encode()), feed(TOML.format(items=items)), DIALECT
    )
    places = [table.column(name) for name in names]
    rows = []
    for batch in table.records.readers(places):
        rows += batch().rows.select(map(str, places)).rows()
    return rows


DIALECT = load_dialects()["qualtrics_json"]


def one(values, **more):
    return {"responses": [{"responseId": "R_1", "values": values, **more}]}


def test_values_win_over_labels_and_both_over_the_response_itself():
    response = one({"a": 1, "b": None}, labels={"a": "yes", "b": "no", "c": "maybe"}, c="x", d="y")
    assert cells(response, "a", "b", "c", "d") == [("1", "no", "maybe", "y")]


def test_numbers_lists_and_choices():
    values = {
        "a": 2.0,
        "b": ["1", 3],
        "c": {"choiceId": "4", "choiceText": "Often"},
        "d": {"textEntry": "t"},
        "e": {},
    }
    assert cells(one(values), *"abcde") == [("2", "1;3", "4", "t", None)]


def test_what_was_not_displayed_is_told_of_items_alone():
    shown = one({"QID2": 1}, displayedFields=["QID2", "QID3", "QID5"])
    assert cells(shown, "QID1", "QID2", "QID3", "PID") == [(NOT_DISPLAYED, "1", None, None)]
    assert cells(shown, "QID1", "QID9", items='["QID9", "PID"]') == [(None, NOT_DISPLAYED)]
    assert cells(shown, "QID5_1", "QID6_1", items='"QID{n}_1"') == [(None, NOT_DISPLAYED)]
    assert cells(one({"QID2": 1}), "QID1") == [(None,)], "a file that does not say what was displayed"


def test_a_response_by_itself_and_an_array_of_them():
    response = one({"a": 1})["responses"][0]
    assert cells(response, "a") == cells([response], "a") == [("1",)]


@pytest.mark.parametrize("content", [{}, {"resourceType": "Bundle"}, {"responseId": 1, "values": 7}])
def test_an_object_that_is_no_response_is_refused(content):
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        cells(content, "a")


def test_no_responses_at_all_have_the_columns_that_are_always_there():
    table = open_qualtrics_json(
        io.BytesIO(b'{"responses": []}'), feed(TOML.format(items='"QID{n}"')), DIALECT
    )
    assert {"responseId", "endDate", "status", "finished", "PID"} <= set(table.names)
