"""Process one export: a pure function of bytes, feed, registry and key, to Parquet parts.

A part is a folder:
    <instrument>-NNNN.parquet   administrations of a batch, scored
    appointments-NNNN.parquet, referrals-NNNN.parquet
    problems-NNNN.parquet, records-NNNN.parquet
    counts.json                 records by fate; warnings; the rule that refused the file
Nothing in it is an id of a person, a file name or a clock time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from flows.cells import PROBLEM, RECORD
from flows.clean import Batch
from flows.plan import Plan, make_plan
from flows.pseudonyms import Pseudonymiser
from flows.read import Export, open_export
from flows.responses import process_responses
from flows.tables import process_appointments, process_referrals
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.registry import Registry
from schemas.rules import describe
from schemas.site import Feed
from warehouse.parts import Counts

Progress = Callable[[int], None]

WORKERS = 2
"""Batches of one file settled at a time: polars leaves a second core idle half of the time."""


@dataclass(frozen=True)
class Job:
    """All that one file's parts are a function of, but its bytes."""

    feed: Feed
    dialect: Dialect
    registry: Registry
    confirmed: frozenset[str]
    people: Pseudonymiser


def process_file(source: Path, job: Job, out: Path, progress: Progress = lambda rows: None) -> Counts:
    """Write the parts of one export into the folder `out` and return its counts.

    A file that cannot be read at all gives parts without rows and `refused` in the counts.
    """
    counts = Counts()
    out.mkdir(parents=True)
    try:
        _process(source, job, out, counts, progress)
    except ExportRefused as refusal:
        for part in out.iterdir():
            part.unlink()
        counts = Counts(refused=refusal.rule, refused_column=refusal.column, unread=_countable(source, job))
    counts.check()
    counts.write(out)
    return counts


def _process(source: Path, job: Job, out: Path, counts: Counts, progress: Progress) -> None:
    with source.open("rb") as stream:
        export = open_export(stream, job.feed, job.dialect)
        plan = make_plan(export, job.feed, job.dialect, job.registry, job.confirmed)
        counts.warnings += plan.warnings
        for tally in _settled(export, plan, job, out):
            counts.add(tally)
            progress(counts.received)
    if not counts.received:
        counts.warnings.append("header_only")


def _settled(export: Export, plan: Plan, job: Job, out: Path) -> Iterator[Counts]:
    """Settle batches side by side; their counts come in file order. Few batches are in memory at a time."""
    waiting: deque[Future[Counts]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, read in enumerate(export.readers(plan.positions, plan.numbers)):
            waiting.append(pool.submit(_settle, number, read, plan, job, out))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _settle(number: int, read: Callable[[], Batch], plan: Plan, job: Job, out: Path) -> Counts:
    """Read and process one batch, write its parts and count its records."""
    batch = read()
    frames, tally = _process_batch(batch, plan, job)
    frames["problems"].append(_broken_problems(batch))
    frames["records"].append(_broken_records(batch))
    for name, parts in frames.items():
        rows = pl.concat(parts)
        if rows.height:
            rows.write_parquet(out / f"{name}-{number:04}.parquet", compression="lz4", statistics=False)
    counts = replace(tally, received=batch.rows.height + len(batch.broken))
    for fate, reason, n in (
        pl.concat(frames["records"]).group_by("fate", "reason").len().sort("reason").iter_rows()
    ):
        if fate == "quarantined":
            counts.quarantined += n
        else:
            counts.excluded[reason] = n
    return counts


def _process_batch(batch: Batch, plan: Plan, job: Job) -> tuple[dict[str, list[pl.DataFrame]], Counts]:
    """Frames by the name of their parts; the number of records accepted, and warnings."""
    if plan.feed.kind == "responses":
        outcome = process_responses(batch.rows, plan, job.people)
        frames: dict[str, list[pl.DataFrame]] = {"problems": [outcome.problems], "records": [outcome.records]}
        for asked, rows in zip(plan.asked, outcome.administrations, strict=True):
            frames.setdefault(asked.instrument.id, []).append(rows)
        return frames, Counts(accepted=outcome.accepted, warnings=list(outcome.warnings))
    process = process_appointments if plan.feed.kind == "appointments" else process_referrals
    table = process(batch.rows, plan, job.people)
    found = {plan.feed.kind: [table.rows], "problems": [table.problems], "records": [table.records]}
    return found, Counts(accepted=table.rows.height)


def _broken_problems(batch: Batch) -> pl.DataFrame:
    rows = [(row, "", "", rule, None) for row, rule in batch.broken]
    return pl.DataFrame(rows, schema=PROBLEM, orient="row")


def _broken_records(batch: Batch) -> pl.DataFrame:
    rows = [(row, "quarantined", "problems") for row, _ in batch.broken]
    return pl.DataFrame(rows, schema=RECORD, orient="row")


def _countable(source: Path, job: Job) -> int:
    """Records of a refused file; 0 where not even its header can be read."""
    try:
        with source.open("rb") as stream:
            export: Export = open_export(stream, job.feed, job.dialect)
            return sum(batch.rows.height + len(batch.broken) for batch in export.records.batches([0]))
    except ExportRefused:
        return 0


def refusal_message(counts: Counts, feed: str, file: str) -> str:
    """One line for people on why a file was refused."""
    assert counts.refused is not None
    return describe(counts.refused, feed, file, column=counts.refused_column)
