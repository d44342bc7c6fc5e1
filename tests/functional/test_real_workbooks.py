"""Real answers in workbooks, and workbooks that are no exports, through a night."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.lib.command import accord
from tests.lib.workbooks import ods, xlsx

pytestmark = pytest.mark.real

SITE = """
[site]
name = "Real workbooks"
timezone = "UTC"
[[clinics]]
id = "survey"
name = "A survey"
service = "survey"
"""
FEED = """
[[feeds]]
id = "{id}"
clinic = "survey"
kind = "responses"
path = "inbox/{id}/*"
dialect = "{dialect}"
undated = true
[feeds.columns]
client = "ObservationID"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "Item{{n}}_num"
stored_total = "SumScore"
"""
ODD = {
    "date_iso.xlsx": "missing_column",
    "errors.xlsx": "missing_column",
    "inlineStr_with_value.xlsx": "missing_column",
    "merge_cells.xlsx": "missing_column",
    "whitespace_trim.xlsx": "several_sheets",
}


def answers(real_data: Path) -> list[list[object]]:
    """The survey's codes as numbers, as a workbook has them."""
    with (real_data / "phq9_survey" / "PHQ9_data.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    wanted = [
        at for at, name in enumerate(head) if name in {"ObservationID", "SumScore"} or name[-4:] == "_num"
    ]
    return [[head[at] for at in wanted], *([int(row[at]) for at in wanted] for row in rows)]


def test_a_night_of_workbooks(real_data: Path, tmp_path: Path):
    site = tmp_path / "site"
    for name, content in {"xlsx": xlsx(answers(real_data)), "ods": ods(answers(real_data))}.items():
        (site / "inbox" / name).mkdir(parents=True)
        (site / "inbox" / name / f"export.{name}").write_bytes(content)
    shutil.copytree(real_data / "spreadsheets", site / "inbox" / "odd", ignore=shutil.ignore_patterns("*.md"))
    feeds = [FEED.format(id="xlsx", dialect="xlsx"), FEED.format(id="ods", dialect="ods"), FEED.format(id="odd", dialect="xlsx")]  # fmt: skip
    (site / "site.toml").write_text(SITE + "".join(feeds), encoding="utf-8")
    ran = accord("nightly", "--json", "--site", site)
    assert ran.code == 0, ran.err
    night = json.loads(ran.out)
    assert (night["received"], night["accepted"], night["files_refused"]) == (2 * 2177, 2 * 2177, len(ODD))
    assert {one["file"]: one["refused"] for one in night["files"] if one["feed"] == "odd"} == ODD
    assert "Traceback" not in ran.err
