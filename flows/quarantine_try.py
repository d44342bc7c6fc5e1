"""Try a mended file first: read it as its feed would, beside what the feed has; nothing is kept of it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from flows.build import Setup, Work, asked_instruments, delivered, job_of, judged, last_key, works
from flows.config import load_site
from flows.notes import said
from flows.process import process_file
from flows.quarantine_replay import check_feed
from flows.report import conservation, rows_lines
from schemas.errors import ConfigError
from schemas.rules import describe, rules
from warehouse import archive, ledger
from warehouse.connect import Connection, new_database
from warehouse.load import load
from warehouse.manifest import FileCounts
from warehouse.parts import PartStore, read_counts
from warehouse.quarantined import open_problems
from warehouse.results import counts_by_file
from warehouse.secret import load_or_make

PARTS = "parts"


@dataclass(frozen=True)
class Trial:
    """What would become of a file.

    before:   whether the feed had the same bytes before; then a night would not take the file
    refused:  why it would be refused whole, in words; then it has no counts
    problems: source_row, column, rule, remedy of each that is left
    mended:   problems of the feed's earlier deliveries that would leave the quarantine
    """

    feed: str
    file: str
    before: bool
    warnings: tuple[str, ...]
    refused: str = ""
    counts: FileCounts | None = None
    problems: Sequence[Mapping[str, str | int]] = ()
    mended: int = 0

    def as_json(self) -> dict[str, object]:
        """counts: records by fate, the excluded by reason; null for a refused file."""
        counts = self.counts and {
            name: getattr(self.counts, name)
            for name in ("received", "accepted", "quarantined", "excluded", "superseded")
        }
        return {**vars(self), "counts": counts}

    def lines(self) -> Iterator[str]:
        yield f"{self.feed}: {self.file}, tried; nothing of it was kept"
        if self.before:
            yield "  these very bytes were delivered before: a night takes nothing new from them"
        if self.counts is None:
            yield f"  refused: {self.refused}"
            return
        yield f"  records  {conservation(self.counts)}"
        if self.counts.excluded:
            yield "  excluded " + ", ".join(f"{reason} {n:,}" for reason, n in self.counts.excluded.items())
        yield from (f"  warning  {said(warning)}" for warning in self.warnings)
        yield f"  mended   {self.mended:,} problems of earlier files would leave the quarantine"
        yield from rows_lines(self.problems, "no problem is left")


def tried(site: Path, environ: Mapping[str, str], feed: str, file: Path, now: datetime) -> Trial:
    """Read a file as the feed would, and settle it with the feed's other deliveries.

    Deliveries that no run has processed yet are not among them, and other feeds' are not either.
    raises: ConfigError for a feed there is not, or a file that cannot be read
    """
    check_feed(site, feed)
    setup = Setup(site, load_site(site), load_or_make(site, environ, last_key(site)))
    lines = ledger.read(site)
    entries = archive.deliveries(site, lines)
    work = _work(setup, feed, file, len(entries) + 1, now)
    others = [one for one in entries if one.feed == feed and one.entry != work.entry.entry]
    with tempfile.TemporaryDirectory(prefix="accord-") as folder:
        store = _Both(Path(folder) / PARTS, PartStore(site / PARTS))
        _process(setup, work, file, store)
        known = [one for one in works(setup, others, lines) if store.has(one.memo)]
        *known, work = judged([*known, work], setup, store)
        known = [one for one in known if store.has(one.memo)]
        _process(setup, work, file, store)
        before = any(one.entry == work.entry.entry for one in entries)
        return _settled(setup, work, known, store, Path(folder), before)


class _Both(PartStore):
    """Parts of the site, and new ones in a folder of its own."""

    def __init__(self, root: Path, site: PartStore) -> None:
        super().__init__(root)
        self.site = site

    def folder(self, memo: str) -> Path:
        own = super().folder(memo)
        return own if own.exists() or not self.site.has(memo) else self.site.folder(memo)


def _work(setup: Setup, feed: str, file: Path, number: int, now: datetime) -> Work:
    """The file as if it had been delivered last."""
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file")
    try:
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        size = file.stat().st_size
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    entry = archive.Entry(archive.entry_id(feed, sha256), number, feed, sha256, size, now, file.name)
    return works(setup, [entry])[0]


def _process(setup: Setup, work: Work, file: Path, store: PartStore) -> None:
    store.root.mkdir(exist_ok=True)
    store.make(work.memo, lambda out: process_file(file, job_of(setup, work), out))


def _settled(
    setup: Setup, work: Work, known: list[Work], store: PartStore, folder: Path, before: bool
) -> Trial:
    counts = read_counts(store.folder(work.memo))
    trial = Trial(
        feed=work.feed.id,
        file=work.entry.file,
        before=before,
        warnings=tuple(dict.fromkeys((*counts.warnings, *work.warnings))),
    )
    if counts.refused:
        refused = describe(counts.refused, trial.feed, trial.file, column=counts.refused_column)
        return replace(trial, refused=refused)
    with _loaded(setup, known, store, folder / "before.duckdb") as con:
        waiting = open_problems(con).height
    with _loaded(setup, [*known, work], store, folder / "after.duckdb") as con:
        after, [*_, sums] = open_problems(con), counts_by_file(con)
    own = after.filter(after["entry"] == work.entry.entry)
    return replace(trial, counts=sums, problems=_left(own), mended=waiting - (after.height - own.height))


def _left(own: pl.DataFrame) -> list[dict[str, str | int]]:
    places = own.select("source_row", "column", "rule").unique().sort("source_row", "column", "rule")
    return [one | {"remedy": rules()[str(one["rule"])].remedy} for one in places.to_dicts()]


@contextmanager
def _loaded(setup: Setup, jobs: list[Work], store: PartStore, path: Path) -> Iterator[Connection]:
    with new_database(path) as con:
        zone = setup.site.timezone
        load(con, [delivered(work, store, zone) for work in jobs], asked_instruments(setup), {})
        yield con
