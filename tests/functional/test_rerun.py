"""The auditor's rerun by the command, and by a checkout whose registry is another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.functional.conftest import Nights
from tests.lib.command import ROOT, accord
from tests.lib.nights import copied
from warehouse import archive


@pytest.fixture(scope="module")
def other_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, but one item of the WAI-SR is reversed."""
    root = tmp_path_factory.mktemp("checkout")
    for package in ("flows", "schemas", "warehouse"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", root)
    card = root / "schemas" / "instruments" / "wai_sr.toml"
    text = card.read_text(encoding="utf-8")
    assert "reverse = []" in text
    # Its golden vectors are about the right key; they go with it.
    card.write_text(
        text.replace("reverse = []", "reverse = [4]").partition("[[vectors]]")[0], encoding="utf-8"
    )
    return root


def test_0_when_nothing_changed(nights: Nights):
    ran = accord("rerun", "latest", "--site", nights.site)
    assert ran.code == 0, ran.err
    tables = len(manifest_digests(nights))
    assert ran.out.splitlines()[-1].startswith(f"0 differences in {tables} tables, ")


def manifest_digests(nights: Nights) -> dict[str, object]:
    record = json.loads((nights.site / "runs" / f"{nights.summary['run']}.json").read_bytes())
    found: dict[str, object] = record["digests"]
    return found


def test_14_when_one_answer_byte_was_flipped(nights: Nights, tmp_path: Path):
    site = copied(nights.site, tmp_path / "site")
    entry = next(one for one in archive.deliveries(site) if one.feed.endswith("-alliance"))
    path = archive.locate(site, entry)
    content = bytearray(path.read_bytes())
    # The first answer "4" that stands alone in a cell of the last line.
    start = content.rfind(b"\n", 0, len(content) - 1)
    place = content.index(b",4,", start) + 1
    content[place] = ord("5")
    path.write_bytes(content)
    ran = accord("rerun", "latest", "--site", site)
    assert ran.code == 14
    assert f"entry {entry.entry}" in ran.out
    assert "administration_wai_sr, row with entry_no" in ran.out
    assert "tables differ" in ran.err


def test_14_when_a_reverse_key_was_changed(nights: Nights, other_checkout: Path):
    """One item reversed: the tables, and the first rows that differ, are named."""
    ran = accord("rerun", "latest", "--site", nights.site, "--json", root=other_checkout)
    assert ran.code == 14
    found = json.loads(ran.out)
    assert "registry: instrument wai_sr was changed" in found["changed"]
    assert "code: the programs of Accord are another version" in found["changed"]
    assert {"administration_wai_sr", "mart_figure"} <= set(found["differing"])
    assert "administration_phq_9" not in found["differing"]
    scores = [place for place in found["places"] if place.startswith("administration_wai_sr, row with ")]
    assert scores
    assert all("column score_" in place for place in scores)
