"""What a night warns of across rows, files and feeds, and what it keeps back: in its record, by feed and rule."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.quarantine import shown
from schemas.rules import rules
from tests.lib.nights import Night, run_night

SITE = """
[site]
name = "Warned"
timezone = "Europe/London"
[[clinics]]
id = "north"
name = "North"
service = "adult"
[[feeds]]
id = "forms"
clinic = "north"
kind = "responses"
path = "inbox/forms-*.csv"
dialect = "csv"
date_format = "%d/%m/%Y"
[feeds.columns]
client = "PID"
session = "S"
completed_at = "Done"
[[feeds.instruments]]
id = "srs"
rater = "client"
items = "s{n}"
[[feeds]]
id = "referrals"
clinic = "north"
kind = "referrals"
path = "inbox/referrals-*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "In"
"""
FILES = {
    "forms-1.csv": "PID,S,Done,s1,s2,s3,s4\nC-1,1,20/03/2026,9,9,9,9\nC-1,2,13/03/2026,9,9,9,9\n",
    "forms-2.csv": "PID,S,Done,s1,s2,s3,s4,CANARYNEW\nC-2,1,01/11/2026,9,9,9,9,\n",
    "forms-3.csv": "PID,S,Done,s1,s2,s3,s4\n"
    + "".join(f"C-9,{n},03/{n}/2026,9,9,9,9\n" for n in range(10, 17)),
    "referrals-1.csv": "PID,In\nC-1,2026-03-15\n",
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Night]:
    site = tmp_path_factory.mktemp("warned")
    (site / "inbox").mkdir()
    (site / "site.toml").write_text(SITE, encoding="utf-8")
    for number, (name, text) in enumerate(FILES.items()):
        (site / "inbox" / name).write_text(text, encoding="utf-8")
        os.utime(site / "inbox" / name, (1_780_000_000 + number, 1_780_000_000 + number))
    return site, run_night(site)


def test_it_publishes_and_adds_up(night: tuple[Path, Night]):
    _, found = night
    assert found.error is None
    assert found.record is not None
    assert found.record.state == "published"
    assert found.record.counts is not None
    assert (found.record.counts.received, found.record.counts.quarantined) == (4, 1)
    assert found.record.counts.files_refused == 1


@pytest.mark.parametrize(
    ("begins", "rule", "ends"),
    [
        ("forms: 1x ", "session_order", ""),
        ("forms: 1x ", "before_referral", ""),
        ("forms-", "columns_changed", ": new: no. 8"),
    ],
)
def test_each_warning_is_one_line_of_the_record(night: tuple[Path, Night], begins: str, rule: str, ends: str):
    assert night[1].record is not None
    said = f"{rules()[rule].message} ({rule})"
    [line] = [line for line in night[1].record.warnings if said in line]
    assert line.startswith(begins)
    assert line.endswith(said + ends)


def test_what_waits_is_placed(night: tuple[Path, Night]):
    found = [(one["file"], one["source_row"], one["column"], one["rule"]) for one in shown(night[0])]
    assert sorted(found) == [
        ("forms-2.csv", 1, "Done", "future_date"),
        ("forms-3.csv", "", "Done", "date_order"),
    ]


def test_no_file_name_or_client_is_in_the_record(night: tuple[Path, Night]):
    assert night[1].record is not None
    assert not [line for line in night[1].record.warnings if ".csv" in line or "C-" in line]
