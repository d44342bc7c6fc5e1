"""Columns a feed should drop."""

from __future__ import annotations

import pytest

from flows.inspect_columns import Column
from flows.inspect_drop import dropped, is_personal


def column(name: str, *cells: str, at: int = 0) -> Column:
    return Column(name, at, cells)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (column("E-Mail", ""), "identifies a person by its name"),
        (column("Vorname", "x"), "identifies a person by its name"),
        (column("contact", "a@b.example", "c@d.example"), "identifies a person by its texts"),
        (column("Comments", ""), "free text"),
        (column("out_notes", "ok"), "free text"),
        (column("Q7", *(f"I felt that session {n} went rather well" for n in range(5))), "free text"),
    ],
)
def test_dropped(found: Column, why: str):
    assert [(one.name, one.why) for one in dropped([found])] == [(found.name, why)]


@pytest.mark.parametrize(
    "found",
    [
        column("PHQ_1", *"0123" * 5),
        column("SumScore", *map(str, range(27))),
        column("Duration", *map(str, range(9000, 9100))),
        column("Stage", *["waiting list", "in treatment"] * 20),
        column("submitted", *(f"2026-03-{n:02} 10:00:00" for n in range(1, 20))),
        column("", "x"),
    ],
)
def test_kept(found: Column):
    assert dropped([found]) == []


def test_a_name_that_is_somebodys_is_not_repeated():
    assert dropped([column("ann@mail.example", "1")]) == []


def test_personal_names():
    assert is_personal(column("dob"))
    assert not is_personal(column("PID"))
