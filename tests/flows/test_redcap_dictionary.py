"""Columns and cells of a REDCap CSV by its data dictionary."""

from __future__ import annotations

import io

import polars as pl
import pytest

from flows.read import open_export
from flows.redcap_dictionary import field_names
from flows.redcap_fields import read_dictionary
from schemas.dialect import load_dialects
from schemas.site import Feed, FeedInstrument

TOP = "field_name,form_name,field_type,field_label,select_choices_or_calculations,text_validation_type_or_show_slider_number,identifier\n"
FIELDS = """record_id,intake,text,Record ID,,,
born,intake,text,Born on,,date_mdy,y
note,intake,notes,Comments,,,
q1,mood,radio,How?,"0, Never | 1, Often",,
q2,mood,yesno,Really?,,,
note2,mood,notes,Comments,,,
kin,family,checkbox,Who?,"1, Kin | 2, Friends",,
"""
COLUMNS = [
    "record_id", "intake_timestamp", "born", "note", "intake_complete", "mood_timestamp", "q1", "q2", "note2", "mood_complete",
    "kin___1", "kin___2", "family_complete",
]  # fmt: skip
LABELS = [
    "Record ID", "Survey Timestamp", "Born on", "Comments", "Complete?", "Survey Timestamp", "How?", "Really?", "Comments", "Complete?",
    "Who? (choice=Kin)", "Who? (choice=Friends)", "Complete?",
]  # fmt: skip


def named(header):
    return field_names(header, read_dictionary(TOP + FIELDS))


def opened(text, **more):
    of = Feed("f", "c", "responses", "inbox/*", "redcap", dictionary="d.csv", aside=TOP + FIELDS, **more)
    return open_export(io.BytesIO(text.encode()), of, load_dialects()["redcap"])


def cells(export, *names):
    (batch,) = export.batches({name: export.position(name) for name in names})
    return batch.rows.rows()


def test_header_labels_become_names():
    assert named(LABELS) == COLUMNS
    assert named(COLUMNS) == COLUMNS
    assert named([*LABELS[:6], *COLUMNS[6:]]) == COLUMNS, "labels and names in one header"


def test_a_label_that_may_be_one_of_several_fields_stays():
    left_out = [label for at, label in enumerate(LABELS) if at != 3]
    assert named(left_out)[left_out.index("Comments")] == "Comments"
    assert named(["Something else", "How?"]) == ["Something else", "q1"]


def test_columns_of_a_form_without_its_fields_are_nobodys():
    """Two closing columns in a row: the second may be of any form whose fields were left out."""
    assert named(["How?", "Complete?", "Complete?"]) == ["q1", "mood_complete", "Complete?"]
    assert named(["Survey Timestamp", "Complete?", "Survey Timestamp", "How?"])[::2] == [
        "Survey Timestamp",
        "mood_timestamp",
    ]


def test_columns_that_redcap_adds():
    added = ["Event Name", "Repeat Instrument", "Repeat Instance", "Data Access Group", "Survey Identifier"]
    assert [name.startswith("redcap_") for name in named(["Record ID", *added])[1:]] == [True] * 5


def test_answers_become_codes_and_codes_stay():
    text = (
        "record_id,q1,q2,kin___1,mood_complete\n1,often,YES,Checked,Unverified\n2,0,0,0,2\n3,Seldom,UNK,,\n"
    )
    assert cells(opened(text), "q1", "q2", "kin___1", "mood_complete") == [
        (1, "1", "1", "1", "1"),
        (2, "0", "0", "0", "2"),
        (3, "Seldom", "UNK", None, None),
    ]
    assert opened(text).sample(1) == [["1", "1", "1", "1", "1"]]
    assert opened(text).labels[1] == {"Never": "0", "Often": "1"}


def test_whole_numbers_may_still_come_as_numbers():
    export = opened("record_id,q1\n1,0\n2,1\n")
    (read,) = export.readers({"q1": 1}, numbers=["q1"])
    assert read().rows["q1"].dtype == pl.Int16


def test_labels_that_are_numbers_are_read_as_texts():
    of = Feed(
        "f",
        "c",
        "responses",
        "inbox/*",
        "redcap",
        dictionary="d",
        aside=TOP + 'q1,mood,radio,How?,"0, 10 | 1, 20",,\n',
    )
    export = open_export(io.BytesIO(b"q1\n20\n10\n1\n"), of, load_dialects()["redcap"])
    (read,) = export.readers({"q1": 0}, numbers=["q1"])
    assert read().rows["q1"].to_list() == ["1", "0", "1"]


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("12/31/1980", "1980-12-31"), ("1-2-1980 09:30", "1980-01-02 09:30"), ("1980-12-31", "1980-12-31"), ("31.12.80", "31.12.80"),
        ("soon", "soon"), ("1/2/1980T9:30", "1980-01-02 9:30"),
    ],
)  # fmt: skip
def test_dates_in_the_order_of_their_field(cell, date):
    columns = {"client": "born"}
    assert cells(opened(f"record_id,born\n1,{cell}\n", columns=columns), "born") == [(1, date)]
    assert cells(opened(f"record_id,born\n1,{cell}\n", columns=columns, date_format="%m/%d/%Y"), "born") == [
        (1, cell)
    ]


@pytest.mark.parametrize(
    ("header", "more", "seen"),
    [
        ("born", {}, False),
        ("Born on", {}, False),
        ("born", {"columns": {"client": "born"}}, True),
        ("Born on", {"columns": {"client": "record_id", "completed_at": "born"}}, True),
        ("born", {"columns": {"client": "record_id", "segment": "born"}}, False),
        (
            "born",
            {"instruments": (FeedInstrument("mini", "client", None, "q{n}", completed_at="born"),)},
            True,
        ),
    ],
)
def test_a_field_marked_as_identifier_is_seen_only_where_it_may_be(header, more, seen):
    export = opened(f"record_id,{header}\n1,1980-12-31\n", **more)
    assert (export.has("born"), export.has("Born on")) == (seen, seen and header == "Born on")


def test_a_feed_may_go_on_naming_columns_by_their_labels():
    assert cells(opened("Record ID,How?\n1,Often\n"), "Record ID", "How?") == [(1, "1", "1")]


def test_repeat_instruments_are_named_by_their_forms():
    text = "record_id,redcap_repeat_instrument\n1,Mood\n2,mood\n3,Another\n"
    assert [row[1] for row in cells(opened(text), "redcap_repeat_instrument")] == ["mood", "mood", "Another"]
