"""Records that name their own cells: the header of the first, columns asked for later, texts that are none."""

from __future__ import annotations

from flows.readers.named import ROWS_PER_BATCH, NamedRecords
from flows.readers.table import Broken


def read(records, *names):
    places = [records.column(name) for name in names]
    batches = [batch() for batch in records.readers(places)]
    rows = [row for batch in batches for row in batch.rows.select("source_row", *map(str, places)).rows()]
    return rows, [one for batch in batches for one in batch.broken]


def named(records, fixed=("id",), **more):
    return NamedRecords(iter(records), fixed, str, **more)


def test_the_header_is_what_the_first_records_hold_behind_the_fixed_columns():
    records = named([{"b": "1"}, Broken("undecodable"), {"a": "2", "b": ""}])
    assert records.names == ["id", "b", "a"]
    assert records.sample(2) == [["", "1", ""]]
    assert read(records, "a", "b") == ([(1, None, "1"), (3, "2", None)], [(2, "undecodable")])


def test_a_column_that_comes_late_is_read_when_it_is_asked_for():
    records = named([{"a": "1"}] * ROWS_PER_BATCH + [{"a": "2", "late": "3"}])
    assert "late" not in records.names
    rows, _ = read(records, "late")
    assert rows[-2:] == [(ROWS_PER_BATCH, None), (ROWS_PER_BATCH + 1, "3")]


def test_what_a_record_has_not_may_have_a_text():
    records = named([{"a": "1"}, {}], absent=lambda record, name: f"no {name}")
    assert read(records, "a")[0] == [(1, "1"), (2, "no a")]


def test_values_that_are_no_texts_are_read_when_their_column_is():
    assert read(named([{"a": 7, "b": object()}]), "a")[0] == [(1, "7")]


def test_half_a_surrogate_pair_costs_its_own_record_only():
    rows, broken = read(named([{"a": "1"}, {"a": "\ud800"}, {"a": "3"}]), "a")
    assert (rows, broken) == ([(1, "1"), (3, "3")], [(2, "undecodable")])


def test_no_record_that_can_be_read_is_told():
    assert named([]).empty
    assert named([Broken("undecodable")]).empty
    assert not named([{}]).empty
