"""Answers to items on risk, for the data team: above zero, the oldest first, and who gave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.build import Setup
from flows.export import Source, export
from flows.sources import run_export
from schemas.errors import ConfigError
from tests.lib.handmade_site import build_site, read_rows
from warehouse.connect import connect

MOVED = {"completed_at": "2026-03-01 09:00:00", "completed_on": "2026-03-01"}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    setup, file = build_site(tmp_path / "site")
    return Source(connect(file), setup, "build")


def risks(source: Source, out: Path) -> list[list[str]]:
    export("risk", source, out)
    columns = ("file", "source_row", "client", "instrument", "completed_at", "item", "answer")
    return [[row[name] for name in columns] for row in read_rows(out)]


def test_answers_above_zero_to_items_on_risk(source: Source, tmp_path: Path):
    """Item 9 of the PHQ-9; the GAD-7 has no such item, whatever is answered to it."""
    assert risks(source, tmp_path / "risk.csv") == [
        ["wide-1.csv", "1", "A/1", "phq_9", "2026-04-01T00:00:00+01:00", "9", "1"],
        ["wide-1.csv", "2", "A/2", "phq_9", "2026-04-01T00:00:00+01:00", "9", "1"],
    ]


def test_the_oldest_stand_first_and_those_without_a_date_last(source: Source, tmp_path: Path):
    """Whatever their place in the files; clocks of different offsets are compared as moments."""
    source.con.execute(
        "UPDATE administration_phq_9 SET completed_at = NULL, completed_on = NULL WHERE source_row = 1"
    )
    source.con.execute(
        "UPDATE administration_phq_9 SET completed_at = ?, completed_on = ? WHERE source_row = 2",
        list(MOVED.values()),
    )
    found = risks(source, tmp_path / "risk.csv")
    assert [(row[1], row[4]) for row in found] == [("2", "2026-03-01T09:00:00+00:00"), ("1", "")]


@pytest.mark.parametrize(("since", "rows"), [(date(2026, 4, 1), 2), (date(2026, 4, 2), 0)])
def test_since_a_day(source: Source, tmp_path: Path, since: date, rows: int):
    assert len(risks(replace(source, since=since), tmp_path / "risk.csv")) == rows


def test_undated_answers_are_there_whatever_the_day(source: Source, tmp_path: Path):
    source.con.execute(
        "UPDATE administration_phq_9 SET completed_at = NULL, completed_on = NULL WHERE source_row = 1"
    )
    found = risks(replace(source, since=date(2027, 1, 1)), tmp_path / "risk.csv")
    assert [row[1] for row in found] == ["1"]


def test_an_answer_of_zero_is_no_risk(source: Source, tmp_path: Path):
    source.con.execute("UPDATE administration_phq_9 SET item_09 = 0 WHERE source_row = 1")
    source.con.execute("UPDATE administration_phq_9 SET item_09 = -102 WHERE source_row = 2")
    assert risks(source, tmp_path / "risk.csv") == []


def test_other_exports_have_no_first_day(built_setup: Setup, tmp_path: Path):
    with pytest.raises(ConfigError, match="--since is for risk"):
        run_export("scores", built_setup.folder, {}, tmp_path / "x.csv", None, False, date(2026, 1, 1))


@pytest.fixture
def built_setup(source: Source) -> Setup:
    return source.setup
