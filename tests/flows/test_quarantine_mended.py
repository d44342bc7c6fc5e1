"""Which run mended what, by the lists that runs leave."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.quarantine_mended import gone, mended, mended_lines
from schemas.errors import ArchiveError
from tests.lib.handmade_site import NOW
from tests.lib.nights import run_night
from tests.lib.walkthrough import BROKEN_AND_MENDED, DIARY, HEADER, SITE
from warehouse import manifest
from warehouse.quarantined import LIST

INBOX = Path("inbox", "northvale")


def night(site: Path, days: int) -> str:
    run_night(site, NOW + timedelta(days=days), gate=False)
    return manifest.read(site, "latest").run


def row(number: int) -> bytes:
    return BROKEN_AND_MENDED[number - 1][1] + b"\n"


def test_after_the_first_night_nothing_was_mended(broken_site: Path):
    assert mended(broken_site) == []
    assert list(mended_lines(broken_site)) == []


def test_each_run_tells_what_it_mended_and_the_newest_comes_first(broken: Path):
    (broken / INBOX / "forms-3.csv").write_bytes(HEADER + row(3) + row(4))
    second = night(broken, 1)
    assert "2 problems in forms-may.csv" in next(mended_lines(broken))
    toml = SITE.replace('"5" = "attended"', '"5" = "attended"\n"7" = "dna"')
    (broken / "site.toml").write_text(toml, encoding="utf-8")
    (broken / INBOX / "forms-4.csv").write_bytes(HEADER + row(6))
    third = night(broken, 2)
    assert [(one["run"], one["source_row"], one["rule"]) for one in mended(broken)] == [
        (third, 6, "missing_date"),
        (third, 2, "unknown_code"),
        (second, 3, "out_of_range"),
        (second, 4, "not_an_answer"),
    ]
    assert [line.split(" (")[0] for line in mended_lines(broken)] == [
        f"mended by run {third}: 1 problem in {name}" for name in ("forms-may.csv", "diary.csv")
    ]


def test_a_run_without_a_list_is_passed_over(broken: Path):
    first = manifest.read(broken, "latest").run
    (broken / "runs" / f"{first}{LIST}").unlink()
    (broken / INBOX / "forms-3.csv").write_bytes(HEADER + row(3))
    night(broken, 1)
    assert mended(broken) == []


def test_a_damaged_list_is_said(broken: Path):
    first = manifest.read(broken, "latest").run
    (broken / "runs" / f"{first}{LIST}").write_bytes(b"no list")
    (broken / INBOX / "forms-3.csv").write_bytes(HEADER + row(3))
    night(broken, 1)
    with pytest.raises(ArchiveError, match="restore it from the backup"):
        mended(broken)


def test_a_list_is_of_places_and_rules_and_for_its_owner_alone(broken_site: Path):
    [path] = (broken_site / "runs").glob(f"*{LIST}")
    assert path.stat().st_mode & 0o777 == 0o600
    found = pl.read_parquet(path)
    assert found.columns == ["entry", "source_row", "instrument", "column", "rule"]
    assert found.height == 12
    assert DIARY.splitlines()[1].split(",")[0] not in str(found.rows())


def test_what_is_gone_is_compared_by_place_and_rule():
    names = ["entry", "source_row", "instrument", "column", "rule"]
    then = pl.DataFrame(
        [
            ("a", 1, "x", "Q1", "r"),
            ("a", 1, "y", "Q1", "r"),
            ("a", None, "", "", "empty_file"),
            ("a", 2, "", "", "s"),
        ],
        schema=names,
        orient="row",
    )
    now = pl.DataFrame([("a", None, "", "", "empty_file"), ("a", 2, "", "", "t")], schema=names, orient="row")
    assert gone(then, now).select("source_row", "rule").rows() == [(1, "r"), (2, "s")]
