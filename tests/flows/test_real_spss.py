"""SPSS files of other people: user-missing values, dates, labels, and the tables written beside them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.read import Export, open_export
from schemas.dialect import load_dialects
from tests.lib.exports import feed

pytestmark = pytest.mark.real

TOML = """
dialect = "spss"
undated = true
[feeds.columns]
client = "mychar"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["mylabl", "myord"]
{codes}
"""
KEPT = 'missing = ["-1", "2500"]\nrefused = ["-3"]'


def opened(path: Path, codes: str = "", everywhere: str = "") -> tuple[Export, list[tuple[str | None, ...]]]:
    of = feed(everywhere + TOML.format(codes=codes))
    with path.open("rb") as stream:
        export = open_export(stream, of, load_dialects()["spss"])
        rows = [
            row[1:]
            for read in export.records.readers(range(len(export.names)))
            for row in read().rows.iter_rows()
        ]
    return export, rows


def table(path: Path) -> list[tuple[str | None, ...]]:
    """The CSV beside a file as our cells: #NULL! is blank, times as SPSS shows them, numbers without noise."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [tuple(map(plain, row)) for row in list(csv.reader(stream))[1:]]


def plain(cell: str) -> str | None:
    text = cell.replace("T", " ").removesuffix(".000000")
    if text.count(":") == 2 and len(text) < 9:
        return text.zfill(8)
    number = text.lstrip("-").replace(".", "", 1).isdecimal()
    return None if text in ("", "#NULL!") else f"{float(text):g}" if number else text


@pytest.mark.parametrize(("name", "beside"), [("sample", "sample"), ("sample_missing", "sample_missing")])
def test_every_cell_is_that_of_the_table_beside_it(real_data: Path, name: str, beside: str):
    _, rows = opened(real_data / "spss" / f"{name}.sav")
    assert rows == table(real_data / "spss" / f"{beside}.csv")


def blanks(rows: list[tuple[str | None, ...]]) -> int:
    """Blank cells of the variables that are numbers."""
    return sum(cell is None for row in rows for cell in row[1:])


def test_user_missing_values_are_blank_unless_the_feed_lists_them(real_data: Path):
    path = real_data / "spss" / "sample_missing.sav"
    assert blanks(opened(path)[1]) == 15
    _, rows = opened(path, everywhere='missing = ["-1", "-3", "2500"]')
    assert blanks(rows) == 10
    assert rows == table(real_data / "spss" / "sample_missing_user.csv")
    assert blanks(opened(path, codes='refused = ["-1", "-3"]')[1]) == 12, "listed for the items alone"


def test_labels(real_data: Path):
    export, _ = opened(real_data / "spss" / "sample.sav")
    assert {export.names[at]: labels for at, labels in export.labels.items()} == {
        "mylabl": {"Male": "1", "Female": "2"},
        "myord": {"low": "1", "medium": "2", "high": "3"},
    }


def test_a_larger_file_repeats_the_small_one(real_data: Path):
    _, rows = opened(real_data / "spss" / "sample_large.sav")
    _, few = opened(real_data / "spss" / "sample.sav")
    assert len(rows) == 485
    assert rows == few * 97
