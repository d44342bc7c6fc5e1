"""Reports for the clinics: complete, the same every time, and harmless whatever files and columns are called."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from flows import quarantine_report
from flows.quarantine_report import Report, clean, reports, workbook, write_reports
from schemas.errors import ConfigError
from tests.lib.handmade_site import NOW
from tests.lib.nights import run_night
from tests.lib.walkthrough import HEADER

FORMULAS = ("=cmd()", "+1", "-1+2", "@SUM(A1)", "\t=1", "http://example.org", "12", "<b>&")


def made(problems, summary=()):
    return Report("Site", "=North", "20261031T020000Z-1a2b3c4d", date(2026, 10, 31), list(summary), problems)


def sheet(content: bytes, name: str):
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


def test_a_report_for_each_clinic_also_where_nothing_waits(broken: Path, tmp_path: Path):
    out = tmp_path / "out"
    write_reports(broken, out)
    names = ["northvale.html", "northvale.xlsx", "southmere.html", "southmere.xlsx"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    first = {name: (out / name).read_bytes() for name in names}
    (broken / "inbox" / "southmere" / "diary-2.csv").write_text(
        "PID,Start,Status\nC-2,2026-05-01 11:00:00,5\n"
    )
    run_night(broken, NOW + timedelta(days=1), gate=False)
    said = write_reports(broken, out, "southmere")
    assert said == [f"{out}/southmere.xlsx and .html: 0 to mend in South Mere"]
    assert b"Nothing waits to be mended." in (out / "southmere.html").read_bytes()
    assert (out / "northvale.xlsx").read_bytes() == first["northvale.xlsx"]


def test_equal_warehouses_give_equal_bytes(broken_site: Path, tmp_path: Path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        write_reports(broken_site, folder)
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two


def test_it_says_who_when_and_what_by_file_and_rule(broken_site: Path):
    found = reports(broken_site)["northvale"]
    rows = sheet(workbook(found), "Summary")
    assert [row[:2] for row in rows[:4]] == [
        ["Clinic", "North Vale"],
        ["Site", "North Vale Talking Therapies"],
        ["Run", found.run],
        ["As of", "2026-10-31"],
    ]
    assert "header rows are not counted" in rows[5][0]
    assert rows[7] == ["File", "What is wrong", "Rows", "Days waiting", "What to do"]
    assert len(rows) == 8 + 11
    assert [row[2] for row in rows[8:]] == [1] * 11


def test_a_refused_file_is_one_line(broken: Path):
    (broken / "inbox" / "northvale" / "forms-=2.csv").write_bytes(b"PID,Session\nC-1,1\n")
    run_night(broken, NOW + timedelta(days=1), gate=False)
    [line] = [row for row in reports(broken)["northvale"].problems if row[0] == "forms-=2.csv"]
    assert line[1:3] == ("whole file", "Done, s1, s2, s3, s4, Who")


def test_a_file_held_for_its_coding_is_one_line_for_each_finding(broken_site: Path, monkeypatch):
    held = [
        {
            "feed": "f", "clinic": "northvale", "file": "a.csv", "entry": "12345678", "source_row": row,
            "column": "Q1, Q2", "rule": "suspect_flipped", "age_days": 3, "remedy": "",
        }
        for row in range(1, 40)
    ]  # fmt: skip
    monkeypatch.setattr(quarantine_report, "problems", lambda site: held)
    found = reports(broken_site)["northvale"]
    assert [row[:3] for row in found.problems] == [("a.csv", "all rows", "Q1, Q2")]
    assert "accord quarantine release 12345678 --reason TEXT" in str(found.problems[0][4])
    assert [row[2:4] for row in found.summary] == [(39, 3)]


def test_no_name_is_a_formula_a_link_or_a_number():
    content = workbook(made([(text, 1, text, "wrong", "mend it") for text in FORMULAS]))
    rows = sheet(content, "Problems")[1:]
    assert [row[0] for row in rows] == [text.replace("\t", "�") for text in FORMULAS]
    assert all(isinstance(row[0], str) and row[1] == 1 for row in rows)
    with ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert not [name for name, part in parts.items() if b"<f>" in part or b"<hyperlink" in part]
    assert not [name for name in parts if "externalLink" in name]
    assert b"2026-10-31T00:00:00Z" in parts["docProps/core.xml"]


def test_more_problems_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(quarantine_report, "SHEET_ROWS", 2)
    content = workbook(made([("a.csv", row, "Q1", "wrong", "mend it") for row in (1, 2, 3)]))
    assert len(sheet(content, "Problems")) == 3
    assert [row[1] for row in sheet(content, "Problems 2")] == ["Row", 3]


def test_text_that_no_program_should_meet():
    assert clean("a\x1b[2Jb\x00\udcff\n") == "a�[2Jb�?\n"
    assert len(clean("x" * 50_000)) == 32_000


@pytest.mark.parametrize("clinic", ["no-such", "North Vale"])
def test_a_clinic_there_is_not(broken_site: Path, tmp_path: Path, clinic: str):
    with pytest.raises(ConfigError, match="there are northvale, southmere"):
        write_reports(broken_site, tmp_path / "out", clinic)


def test_a_folder_that_is_a_file(broken_site: Path, tmp_path: Path):
    (tmp_path / "out").write_text(HEADER.decode())
    with pytest.raises(ConfigError, match="cannot be written"):
        write_reports(broken_site, tmp_path / "out")
