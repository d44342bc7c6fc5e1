"""docs/quarantine.md, walked through: twelve defects arrive, are told of, mended, and leave the quarantine."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flows import cli, cli_quarantine
from flows.cli import main
from schemas.rules import rules
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import run_night, tree
from tests.lib.walkthrough import BROKEN_AND_MENDED, COMMANDS, MEND_BEFORE, RULES, arrive, mend
from warehouse import manifest
from warehouse.manifest import Counts

DOC = Path(__file__).parents[2] / "docs" / "quarantine.md"
VALUES = ("C-4", "good", "8.1", "7.9", "2026-02-30", "eins")


class Page(HTMLParser):
    """Cells of a page's tables, and every address that it names."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.addresses += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[object]]:
    """The folder afterwards; what each command said; what `list --json` said before and after mending."""
    folder = tmp_path_factory.mktemp("walk")
    arrive(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ACCORD_KEY", KEY["ACCORD_KEY"])
        nights = iter(range(9))
        for module in (cli, cli_quarantine):
            patch.setattr(module, "tonight", lambda site, as_of, tell: _night(site, as_of, next(nights)))
        said, listed = [], []
        for place, command in enumerate(COMMANDS):
            if place == MEND_BEFORE:
                listed.append(_said(["quarantine", "list", "--json"]))
                mend(folder)
            said.append(_said(command.split()[1:]))
        listed.append(_said(["quarantine", "list", "--json"]))
    return folder, said, [json.loads(one) for one in listed]


def _night(site: Path, as_of: date | None, number: int) -> tuple[manifest.Manifest | None, None]:
    """The same steps without Prefect and gate, each night a day later."""
    return run_night(
        site, datetime.fromtimestamp(NOW.timestamp() + 86_400 * number, NOW.tzinfo), as_of, gate=False
    ).record, None


def _said(arguments: list[str]) -> str:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    out = StringIO()
    with redirect_stdout(out), redirect_stderr(StringIO()):
        assert main(arguments) == 0
    return out.getvalue()


def counts(folder: Path) -> list[Counts]:
    return [one.counts for one in manifest.history(folder / "site") if one.made_figures and one.counts]


def test_each_defect_is_found_at_its_place(walked):
    _, said, [before, _] = walked
    assert sorted(row["rule"] for row in before) == sorted(RULES)
    assert {(row["clinic"], row["age_days"]) for row in before} == {("northvale", 0), ("southmere", 0)}
    lines = said[2].splitlines()[1:]
    places = [(number, rule) for number, (_, _, rule) in enumerate(BROKEN_AND_MENDED, 1) if rule]
    assert [re.search(r" [0-9a-f]{8} +(\d+) ", line)[1] for line in lines] == [str(row) for row, _ in places]
    assert all(
        rule in line and rules()[rule].remedy in line for line, (_, rule) in zip(lines, places, strict=True)
    )


def test_no_value_is_told(walked):
    folder, said, _ = walked
    pages = [path.read_text(encoding="utf-8") for path in (folder / "to-clinics").glob("*.html")]
    assert not [
        value for value in VALUES for text in (*said, *pages) if re.search(rf"\b{re.escape(value)}\b", text)
    ]


def test_each_clinic_gets_its_workbook(walked):
    from python_calamine import CalamineWorkbook

    folder, _, _ = walked
    book = CalamineWorkbook.from_path(folder / "to-clinics" / "northvale.xlsx")
    assert book.sheet_names == ["Summary", "Problems"]
    rows = book.get_sheet_by_name("Problems").to_python()
    assert rows[0] == ["File", "Row", "Column", "What is wrong", "What to do"]
    places = [(number, rule) for number, (_, _, rule) in enumerate(BROKEN_AND_MENDED, 1) if rule]
    assert [(row[1], row[3]) for row in rows[1:]] == [(row, rules()[rule].message) for row, rule in places]
    [diary] = (
        CalamineWorkbook.from_path(folder / "to-clinics" / "southmere.xlsx")
        .get_sheet_by_name("Problems")
        .to_python()[1:]
    )
    assert diary[:3] == ["diary.csv", 2, "Status"]


def test_and_its_page(walked):
    folder, _, _ = walked
    page = Page()
    page.feed((folder / "to-clinics" / "northvale.html").read_text(encoding="utf-8"))
    assert page.addresses == []
    assert {rules()[rule].message for *_, rule in BROKEN_AND_MENDED if rule} <= set(page.cells)
    assert not {rules()["unknown_code"].message} & set(page.cells)


def test_the_mended_file_is_tried_first(walked):
    _, said, _ = walked
    assert "13 received = 11 accepted + 0 quarantined + 2 excluded + 0 superseded" in said[4]
    assert "11 problems of earlier files would leave the quarantine" in said[4]
    assert "no problem is left" in said[4]


def test_then_the_quarantine_is_empty_and_the_equation_closes_before_and_after(walked):
    folder, said, [_, after] = walked
    assert after == []
    assert "nothing is in quarantine" in said[6]
    first, second = counts(folder)
    assert first == Counts(15, 3, 12, {}, 0, 2, 0)
    assert second == Counts(28, 15, 0, {"exact_duplicate": 2}, 11, 3, 0)
    for line in ("15 received = 3 accepted + 12 quarantined", "28 received = 15 accepted + 0 quarantined"):
        assert line in said[5]


def test_it_is_told_by_which_run(walked):
    folder, said, _ = walked
    run = manifest.read(folder / "site", "latest").run
    assert "mended by this run: 12" in said[5]
    assert f"mended by run {run}: 11 problems in forms-may.csv" in said[6]
    assert f"mended by run {run}: 1 problem in diary.csv" in said[6]
    assert len([line for line in said[7].splitlines() if line.startswith(run)]) == 11


def test_the_manual_uses_these_commands():
    told = [line[2:] for line in DOC.read_text(encoding="utf-8").splitlines() if line.startswith("$ ")]
    assert tuple(told) == COMMANDS


def test_trying_a_file_keeps_nothing_of_it(walked, monkeypatch, tmp_path):
    folder, _, _ = walked
    before = tree(folder / "site")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ACCORD_KEY", KEY["ACCORD_KEY"])
    (tmp_path / "other.csv").write_bytes(b"PID,Session\nC-1,1\n")
    assert "refused: northvale-forms: other.csv, column Done" in _said(
        ["quarantine", "replay", "northvale-forms", "--try", str(tmp_path / "other.csv")]
    )
    assert main(["quarantine", "replay", "no-such", "--try", str(tmp_path / "other.csv")]) == 2
    assert main(["quarantine", "replay", "--try", str(tmp_path / "other.csv")]) == 2
    assert tree(folder / "site") == before
