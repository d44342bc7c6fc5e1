"""Own ids read back from the archive: the right ones, row by row, or an error that says where."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows import split
from flows.build import Setup, build, open_site
from flows.originals import Originals
from flows.sample import write_sample
from schemas.errors import ArchiveError, ConfigError
from tests.flows.sample.reading import named, rows_of, shapes
from tests.lib.handmade_site import KEY, build_site
from warehouse import archive, exports
from warehouse.connect import connect


@dataclass(frozen=True)
class Site:
    """A built site, and its administrations as they lie in the warehouse."""

    folder: Path
    administrations: pl.DataFrame

    def copy(self, folder: Path) -> Path:
        """The site again, to be damaged."""
        return Path(shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.duckdb")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    setup, file = build_site(tmp_path_factory.mktemp("originals") / "site")
    with connect(file, read_only=True) as con:
        return Site(setup.folder, pl.concat(list(exports.administrations(con))))


def originals(folder: Path) -> Originals:
    return Originals(open_site(folder, KEY))


def people(frame: pl.DataFrame) -> list[tuple]:
    return frame.select("file", "source_row", "client", "clinician").unique(maintain_order=True).rows()


EXPECTED = [
    ("gad-1.csv", 1, "C-001", "T1"),
    ("gad-1.csv", 2, "=SUM(A1)", "T1"),
    ("gad-1.csv", 6, "C-005", "T2"),
    ("gad-1.csv", 10, "@CANARY", "T1"),
    ("gad-1.csv", 12, "O\"Neil, 'x", "-T3"),
    ("srs-1.csv", 1, "C-001", None),
    ("srs-1.csv", 2, "'=quoted", None),
    ("wide-1.csv", 1, "A/1", None),
    ("wide-1.csv", 2, "A/2", None),
    ("course-1.csv", 1, "C-020", None),
    ("walk-in-1.csv", 1, None, None),
    ("walk-in-1.csv", 2, None, None),
    ("gad-2.csv", 1, "C-013", "T1"),
]


def test_ids_of_every_kind_of_feed(site: Site):
    (found,) = originals(site.folder).added([site.administrations])
    assert people(found) == EXPECTED
    assert found.drop("client", "clinician").equals(site.administrations)


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("records", [1, 3])
def test_batches_may_part_a_delivery_and_a_record_anywhere(
    site: Site, monkeypatch: pytest.MonkeyPatch, rows: int, records: int
):
    monkeypatch.setattr(split, "BLOCK_BYTES", 64)
    monkeypatch.setattr(split, "ROWS_PER_BATCH", records)
    batches = list(site.administrations.iter_slices(rows))
    found = list(originals(site.folder).added(batches))
    assert [part.height for part in found] == [part.height for part in batches]
    assert people(pl.concat(found)) == EXPECTED


def test_no_rows_have_the_columns_all_the_same(site: Site):
    (found,) = originals(site.folder).added([site.administrations.clear()])
    assert found.schema.items() >= {"client": pl.String(), "clinician": pl.String()}.items()
    assert list(originals(site.folder).added([])) == []


def damage(folder: Path, file: str, old: str, new: str) -> archive.Entry:
    """Change the archived bytes of a delivery."""
    (entry,) = (one for one in archive.deliveries(folder) if one.file == file)
    path = archive.locate(folder, entry)
    content = path.read_text(encoding="utf-8")
    assert content.count(old) == 1
    path.write_text(content.replace(old, new), encoding="utf-8", newline="")
    return entry


@pytest.mark.parametrize(
    ("file", "old", "new", "row"),
    [
        ("gad-1.csv", "r6,C-005,T2", "r6,C-006,T2", 6),
        ("gad-1.csv", "r6,C-005,T2", "r6,C-005,T1", 6),
        ("gad-1.csv", "r6,C-005,T2", "r6,,T2", 6),
        ("gad-1.csv", "r7,C-007\n", "", 10),
        ("srs-1.csv", "C-001;", "C-002;", 1),
        ("wide-1.csv", "A,2,", "A/2,,", 2),
        ("walk-in-1.csv", "1,0,1,0,1,0,1\n1,0,1,0,1,0,1\n", "1,0,1,0,1,0,1\n", None),
    ],
)
def test_changed_archive(site: Site, tmp_path: Path, file: str, old: str, new: str, row: int | None):
    folder = site.copy(tmp_path / "site")
    entry = damage(folder, file, old, new)
    with pytest.raises(ArchiveError) as raised:
        list(originals(folder).added([site.administrations]))
    message = str(raised.value)
    assert f"entry {entry.entry} of feed {entry.feed}, row {row or 2}:" in message
    assert not [id_ for id_ in ("C-00", "A/2", "T1", "T2", "SUM") if id_ in message]


def test_answers_that_were_changed_are_not_the_ids(site: Site, tmp_path: Path):
    folder = site.copy(tmp_path / "site")
    damage(folder, "gad-2.csv", "0,0,0,0,0,0,0,0,3", "1,0,0,0,0,0,0,0,3")
    (found,) = originals(folder).added([site.administrations])
    assert people(found) == EXPECTED


def test_archived_bytes_that_are_gone(site: Site, tmp_path: Path):
    folder = site.copy(tmp_path / "site")
    entry = next(one for one in archive.deliveries(folder) if one.file == "srs-1.csv")
    archive.locate(folder, entry).unlink()
    with pytest.raises(
        ArchiveError, match=f"entry {entry.entry} of feed south-srs: the archived bytes are missing"
    ):
        list(originals(folder).added([site.administrations]))


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ('client = "PID"\nclinician', 'client = "RID"\nclinician', ArchiveError, "of feed north-gad, row 1: the archived"),
        ('clinician = "Therapist"', 'clinician = "Tutor"', ArchiveError, r"of feed north-gad: .* \(missing_column\)"),
        ('delimiter = ";"', 'delimiter = "|"', ArchiveError, r"of feed south-srs: .* \(wrong_delimiter\)"),
        ('id = "south-wide"', 'id = "wide"', ConfigError, "is not there any more. Put it back. Run `accord nightly`"),
        ("[[clinics]]", "shared_ids = true\n\n[[clinics]]", ArchiveError, "of feed north-gad, row 1: the archived"),
    ],
)  # fmt: skip
def test_changed_configuration(site: Site, tmp_path: Path, old: str, new: str, error: type, message: str):
    folder = site.copy(tmp_path / "site")
    toml = (folder / "site.toml").read_text(encoding="utf-8")
    assert old in toml
    (folder / "site.toml").write_text(toml.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(error, match=message):
        list(originals(folder).added([site.administrations]))


def test_another_key(site: Site):
    other = open_site(site.folder, {"ACCORD_KEY": "7b" * 32})
    with pytest.raises(ArchiveError, match="of feed north-gad, row 1: the archived"):
        list(Originals(other).added([site.administrations]))


def test_an_export_left_half_way_is_closed(site: Site):
    reading = originals(site.folder).added(site.administrations.iter_slices(1))
    assert people(next(reading)) == EXPECTED[:1]
    reading.close()
    with pytest.raises(StopIteration):
        next(reading)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Setup, Path]:
    """Sample files of every dialect."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    write_sample(folder, clinics=3, clients=10, months=3, seed=2)
    setup, out = open_site(folder, KEY), folder / "built.duckdb"
    build(setup, out, datetime(2026, 10, 31, 22, 45, tzinfo=UTC))
    return setup, out


def test_people_of_the_sample_by_a_second_reading(sample: tuple[Setup, Path]):
    setup, out = sample
    with connect(out, read_only=True) as con:
        found = [
            row
            for read in (exports.administrations, exports.appointments)
            for frame in Originals(setup).added(read(con))
            for row in frame.select("feed", "file", "source_row", "client", "clinician").iter_rows()
        ]
    own = dict(second_reading(setup.folder))
    assert {feed for feed, *_ in found} == {feed for feed, _, _ in own}
    assert all(own[feed, file, row] == (client, clinician) for feed, file, row, client, clinician in found)


def second_reading(folder: Path) -> Iterator[tuple[tuple[str, str, int], tuple[str | None, str | None]]]:
    """Client and clinician of each record of the feeds that are exported, by Python's own csv."""
    raw = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
    layout = shapes(raw)
    for feed in raw["feeds"]:
        names = [feed["columns"].get(ours) for ours in ("client", "clinician")]
        for path in folder.glob(feed["path"]) if feed["kind"] != "referrals" else ():
            header, rows = rows_of(path, layout[feed["id"]])
            for number, cells in enumerate(rows, start=1):
                row = named(header, cells)
                yield (
                    (feed["id"], path.name, number),
                    tuple((row.get(name) or None) if name else None for name in names),
                )
