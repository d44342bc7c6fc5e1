"""The instruments for people: which give scores, one card, and the check of a site's own TOML."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from flows.cards import check_vector, instrument_lines, instruments_json
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
    assert heading.split() == ["id", "items", "evidence", "scored", "title", "scales"]
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


def test_the_list_says_which_forms_give_scores():
    rows = {row.split()[0]: row for row in lines("list")[1:]}
    assert "yes" in rows["phq_9"]
    assert "no, until confirmed" in rows["sdq"]
    assert "no, until the site supplies its key" in rows["vpps"]


@pytest.mark.parametrize("id_", load().ids)
def test_every_shipped_form_passes_the_check(id_):
    """Golden vectors, scores and statuses, in each of its response scales; or the refusal."""
    assert lines("check", str(CARDS / f"{id_}.toml"))[-1].endswith(("vectors hold", "vector holds"))


@pytest.mark.parametrize(
    ("id_", "old", "new", "message"),
    [
        (
            "wsas",
            'answers = ["na", 3, 5, 2, 4]',
            'answers = ["x", 3, 5, 2, 4]',
            r"total_4: the key gives no score, the vector says 14",
        ),
        (
            "swemwbs",
            '21 = "19.25"',
            '21 = "19.26"',
            r"metric: the key gives 19\.2600, the vector says 19\.25",
        ),
    ],
)
def test_the_first_disagreement_is_named(tmp_path: Path, id_: str, old: str, new: str, message: str):
    text = (CARDS / f"{id_}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{id_}.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        lines("check", str(path))


def test_a_vector_s_status_must_hold():
    form = load()["core_10"]
    prorated = next(one for one in form.vectors if None in one.answers and dict(one.scores)["total"])
    right, wrong = (replace(prorated, statuses=(("total", word),)) for word in ("prorated", "scored"))
    check_vector(form, right, "core_10.toml")
    with pytest.raises(RegistryError, match="total, status: the key gives prorated, the vector says scored"):
        check_vector(form, wrong, "core_10.toml")


def test_a_refusal_must_hold():
    """The vector of a form without a public key, tried on one that has a key."""
    [refusal, *_] = load()["taqr"].vectors
    check_vector(load()["taqr"], refusal, "taqr.toml")
    keyed = load({"taqr.key.toml": KEY_FILE.encode()})["taqr"]
    with pytest.raises(RegistryError, match=r"total: the key gives \d.*, the vector says no score"):
        check_vector(keyed, replace(refusal, answers=(Decimal(1),) * 4), "taqr.toml")


KEY_FILE = """
instrument = "taqr"
source = "manual, page 12"
recorded = 2026-11-23
[items]
1 = "total"
2 = "total"
3 = "total"
4 = "total"
"""


def test_a_key_file_that_fits_and_one_that_does_not(tmp_path: Path):
    path = tmp_path / "taqr.key.toml"
    path.write_text(KEY_FILE, encoding="utf-8")
    *card, last = lines("check", str(path))
    assert "  evidence    site_key: manual, page 12, 2026-11-23" in card
    assert last.endswith(
        "the key file fits the form, which now gives scores; try it on answers scored by hand"
    )
    assert instruments_json("check", str(path), Path("nowhere"))[0]["site_key"]["source"] == "manual, page 12"
    path.write_text(KEY_FILE.replace("4 =", "5 ="), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"taqr\.key\.toml, \[items\], 5: items are 1 to 4"):
        lines("check", str(path))


def test_a_key_file_of_a_site_s_own_form(tmp_path: Path, site: Path):
    (site / "instruments").mkdir(exist_ok=True)
    form = (CARDS / "taqr.toml").read_text(encoding="utf-8").replace('id = "taqr"', 'id = "own_4"')
    (site / "instruments" / "own.toml").write_text(form, encoding="utf-8")
    path = tmp_path / "own_4.key.toml"
    path.write_text(KEY_FILE.replace('"taqr"', '"own_4"'), encoding="utf-8")
    assert "which now gives scores" in lines("check", str(path), site)[-1]
    (site / "instruments" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert "which now gives scores" in lines("check", str(path), site)[-1]
    assert "yes, by the site's key" in next(
        row for row in lines("list", site=site) if row.startswith("own_4")
    )


@pytest.mark.parametrize(
    ("what", "name", "message"),
    [
        ("lst", "", "list, show or check, not lst"),
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
