"""Records that readers make row by row or frame by frame: numbers, widths, blanks, samples."""

from __future__ import annotations

import polars as pl

from flows.readers.table import Broken, FrameRecords, RowRecords

ROWS = [["a", "1"], ["b", ""], ["c"], Broken("undecodable"), ["d", None, "x"], ["e", "5"]]


def read(records, wanted):
    batches = [batch() for batch in records.readers(wanted)]
    rows = [row for batch in batches for row in batch.rows.rows()]
    return rows, [one for batch in batches for one in batch.broken]


def test_each_record_keeps_its_number_and_a_ragged_one_is_a_fate():
    rows, broken = read(RowRecords(ROWS, 2), [1])
    assert rows == [(1, "1"), (2, None), (6, "5")]
    assert broken == [(3, "short_row"), (4, "undecodable"), (5, "long_row")]


def test_a_sample_takes_nothing_away():
    records = RowRecords(iter(ROWS), 2)
    assert records.sample(3) == [["a", "1"], ["b", ""]]
    assert [row[0] for row in read(records, [0])[0]] == [1, 2, 6]


def test_frames_are_numbered_on():
    frames = [pl.DataFrame({"0": ["a", ""], "1": ["x", "y"]}), pl.DataFrame({"0": ["c"], "1": ["z"]})]
    records = FrameRecords(iter(frames), 2)
    assert records.sample(3) == [("a", "x"), ("", "y"), ("c", "z")]
    assert read(records, [0]) == ([(1, "a"), (2, None), (3, "c")], [])
