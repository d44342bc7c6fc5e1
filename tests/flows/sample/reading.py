"""A second reading of a sample site, with the standard library alone."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HEADER_ROWS = {"qualtrics": 3, "redcap": 1, "limesurvey": 1, "csv": 1}

Row = dict[str, str]


@dataclass(frozen=True)
class Shape:
    dialect: str
    delimiter: str
    encoding: str


@dataclass(frozen=True)
class Expected:
    """What must become of one record. defect: "" for a sound one."""

    defect: str
    fate: str
    reason: str


def digests(site: Path) -> dict[str, str]:
    files = sorted(path for path in site.rglob("*") if path.is_file())
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def truth_of(site: Path) -> dict:
    return json.loads((site / "sample/truth.json").read_text(encoding="utf-8"))


def shapes(raw_site: Mapping) -> dict[str, Shape]:
    """How the files of each feed are laid out, as site.toml declares it."""
    defaults = {"qualtrics": ",", "redcap": ",", "limesurvey": ";", "csv": ","}
    return {
        feed["id"]: Shape(
            feed["dialect"],
            feed.get("delimiter", defaults[feed["dialect"]]),
            feed.get("encoding", "utf-8-sig"),
        )
        for feed in raw_site["feeds"]
    }


def rows_of(path: Path, shape: Shape) -> tuple[list[str], list[list[str]]]:
    """Header names and data rows as they are; blank lines are none."""
    with path.open(encoding=shape.encoding, newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=shape.delimiter, strict=True) if row]
    return rows[0], rows[HEADER_ROWS[shape.dialect] :]


def named(header: list[str], row: list[str]) -> Row:
    return dict(zip(header, row, strict=False))


def defects_of(site: Path) -> list[Row]:
    with (site / "sample/defects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected_fates(site: Path) -> dict[tuple[str, str, int], Expected]:
    """Every record of the site: (feed, file, source_row) to what must become of it."""
    listed = {
        (row["feed"], row["file"], int(row["source_row"])): Expected(
            row["defect"], row["expected_fate"], row["expected_reason"]
        )
        for row in defects_of(site)
        if row["source_row"]
    }
    whole = {
        (row["feed"], row["file"]): Expected("", row["expected_fate"], row["expected_reason"])
        for row in defects_of(site)
        if not row["source_row"]
    }
    fates = {}
    for file in truth_of(site)["files"]:
        place = file["feed"], file["file"]
        sound = whole.get(place, Expected("", "accepted", ""))
        for row in range(1, file["received"] + 1):
            fates[(*place, row)] = listed.get((*place, row), sound)
    return fates
