"""Small exports through processing and loading: feeds as TOML, files as text, fates and rows as they came out."""

from __future__ import annotations

import csv
import io
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl

from flows.process import Job, process_file
from flows.pseudonyms import Pseudonymiser
from schemas.dialect import load_dialects
from schemas.registry import Registry, load
from schemas.site import Feed, Site
from schemas.site_parse import parse_site
from warehouse.connect import new_database
from warehouse.load import Delivery
from warehouse.load import load as load_deliveries
from warehouse.parts import Counts
from warehouse.secret import key_of

KEY = key_of("5a" * 32, "test")
ARRIVED_AT = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)

SITE = """
[site]
name = "Test"
timezone = "Europe/London"
shared_ids = false
[[clinics]]
id = "north"
name = "North"
service = "adult"
[[clinics]]
id = "south"
name = "South"
service = "adult"
"""

FEED = """
[[feeds]]
id = "{id}"
clinic = "north"
kind = "responses"
path = "inbox/{id}/*"
"""

PAIR = """
id = "{id}"
title = "A form of two items"
version = "1"
construct = "outcome"
raters = ["client", "therapist", "observer"]
n_items = 2
response = {{ min = 0, max = 3 }}
reverse = []
outcome_scale = "total"
risk_items = []
given = "whenever"
licence = "none"
evidence = "verified"
sources = ["made for tests"]
[[scales]]
id = "total"
items = "all"
method = "sum"
range = [0, 6]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "complete", evidence = "verified", source = "made for tests", recorded = 2026-11-23 }}
[[vectors]]
answers = [1, 2]
scores = {{ total = 3 }}
source = "made for tests"
"""


def registry(*ids: str) -> Registry:
    """The shipped forms, and forms of two items of 0 to 3 by these ids."""
    return load({f"instruments/{id_}.toml": PAIR.format(id=id_).encode() for id_ in ids})


SMALL = registry("mini", "duo")


def site(feeds: str, forms: Registry = SMALL, head: str = SITE) -> Site:
    """A site of two clinics with the feeds that the TOML text describes."""
    return parse_site(tomllib.loads(head + feeds), "site.toml", {id_: forms[id_] for id_ in forms.ids})


def feed(toml: str, id_: str = "f", forms: Registry = SMALL) -> Feed:
    """One feed of responses of clinic north: the TOML after its path."""
    return site(FEED.format(id=id_) + toml, forms).feeds[0]


def job(of: Feed, content: bytes, forms: Registry = SMALL, confirmed: Iterable[str] = ()) -> Job:
    people = Pseudonymiser(KEY, of.clinic, sha256(content).hexdigest(), "Europe/London")
    return Job(of, load_dialects()[of.dialect], forms, frozenset(confirmed), people)


@dataclass(frozen=True)
class Part:
    """What processing one file left in its folder."""

    folder: Path
    counts: Counts

    def rows(self, name: str) -> pl.DataFrame:
        """Rows of all batches of one kind, in file order; none at all is an empty frame."""
        files = sorted(self.folder.glob(f"{name}-*.parquet"))
        return pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame()

    def problems(self) -> list[tuple[int, str, str, str]]:
        frame = self.rows("problems")
        if frame.is_empty():
            return []
        return sorted(frame.select("source_row", "instrument", "column_name", "rule").rows())

    def records(self) -> dict[int, tuple[str, str]]:
        frame = self.rows("records")
        if frame.is_empty():
            return {}
        return {row: (fate, reason) for row, fate, reason in frame.sort("source_row").rows()}

    def text(self) -> bytes:
        """Every byte of the part, to look for what must not be there."""
        columns = [pl.read_parquet(file).write_csv() for file in sorted(self.folder.glob("*.parquet"))]
        return (self.folder / "counts.json").read_bytes() + "".join(columns).encode()


def process(
    folder: Path, of: Feed, content: str | bytes, forms: Registry = SMALL, confirmed: Iterable[str] = ()
) -> Part:
    """Process one file of a feed into a new folder below `folder`."""
    raw = content.encode() if isinstance(content, str) else content
    place = Path(tempfile.mkdtemp(dir=folder))
    (place / "export").write_bytes(raw)
    counts = process_file(place / "export", job(of, raw, forms, confirmed), place / "part")
    return Part(place / "part", counts)


def delivery(number: int, of: Feed, part: Part) -> Delivery:
    return Delivery(
        entry_no=number, entry=f"{number:016x}", feed=of.id, clinic=of.clinic, kind=of.kind,
        snapshot=of.delivery == "snapshot", file=f"export-{number}.csv", sha256=f"{number:064x}", bytes=1,
        arrived_at=ARRIVED_AT, part=part.folder, counts=part.counts,
        forms=tuple(one.id for one in of.instruments),
    )  # fmt: skip


def forms_of(feeds: Iterable[Feed], forms: Registry) -> list[str]:
    return sorted({one.id for of in feeds for one in of.instruments} or {"mini"} & set(forms.ids))


@contextmanager
def loaded(
    folder: Path, files: Sequence[tuple[Feed, str | bytes]], forms: Registry = SMALL
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of these files, delivered in this order."""
    deliveries = [
        delivery(number, of, process(folder, of, content, forms))
        for number, (of, content) in enumerate(files, 1)
    ]
    instruments = [forms[id_] for id_ in forms_of((of for of, _ in files), forms)]
    with new_database(folder / "warehouse.duckdb") as con:
        load_deliveries(con, deliveries, instruments, {})
        yield con


Fates = dict[tuple[int, int], tuple[str, str]]


def fates(con: duckdb.DuckDBPyConnection) -> Fates:
    """Fate and reason of every record, by entry and source row; accepted ones without a reason."""
    received = con.execute("SELECT entry_no, received FROM core_export ORDER BY entry_no").fetchall()
    told = con.execute("SELECT entry_no, source_row, fate, reason FROM core_record").fetchall()
    found: Fates = {(entry, row): ("accepted", "") for entry, n in received for row in range(1, n + 1)}
    for entry, row, fate, reason in told:
        assert found[entry, row] == ("accepted", ""), "a record has one fate"
        found[entry, row] = (fate, reason)
    return found


def standing(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, int, int], list[int | None]]:
    """Answers of every administration that stands, by entry, source row and form."""
    rows = con.execute("SELECT entry_no, source_row, form_no, answers FROM core_administration").fetchall()
    found = {(entry, row, form): answers for entry, row, form, answers in rows}
    assert len(found) == len(rows), "an administration stands once"
    return found


def open_problems(con: duckdb.DuckDBPyConnection) -> set[tuple[int, int, str, str, str]]:
    rows = con.execute(
        "SELECT entry_no, source_row, instrument, column_name, rule FROM core_quarantine"
    ).fetchall()
    assert len(set(rows)) == len(rows)
    return set(rows)


def count_lines(con: duckdb.DuckDBPyConnection) -> list[tuple[int, ...]]:
    """received, accepted, quarantined, excluded, superseded, administrations of each delivery."""
    return con.execute(
        "SELECT received, accepted, quarantined, excluded, superseded, administrations"
        " FROM core_export ORDER BY entry_no"
    ).fetchall()


def csv_text(
    header: Sequence[str], rows: Iterable[Mapping[str, str]], delimiter: str = ",", end: str = "\n"
) -> str:
    """A table as a program writes it; cells that a row does not name are blank."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    return out.getvalue()
