"""Records of typed cells: only what is wanted becomes text, and only that can be wrong."""

from __future__ import annotations

from flows.readers import sheet_records as module
from flows.readers.sheet_records import SheetRecords
from flows.readers.table import Broken

ROWS = [[1.0, "a"], [2.0**60, "#N/A"], Broken("missing_parent"), [3.0, ""], [4.5, "e"]]


def read(records, wanted):
    batches = [batch() for batch in records.readers(wanted)]
    return [row for batch in batches for row in batch.rows.rows()], [
        b for batch in batches for b in batch.broken
    ]


def test_each_record_keeps_its_number(monkeypatch):
    for size in (1, 2, 100):
        monkeypatch.setattr(module, "ROWS_PER_BATCH", size)
        rows, broken = read(SheetRecords(ROWS, "."), [0, 1])
        assert rows == [(1, "1", "a"), (4, "3", None), (5, "4.5", "e")]
        assert broken == [(2, "inexact_number"), (3, "missing_parent")]


def test_a_number_that_nobody_asks_for_may_be_inexact():
    assert read(SheetRecords(ROWS, "."), [1]) == (
        [(1, "a"), (2, None), (4, None), (5, "e")],
        [(3, "missing_parent")],
    )


def test_a_sample_takes_nothing_away():
    records = SheetRecords(iter(ROWS), ",")
    assert records.sample(3) == [["1", "a"], ["\0", None]]
    assert records.sample(9)[-1] == ["4,5", "e"]
    assert len(read(records, [1])[0]) == 4


def test_nothing_wanted_is_still_counted():
    rows, broken = read(SheetRecords(ROWS, "."), [])
    assert (len(rows), len(broken)) == (4, 1)
