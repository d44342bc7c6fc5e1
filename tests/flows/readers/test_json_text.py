"""JSON files piece by piece: lines, arrays, one object; nothing in a file raises anything but a refusal."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import json_text
from flows.readers.json_text import Whole, pieces, text_of
from flows.readers.table import Broken
from schemas.errors import ExportRefused


def read(content, array="entry"):
    raw = content.encode() if isinstance(content, str) else content
    return list(pieces(io.BytesIO(raw), array))


def refusal(content):
    with pytest.raises(ExportRefused) as refused:
        read(content)
    return refused.value.rule


ROWS = [{"a": 1}, {"a": {"b": [2]}}, {"a": None}]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(map(json.dumps, ROWS)),
        "\r\n\r\n".join(map(json.dumps, ROWS)) + "\r\n",
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS),
        "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
    ],
    ids=["lines", "lines of Windows", "array", "indented", "byte order mark", "array by lines"],
)
def test_documents(content):
    assert read(content) == ROWS


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_gives_the_members_of_its_array_and_then_itself(indent):
    outer = {"type": "x", "entry": ROWS, "total": {"n": 3}}
    assert read(json.dumps(outer, indent=indent)) == [*ROWS, Whole({"type": "x", "total": {"n": 3}}, True)]
    assert read("{}") == [Whole({}, False)]
    assert read('{"entry": 7}') == [Whole({"entry": 7}, False)]
    assert read('{"entry": []}') == [Whole({}, True)]


def test_a_bad_line_costs_itself_only():
    deep = b"[" * 100_000
    lines = [
        b'{"a": 1}',
        b'{"a": ',
        b'{"a": "\xff"}',
        deep,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"7",
        b'{"a": 2}',
    ]
    unreadable, undecodable = Broken("unreadable_record"), Broken("undecodable")
    assert read(b"\n".join(lines)) == [
        {"a": 1}, unreadable, undecodable, unreadable, unreadable, 7, {"a": 2},
    ]  # fmt: skip
    assert read(b"\n".join(lines[1:])) == [unreadable, undecodable, unreadable, unreadable, 7, {"a": 2}]


def test_the_first_line_may_be_the_bad_one():
    assert read('{"a": \n{"a": 1}\n') == [Broken("unreadable_record"), {"a": 1}]


def test_a_line_without_end_is_passed_over(monkeypatch):
    monkeypatch.setattr(json_text, "LINE_BYTES", 20)
    assert read('{"a": 1}\n{"a": "' + "x" * 50 + '"}\n{"a": 2}') == [
        {"a": 1},
        Broken("record_too_long"),
        {"a": 2},
    ]


@pytest.mark.parametrize(
    "content",
    [
        '{"entry": [{"a": 1}', '{"entry": [{"a": 1},]}', "[1, 2", "[1 2]", '{"a" 1}', '{"a": 1,}', "{7: 1}",
        "[] []", "nothing", "<Bundle/>", b"\xff\xfe[\x00]\x00", "[" * 100_000, '{"a":' * 100_000,
    ],
)  # fmt: skip
def test_a_document_that_is_no_json_is_refused(content):
    assert refusal(content) == "not_json"


def test_an_empty_file_and_one_too_large(monkeypatch):
    assert refusal(" \n\n") == "empty_file"
    monkeypatch.setattr(json_text, "DOCUMENT_BYTES", 10)
    assert refusal('[{"a": 1234567890}]') == "too_large"
    assert len(read('{"a": 1234567890}\n' * 3)) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"), (7, "7"), (7.0, "7"), (-0.0, "0"), (0.1, "0.1"), (7.5, "7.5"), (1e300, "1e+300"),
        (float("nan"), "nan"), (True, "true"), (False, "false"), (None, ""), ([1], ""), ({}, ""),
    ],
)  # fmt: skip
def test_values_as_a_person_reads_them(value, text):
    assert text_of(value) == text


@given(st.binary(max_size=60) | st.text('{}[]",:\n e1a', max_size=60).map(str.encode))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(content):
    with suppress(ExportRefused):
        read(content)
