"""CDISC ODM with data: a record for each form instance, under the columns of the CSV."""

from __future__ import annotations

import io
from contextlib import suppress
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers.odm import open_odm
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import feed
from tests.lib.odm import HEAD, classic, definitions, document, subject

TOML = """
dialect = "redcap_odm"
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "m{{n}}"
"""
FORMS = {
    "intake": ["record_id", "redcap_data_access_group", "code", "intake_complete"],
    "mini": ["mini_timestamp", "m1", "m2", "mini_complete"],
}
STUDY = definitions(FORMS, choices={"m1": {"0": "Never", "1": "Often"}})


def opened(raw, client="record_id"):
    return open_odm(io.BytesIO(raw), feed(TOML.format(client=client)), load_dialects()["redcap_odm"])


def records(raw, client="record_id"):
    """Filled cells of each record by name; the rule of a broken one."""
    table = opened(raw, client)
    found = {}
    for read in table.records.readers(range(len(table.names))):
        batch = read()
        found |= dict(batch.broken)
        for number, *cells in batch.rows.rows():
            found[number] = {
                name: cell for name, cell in zip(table.names, cells, strict=True) if cell is not None
            }
    return [found[number] for number in range(1, len(found) + 1)]


def rule_of(raw):
    with pytest.raises(ExportRefused) as refused:
        records(raw)
    return refused.value.rule


def test_each_form_instance_is_a_record_with_the_record_id():
    raw = document(
        STUDY,
        classic(
            "007", ("intake", {"record_id": "007", "code": "A"}), ("mini", {"m1": "0", "mini_complete": "2"})
        ),
        classic("008", ("mini", {"m2": "1"})),
    )
    assert records(raw) == [
        {"record_id": "007", "code": "A"},
        {"record_id": "007", "m1": "0", "mini_complete": "2"},
        {"record_id": "008", "m2": "1"},
    ]
    assert opened(raw).names[:5] == [
        "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group",
    ]  # fmt: skip


def test_choices_of_the_file_are_its_labels():
    table = opened(document(STUDY))
    assert table.labels == {table.names.index("m1"): {"Never": "0", "Often": "1"}}


def test_what_the_feed_maps_comes_from_the_other_forms_of_the_event():
    """In the CSV it stands in the same row. Of other events, and of repeating forms, the CSV has it not."""
    study = definitions(FORMS, repeating=[("late_arm_1", "mini")])
    early = (
        "early_arm_1",
        "1",
        [("intake", "1", {"code": "A", "redcap_data_access_group": "dag_1"}), ("mini", "1", {"m1": "1"})],
    )
    late = ("late_arm_1", "1", [("mini", "1", {"m1": "2"}), ("mini", "2", {"m1": "3"})])
    found = records(document(study, subject("1", early, late)), client="code")
    assert [(row.get("code"), row.get("redcap_data_access_group")) for row in found] == [
        ("A", "dag_1"), ("A", "dag_1"), (None, "dag_1"), (None, "dag_1"),
    ]  # fmt: skip
    assert "code" not in records(document(study, subject("1", early)))[1], "the feed does not ask for it"


def test_events_and_instances_are_written_as_the_csv_has_them():
    study = definitions(FORMS, repeating=[("visit_arm_1", "mini"), ("week_arm_1", "")])
    one = {"m1": "1"}
    raw = document(
        study,
        subject(
            "1",
            ("visit_arm_1", "1", [("intake", "1", {"code": "A"}), ("mini", "1", one), ("mini", "2", one)]),
            ("week_arm_1", "1", [("mini", "1", one)]),
            ("week_arm_1", "2", [("mini", "1", one)]),
        ),
    )
    columns = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
    assert [tuple(row.get(name) for name in columns) for row in records(raw)] == [
        ("visit_arm_1", None, None),
        ("visit_arm_1", "mini", "1"),
        ("visit_arm_1", "mini", "2"),
        ("week_arm_1", None, "1"),
        ("week_arm_1", None, "2"),
    ]


def test_instances_of_a_file_that_does_not_say_what_repeats_stay_apart():
    raw = document(STUDY, subject("1", ("", "", [("mini", "1", {"m1": "1"}), ("mini", "2", {"m1": "2"})])))
    assert [row.get("redcap_repeat_instance") for row in records(raw)] == [None, "2"]


def test_a_file_without_definitions_is_read_by_its_data():
    raw = document(
        "", classic("1", ("mini", {"mini_complete": "2", "m1": "1"})), classic("2", ("mini", {"m2": "1"}))
    )
    assert opened(raw).names[4:] == ["m1", "m2", "mini_complete"]
    assert records(raw) == [
        {"record_id": "1", "m1": "1", "mini_complete": "2"},
        {"record_id": "2", "m2": "1"},
    ]


def test_a_field_with_two_values_breaks_its_record_alone():
    twice = (
        '<ItemGroupData><ItemData ItemOID="m1" Value="1"/><ItemData ItemOID="m1" Value="2"/></ItemGroupData>'
    )
    bad = f'<SubjectData SubjectKey="1"><FormData FormOID="Form.mini" FormRepeatKey="1">{twice}</FormData></SubjectData>'
    assert records(document(STUDY, bad, classic("2", ("mini", {"m1": "1"})))) == [
        "repeated_field",
        {"record_id": "2", "m1": "1"},
    ]
    assert records(document(STUDY, bad.replace('"2"', '"1"'))) == [{"record_id": "1", "m1": "1"}]


def test_a_file_and_a_value_written_as_text():
    """REDCap writes files into the data: of one only its name is kept. Other systems write typed values."""
    items = (
        '<ItemDataBase64Binary ItemOID="m1" redcap:DocName="a.jpg"><![CDATA[/9j/4AAQ]]></ItemDataBase64Binary>'
        '<ItemDataInteger ItemOID="m2">3</ItemDataInteger>'
    )
    raw = f'<SubjectData SubjectKey="1"><FormData FormOID="Form.mini"><ItemGroupData>{items}</ItemGroupData></FormData></SubjectData>'
    assert records(document(STUDY, raw)) == [{"record_id": "1", "m1": "a.jpg", "m2": "3"}]


def test_no_records():
    assert records(document(STUDY)) == []
    assert records(f"{HEAD}{STUDY}</ODM>".encode()) == []


ENTITY = b'<!DOCTYPE ODM [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"record_id,m1\n1,2\n", "not_this_dialect"),
        (b"<html></html>", "not_this_dialect"),
        (document(STUDY).replace(b"v1.3", b"v2.0"), "not_this_dialect"),
        (document(STUDY).replace(b'"Snapshot"', b'"Transactional"'), "not_this_dialect"),
        (document(STUDY).replace(b"<ODM", ENTITY + b"<ODM", 1), "xml_doctype"),
        (document(STUDY).replace(b"<ODM", b"<!DOCTYPE ODM SYSTEM 'x.dtd'><ODM", 1), "xml_doctype"),
        (document(STUDY, classic("1", ("mini", {"m1": "1"})))[:-20], "broken_xml"),
        (document(STUDY, classic("1", ("mini", {"m1": "1"}))).replace(b'Value="1"/>', b'Value="1">'), "broken_xml"),
        (document(STUDY, classic("1", ("mini", {"m1": "é"}))).replace("é".encode(), b"\xe9"), "broken_xml"),
        (document(STUDY).replace(b"UTF-8", b"klingon"), "not_this_dialect"),
        (document(STUDY).replace(b"UTF-8", b"utf-7"), "not_this_dialect"),
    ],
)  # fmt: skip
def test_refusals(raw, rule):
    assert rule_of(raw) == rule


def test_xml_that_breaks_after_many_records_is_refused_while_reading():
    many = [classic(str(n), ("mini", {"m1": "1"})) for n in range(2000)]
    raw = document(STUDY, *many)[:-40]
    readers = opened(raw).records.readers([0])
    with pytest.raises(ExportRefused, match="broken_xml"):
        list(chain.from_iterable(read().rows.rows() for read in readers))


@settings(max_examples=40)
@given(st.data())
def test_whatever_the_bytes_nothing_but_a_refusal_escapes(data):
    raw = bytearray(document(STUDY, classic("1", ("intake", {"code": "A"}), ("mini", {"m1": "1"}))))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ExportRefused):
        records(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
