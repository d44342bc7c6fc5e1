"""Process one export: a pure function of bytes, feed, registry and key, to Parquet parts.

A part is a folder:
    <instrument>-NNNN.parquet   administrations of a batch, scored
    appointments-NNNN.parquet, referrals-NNNN.parquet
    problems-NNNN.parquet, records-NNNN.parquet
    withdrawn-NNNN.parquet      responses that the file takes back
    held-NNNN.parquet           who and when what is quarantined is about, as far as it can be read
    counts.json                 records by fate; warnings; the rule that refused the file; what held it,
                                what the answers of each form add up to, and what the feed's next files
                                are compared with
Nothing in it is an id of a person, a file name or a clock time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from flows.cells import HELD, PROBLEM, RECORD, held_rows
from flows.clean import Batch
from flows.date_order import Orders, added, wrong_order
from flows.detect import suspicions, warnings
from flows.detect_form import Finding, forms_of
from flows.detect_tally import Gathered, Tally
from flows.feed_history import column_digests, no_answers
from flows.identifiers import look
from flows.plan import Plan, make_plan
from flows.pseudonyms import Pseudonymiser
from flows.read import Export, opened_export
from flows.responses import process_responses
from flows.rounded import without_rounded_ids
from flows.tables import process_appointments, process_referrals
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.registry import Registry
from schemas.rules import describe
from schemas.site import Feed
from warehouse.parts import Counts

Progress = Callable[[int], None]

Settled = tuple[Counts, tuple[Gathered, ...], Orders]
"""Records of a batch by fate, what the answers of its forms add up to, by their place in the feed, and how
its dates could be read."""

DAYS = {
    "appointments": {"starts_at": "starts_on"},
    "referrals": {"received_at": "received_on", "ended_at": "ended_on"},
}
"""By kind of feed: our name of a date, and the column of the parts that has it as a day."""

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
        counts = Counts(refused=refusal.rule, refused_column=refusal.column, unread=refusal.unread)
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
    orders: Orders = {}
    with opened_export(source, job.feed, job.dialect, out) as export:
        plan, noted = _planned(export, job)
        counts.warnings += noted
        counts.columns = column_digests(export.names)
        for tally, gathered, dates in _settled(export, plan, job, out):
            counts.add(tally)
            sums, orders = _merged(sums, gathered), added(orders, dates)
            progress(counts.received)
    if wrong := wrong_order(orders):
        raise ExportRefused("date_order", ", ".join(wrong), unread=counts.received)
    counts.no_answers = no_answers(plan.asked, sums)
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
    batch = without_rounded_ids(read(), plan)
    frames, tally, gathered, dates = _process_batch(batch, plan, job)
    tally.days = _latest_days(frames, plan)
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
    return counts, gathered, dates


def _latest_days(frames: Mapping[str, Sequence[pl.DataFrame]], plan: Plan) -> dict[str, list[str]]:
    """See `Counts.days`: of what a batch accepts."""
    found: dict[str, tuple[str, object]] = {}
    for asked, frame in zip(plan.asked, _administrations(frames, plan), strict=True):
        found[str(asked.form_no)] = ("/".join(asked.completed), frame["completed_on"].max())
    for ours, read in DAYS.get(plan.feed.kind, {}).items():
        [frame] = frames[plan.feed.kind]
        found[ours] = ("/".join(plan.columns.get(ours, ())), frame[read].max())
    return {ours: [column, str(day)] for ours, (column, day) in found.items() if day is not None}


def _administrations(frames: Mapping[str, Sequence[pl.DataFrame]], plan: Plan) -> Iterator[pl.DataFrame]:
    """Frames in the order of the feed's forms: a form that is asked twice has two under its name."""
    left = {name: list(parts) for name, parts in frames.items()}
    return (left[asked.instrument.id].pop(0) for asked in plan.asked)


def _process_batch(
    batch: Batch, plan: Plan, job: Job
) -> tuple[dict[str, list[pl.DataFrame]], Counts, tuple[Gathered, ...], Orders]:
    """Frames by the name of their parts; the number of records accepted, warnings; sums by form; dates."""
    if plan.feed.kind == "responses":
        outcome = process_responses(batch.rows, plan, job.people, job.held)
        frames: dict[str, list[pl.DataFrame]] = {
            "problems": [outcome.problems],
            "records": [outcome.records],
            "held": [outcome.held],
            "withdrawn": [outcome.withdrawn],
        }
        for asked, rows in zip(plan.asked, outcome.administrations, strict=True):
            frames.setdefault(asked.instrument.id, []).append(rows)
        counts = Counts(
            accepted=outcome.accepted,
            administrations=sum(rows.height for rows in outcome.administrations),
            warnings=list(outcome.warnings),
        )
        return frames, counts, outcome.gathered, outcome.dates
    process = process_appointments if plan.feed.kind == "appointments" else process_referrals
    table = process(batch.rows, plan, job.people)
    found = {
        plan.feed.kind: [table.rows],
        "problems": [table.problems],
        "records": [table.records],
        "held": [table.held],
    }
    return found, Counts(accepted=table.rows.height), (), table.dates


def _broken_problems(batch: Batch) -> pl.DataFrame:
    rows = [(row, "", batch.columns.get(row, ""), rule, None, 0) for row, rule in batch.broken]
    return pl.DataFrame(rows, schema=PROBLEM, orient="row")


def _broken_records(batch: Batch) -> pl.DataFrame:
    rows = [(row, "quarantined", "problems") for row, _ in batch.broken]
    return pl.DataFrame(rows, schema=RECORD, orient="row")


def _broken_held(batch: Batch) -> pl.DataFrame:
    rows = pl.Series("source_row", [row for row, _ in batch.broken], dtype=HELD["source_row"])
    return held_rows(rows.to_frame())


def _planned(export: Export, job: Job) -> tuple[Plan, list[str]]:
    """The plan of a file that was opened, and warnings; one that is refused has its records counted."""
    try:
        plan = make_plan(export, job.feed, job.dialect, job.registry, job.confirmed)
        return plan, [*plan.warnings, *look(export, plan)]
    except ExportRefused as refusal:
        raise ExportRefused(refusal.rule, refusal.column, unread=_countable(export)) from None


def _countable(export: Export) -> int:
    """Records of a file that is refused for its columns; 0 where they cannot be read either."""
    try:
        batches = (read() for read in export.records.readers([0]))
        return sum(batch.rows.height + len(batch.broken) for batch in batches)
    except ExportRefused:
        return 0


def refusal_message(counts: Counts, feed: str, file: str) -> str:
    """One line for people on why a file was refused."""
    assert counts.refused is not None
    return describe(counts.refused, feed, file, column=counts.refused_column)
