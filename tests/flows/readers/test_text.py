"""A delimited file's header: names, import ids, the wrong delimiter."""

from __future__ import annotations

import io

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
completed_at = "Done"
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
