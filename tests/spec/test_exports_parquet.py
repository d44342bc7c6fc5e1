"""Parquet files of data warehouses and scripts: typed columns, and what they must not be."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.lib.read_exports import outcome
from tests.lib.workbooks import moment

FEED = """
dialect = "parquet"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""


def parquet(**columns) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_numbers_texts_and_blanks(tmp_path):
    content = parquet(
        PID=["007", "7", None, "8"],
        When=[moment(2026, 7, 1, 9, 30)] * 4,
        Q1=pa.array([1, None, 2, 4], pa.int8()),
        Q2=[1.0, 2.0, 3.0, float("nan")],
    )
    found = outcome(tmp_path, FEED, content)
    assert found.answers == {1: [1, 1], 2: [None, 2]}
    assert found.problems == [(3, "PID", "missing_client"), (4, "Q1", "out_of_range")]
    assert found.clients == 2


@pytest.mark.parametrize(
    ("type_", "value", "instant"),
    [
        (pa.timestamp("us"), moment(2026, 7, 1, 9, 30), "2026-07-01 08:30:00"),
        (pa.timestamp("ms", "UTC"), datetime(2026, 7, 1, 9, 30, tzinfo=UTC), "2026-07-01 09:30:00"),
        (pa.timestamp("ns", "Asia/Tokyo"), datetime(2026, 7, 1, 9, 30, tzinfo=UTC), "2026-07-01 09:30:00"),
        (pa.date32(), moment(2026, 7, 1).date(), "2026-06-30 23:00:00"),
        (pa.string(), "2026-07-01T09:30", "2026-07-01 08:30:00"),
    ],
    ids=["local", "UTC", "another zone", "day", "text"],
)
def test_dates(tmp_path, type_, value, instant):
    """A type with a time zone keeps its instant; others are in the time zone of the site."""
    found = outcome(tmp_path, FEED, parquet(PID=["1"], When=pa.array([value], type_), Q1=[1], Q2=[1]))
    assert found.moments == {1: instant}


def test_lists_and_cut_files_are_refused(tmp_path):
    when = [moment(2026, 7, 1, 9, 30)]
    listed = outcome(tmp_path, FEED, parquet(PID=["1"], When=when, Q1=[[1]], Q2=[1]))
    assert (listed.refused, listed.column) == ("unsupported_column", "Q1")
    assert (
        outcome(tmp_path, FEED, parquet(PID=["1"], When=when, Q1=[1], Q2=[1])[:-5]).refused
        == "damaged_parquet"
    )
    extra = outcome(tmp_path, FEED, parquet(PID=["1"], When=when, Q1=[1], Q2=[1], chosen=[["a", "b"]]))
    assert extra.answers == {1: [1, 1]}
