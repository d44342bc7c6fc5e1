"""A delimited file's header: names, import ids, the wrong delimiter."""

from __future__ import annotations

import io
import json

import pytest

from flows.readers.text import open_text
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import feed

TOML = """
dialect = "{dialect}"
undated = true
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""


def opened(text: str, dialect: str):
    of = feed(TOML.format(dialect=dialect))
    return open_text(io.BytesIO(text.encode()), of, load_dialects()[dialect])


def test_names_are_those_of_the_declared_row():
    assert opened("a,b\n1,2\n", "csv").names == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "dialect", "rule"),
    [
        ("a;b\n1;2\n", "csv", "wrong_delimiter"),
        ("a,b\nx,y\n1,2\n3,4\n", "qualtrics", "not_this_dialect"),
        ("", "csv", "empty_file"),
    ],
)
def test_another_header_is_refused(text, dialect, rule):
    with pytest.raises(ExportRefused, match=rule):
        opened(text, dialect)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2}\n', "{\n", "[\n  {\n", '[{"a": 1}]\n', '{"a": 1}\n{"a": 2}\n']
)
@pytest.mark.parametrize("dialect", ["csv", "tsv", "limesurvey", "surveymonkey"])
def test_json_is_no_table(text, dialect):
    """Its first line may have as many delimiters as a header: it is told what it is, not which column it lacks."""
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        opened(text, dialect)


@pytest.mark.parametrize("name", ["[Q1]", "{q}", "[1] How?", "{", "x{"])
def test_a_name_may_have_brackets(name):
    assert opened(f"a,{name}\n1,2\n", "csv").names == ["a", name]
    if len(name) > 1:
        assert opened(f"{name},b\n1,2\n", "csv").names == [name, "b"]


def ids(*said):
    cells = ",".join('"' + json.dumps(one).replace('"', '""') + '"' for one in said)
    return f"{','.join('abc'[: len(said)])}\n{','.join('xyz'[: len(said)])}\n{cells}\n"


def test_import_ids_are_further_names():
    table = opened(
        ids({"ImportId": "QID1"}, {"ImportId": "QID2", "choiceId": 4}, {"ImportId": "QID1"}), "qualtrics"
    )
    assert dict(table.aliases) == {"QID2": 1, "QID2_4": 1}, "one that two columns have names neither"


def test_the_time_zone_of_the_import_ids():
    denver, other = {"ImportId": "a", "timeZone": "America/Denver"}, {"ImportId": "b", "timeZone": "UTC"}
    assert opened(ids(denver, {"ImportId": "b", "timeZone": None}), "qualtrics").timezone == "America/Denver"
    assert opened(ids({"ImportId": "a"}), "qualtrics").timezone is None
    with pytest.raises(ExportRefused, match="unknown_time_zone"):
        opened(ids(denver, other), "qualtrics")


@pytest.mark.parametrize("cell", ["[" * 50_000, "{}", "7", '{"ImportId": 1', "QID1"])
def test_a_row_that_only_looks_like_import_ids(cell):
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        opened('a\nx\n"' + cell.replace('"', '""') + '"\n1\n', "qualtrics")
