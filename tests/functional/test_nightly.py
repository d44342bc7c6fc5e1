"""The whole way, with Prefect: export files in, figures out, an auditor's rerun; places and counts alone in any log.

One file, so that the nights are made once however many processes run the tests.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from flows.sources import run_export
from tests.functional.conftest import Nights
from tests.lib.command import ROOT, accord, without_network
from tests.lib.handmade_site import read_rows
from tests.lib.nights import copied
from warehouse import archive, manifest


def content(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def texts_of(database: Path) -> bytes:
    """Every cell of a DuckDB file as text: on the disk they are packed."""
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()
        rows = [con.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
    return repr(rows).encode()


def stands_alone(word: bytes, data: bytes) -> bool:
    """Whether it is there, and not as digits within a longer number or a digest."""
    return word in data and bool(re.search(rb"(?<![\w.-])" + re.escape(word) + rb"(?![\w.-])", data))


class TestFirstNight:
    def test_it_published(self, nights: Nights):
        assert nights.first.code == 0, nights.first.err
        found = nights.summary
        assert (found["state"], found["published"], found["files_refused"]) == ("published", True, 0)
        assert nights.first.err == ""

    def test_it_counts_what_the_sample_was_made_of(self, nights: Nights):
        found, truth = nights.summary, nights.truth
        fates = ("received", "accepted", "quarantined", "excluded", "superseded")
        assert {name: found[name] for name in fates} == {name: truth[name] for name in fates}

    def test_it_works_without_a_network(self, nights: Nights):
        if not without_network():
            pytest.skip("this machine lets nobody take the network away from a process")
        assert nights.first.code == 0

    def test_no_process_outlives_it(self, nights: Nights):
        assert nights.first.left == nights.second.left == nights.third.left == ()

    def test_prefect_knows_each_step(self, nights: Nights):
        with closing(sqlite3.connect(nights.site / "prefect" / "prefect.db")) as prefect:
            flows = prefect.execute("SELECT state_type FROM flow_run ORDER BY created").fetchall()
            tasks = prefect.execute("SELECT name, state_type FROM task_run").fetchall()
        assert flows == [("COMPLETED",), ("COMPLETED",)]
        assert {state for _, state in tasks} == {"COMPLETED"}
        files = nights.summary["files"]
        processed = {f"process {file['feed']}-{file['entry'][:8]}" for file in files}
        assert {name for name, _ in tasks} == {"archive", "load", "gate", "publish", *processed}

    def test_all_of_the_site_is_private(self, nights: Nights):
        made = (
            "archive",
            "parts",
            "prefect",
            "published",
            "quality",
            "runs",
            "warehouse",
            "ledger",
            "secret.key",
        )
        paths = [path for name in made for path in (nights.site / name, *(nights.site / name).rglob("*"))]
        modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in paths if not path.is_symlink()}
        assert modes == {(True, 0o700), (False, 0o600)}

    def test_the_key_it_made_was_said(self, nights: Nights):
        assert len([one for one in nights.summary["warnings"] if "secret key" in one]) == 1
        secret = (nights.site / "secret.key").read_text(encoding="ascii").strip()
        assert secret not in nights.first.out
        assert not [name for name, kept in content(nights.site / "prefect") if secret.encode() in kept]


class TestNothingIsTold:
    """Prefect's database and files, records of runs, reports and publication: searched for what must not be there."""

    PLACES = ("prefect", "runs", "quality", "published")

    @pytest.fixture(scope="class")
    @staticmethod
    def kept(nights: Nights) -> dict[str, bytes]:
        found = {
            f"{place}/{name}": data
            for place in TestNothingIsTold.PLACES
            for name, data in content(nights.site / place)
        }
        published = (nights.site / "published" / "current").resolve()
        return found | {
            "published, unpacked": texts_of(published),
            "ledger": (nights.site / "ledger").read_bytes(),
        }

    def test_no_canary(self, nights: Nights, kept: dict[str, bytes]):
        canaries = (nights.site / "sample" / "canaries.txt").read_bytes().split()
        assert len(canaries) > 20
        kept = kept | {"warehouse, unpacked": texts_of((nights.site / "warehouse" / "current").resolve())}
        assert [(name, word) for name, data in kept.items() for word in canaries if word in data] == []

    def test_no_file_name(self, nights: Nights, kept: dict[str, bytes]):
        names = {file["file"].encode() for file in nights.summary["files"]}
        assert [(name, word) for name, data in kept.items() for word in names if word in data] == []

    def test_no_client(self, nights: Nights, kept: dict[str, bytes], tmp_path: Path):
        run_export("scores", nights.site, {}, tmp_path / "scores.csv", None, published=False)
        clients = {row["client"].encode() for row in read_rows(tmp_path / "scores.csv")}
        assert len(clients) > 20
        kept = kept | {"warehouse, unpacked": texts_of((nights.site / "warehouse" / "current").resolve())}
        assert [
            (name, word) for name, data in kept.items() for word in clients if stands_alone(word, data)
        ] == []


class TestSecondNight:
    def test_it_is_idle(self, nights: Nights):
        assert nights.second.code == 0
        first, second = manifest.history(nights.site)
        assert (first.state, second.state, second.same_as) == ("published", "idle", first.run)
        assert nights.second.out.splitlines()[0] == f"Run {second.run}: idle, figures as of {second.as_of}"

    def test_it_made_no_warehouse_and_published_nothing(self, nights: Nights):
        run = nights.summary["run"]
        assert sorted(path.name for path in (nights.site / "warehouse").iterdir()) == [
            f"{run}.duckdb",
            "current",
        ]
        published = sorted(path.name for path in (nights.site / "published").iterdir())
        assert published == [f"{run}.duckdb", "current", "status.json"]

    def test_progress_is_plain_lines_where_there_is_no_terminal(self, nights: Nights):
        assert nights.second.err.splitlines() == ["Archiving new exports ..."]


class TestThirdNight:
    """A part was damaged on the disk: the gate sees a score that the form cannot give."""

    def test_10_and_the_last_publication_stays(self, nights: Nights):
        assert nights.third.code == 10
        found = json.loads(nights.third.out)
        assert (found["state"], found["published"]) == ("refused", False)
        assert found["gate"]["verdict"] == "failed"
        assert nights.third.err == f"accord: {found['message']}\n"
        for part in ("warehouse", "published"):
            assert (nights.damaged_site / part / "current").resolve().stem == nights.summary["run"]
        assert (nights.damaged_site / "warehouse" / f"rejected-{found['run']}.duckdb").is_file()

    def test_prefect_says_failed(self, nights: Nights):
        with closing(sqlite3.connect(nights.damaged_site / "prefect" / "prefect.db")) as prefect:
            states = prefect.execute("SELECT state_type FROM flow_run ORDER BY created").fetchall()
        assert states == [("COMPLETED",), ("COMPLETED",), ("FAILED",)]

    def test_a_rerun_reads_the_archive_and_says_where_the_figures_went_wrong(self, nights: Nights):
        ran = accord("rerun", "latest", "--site", nights.damaged_site)
        assert ran.code == 14
        assert "changed since" not in ran.out
        assert "differs: administration_wai_sr, row with entry_no" in ran.out
        assert "column score_total: differs" in ran.out
        assert "administration_wai_sr" in ran.err


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


def test_rerun_0_when_nothing_changed(nights: Nights):
    ran = accord("rerun", "latest", "--site", nights.site)
    assert ran.code == 0, ran.err
    tables = len(manifest.read(nights.site, nights.summary["run"]).digests)
    assert ran.out.splitlines()[-1].startswith(f"0 differences in {tables} tables, ")


def test_rerun_14_when_one_answer_byte_was_flipped(nights: Nights, tmp_path: Path):
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


def test_rerun_14_when_a_reverse_key_was_changed(nights: Nights, other_checkout: Path):
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
