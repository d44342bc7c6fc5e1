"""Defects among sound records: none carries two, copies come later, numbers stay apart."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from flows.sample.columns import Columns
from flows.sample.model import DAY
from flows.sample.plan import day_number
from flows.sample.records import EXCLUDED, QUARANTINED, Injector, ragged_rows, sort_into_files, tracked

ENDS = (date(2026, 1, 31), date(2026, 4, 30))


@pytest.fixture
def put() -> Injector:
    completed = np.linspace(day_number(date(2025, 11, 1)), day_number(ENDS[-1]), 300).astype(np.int64) * DAY
    records = tracked(Columns(client=np.arange(300), completed=completed), completed, ENDS)
    return Injector(np.random.Generator(np.random.PCG64(1)), records, len(ENDS))


def test_records_fall_into_the_file_that_covers_their_day():
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 4, 30)]
    times = np.array([day_number(day) * DAY + 80000 for day in days])
    assert tracked(Columns(at=times), times, ENDS)["file"].tolist() == [0, 1, 1]


def test_no_record_is_picked_twice(put):
    picked = np.concatenate([put.pick(0.05) for _ in range(6)])
    assert len(picked) == len(set(picked.tolist())) == 90


def test_at_least_one_is_picked_and_never_all(put):
    assert len(put.pick(0.0)) == 1
    assert len(put.pick(1.0)) == 100


def test_a_copy_keeps_its_number_and_a_twin_takes_the_next(put):
    rows = put.pick(0.02, put.files_before_end())
    again, twin = (
        put.copy(rows, "again", EXCLUDED, "x", files=1),
        put.twin(rows, "twin", EXCLUDED, "y", later=9),
    )
    assert (put.records["file"][rows] == 0).all()
    assert (again["file"] == 1).all()
    assert (again["number"] == put.records["number"][rows]).all()
    assert (twin["number"] == put.records["number"][rows] + 1).all()
    assert (twin["completed"] - put.records["completed"][rows] == 9).all()
    assert (put.records["defect"][rows] == "").all()
    assert len(put.finish()) == 300 + 2 * len(rows)


def test_numbers_of_records_and_twins_never_meet(put):
    for _ in range(5):
        put.twin(put.pick(0.05), "twin", EXCLUDED, "exact_duplicate")
    numbers = put.finish()["number"].tolist()
    assert len(numbers) == len(set(numbers))


def test_ragged_rows_have_no_free_text(put):
    ragged_rows(put, 0.1)
    ragged = put.records["ragged"] != 0
    assert set(put.records["ragged"][ragged].tolist()) == {-3, 1}
    assert (put.records["note"][ragged] == -1).all()
    assert (put.records["fate"][ragged] == QUARANTINED).all()


def test_source_rows_count_from_one_in_each_file(put):
    placed = sort_into_files(put.finish(), put.records["client"])
    for file in range(len(ENDS)):
        rows = placed["source_row"][placed["file"] == file].tolist()
        assert rows == list(range(1, len(rows) + 1))
