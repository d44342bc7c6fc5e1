"""Words that name people are planted wherever an export can hold them; nothing that is told holds one.

One site, two nights with Prefect, every command that tells something; then every byte and every cell of what was
written, apart from the archive and the warehouse, which are nobody's to read.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.published import PUBLISHED
from schemas.site import Disclosure
from tests.lib.canary_search import found, keys_found, readings
from tests.lib.canary_site import (
    CANARIES,
    CLIENTS,
    FORMS_FILE,
    IDENTIFIERS,
    LISTED,
    NAMES,
    REFUSED_FILE,
    deliver,
    deliveries,
    make_site,
    mended,
)
from tests.lib.command import Ran, accord

TOLD = ("published", "runs", "quality", "prefect")
"""Folders of a site that say something of a run, to whoever opens them."""

COMMANDS = (
    ("nightly",),
    ("quarantine", "list"),
    ("quarantine", "show"),
    ("quarantine", "show", "--json"),
    ("quarantine", "export", "-o", "{folder}/reports"),
    ("quarantine", "release", REFUSED_FILE, "--reason", "the clinic sends it no more"),
    ("quarantine", "release", FORMS_FILE, "--rows", "185", "--reason", "nobody knows whose it is"),
    ("quarantine", "replay", "north-forms", "--try", "{folder}/mended.csv"),
    ("quarantine", "replay", "--json"),
    ("quarantine", "list", "--json"),
    ("config", "check"),
    ("runs",),
    ("export", "figures", "-o", "{folder}/reports/figures.csv"),
)
"""In this order, on one site; what was mended is delivered before the replay."""
REPLAY = ("quarantine", "replay", "--json")

COUNTS = {
    "pub_figure": ("numerator", "denominator", "n", "held"),
    "pub_quality": ("received", "accepted", "quarantined", "excluded", "superseded", "totals_compared",
                    "totals_differing"),
}  # fmt: skip
"""Columns that count records, contacts or people. The counts of pub_run are of the whole site, and exact."""

PERSONAL = ("client", "clinician", "rater_id", "episode", "source_row", "entry", "key", "file_name")


@dataclass(frozen=True)
class Watched:
    """The site, all that its commands said, and what was written of a run, by name."""

    site: Path
    said: dict[tuple[str, ...], Ran]
    kept: dict[str, bytes]

    @property
    def published(self) -> Path:
        return (self.site / "published" / "current").resolve()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("watched")
    site = folder / "site"
    make_site(site)
    name, content = mended()
    (folder / "mended.csv").write_bytes(content)
    for made in ("home", "tmp", "reports"):
        (folder / made).mkdir()
    said = {}
    for command in COMMANDS:
        if command == REPLAY:
            deliver(site, name, content, 100)
        arguments = [word.format(folder=folder) for word in command]
        places = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        said[command] = accord(*arguments, "--site", site, **places)
    places = [site / place for place in TOLD] + [folder / "home", folder / "tmp", folder / "reports"]
    kept = {f"{place.name}/{name}": data for place in places for name, data in readings(place).items()}
    kept["ledger"] = (site / "ledger").read_bytes()
    for command, ran in said.items():
        kept[f"said by {' '.join(command)}"] = f"{ran.out}\n{ran.err}".encode()
    return Watched(site, said, kept)


@pytest.fixture(scope="module")
def keys(watched: Watched) -> frozenset[int]:
    """The pseudonyms of all clients and clinicians."""
    warehouses = sorted((watched.site / "warehouse").glob("*.duckdb"))
    return frozenset(key for path in warehouses for key in keys_of(path))


def keys_of(warehouse: Path) -> Iterator[int]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for table, column in con.execute("""
            SELECT table_name, column_name FROM duckdb_columns()
            WHERE column_name IN ('client_key', 'clinician_key') AND NOT internal
        """).fetchall():
            yield from (
                key for (key,) in con.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall() if key
            )


def without_file_names(kept: dict[str, bytes]) -> dict[str, bytes]:
    """The data team is told of files by their names, in what commands say and in reports to clinics."""
    names = [Path(name).name for name, _ in (*deliveries(), mended())]
    return {place: without(names, data) for place, data in kept.items()}


def without(names: list[str], data: bytes) -> bytes:
    for name in names:
        data = data.replace(name.encode(), b"")
    return data


def for_the_data_team(place: str) -> bool:
    return place.startswith(("said by ", "reports/"))


def test_every_command_did_its_work(watched: Watched):
    assert {command: ran.code for command, ran in watched.said.items() if ran.code} == {}
    assert "mended" in watched.said[REPLAY].out
    assert not [command for command, ran in watched.said.items() if "Traceback" in ran.out + ran.err]
    assert watched.published.is_file()


def test_all_was_searched(watched: Watched):
    """Each kind of place is there, and unpacked: a search of nothing finds nothing."""
    run = watched.published.stem
    assert {f"published/{run}.duckdb", f"published/{run}.duckdb, cells", "published/status.json",
            "prefect/prefect.db", "prefect/prefect.db, cells", f"runs/{run}.json",
            f"runs/{run}.quarantine.parquet, cells", f"quality/{run}/index.html", "ledger"} <= set(watched.kept)  # fmt: skip
    for place in ("reports/", "quality/"):
        assert [name for name in watched.kept if name.startswith(place)]
    assert b"flow_run" in watched.kept["prefect/prefect.db, cells"]
    assert b"north-forms" in watched.kept["prefect/prefect.db, cells"]


def test_no_canary(watched: Watched):
    mute = {name: data for name, data in watched.kept.items() if not for_the_data_team(name)}
    loud = {name: data for name, data in watched.kept.items() if for_the_data_team(name)}
    assert found(CANARIES, mute) == []
    assert found(CANARIES, without_file_names(loud)) == []


def test_a_code_of_the_configuration_is_kept_with_the_configuration_alone(watched: Watched):
    records = [f"runs/{path.name}" for path in (watched.site / "runs").glob("*.json")]
    assert {place for place, _ in found([LISTED], watched.kept)} == set(records)


def test_no_pseudonym(watched: Watched, keys: frozenset[int]):
    assert len(keys) > 2 * CLIENTS
    assert keys_found(keys, watched.kept) == []


def test_no_key(watched: Watched):
    digits = (watched.site / "secret.key").read_text(encoding="ascii").strip()
    secret = bytes.fromhex(digits)
    ways = (digits.encode(), secret, b64encode(secret)[:-2])
    kept = watched.kept | readings(watched.site / "warehouse")
    assert [
        name for name, data in kept.items() if any(way in data.lower() or way in data for way in ways)
    ] == []


def test_no_id_as_delivered_is_in_the_warehouse(watched: Watched):
    """What a referral keeps as recorded may hold anything; ids and what is dropped are not among it."""
    kept = without_file_names(readings(watched.site / "warehouse"))
    cells = {name: data for name, data in kept.items() if name.endswith("cells")}
    assert len(cells) >= 1
    assert found(IDENTIFIERS, cells) == []


def tables_of(published: Path) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    """Rows, and columns with their types, of each table and view."""
    with duckdb.connect(str(published), read_only=True) as con:
        columns = con.execute("""
            SELECT table_name, list((column_name, data_type) ORDER BY column_index) FROM duckdb_columns()
            WHERE NOT internal GROUP BY table_name ORDER BY table_name
        """).fetchall()
        return {
            name: (
                con.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0],
                [tuple(one) for one in described],
            )
            for name, described in columns
        }


def test_no_table_of_people_is_published(watched: Watched):
    tables = tables_of(watched.published)
    assert set(tables) == {table.name for table in PUBLISHED}
    for rows, columns in tables.values():
        assert rows not in (CLIENTS, 2 * CLIENTS, 3 * CLIENTS)
        assert not [name for name, _ in columns if any(word in name for word in PERSONAL)]
        assert "UBIGINT" not in {type_ for _, type_ in columns}


def small_counts(published: Path) -> list[tuple[str, str, int]]:
    """Counts that are told and are below the threshold, and not zero."""
    least = Disclosure().threshold
    with duckdb.connect(str(published), read_only=True) as con:
        return [
            (table, column, count)
            for table, columns in COUNTS.items()
            for column in columns
            for (count,) in con.execute(
                f"SELECT {column} FROM {table} WHERE {column} <> 0 AND {column} < {least}"
            ).fetchall()
        ]


def test_every_count_that_is_told_is_of_five_or_of_nobody(watched: Watched):
    assert small_counts(watched.published) == []
    with duckdb.connect(str(watched.published), read_only=True) as con:
        ((told,),) = con.execute("SELECT count(*) FROM pub_figure WHERE n >= 5").fetchall()
    assert told > 100


class TestTheSearchItself:
    """Planted in a copy, a canary is found: in cells that are packed, and in bytes that no table holds."""

    def test_in_a_published_cell(self, watched: Watched, tmp_path: Path, keys: frozenset[int]):
        path = Path(shutil.copy(watched.published, tmp_path))
        with duckdb.connect(str(path)) as con:
            con.execute("INSERT INTO pub_run SELECT 'n' || n, ? FROM range(5000) AS t(n)", [NAMES[0].upper()])
            con.execute("INSERT INTO pub_run VALUES ('who', ?)", [str(min(keys))])
            con.execute("UPDATE pub_figure SET n = 3 WHERE rowid = (SELECT min(rowid) FROM pub_figure)")
        kept, cells = readings(tmp_path), f"{path.name}, cells"
        assert (cells, NAMES[0]) in found(CANARIES, kept)
        assert (cells, min(keys)) in keys_found(keys, kept)
        assert small_counts(path) == [("pub_figure", "n", 3)]

    def test_in_the_database_of_prefect(self, watched: Watched, tmp_path: Path):
        shutil.copytree(watched.site / "prefect", tmp_path / "prefect")
        with closing(sqlite3.connect(tmp_path / "prefect" / "prefect.db")) as con:
            con.execute("UPDATE flow_run SET name = ?", [f"night of {NAMES[1]}"])
            con.commit()
        assert ("prefect.db, cells", NAMES[1]) in found(CANARIES, readings(tmp_path / "prefect"))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
    def test_in_the_bytes_of_any_file(self, watched: Watched, tmp_path: Path, encoding: str):
        status = (watched.site / "published" / "status.json").read_bytes()
        (tmp_path / "status.json").write_bytes(status + IDENTIFIERS[0].encode(encoding))
        assert set(found(CANARIES, readings(tmp_path))) == {("status.json", IDENTIFIERS[0])}

    def test_in_what_is_packed(self, tmp_path: Path, keys: frozenset[int]):
        rows = pl.DataFrame({"word": [NAMES[3]] * 9, "key": [max(keys)] * 9})
        rows.write_parquet(tmp_path / "more.parquet")
        (tmp_path / "more.json.gz").write_bytes(gzip.compress(NAMES[2].encode()))
        with zipfile.ZipFile(tmp_path / "more.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("sheet.xml", f"<t>{NAMES[4]} {NAMES[4]}</t>")
        kept = readings(tmp_path)
        assert {
            ("more.json.gz, unpacked", NAMES[2]),
            ("more.parquet, cells", NAMES[3]),
            ("more.xlsx, unpacked", NAMES[4]),
        } <= set(found(CANARIES, kept))
        assert ("more.parquet, cells", max(keys)) in keys_found(keys, kept)

    @pytest.mark.parametrize("way", ["little", "big", "hex", "digits"])
    def test_a_pseudonym_in_bytes(self, tmp_path: Path, keys: frozenset[int], way: str):
        key = max(keys)
        written = {"hex": f"{key:016X}".encode(), "digits": str(key).encode("utf-16-le")}
        (tmp_path / "status").write_bytes(b"x " + (written.get(way) or key.to_bytes(8, way)))
        assert set(keys_found(keys, readings(tmp_path))) == {("status", key)}
