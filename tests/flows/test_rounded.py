"""Ids that a spreadsheet program rounded cost their record; what only looks like it does not."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest

from flows.clean import Batch
from flows.rounded import without_rounded_ids
from tests.lib.exports import feed, process

FEED = feed("""
dialect = "csv"
[feeds.columns]
client = "PID"
response = "RID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
""")
HEADER = "PID,RID,When,Q1,Q2,Note\n"


PLAN = SimpleNamespace(columns={"client": ("PID",), "completed_at": ("When",), "response": ("RID",)})
"""As much of a plan as is asked for."""


def batch(*rows):
    names = ["PID", "RID", "When"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return Batch(
        frame.insert_column(0, pl.Series("source_row", range(5, 5 + len(rows)), pl.Int32)), [(2, "short_row")]
    )


@pytest.mark.parametrize("text", ["1.23457E+11", "1,23457E+11", "1E+20", "9.9e+11", " 1.2E+15 "])
@pytest.mark.parametrize("column", ["PID", "RID"])
def test_a_rounded_id_breaks_its_record(text, column):
    rows = [("7", "1", "x"), (text, "2", "x") if column == "PID" else ("8", text, "x")]
    found = without_rounded_ids(batch(*rows), PLAN)
    assert found.rows["source_row"].to_list() == [5]
    assert (found.broken, dict(found.columns)) == ([(2, "short_row"), (6, "inexact_number")], {6: column})


@pytest.mark.parametrize("text", ["007", "1E11", "E+11", "12.3E+11", "1.2E+", "A+1", "+44", "1.5", "", None])
def test_other_ids_are_left_alone(text):
    one = batch((text, text, "1.2E+11"))
    assert without_rounded_ids(one, PLAN) is one


def test_two_people_are_not_made_one(tmp_path):
    """Both were 12 digits before; neither counts, each is placed, and nothing of the id is told."""
    rows = "1.23457E+11,1,2026-07-01,1,1,\n1.23457E+11,2,2026-07-02,2,2,\n123456789012,3,2026-07-01,3,3,1.5E+11\n"
    part = process(tmp_path, FEED, HEADER + rows)
    assert (part.counts.received, part.counts.accepted, part.counts.quarantined) == (3, 1, 2)
    assert part.problems() == [(1, "", "PID", "inexact_number"), (2, "", "PID", "inexact_number")]
    assert b"1.23457" not in part.text()
