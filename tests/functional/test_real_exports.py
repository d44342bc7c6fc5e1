"""Exports that other people's systems wrote, by the commands: built, exported, and compared with what is known."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.lib.command import accord
from tests.lib.handmade_site import read_rows

pytestmark = pytest.mark.real

SITE = """
[site]
name = "Real exports"
timezone = "UTC"

[[clinics]]
id = "{id}"
name = "A survey"
service = "survey"
"""
PHQ_9 = """
[[feeds]]
id = "{id}"
clinic = "survey"
kind = "responses"
path = "inbox/PHQ9_data.csv"
dialect = "csv"
undated = true
[feeds.columns]
client = "ObservationID"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "Item{{n}}{suffix}"
stored_total = "SumScore"
{labels}
"""
LABELS = """
[feeds.instruments.labels]
"Not at all" = 0
"Several days" = 1
"More than half" = 2
"Almost every day" = 3
"""
PHQ_GAD = """
[[feeds]]
id = "both"
clinic = "survey"
kind = "responses"
path = "inbox/Psychological_aspects.csv"
dialect = "csv"
undated = true
[feeds.columns]
client = "@row"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "D{n}"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "A{n}"
"""
PHQ_9_BANDS = (20, 15, 10, 5, 0)
GAD_7_BANDS = (15, 10, 5, 0)


def scores(folder: Path, feed: str, export: Path) -> list[dict[str, str]]:
    """Rows of `export scores` of a site with one feed and one file."""
    (folder / "inbox").mkdir(parents=True)
    shutil.copyfile(export, folder / "inbox" / export.name)
    (folder / "site.toml").write_text(SITE.format(id="survey") + feed, encoding="utf-8")
    built, out = folder / "built.duckdb", folder / "scores.csv"
    for command in (["build", "--out", built], ["export", "scores", "--from", built, "-o", out]):
        ran = accord(*command, "--site", folder)
        assert ran.code == 0, ran.err
    return read_rows(out)


def totals(rows: list[dict[str, str]], instrument: str) -> list[Decimal]:
    return [
        Decimal(row["score"]) for row in rows if row["instrument"] == instrument and row["scale"] == "total"
    ]


def bands(found: list[Decimal], starts: tuple[int, ...]) -> list[int]:
    """How many are in each band, the lowest first."""
    counts = Counter(next(start for start in starts if one >= start) for one in found)
    return [counts[start] for start in reversed(starts)]


@pytest.mark.parametrize(("suffix", "labels"), [("_num", ""), ("", LABELS)], ids=["by codes", "by labels"])
def test_phq_9_of_a_survey(real_data: Path, tmp_path: Path, suffix: str, labels: str):
    feed = PHQ_9.format(id="survey", suffix=suffix, labels=labels)
    rows = scores(tmp_path / "site", feed, real_data / "phq9_survey" / "PHQ9_data.csv")
    assert len(rows) == 2177
    assert {row["status"] for row in rows} == {"scored"}
    assert [row for row in rows if Decimal(row["score"]) != Decimal(row["stored_total"])] == []
    found = totals(rows, "phq_9")
    assert bands(found, PHQ_9_BANDS) == [112, 523, 608, 584, 350]
    assert sum(one >= 10 for one in found) == 1542
    assert round(sum(found) / len(found), 4) == Decimal("13.2862")
    assert rows[0]["client"] == "1"


def test_phq_9_and_gad_7_in_one_row(real_data: Path, tmp_path: Path):
    rows = scores(tmp_path / "site", PHQ_GAD, real_data / "phq_gad_bmi" / "Psychological_aspects.csv")
    assert len(rows) == 2 * 223
    assert {row["client"] for row in rows} == {""}
    phq_9, gad_7 = totals(rows, "phq_9"), totals(rows, "gad_7")
    assert bands(phq_9, PHQ_9_BANDS) == [61, 82, 43, 18, 19]
    assert bands(gad_7, GAD_7_BANDS) == [115, 64, 26, 18]
    assert round(sum(phq_9) / 223, 4) == Decimal("8.8251")
    assert round(sum(gad_7) / 223, 4) == Decimal("5.7489")
