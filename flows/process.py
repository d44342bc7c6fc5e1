"""Process one export: a pure function of bytes, feed, registry and key, to Parquet parts.

A part is a folder:
    <instrument>-NNNN.parquet   administrations of a batch, scored
    appointments-NNNN.parquet, referrals-NNNN.parquet
    problems-NNNN.parquet, records-NNNN.parquet
    held-NNNN.parquet           who and when what is quarantined is about, as far as it can be read
    counts.json                 records by fate; warnings; the rule that refused the file; what held it,
                                and what the answers of each form add up to
Nothing in it is an id of a person, a file name or a clock time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from flows.cells import HELD, PROBLEM, RECORD, held_rows
from flows.clean import Batch
from flows.detect import suspicions, warnings
from flows.detect_form import Finding, forms_of
from flows.detect_tally import Gathered, Tally
from flows.identifiers import look
from flows.plan import Plan, make_plan
from flows.pseudonyms import Pseudonymiser
from flows.read import Export, opened_export
from flows.responses import process_responses
from flows.tables import process_appointments, process_referrals
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.registry import Registry
from schemas.rules import describe
from schemas.site import Feed
from warehouse.parts import Counts

Progress = Callable[[int], None]

Settled = tuple[Counts, tuple[Gathered, ...]]
"""Records of a batch by fate, and what the answers of its forms add up to, by their place in the feed."""

WORKERS = 2
"""Batches of one file settled at a time: polars leaves a second core idle half of the time."""


@dataclass(frozen=True)
class Job:
    """All that one file's parts are a function of, but its bytes.

    held:     what a comparison with the feed's earlier files found wrong: nothing is accepted
    released: whether the file is let through whatever is found in it
    """

    feed: Feed
    dialect: Dialect
    registry: Registry
    confirmed: frozenset[str]
    people: Pseudonymiser
    held: tuple[Finding, ...] = ()
    released: bool = False


def process_file(source: Path, job: Job, out: Path, progress: Progress = lambda rows: None) -> Counts:
    """Write the parts of one export into the folder `out` and return its counts.

    A file that cannot be read at all gives parts without rows and `refused` in the counts. A file whose
    answers look wrongly coded is read a second time, and held: parts without answers.
    """
    out.mkdir(parents=True)
    try:
        counts = _process(source, job, out, progress)
        if found := _suspicions(counts, job):
            _empty(out)
            counts = _process(source, replace(job, held=found), out, lambda rows: None)
    except ExportRefused as refusal:
        _empty(out)
        unread = _countable(source, job, out)
        counts = Counts(refused=refusal.rule, refused_column=refusal.column, unread=unread)
    counts.check()
    counts.write(out)
    return counts


def _empty(folder: Path) -> None:
    for part in folder.iterdir():
        part.unlink()


def _suspicions(counts: Counts, job: Job) -> tuple[Finding, ...]:
    """What is wrong with a file by itself, where nobody has decided on it; else its warnings are noted."""
    if job.held or job.released:
        return ()
    tallies = [Tally.from_json(one) for one in counts.forms]
    pairs = list(zip(forms_of(job.feed, job.registry), tallies, strict=False))
    found = tuple(finding for form, tally in pairs for finding in suspicions(form, tally))
    noted = [rule for form, tally in pairs for rule in warnings(form, tally)] if not found else []
    counts.warnings += dict.fromkeys(noted)
    return found


def _process(source: Path, job: Job, out: Path, progress: Progress) -> Counts:
    counts = Counts(held=[asdict(one) for one in job.held])
    sums: list[Gathered] = []
    with opened_export(source, job.feed, job.dialect, out) as export:
        plan = make_plan(export, job.feed, job.dialect, job.registry, job.confirmed)
        counts.warnings += [*plan.warnings, *look(export, plan)]
        for tally, gathered in _settled(export, plan, job, out):
            counts.add(tally)
            sums = _merged(sums, gathered)
            progress(counts.received)
    counts.forms = [one.tally().as_json() for one in sums]
    if not counts.received:
        counts.warnings.append("header_only")
    return counts


def _merged(sums: Sequence[Gathered], more: Sequence[Gathered]) -> list[Gathered]:
    """Sums of the batches so far with those of the next; of the first batch alone."""
    return [one.merge(other) for one, other in zip(sums, more, strict=True)] if sums else list(more)


def _settled(export: Export, plan: Plan, job: Job, out: Path) -> Iterator[Settled]:
    """Settle batches side by side; their counts come in file order. Few batches are in memory at a time."""
    waiting: deque[Future[Settled]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, read in enumerate(export.readers(plan.positions, plan.numbers)):
            waiting.append(pool.submit(_settle, number, read, plan, job, out))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _settle(number: int, read: Callable[[], Batch], plan: Plan, job: Job, out: Path) -> Settled:
    """Read and process one batch, write its parts and count its records."""
    batch = read()
    frames, tally, gathered = _process_batch(batch, plan, job)
    frames["problems"].append(_broken_problems(batch))
    frames["records"].append(_broken_records(batch))
    frames["held"].append(_broken_held(batch))
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
    return counts, gathered


def _process_batch(
    batch: Batch, plan: Plan, job: Job
) -> tuple[dict[str, list[pl.DataFrame]], Counts, tuple[Gathered, ...]]:
    """Frames by the name of their parts; the number of records accepted, and warnings; sums by form."""
    if plan.feed.kind == "responses":
        outcome = process_responses(batch.rows, plan, job.people, job.held)
        frames: dict[str, list[pl.DataFrame]] = {
            "problems": [outcome.problems],
            "records": [outcome.records],
            "held": [outcome.held],
        }
        for asked, rows in zip(plan.asked, outcome.administrations, strict=True):
            frames.setdefault(asked.instrument.id, []).append(rows)
        counts = Counts(accepted=outcome.accepted, warnings=list(outcome.warnings))
        return frames, counts, outcome.gathered
    process = process_appointments if plan.feed.kind == "appointments" else process_referrals
    table = process(batch.rows, plan, job.people)
    found = {
        plan.feed.kind: [table.rows],
        "problems": [table.problems],
        "records": [table.records],
        "held": [table.held],
    }
    return found, Counts(accepted=table.rows.height), ()


def _broken_problems(batch: Batch) -> pl.DataFrame:
    rows = [(row, "", "", rule, None, 0) for row, rule in batch.broken]
    return pl.DataFrame(rows, schema=PROBLEM, orient="row")


def _broken_records(batch: Batch) -> pl.DataFrame:
    rows = [(row, "quarantined", "problems") for row, _ in batch.broken]
    return pl.DataFrame(rows, schema=RECORD, orient="row")


def _broken_held(batch: Batch) -> pl.DataFrame:
    rows = pl.Series("source_row", [row for row, _ in batch.broken], dtype=HELD["source_row"])
    return held_rows(rows.to_frame())


def _countable(source: Path, job: Job, out: Path) -> int:
    """Records of a refused file; 0 where not even its header can be read."""
    try:
        with opened_export(source, job.feed, job.dialect, out) as export:
            batches = (read() for read in export.records.readers([0]))
            return sum(batch.rows.height + len(batch.broken) for batch in batches)
    except ExportRefused:
        return 0


def refusal_message(counts: Counts, feed: str, file: str) -> str:
    """One line for people on why a file was refused."""
    assert counts.refused is not None
    return describe(counts.refused, feed, file, column=counts.refused_column)
