"""The instruments for people: which give scores, one card, and the check of a site's own TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cards import instrument_lines, instruments_json
from schemas.errors import ConfigError, RegistryError
from schemas.registry import load

CARDS = Path(__file__).parents[2] / "schemas" / "instruments"


def lines(what: str, name: str = "", site: Path = Path("nowhere")) -> list[str]:
    return list(instrument_lines(what, name, site))


def own_card(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "own_7.toml"
    text = (CARDS / "gad_7.toml").read_text(encoding="utf-8").replace('id = "gad_7"', 'id = "own_7"')
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return path


def test_the_list_needs_no_site():
    heading, *rows = lines("list")
    assert heading.split() == ["id", "items", "scales", "evidence", "scored", "title"]
    assert [row.split()[0] for row in rows] == list(load().ids)
    assert [one["id"] for one in instruments_json("list", "", Path("nowhere"))] == list(load().ids)


def test_the_list_has_the_site_s_own(site: Path):
    (site / "instruments").mkdir(exist_ok=True)
    own_card(site / "instruments")
    assert "own_7" in [row.split()[0] for row in lines("list", site=site)]


def test_one_card():
    text = "\n".join(lines("show", "wai_sr"))
    assert "Working Alliance Inventory" in text
    assert "licence" in text
    assert instruments_json("show", "wai_sr", Path("nowhere"))[0]["id"] == "wai_sr"


def test_an_own_card_whose_vectors_hold(tmp_path: Path):
    path = own_card(tmp_path)
    assert lines("check", str(path))[-1].endswith("golden vectors hold")
    assert instruments_json("check", str(path), tmp_path)[0]["id"] == "own_7"


def test_an_own_card_whose_key_is_wrong(tmp_path: Path):
    """A reversed item that is not reversed in the printed form: its vectors say so."""
    path = own_card(tmp_path, "reverse = []", "reverse = [2]")
    with pytest.raises(
        RegistryError, match=r"own_7\.toml, \[\[vectors\]\] \d+, total: the key gives .* says"
    ):
        lines("check", str(path))


@pytest.mark.parametrize(
    ("what", "name", "message"),
    [
        ("lst", "", "list, show, check or docs, not lst"),
        ("show", "", "needs an id"),
        ("check", "", "needs a TOML file"),
        ("check", "nowhere.toml", "cannot be read"),
        ("show", "phq9", "phq_9"),
    ],
)
def test_mistakes(what: str, name: str, message: str):
    with pytest.raises(ConfigError, match=message):
        lines(what, name)
    with pytest.raises(ConfigError, match=message):
        instruments_json(what, name, Path("nowhere"))
