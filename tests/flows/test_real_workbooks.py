"""Workbooks that other people's programs wrote, in the folder that ACCORD_REAL_DATA names; and real answers in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from flows.read import open_export
from schemas.dialect import load_dialects
from schemas.registry import load
from schemas.site import Feed
from tests.lib.exports import count_lines, feed, loaded
from tests.lib.workbooks import ods, xlsx

pytestmark = pytest.mark.real

REGISTRY = load()


def table(path: Path, sheet: str | None = None) -> list[list[str | None]]:
    """Header and records as text."""
    with path.open("rb") as stream:
        of = Feed("f", "c", "responses", "inbox/*", "xlsx", sheet=sheet)
        export = open_export(stream, of, load_dialects()["xlsx"])
        batches = list(export.batches(dict(export.positions)))
    return [list(export.names), *(list(row[1:]) for batch in batches for row in batch.rows.rows())]


def test_dates_written_as_iso_texts(real_data):
    found = table(real_data / "spreadsheets" / "date_iso.xlsx")
    assert found[:3] == [["2021-01-01"], ["2021-01-01 10:10:10"], ["10:10:10"]]


def test_texts_within_the_cells(real_data):
    head, row = table(real_data / "spreadsheets" / "inlineStr_with_value.xlsx")
    assert head == ["NN", "Hierarchy", "", "Outline Number", "ID", "Name", "Type", "Description"]
    assert row == ["1", "+", None, "1.", "RQ11610", "requirement", "Textual Requirement", "test"]


def test_merged_cells(real_data):
    found = table(real_data / "spreadsheets" / "merge_cells.xlsx")
    assert found == [["Row Merge", "", "Not Merged"], ["Column Merge", "Chunk Merged", None]]


@pytest.mark.parametrize("sheet", ["inlineStr", "SharedStrings"])
def test_white_space(real_data, sheet):
    head, row, *rest = table(real_data / "spreadsheets" / "whitespace_trim.xlsx", sheet)
    assert (head[0], head[-1]) == ("trimmed value", "clean text")
    assert row == ["line1\nline2", "  line1\nline2  ", None, None]
    assert rest == [["日期 时间", None, None, None]]


def test_errors(real_data):
    """Two of the seven stand for a missing value."""
    (head,), *rows = table(real_data / "spreadsheets" / "errors.xlsx")
    found = [head, *(cell for (cell,) in rows)]
    assert found == ["#DIV/0!", "#NAME?", "#VALUE!", None, "#REF!", "#NUM!", None]


SURVEY = """
dialect = "{dialect}"
undated = true
[feeds.columns]
client = "ObservationID"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "Item{{n}}_num"
stored_total = "SumScore"
"""


def parquet(rows) -> bytes:
    head, *body = rows
    out = io.BytesIO()
    pl.DataFrame(body, schema=head, orient="row").write_parquet(out)
    return out.getvalue()


def tabs(rows) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize(
    ("dialect", "make"), [("xlsx", xlsx), ("ods", ods), ("parquet", parquet), ("tsv", tabs)]
)
def test_the_answers_of_2177_people_are_the_same_in_every_container(real_data, tmp_path, dialect, make):
    with (real_data / "phq9_survey" / "PHQ9_data.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    wanted = [
        at for at, name in enumerate(head) if name.endswith("_num") or name in {"ObservationID", "SumScore"}
    ]
    cells = [[head[at] for at in wanted], *([int(row[at]) for at in wanted] for row in rows)]
    of = feed(SURVEY.format(dialect=dialect), forms=REGISTRY)
    with loaded(tmp_path, [(of, make(cells))], REGISTRY) as con:
        assert count_lines(con) == [(2177, 2177, 0, 0, 0, 2177)]
        told = "SELECT count(*) FILTER (WHERE score = stored_total), round(avg(score::DOUBLE), 4) FROM core_score"
        assert con.execute(told).fetchall() == [(2177, 13.2862)]
