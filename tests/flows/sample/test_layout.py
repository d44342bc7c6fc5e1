"""Cells as texts, texts as bytes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import numpy as np

from flows.sample.columns import Columns
from flows.sample.layout import Layout, dates, file_bytes, moments, note_cells, numbered
from flows.sample.people import NOTES


def test_moments_and_dates_are_written_as_asked_and_blank_for_zero():
    second = int(datetime(2026, 3, 9, 7, 5, 1, tzinfo=UTC).timestamp())
    assert moments(np.array([second, 0])) == ["2026-03-09 07:05:01", ""]
    assert moments(np.array([second]), "%d/%m/%Y", "{:02}:{:02}") == ["09/03/2026 07:05"]
    assert dates(np.array([second // 86400, 0]), "%d.%m.%Y") == ["09.03.2026", ""]


def test_notes_survive_a_reading():
    for between in (",", ";"):
        cells = note_cells(np.array([-1, *range(len(NOTES))]), between)
        text = io.StringIO("\n".join(f"{cell}{between}x" for cell in cells))
        assert [row[0] for row in csv.reader(text, delimiter=between)] == ["", *NOTES]


def test_ids_count_from_one():
    assert numbered(np.array([0, 11, -1]), "{:03}", {-1: ""}) == ["001", "012", ""]


def test_each_file_has_the_header_and_its_rows_short_and_long_ones_too():
    records = Columns(
        file=np.array([0, 0, 2, 2]),
        ragged=np.array([0, -1, 1, 0]),
        blank=np.array([False, False, False, True]),
    )
    layout = Layout("a,b\n", [["1", "2", "3", "4"], ["x", "y", "z", "w"]])
    assert file_bytes(layout, records, 3) == [b"a,b\n1,x\n2\n", b"a,b\n", b"a,b\n3,z,\n,\n"]
