"""`accord quarantine ...` as people and scripts meet it. The whole way is in tests/functional/test_walkthrough.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows import cli_quarantine
from flows.cli import main
from schemas.errors import GateRefused
from tests.lib.handmade_site import KEY
from tests.lib.walkthrough import file
from warehouse import manifest


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_KEY", KEY["ACCORD_KEY"])


@pytest.fixture
def said(capsys):
    """Runs a quarantine command; its exit code, what it printed, what it complained of."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["quarantine", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def test_list_and_show_in_json(said, broken_site: Path):
    code, out, _ = said("list", "--site", broken_site, "--json")
    assert code == 0
    assert set(json.loads(out)[0]) == {
        "clinic", "feed", "file", "rule", "level", "problems", "age_days", "entry", "items", "remedy",
    }  # fmt: skip
    code, out, _ = said("show", "southmere-diary", "--site", broken_site, "--json")
    [row] = json.loads(out)
    assert list(row) == [
        "feed", "clinic", "file", "entry", "source_row", "column", "rule", "age_days", "remedy",
    ]  # fmt: skip
    assert (row["clinic"], row["source_row"], row["column"]) == ("southmere", 2, "Status")


def test_nothing_was_mended_yet(said, broken_site: Path):
    assert said("show", "--mended", "--site", broken_site)[:2] == (0, "nothing was mended yet\n")


def test_a_csv_holds_all_problems_and_a_folder_a_report_a_clinic(said, broken_site: Path, tmp_path: Path):
    code, _, err = said("export", "-o", tmp_path / "all.CSV", "--site", broken_site)
    assert (code, err) == (0, f"{tmp_path}/all.CSV: 12 rows\n")
    assert (tmp_path / "all.CSV").read_text().startswith("feed,file,source_row,column,rule,remedy\n")
    code, out, _ = said("export", "-o", tmp_path / "out", "--clinic", "southmere", "--site", broken_site)
    assert (code, out.count("\n"), sorted(p.name for p in (tmp_path / "out").iterdir())) == (
        0, 1, ["southmere.html", "southmere.xlsx"],
    )  # fmt: skip
    code, _, err = said("export", "-o", tmp_path / "a.csv", "--clinic", "southmere", "--site", broken_site)
    assert (code, "--clinic is for reports" in err) == (2, True)


def test_a_file_is_tried_in_json(said, broken_site: Path, tmp_path: Path):
    (tmp_path / "mended.csv").write_bytes(file(mended=True))
    arguments = ("replay", "--feed", "northvale-forms", "--try", tmp_path / "mended.csv")
    code, out, _ = said(*arguments, "--site", broken_site, "--json")
    found = json.loads(out)
    assert (code, found["mended"], found["problems"], found["counts"]["accepted"]) == (0, 11, [], 11)


@pytest.mark.parametrize(
    "arguments",
    [("no-such",), ("--feed", "no-such"), ("northvale-forms", "--feed", "southmere-diary"), ("--try", "x.csv"),
     ("northvale-forms", "--try", "no-such.csv")],
)  # fmt: skip
def test_what_cannot_be_replayed_is_a_configuration_error(said, broken_site: Path, arguments):
    assert said("replay", *arguments, "--site", broken_site)[0] == 2


def test_a_night_that_the_gate_refuses_is_told_of_and_keeps_its_exit_code(
    said, broken_site: Path, monkeypatch
):
    record = manifest.read(broken_site, "latest")
    monkeypatch.setattr(cli_quarantine, "tonight", lambda *_: (record, GateRefused("the gate refused it")))
    code, out, err = said("replay", "--site", broken_site)
    assert (code, "still open: 12" in out, "the gate refused it" in err) == (10, True, True)


def test_rows_are_released_with_a_reason(said, broken: Path):
    code, out, _ = said(
        "release", "forms-may.csv", "--rows", "2", "--reason", "the clinic has closed", "--site", broken
    )
    assert (code, "1 row released by hand" in out) == (0, True)
    code, _, err = said(
        "release", "forms-may.csv", "--rows", "1", "--reason", "the clinic has closed", "--site", broken
    )
    assert (code, "not in quarantine: row 1" in err) == (2, True)
