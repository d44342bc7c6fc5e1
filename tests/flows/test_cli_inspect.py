"""`accord inspect` as people and scripts meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli import main
from flows.config import load_site
from tests.lib.handmade_site import KEY
from tests.lib.unknown_files import answers, client, day, items, table

ROWS = 40


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "site"
    assert main(["init", str(folder)]) == 0
    capsys.readouterr()
    content = table([client(ROWS), day(ROWS), *items("GAD7_{n}", answers(ROWS, 7, 0, 3))])
    (folder / "inbox" / "measures.csv").write_text(content, encoding="utf-8")
    return folder


def test_it_prints_the_feed(site: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["inspect", str(site / "inbox" / "measures.csv"), "--site", str(site)]) == 0
    out, err = capsys.readouterr()
    assert 'id = "gad_7"' in out
    assert err == ""
    assert load_site(site).site.feeds == ()


def test_json(site: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["inspect", str(site / "inbox" / "measures.csv"), "--site", str(site), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["forms"][0]["id"] == "gad_7"


def test_written_after_yes(site: Path, capsys: pytest.CaptureFixture[str]):
    command = ["inspect", str(site / "inbox" / "measures.csv"), "--site", str(site), "--write"]
    assert main([*command, "--yes"]) == 0
    assert "accord config check" in capsys.readouterr().err
    [feed] = load_site(site).site.feeds
    assert feed.id == "main-measures"


def test_asked_before_writing_and_taken_at_its_word(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text, err: asked.append(text) or False)
    assert main(["inspect", str(site / "inbox" / "measures.csv"), "--site", str(site), "--write"]) == 0
    assert asked == [f"Add it to {site}/site.toml?"]
    assert load_site(site).site.feeds == ()


def test_nothing_to_write_is_a_configuration_error(site: Path, capsys: pytest.CaptureFixture[str]):
    (site / "inbox" / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["inspect", str(site / "inbox" / "x.csv"), "--site", str(site), "--write"]) == 2
    assert "there is no feed to add" in capsys.readouterr().err


def test_no_such_file(site: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["inspect", str(site / "none.csv"), "--site", str(site)]) == 2
    assert "none.csv: cannot be read" in capsys.readouterr().err


def test_without_a_site(tmp_path: Path, site: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["inspect", str(site / "inbox" / "measures.csv"), "--site", str(tmp_path / "none")]) == 0
    assert 'clinic = "main"' in capsys.readouterr().out
