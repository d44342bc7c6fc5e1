"""The clinics' own ids, which no warehouse holds: read back from the archived exports."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing

import polars as pl

from flows.administrations import ids
from flows.build import Setup, Work, job_of, works
from flows.plan import Plan, make_plan
from flows.process import Job
from flows.read import opened_export
from schemas.errors import ArchiveError, ConfigError, ExportRefused
from warehouse import archive

PEOPLE = ("client", "clinician")

AGAIN = "Run `accord nightly` or `accord build`, and export from what it makes"

_IDS = {
    "source_row": pl.Int32,
    **dict.fromkeys(PEOPLE, pl.String),
    **{f"{ours}_read": pl.UInt64 for ours in PEOPLE},
}
"""Ids of a record as the export has them, and their pseudonyms made anew."""


class Originals:
    """Reads an export again as it was processed, for the columns with people's ids alone."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._works = {work.entry.entry: work for work in works(setup, archive.deliveries(setup.folder))}

    def added(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Each batch with columns client and clinician; null where the export has no id, as in an @row feed.

        batches: entry, source_row, client_key, clinician_key and any others; rows of one delivery stand
            together, by source_row, over all batches
        raises: ArchiveError where a record is gone or its id is not the one that was processed;
            ConfigError where site.toml has lost the feed. Both name places, never an id
        """
        with ExitStack() as open_files:
            reading = None
            for batch in batches:
                parts = []
                for rows in batch.partition_by("entry", maintain_order=True):
                    entry = rows["entry"][0]
                    if reading is None or reading.work.entry.entry != entry:
                        open_files.close()
                        reading = _Reading(self._work(entry), self._setup, open_files)
                    parts.append(reading.added(rows))
                yield pl.concat(parts) if parts else batch.with_columns(client=_NOBODY, clinician=_NOBODY)

    def _work(self, entry: str) -> Work:
        if entry not in self._works:
            raise ConfigError(
                f"site.toml: the feed of entry {entry} is not there any more. Put it back. {AGAIN}"
            )
        return self._works[entry]


_NOBODY = pl.lit(None, dtype=pl.String)


class _Reading:
    """One export being read forward, no further than it is asked for."""

    def __init__(self, work: Work, setup: Setup, open_files: ExitStack) -> None:
        self.work = work
        self._batches = open_files.enter_context(closing(_ids(work, setup)))
        self._held = pl.DataFrame(schema=_IDS)
        self._newest = 0

    def added(self, rows: pl.DataFrame) -> pl.DataFrame:
        held = self._up_to(rows["source_row"][-1])
        found = rows.join(held, on="source_row", how="left", maintain_order="left")
        differs = (pl.col(f"{ours}_key").ne_missing(pl.col(f"{ours}_read")) for ours in PEOPLE)
        wrong = found.filter(pl.any_horizontal(differs))["source_row"]
        if len(wrong):
            raise ArchiveError(
                f"{_place(self.work)}, row {wrong[0]}: the archived export does not hold the id that was "
                f"processed; site.toml or the archive was changed since. {AGAIN}"
            )
        return found.drop(f"{ours}_read" for ours in PEOPLE)

    def _up_to(self, row: int) -> pl.DataFrame:
        """Ids held and read on to a row; the next call may begin with that same row."""
        frames = [self._held]
        while self._newest < row and (batch := next(self._batches, None)) is not None:
            frames.append(batch)
            self._newest = max((self._newest, *batch["source_row"].tail(1)))
        read = pl.concat(frames)
        self._held = read.filter(pl.col("source_row") >= row)
        return read


def _ids(work: Work, setup: Setup) -> Generator[pl.DataFrame]:
    """Batches of _IDS, in file order."""
    job = job_of(setup, work)
    try:
        source = archive.locate(setup.folder, work.entry)
        with opened_export(source, job.feed, job.dialect, setup.folder) as export:
            plan = make_plan(export, job.feed, job.dialect, job.registry, job.confirmed)
            for batch in export.batches(_positions(plan)):
                yield _read(batch.rows, plan, job)
    except ExportRefused as refusal:
        raise ArchiveError(
            f"{_place(work)}: the archived export cannot be read as it was ({refusal.rule}); "
            f"site.toml was changed since. {AGAIN}"
        ) from None


def _positions(plan: Plan) -> dict[str, int]:
    """Columns with ids; any one column where there are none, to count rows by."""
    names = [name for ours in PEOPLE for name in plan.columns.get(ours, ())]
    return {name: plan.positions[name] for name in names or list(plan.positions)[:1]}


def _read(rows: pl.DataFrame, plan: Plan, job: Job) -> pl.DataFrame:
    found = {"source_row": rows["source_row"]}
    for ours in PEOPLE:
        texts = ids(rows, plan, ours)
        if texts is not None:
            found[ours] = texts
            found[f"{ours}_read"] = job.people.keys(texts, ours)
    if plan.each_row:
        found["client_read"] = job.people.rows(rows["source_row"])
    return pl.DataFrame(found).select(
        pl.col(name).cast(dtype) if name in found else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in _IDS.items()
    )


def _place(work: Work) -> str:
    return f"entry {work.entry.entry} of feed {work.feed.id}"
