"""SPSS files: names, records in stretches, labels, damaged bytes."""

from __future__ import annotations

import io

import pytest

from flows.readers import spss
from flows.readers.spss import open_spss
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import feed
from tests.lib.spss import sav

TOML = """
dialect = "spss"
undated = true
{more}
[feeds.columns]
client = "id"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
{codes}
"""
COLUMNS = {
    "id": [f"P{n}" for n in range(1, 8)],
    "q1": [1.0, 2.0, 3.0, None, 98.0, 99.0, 0.5],
    "q2": [99.0] * 7,
}
MISSING = {"q1": [99, {"lo": 97, "hi": 98}], "q2": [99]}


def opened(raw, items='"q{n}"', codes="", more="", stream=None):
    of = feed(TOML.format(items=items, codes=codes, more=more))
    return open_spss(stream or io.BytesIO(raw), of, load_dialects()["spss"])


def batches(table, numbers=()):
    return [read() for read in table.records.readers(range(len(table.names)), numbers)]


def column(table, name):
    return [cell for batch in batches(table) for cell in batch.rows[str(table.names.index(name))].to_list()]


@pytest.mark.parametrize("zipped", [False, True])
def test_codes_are_the_cells_and_labels_stand_beside_them(zipped):
    labels = {} if zipped else {"variable_value_labels": {"q1": {1: "Selten", 2: "Häufig"}}}
    table = opened(sav(COLUMNS, zipped=zipped, **labels))
    assert list(table.names) == ["id", "q1", "q2"]
    assert column(table, "q1") == ["1", "2", "3", None, "98", "99", "0.5"]
    assert table.labels == ({} if zipped else {1: {"Selten": "1", "Häufig": "2"}})


@pytest.mark.parametrize(("items", "codes", "first", "second"), [
    ('"q{n}"', "", None, None),
    ('"q{n}"', 'refused = ["99"]', "99", "99"),
    ('["q1", "id"]', 'not_shown = ["99.0"]', "99", None),
    ('["id", "q2"]', 'not_applicable = ["99"]', None, "99"),
    ('"q{n:02}"', 'missing = ["99"]', "99", "99"),
])  # fmt: skip
def test_a_user_missing_code_is_blank_unless_listed_for_that_column(items, codes, first, second):
    table = opened(sav(COLUMNS, missing_ranges=MISSING), items, codes)
    (batch,) = batches(table)
    assert (batch.rows["1"].to_list()[4:6], batch.rows["2"].to_list()[0]) == ([None, first], second)


def test_records_come_in_stretches_each_with_its_number(monkeypatch):
    monkeypatch.setattr(spss, "ROWS_PER_READ", 3)
    found = batches(opened(sav(COLUMNS)), numbers=[2])
    assert [batch.rows["source_row"].to_list() for batch in found] == [[1, 2, 3], [4, 5, 6], [7]]
    assert {str(batch.rows["2"].dtype) for batch in found} == {"Int16"}


def test_a_sample_takes_nothing_away():
    table = opened(sav(COLUMNS))
    assert table.records.sample(2) == [("P1", "1", "99"), ("P2", "2", "99")]
    assert len(column(table, "id")) == 7
    assert opened(sav({"id": ["P1"]})).records.sample(0) == []


def test_no_records_and_a_file_on_disk(tmp_path):
    assert batches(opened(sav({"id": [], "q1": []}))) == []
    (tmp_path / "export.sav").write_bytes(sav(COLUMNS))
    with (tmp_path / "export.sav").open("rb") as stream:
        assert len(column(opened(b"", stream=stream), "id")) == 7


def in_bytes(text, raw):
    """The same file with the bytes of one id replaced by some that are no UTF-8."""
    assert raw.count(text) == 1
    return raw.replace(text, b"\xff" * len(text))


def test_a_text_that_is_not_of_the_encoding_costs_its_own_record():
    (batch,) = batches(
        opened(in_bytes(b"Straight", sav({"id": ["Anna", "Straight", "Bob"], "q1": [1.0, 2.0, 3.0]})))
    )
    assert (batch.broken, batch.rows.rows()) == ([(2, "undecodable")], [(1, "Anna", "1"), (3, "Bob", "3")])


def test_a_file_of_another_encoding_is_refused_and_read_with_the_feeds():
    raw = sav({"id": ["Zuerich"] * 60, "q1": [1.0] * 60}).replace(b"Zuerich", "Zürich ".encode("cp1252"))
    with pytest.raises(ExportRefused, match="undecodable_header"):
        batches(opened(raw))
    assert set(column(opened(raw, more='encoding = "cp1252"'), "id")) == {"Zürich"}


@pytest.mark.parametrize("raw", [b"$FL2", b"$FL3" + bytes(400), sav(COLUMNS)[:400], sav(COLUMNS)[:-20]])
def test_damaged_files(raw):
    with pytest.raises(ExportRefused, match="broken_spss"):
        batches(opened(raw))


def test_bytes_that_take_the_process_down_cost_the_file_alone(monkeypatch):
    """On some damaged files the library reads memory that is not its own."""
    table = opened(sav(COLUMNS))
    table.records._worker._process.kill()
    with pytest.raises(ExportRefused, match="broken_spss"):
        batches(table)
    monkeypatch.setattr(spss, "LONGEST_ANSWER_S", 0)
    with pytest.raises(ExportRefused, match="broken_spss"):
        opened(sav(COLUMNS))
