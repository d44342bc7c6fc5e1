"""The quarantine as the data team reads it: every problem has a place and a remedy, none a value."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.quarantine import listed, shown
from flows.report import rows_lines
from schemas.errors import ConfigError
from tests.lib.handmade_site import CANARY, FILES, NOW
from tests.lib.nights import run_night


def test_every_problem_is_counted_once(first_night: Path):
    assert sum(int(row["problems"]) for row in listed(first_night)) == len(shown(first_night))


def test_a_refused_file_is_among_them(first_night: Path):
    [refused] = [row for row in listed(first_night) if row["level"] == "file"]
    assert (refused["feed"], refused["file"], refused["rule"]) == ("north-gad", "gad-3.csv", "missing_column")
    [place] = shown(first_night, file="gad-3.csv")
    assert (place["source_row"], place["column"]) == ("", "g2, g3, g4, g5, g6, g7, Sum, ATT")


def test_each_has_a_remedy(first_night: Path):
    assert all(row["remedy"] for row in [*listed(first_night), *shown(first_night)])


def test_filters_of_feed_file_and_rule(first_night: Path):
    everything = shown(first_night)
    for column in ("feed", "file", "rule"):
        values = {str(row[column]) for row in everything}
        parts = [shown(first_night, **{column: value}) for value in sorted(values)]
        assert sum(map(len, parts)) == len(everything)
        assert all(
            row[column] == value for value, part in zip(sorted(values), parts, strict=True) for row in part
        )


def test_filters_go_together(first_night: Path):
    assert shown(first_night, feed="north-gad", file="diary-1.csv") == []


@pytest.mark.parametrize(
    ("column", "value", "hint"),
    [
        ("feed", "north-gat", "did you mean north-gad?"),
        ("rule", "no_such_thing_at_all", "accord quarantine list"),
    ],
)
def test_a_filter_that_nothing_has(first_night: Path, column: str, value: str, hint: str):
    with pytest.raises(ConfigError) as caught:
        shown(first_night, **{column: value})
    assert f"{column} {value}" in str(caught.value)
    assert hint in str(caught.value)


def test_before_the_first_run(tmp_path: Path):
    with pytest.raises(ConfigError, match="nothing was published yet: run `accord nightly` first"):
        listed(tmp_path)


def test_nothing_but_places_is_printed(first_night: Path):
    text = "\n".join(rows_lines(shown(first_night), ""))
    assert CANARY not in text
    cells = {cell for name in FILES for line in FILES[name].splitlines() for cell in line.split(",")}
    assert not [cell for cell in cells if cell.startswith("C-0") and cell in text]


def test_each_has_its_clinic_and_its_entry(first_night: Path):
    owners = {(row["feed"], row["clinic"]) for row in shown(first_night)}
    assert ("north-gad", "northvale") in owners
    assert all(re.fullmatch("[0-9a-f]{8}", str(row["entry"])) for row in shown(first_night))
    assert {row["clinic"] for row in listed(first_night)} == {row["clinic"] for row in shown(first_night)}


def test_age_is_counted_from_the_local_date_of_arrival_to_the_date_of_the_run(broken: Path):
    assert {row["age_days"] for row in listed(broken)} == {0}
    run_night(broken, NOW + timedelta(days=1), date(2026, 11, 9), gate=False)
    assert {row["age_days"] for row in shown(broken)} == {9}
    assert {row["age_days"] for row in listed(broken)} == {9}
