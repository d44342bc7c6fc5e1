"""Opening an export: names in the header, header rows of a dialect, refusals of the file."""

from __future__ import annotations

import io

import pytest

from flows.read import open_export
from schemas.dialect import load_dialects
from schemas.errors import ConfigError, ExportRefused
from schemas.site import Feed
from tests.lib.exports import feed

IMPORT_IDS = '"{""ImportId"":""startDate""}","{""ImportId"":""QID1""}"\n'
PYTHON_IDS = "\"{'ImportId': 'startDate', 'timeZone': 'UTC'}\",\"{'ImportId': 'QID1'}\"\n"


def opened(content, dialect="csv", **more):
    raw = content.encode() if isinstance(content, str) else content
    return open_export(
        io.BytesIO(raw), Feed("f", "c", "responses", "inbox/*", dialect, **more), load_dialects()[dialect]
    )


def refusal(content, dialect="csv", **more):
    with pytest.raises(ExportRefused) as refused:
        opened(content, dialect, **more)
    return refused.value.rule


def cells(export, *names):
    rows = []
    for batch in export.batches({name: export.position(name) for name in names}):
        rows += batch.rows.rows()
    return rows


def test_columns_are_found_by_name_wherever_they_stand():
    export = opened("a,b,c\n1,2,3\n")
    assert cells(export, "c", "a") == [(1, "3", "1")]
    assert (export.has("b"), export.has("B")) == (True, False)


def test_names_are_trimmed_and_hard_blanks_are_blanks():
    export = opened(" PID ,How\u00a0are you\n7,x\n")
    assert cells(export, "PID", "How are you") == [(1, "7", "x")]
    assert cells(opened(" PID ,How\u00a0are you\n7,x\n"), "How\u00a0are you ") == [(1, "x")]


def test_no_column_of_a_repeated_name_is_lost():
    export = opened("Q,Q,Q,\n1,2,3,4\n")
    assert dict(export.positions) == {"Q": 0, "Q#2": 1, "Q#3": 2, "": 3}
    assert cells(export, "Q#3", "Q", "Q#2") == [(1, "3", "1", "2")]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ExportRefused) as refused:
        opened("a,b\n1,2\n").position("PID")
    assert (refused.value.rule, refused.value.column) == ("missing_column", "PID")


def test_the_same_column_may_be_wanted_twice():
    export = opened("a,b\n1,2\n")
    (batch,) = export.batches({"a": 0, "again": 0})
    assert batch.rows.rows() == [(1, "1", "1")]


@pytest.mark.parametrize("ids", [IMPORT_IDS, PYTHON_IDS])
def test_qualtrics_is_known_by_its_third_row_and_never_by_its_second(ids):
    export = opened(
        f'StartDate,Q1\nAnfangsdatum,"Wie geht es\nIhnen?"\n{ids}2026-01-01 10:00:00,3\n', "qualtrics"
    )
    assert cells(export, "Q1") == [(1, "3")]


@pytest.mark.parametrize(
    "content",
    [
        "StartDate,Q1\n2026-01-01 10:00:00,3\n",
        "StartDate,Q1\n2026-01-01 10:00:00,3\n2026-01-01 10:00:00,3\n2026-01-01 10:00:00,3\n",
        "StartDate,Q1\nStart,Question\n2026-01-01 10:00:00,3\n",
        'a,b\nx,y\n"{""Import"":1}","{""Import"":2}"\n',
        "a,b\nx,y\n,\n",
        'a,b\nx,y\n"[""ImportId""]",3\n',
    ],
)
def test_a_file_without_import_ids_is_not_of_qualtrics(content):
    assert refusal(content, "qualtrics") == "not_this_dialect"


@pytest.mark.parametrize(
    ("content", "how"),
    [
        ("a;b;c\n1;2;3\n", {}),
        ("a\tb\n1\t2\n", {}),
        ('"a";"b"\n1;2\n', {}),
        ("a,b\n1,2\n", {"delimiter": ";"}),
        ('"id","submitdate"\n"1","x"\n', {"dialect": "limesurvey"}),
        (f"StartDate,Q1\nx,y\n{IMPORT_IDS}", {"dialect": "qualtrics", "delimiter": ";"}),
        ("a|b\n", {}),
    ],
)
def test_another_delimiter_than_the_declared_one(content, how):
    assert refusal(content, **how) == "wrong_delimiter"


def test_a_file_of_one_column_is_no_wrong_delimiter():
    assert cells(opened("PID\n1\n\n2\n"), "PID") == [(1, "1"), (2, "2")]


def test_what_the_feed_declares_wins_over_the_dialect():
    export = opened("a;b\nJosé;2\n".encode("cp1252"), delimiter=";", encoding="cp1252")
    assert cells(export, "a", "b") == [(1, "José", "2")]


@pytest.mark.parametrize("more", ['client = "source_row"', 'client = "PID"\nsession = "source_row"'])
def test_a_column_of_accords_own_name_is_refused_in_the_configuration(more):
    toml = f"""
dialect = "csv"
undated = true
[feeds.columns]
{more}
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""
    with pytest.raises(ConfigError, match="'source_row' is Accord's own name"):
        feed(toml)


def test_what_a_second_header_row_says_of_no_column_is_not_found():
    export = opened("Mood,,When\nLow,Tired,Response,Date Modified\n1,2,2026-05-01\n", "surveymonkey")
    assert export.has("Tired")
    assert not export.has("Date Modified")
    assert max(export.positions.values()) < 3
