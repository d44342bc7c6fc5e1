"""The steps of one nightly run, as plain functions. `flows.night` puts them in order.

    begin ─▶ (idle?) ─▶ process each delivery ─▶ candidate ─▶ check ─▶ publish or refuse ─▶ record

Nothing is visible to a reader before one link is swapped.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from flows import status
from flows.build import (
    Setup,
    Work,
    asked_instruments,
    assemble,
    collect,
    counted,
    delivered,
    inputs_of,
    judged,
    open_site,
    works,
)
from flows.inputs import Inputs
from flows.notes import delivery_notes, feed_notes, remark_notes, site_notes
from flows.publication import disclose, keep_release, planned, publication_digests
from warehouse import archive, ledger, manifest, publish, releases
from warehouse.connect import connect
from warehouse.digest import all_digests
from warehouse.files import private_dir
from warehouse.manifest import Manifest
from warehouse.parts import PartStore
from warehouse.quarantined import write_open
from warehouse.releases import History, Plan
from warehouse.remarks import remarks

WAREHOUSES, QUALITY, PARTS = "warehouse", "quality", "parts"
CANDIDATE = ".candidate-"
REJECTED = "rejected-"
KEPT = 3
LIBRARIES = ("duckdb", "polars", "pandera", "great-expectations", "prefect")


@dataclass(frozen=True)
class Run:
    """A run that has begun. idle_as: the run whose inputs were the same; then there is nothing to do.

    notes: what people should know of the site, before any delivery is processed
    history: what was released before
    """

    id: str
    setup: Setup
    inputs: Inputs
    works: tuple[Work, ...]
    started: datetime
    ledger_seq: int
    idle_as: Manifest | None
    notes: tuple[str, ...]
    history: History

    @property
    def plan(self) -> Plan:
        return planned(self.setup, self.inputs, self.history)

    @property
    def folder(self) -> Path:
        return self.setup.folder

    @property
    def store(self) -> PartStore:
        return PartStore(self.folder / PARTS)

    @property
    def candidate(self) -> Path:
        return self.folder / WAREHOUSES / f"{CANDIDATE}{self.id}.duckdb"

    @property
    def publication(self) -> Path:
        return self.folder / publish.PUBLISHED / f"{CANDIDATE}{self.id}.duckdb"

    def waiting(self) -> list[Work]:
        """Deliveries that have no part yet, each part once."""
        by_memo = {work.memo: work for work in reversed(self.works) if not self.store.has(work.memo)}
        return sorted(by_memo.values(), key=lambda work: work.entry.entry_no)


def begin(folder: Path, environ: Mapping[str, str], now: datetime, as_of: date | None = None) -> Run:
    """Archive what is new and say what the run is a function of. The caller holds the site's lock."""
    _sweep(folder)
    setup = open_site(folder, environ)
    collected = collect(setup, now)
    lines = ledger.read(folder)
    inputs = inputs_of(setup, lines, as_of)
    return Run(
        id=free_id(folder, now, inputs.digest()),
        setup=setup,
        inputs=inputs,
        works=tuple(works(setup, archive.deliveries(folder, lines), lines)),
        started=now,
        ledger_seq=lines[-1].seq if lines else 0,
        idle_as=_same(folder, inputs),
        notes=tuple(site_notes(setup, collected)),
        history=releases.earlier(folder),
    )


def _sweep(folder: Path) -> None:
    """Remove what a killed run left unfinished; its lock went with it."""
    for path in (
        *(folder / WAREHOUSES).glob(f"{CANDIDATE}*"),
        *(folder / publish.PUBLISHED).glob(f"{CANDIDATE}*"),
        *(folder / PARTS).glob(".new-*"),
    ):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _same(folder: Path, inputs: Inputs) -> Manifest | None:
    """The newest run that made figures, when it had these inputs and what it published is in place.

    A refused run is never the same: it is tried, and told of, every night until it is mended.
    """
    made = [one for one in manifest.history(folder) if one.made_figures]
    if not made or made[-1].state != "published" or made[-1].inputs != asdict(inputs):
        return None
    return made[-1] if _is_current(folder, made[-1].run) else None


def _is_current(folder: Path, run: str) -> bool:
    """Whether both links lead to what the run made; a run killed between the two left them apart."""
    links = [folder / part / publish.CURRENT for part in (publish.PUBLISHED, WAREHOUSES)]
    return all(link.exists() and link.resolve().name == f"{run}.duckdb" for link in links)


def free_id(folder: Path, now: datetime, digest: str) -> str:
    """A run id after those of all runs before: what a run saw of releases is what has smaller ids.

    Two runs of one second do not share theirs, and a clock that was put back makes none that is older.
    """
    newest = manifest.newest(folder)
    if newest:
        now = max(now, manifest.time_of(newest))
    while (run := manifest.run_id(now, digest)) <= newest:
        now += timedelta(seconds=1)
    return run


def compared(run: Run) -> Run:
    """The run once all deliveries have parts: some are held, or let through, for what earlier ones say."""
    return replace(run, works=tuple(judged(run.works, run.setup, run.store)))


def make_candidate(run: Run) -> None:
    """Write the candidate warehouse and its publication. Nobody sees either yet."""
    for path in (run.candidate, run.publication):
        private_dir(path.parent)
        path.unlink(missing_ok=True)
    zone = run.setup.site.timezone
    assemble(run.setup, [delivered(work, run.store, zone) for work in run.works], run.inputs, run.candidate)
    disclose(run.setup, run.inputs, run.history, run.id, run.candidate, run.publication)


def check(run: Run) -> dict[str, object]:
    """Run the gate on the candidate; its verdict and counts. The report lies in quality/<run>/."""
    from warehouse.expectations import SiteFacts
    from warehouse.gate import run_gate

    facts = SiteFacts.of(run.setup.site, date.fromisoformat(run.inputs.as_of))
    reports = private_dir(run.folder / QUALITY)
    result = run_gate(run.candidate, run.publication, asked_instruments(run.setup), facts, reports, run.id)
    return {
        "verdict": result.verdict,
        "checked": result.checked,
        "failed": result.failed,
        "critical_failed": result.critical_failed,
        "report": result.report.relative_to(run.folder).as_posix(),
        "failures": [asdict(failure) for failure in result.failures],
    }


def finish(run: Run, gate: Mapping[str, object], now: datetime) -> Manifest:
    """Publish the candidate, or keep it as refused when a critical expectation failed; record the run."""
    passed = gate["verdict"] == "passed"
    kept = (
        keep_release(run.setup, run.inputs, run.history, run.id, run.candidate, run.publication)
        if passed and run.plan.is_release
        else ""
    )
    found = _result(run, gate, "published" if passed else "refused", kept, now)
    manifest.write(run.folder, found)
    warehouse = run.candidate.with_name(f"{'' if passed else REJECTED}{run.id}.duckdb")
    run.candidate.replace(warehouse)
    if passed:
        publish.swap(warehouse.with_name(publish.CURRENT), warehouse)
        published = run.publication.replace(run.publication.with_name(f"{run.id}.duckdb"))
        publish.swap(published.with_name(publish.CURRENT), published)
        publish.keep_last(published.parent, KEPT)
        publish.keep_last(warehouse.parent, KEPT)
    else:
        run.publication.unlink()
        publish.keep_last(warehouse.parent, KEPT, f"{REJECTED}*.duckdb")
    status.write(run.folder, found, run.setup.site.timezone)
    return found


def _result(run: Run, gate: Mapping[str, object], state: str, kept: str, now: datetime) -> Manifest:
    """The record of a run that made a warehouse, read from the warehouse. kept: digest of its release."""
    con = connect(run.candidate, read_only=True)
    try:
        made, by_entry = all_digests(con, asked_instruments(run.setup))
        counts, files = counted(con, run.works, run.store)
        write_open(con, run.folder, run.id)
        remarked = remark_notes(remarks(con))
    finally:
        con.close()
    manifest.write_entries(run.folder, run.id, files, by_entry)
    late = feed_notes(run.works, date.fromisoformat(run.inputs.as_of), run.setup.site.timezone)
    return replace(
        _record(run, state, now),
        counts=counts,
        digests=made | publication_digests(run.publication),
        gate=gate,
        warnings=(*run.notes, *delivery_notes(run.works, run.store), *late, *remarked),
        message="" if state == "published" else _refusal(gate),
        release=releases.record(run.history, run.plan, run.id, run.inputs.as_of, kept),
    )


def _refusal(gate: Mapping[str, object]) -> str:
    n = gate["critical_failed"]
    failed = "1 critical expectation" if n == 1 else f"{n} critical expectations"
    return f"{failed} failed, so nothing was published and the last publication stays; read {gate['report']}"


def _record(run: Run, state: str, now: datetime) -> Manifest:
    config = run.setup.config
    return Manifest(
        run=run.id,
        state=state,
        started_at=run.started.isoformat(),
        finished_at=now.isoformat(),
        as_of=run.inputs.as_of,
        inputs=asdict(run.inputs),
        ledger_seq=run.ledger_seq,
        site_toml=config.toml,
        forms=dict(config.forms),
        asides=dict(config.asides),
        warnings=run.notes,
        versions=versions(),
        disclosure=config.site.disclosure.record(),
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that figures pass through."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def idle(run: Run, same: Manifest, now: datetime) -> Manifest:
    """Record a night without anything new; warehouse and publication stay as they are."""
    found = replace(
        _record(run, "idle", now),
        counts=same.counts,
        gate=same.gate,
        same_as=same.run,
        release={**same.release, "new": False} if same.release else {},
        message=f"nothing is new since run {same.run}",
    )
    manifest.write(run.folder, found)
    status.write(run.folder, found, run.setup.site.timezone)
    return found


def fail(run: Run, message: str, now: datetime) -> Manifest:
    """Record a run that could not finish; the last publication stays.

    A run whose figures are published already keeps its record: only what comes after them went wrong.
    """
    _sweep(run.folder)
    if manifest.is_there(run.folder, run.id) and _is_current(run.folder, run.id):
        return manifest.read(run.folder, run.id)
    return _failed(run.folder, replace(_record(run, "failed", now), message=message))


def fail_early(folder: Path, message: str, started: datetime, now: datetime) -> Manifest:
    """Record a run that ended before it knew its inputs, so that a silent night does not look like none."""
    digest = hashlib.sha256(message.encode()).hexdigest()
    found = Manifest(
        run=free_id(folder, started, digest),
        state="failed",
        started_at=started.isoformat(),
        finished_at=now.isoformat(),
        as_of="",
        inputs={},
        ledger_seq=0,
        site_toml="",
        forms={},
        message=message,
        versions=versions(),
    )
    return _failed(folder, found)


def _failed(folder: Path, found: Manifest) -> Manifest:
    manifest.write(folder, found)
    status.write(folder, found)
    return found
