"""Typed columns as a person reads them; columns and files that are refused."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, time, timedelta
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.read import open_export
from flows.readers import parquet as module
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from schemas.rules import rules
from schemas.site import Feed
from tests.lib.workbooks import moment

FEED = Feed("f", "c", "responses", "inbox/*", "parquet")


def written(table, **how) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(table) if isinstance(table, dict) else table, out, **how)
    return out.getvalue()


def opened(content: bytes, **more):
    return open_export(io.BytesIO(content), replace(FEED, **more), load_dialects()["parquet"])


def cells(content: bytes, *names: str, **more):
    export = opened(content, **more)
    wanted = {name: export.position(name) for name in names or export.names}
    batches = list(export.batches(wanted))
    return [row for batch in batches for row in batch.rows.rows()]


def refusal(content: bytes, *names: str):
    with pytest.raises(ExportRefused) as refused:
        cells(content, *names)
    return refused.value.rule, refused.value.column


WHEN = moment(2026, 3, 29, 9, 5, 7)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([7], pa.int8()), "7"),
        (pa.array([2**63], pa.uint64()), "9223372036854775808"),
        (pa.array([7.0]), "7"),
        (pa.array([0.1 + 0.2]), "0.3"),
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([float("nan")]), None),
        (pa.array([Decimal("7.50")]), "7.5"),
        (pa.array([Decimal("7.00")]), "7"),
        (pa.array([True]), "True"),
        (pa.array(["007"]), "007"),
        (pa.array([""]), None),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array([None]), None),
        (pa.array([date(2026, 4, 1)]), "2026-04-01"),
        (pa.array([time(9, 30)]), "09:30:00"),
        (pa.array([timedelta(hours=30)]), "30:00:00"),
        (pa.array([WHEN]), "2026-03-29 09:05:07"),
        (pa.array([WHEN.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), "2026-03-29 09:05:07+0000"),
        (
            pa.array([WHEN.replace(tzinfo=UTC)], pa.timestamp("ns", "Europe/London")),
            "2026-03-29 10:05:07+0100",
        ),
    ],
)
def test_a_cell_is_what_a_person_reads(column, text):
    assert cells(written({"a": column})) == [(1, text)]


def test_the_feeds_decimal_mark():
    assert cells(written({"a": [7.5], "b": pa.array([Decimal("1.50")])}), decimal=",") == [(1, "7,5", "1,5")]


def test_a_number_that_is_not_exact_costs_its_record_where_it_is_read():
    export = opened(written({"a": [1e300, 1.0], "b": [1, 2]}))
    (batch,) = export.batches({"a": 0})
    assert (batch.rows.rows(), batch.broken) == ([(2, "1")], [(1, "inexact_number")])
    assert cells(written({"a": [1e300, 1.0], "b": [1, 2]}), "b") == [(1, "1"), (2, "2")]


def test_rows_are_numbered_on_over_row_groups(monkeypatch):
    monkeypatch.setattr(module, "ROWS_PER_BATCH", 3)
    content = written({"a": list(range(10)), "b": ["x"] * 10}, row_group_size=4)
    assert cells(content, "a") == [(n, str(n - 1)) for n in range(1, 11)]
    assert opened(content).sample(2) == [("0", "x"), ("1", "x")]


def test_no_column_of_a_repeated_name_is_lost():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["x"])], names=["a", "a", "b"])
    assert cells(written(table), "a#2", "b", "a") == [(1, "2", "x", "1")]


@pytest.mark.parametrize("wrong", [[[1, 2]], [{"x": 1}], [b"\xff"]])
def test_lists_structures_and_bytes_are_refused_only_where_they_are_mapped(wrong):
    content = written({"a": [1], "deep": wrong})
    assert cells(content, "a") == [(1, "1")]
    assert refusal(content, "deep") == ("unsupported_column", "deep")
    assert opened(content).sample(1) == [("1", None)]


def test_a_file_that_polars_wrote():
    out = io.BytesIO()
    pl.DataFrame(
        {"a": ["x"], "b": [date(2026, 4, 1)], "c": pl.Series(["k"], dtype=pl.Categorical)}
    ).write_parquet(out)
    assert cells(out.getvalue()) == [(1, "x", "2026-04-01", "k")]


def test_no_rows_and_no_columns():
    assert cells(written({"a": pa.array([], pa.string())})) == []
    assert refusal(written(pa.table({})))[0] == "empty_file"


WELL = written({"a": ["x", "y"], "b": [1, 2]}, compression="none")


@pytest.mark.parametrize("end", [4, 8, len(WELL) // 2, len(WELL) - 1])
def test_a_file_that_was_cut_is_refused(end):
    assert refusal(WELL[:end])[0] == "damaged_parquet"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(4, len(WELL) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_no_byte_changed_is_more_than_a_refusal(changes):
    content = bytearray(WELL)
    for at, byte in changes:
        content[at] = byte
    try:
        cells(bytes(content))
    except ExportRefused as refused:
        rule = refused.rule
    else:
        rule = ""
    assert rule in {"", *rules()}


def test_one_long_text_in_very_many_rows(monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXT", 1_000_000)
    assert refusal(written({"a": ["x" * 1_000] * 2_000}))[0] == "too_large_parquet"
    monkeypatch.setattr(module, "MOST_ROWS", 1_000)
    assert refusal(written({"a": ["x"] * 2_000}))[0] == "too_large_parquet"


def test_bytes_that_are_no_text_are_refused_without_a_word_of_the_library(capfd):
    content = written({"a": ["plain", "xxxx"], "b": [1, 2]}, compression="NONE", use_dictionary=False)
    assert content.count(b"xxxx") >= 1
    broken = content.replace(b"xxxx", b"\x91\xff\xfe\x91")
    for read in (lambda: opened(broken).sample(5), lambda: cells(broken, "a")):
        with pytest.raises(ExportRefused, match="damaged_parquet"):
            read()
    assert capfd.readouterr().err == ""
