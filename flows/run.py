"""One nightly run, step by step, as plain functions. `flows.nightly` wraps them for Prefect.

    begin ─▶ (idle?) ─▶ process each delivery ─▶ candidate ─▶ check ─▶ publish or refuse ─▶ record
Nothing is visible to a reader before `publish` swaps one link.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from flows.build import Setup, Work, assemble, asked_instruments, collect, delivered, inputs_of, open_site, works
from flows.inputs import Inputs
from schemas import metrics
from schemas.rules import rules
from warehouse import archive, ledger, manifest, publish
from warehouse.connect import Connection, connect
from warehouse.disclosure import publish_tables
from warehouse.manifest import Manifest
from warehouse.parts import PartStore, read_counts
from warehouse.digest import all_digests
from warehouse.results import counts_by_file, freshness, whole_counts

WAREHOUSES, QUALITY, PARTS = "warehouse", "quality", "parts"
KEPT = 3
RUNS_SHOWN = 50
LIBRARIES = ("duckdb", "polars", "pandera", "great-expectations", "prefect")


@dataclass(frozen=True)
class Run:
    """A run that has begun. idle_as: the run whose inputs were the same; then there is nothing to do.

    left_out: files that were not taken, as messages for people
    """

    id: str
    setup: Setup
    inputs: Inputs
    works: tuple[Work, ...]
    started: datetime
    ledger_seq: int
    idle_as: Manifest | None
    left_out: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.setup.folder

    @property
    def store(self) -> PartStore:
        return PartStore(self.folder / PARTS)

    @property
    def candidate(self) -> Path:
        return self.folder / WAREHOUSES / f".candidate-{self.id}.duckdb"

    @property
    def publication(self) -> Path:
        return self.folder / publish.PUBLISHED / f".candidate-{self.id}.duckdb"

    def waiting(self) -> list[Work]:
        """Deliveries that have no part yet, each part once."""
        by_memo = {work.memo: work for work in reversed(self.works) if not self.store.has(work.memo)}
        return sorted(by_memo.values(), key=lambda work: work.entry.entry_no)


def begin(folder: Path, environ: Mapping[str, str], now: datetime, as_of: date | None = None) -> Run:
    """Archive what is new and say what the run is a function of. The caller holds the site's lock."""
    past = manifest.history(folder)
    setup = open_site(folder, environ)
    collected = collect(setup, now)
    lines = ledger.read(folder)
    inputs = inputs_of(setup, lines, as_of)
    made = [one for one in past if one.state in ("published", "refused")]
    same = bool(made) and made[-1].state == "published" and Inputs(**made[-1].inputs).digest() == inputs.digest()
    whole = (folder / publish.PUBLISHED / publish.CURRENT).exists() and (folder / WAREHOUSES / publish.CURRENT).exists()
    return Run(
        id=_free_id(folder, now, inputs),
        setup=setup,
        inputs=inputs,
        works=tuple(works(setup, archive.deliveries(folder, lines))),
        started=now,
        ledger_seq=lines[-1].seq if lines else 0,
        idle_as=made[-1] if same and whole else None,
        left_out=tuple(f"{one.feed}-{one.tag}: not taken, {one.reason}" for one in collected.left_out),
    )


def _free_id(folder: Path, now: datetime, inputs: Inputs) -> str:
    """A run id no run has: two runs of the same second differ in their inputs or wait a second."""
    moment = now
    while (folder / manifest.RUNS / f"{manifest.run_id(moment, inputs.digest())}.json").exists():
        moment = datetime.fromtimestamp(moment.timestamp() + 1, UTC)
    return manifest.run_id(moment, inputs.digest())


def make_candidate(run: Run) -> None:
    """Write the candidate warehouse and its publication. Nobody sees either yet."""
    for path in (run.candidate, run.publication):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    assemble(run.setup, [delivered(work, run.store) for work in run.works], run.inputs, run.candidate)
    con = connect(run.candidate)
    try:
        publish_tables(
            con, run.publication, run.setup.site.disclosure, _published_run(run), metrics.load(),
            asked_instruments(run.setup),
        )
    finally:
        con.close()
    run.publication.chmod(0o600)


def _published_run(run: Run) -> dict[str, str]:
    inputs = run.inputs
    return {
        "run": run.id, "as_of": inputs.as_of, "site_name": run.setup.site.name,
        "timezone": run.setup.site.timezone, "registry": inputs.registry, "site": inputs.site,
        "code": inputs.code, "lock": inputs.lock,
    }


def check(run: Run) -> dict[str, object]:
    """Run the gate on the candidate; its verdict and counts. The report lies in quality/<run>/."""
    from warehouse.expectations import SiteFacts  # noqa: PLC0415 - loads Great Expectations, seconds
    from warehouse.gate import run_gate  # noqa: PLC0415

    facts = SiteFacts.of(run.setup.site, date.fromisoformat(run.inputs.as_of))
    result = run_gate(
        run.candidate, run.publication, asked_instruments(run.setup), facts, run.folder / QUALITY, run.id
    )
    return {
        "verdict": result.verdict, "checked": result.checked, "failed": result.failed,
        "critical_failed": result.critical_failed,
        "report": result.report.relative_to(run.folder).as_posix(),
        "failures": [asdict(failure) for failure in result.failures],
    }


def finish(run: Run, gate: Mapping[str, object], now: datetime) -> Manifest:
    """Publish the candidate, or keep it as refused when a critical expectation failed; record the run."""
    passed = gate["verdict"] == "passed"
    found = _result(run, gate, "published" if passed else "refused", now)
    name = f"{run.id}.duckdb" if passed else f"rejected-{run.id}.duckdb"
    warehouse = run.candidate.replace(run.candidate.with_name(name))
    manifest.write(run.folder, found)
    if passed:
        publish.swap(warehouse.with_name(publish.CURRENT), warehouse)
        published = run.publication.replace(run.publication.with_name(name))
        publish.swap(published.with_name(publish.CURRENT), published)
        publish.keep_last(published.parent, KEPT)
        publish.keep_last(warehouse.parent, KEPT)
    else:
        run.publication.unlink()
        publish.keep_last(warehouse.parent, KEPT, "rejected-*.duckdb")
    _write_status(run, found)
    return found


def _result(run: Run, gate: Mapping[str, object], state: str, now: datetime) -> Manifest:
    """The manifest of a run that made a warehouse, read from the warehouse itself."""
    con = connect(run.candidate, read_only=True)
    try:
        digests, by_entry = all_digests(con, asked_instruments(run.setup))
        found = replace(
            _manifest(run, state, now), counts=whole_counts(con), files=_files(run, con),
            digests=digests, gate=gate, warnings=tuple(_warnings(run)),
            message="" if state == "published" else _refusal(gate),
        )
    finally:
        con.close()
    manifest.write_entry_digests(run.folder, run.id, by_entry)
    return found


def _files(run: Run, con: Connection) -> tuple[manifest.FileCounts, ...]:
    columns = {work.entry.entry: read_counts(run.store.folder(work.memo)).refused_column for work in run.works}
    return tuple(replace(file, refused_column=columns.get(file.entry, "")) for file in counts_by_file(con))


def _refusal(gate: Mapping[str, object]) -> str:
    return (
        f"{gate['critical_failed']} critical expectation(s) failed; the last publication stays. "
        f"Read {gate['report']}"
    )


def _manifest(run: Run, state: str, now: datetime) -> Manifest:
    config = run.setup.config
    return Manifest(
        run=run.id, state=state, started_at=run.started.isoformat(), finished_at=now.isoformat(),
        as_of=run.inputs.as_of, inputs=asdict(run.inputs), ledger_seq=run.ledger_seq, site_toml=config.toml,
        forms=dict(config.forms), counts=manifest.Counts(),
        versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    )


def _warnings(run: Run) -> list[str]:
    """What people should know of deliveries, by feed and eight hex digits."""
    found = list(run.left_out)
    for work in run.works:
        for rule in read_counts(run.store.folder(work.memo)).warnings:
            found.append(f"{work.tag}: {rules()[rule].message} ({rule})")
    return found


def idle(run: Run, now: datetime) -> Manifest:
    """Record a night without anything new; warehouse and publication stay as they are."""
    same = run.idle_as
    assert same is not None
    found = replace(
        _manifest(run, "idle", now), counts=same.counts, files=same.files, gate=same.gate, same_as=same.run,
        warnings=run.left_out, message=f"nothing is new since {same.run}",
    )
    manifest.write(run.folder, found)
    _write_status(run, found)
    return found


def fail(run: Run, message: str, now: datetime) -> Manifest:
    """Record a run that could not finish; the last publication stays."""
    for path in (run.candidate, run.publication):
        path.unlink(missing_ok=True)
        shutil.rmtree(path.with_name(f".{path.name}.tmp"), ignore_errors=True)
    found = replace(_manifest(run, "failed", now), message=message)
    manifest.write(run.folder, found)
    _write_status(run, found)
    return found


def _write_status(run: Run, last: Manifest) -> None:
    """status.json: the last run, what is published, how fresh it is; exact counts of the whole site only."""
    runs = manifest.history(run.folder)
    published = [one for one in runs if one.state == "published"]
    current = run.folder / WAREHOUSES / publish.CURRENT
    fresh: Sequence[Mapping[str, str]] = []
    if current.exists():
        con = connect(current.resolve(), read_only=True)
        try:
            fresh = freshness(con, run.setup.site.timezone)
        finally:
            con.close()
    publish.write_status(run.folder, {
        "schema": 1,
        "last_run": _status_of(last),
        "published_run": published[-1].run if published else None,
        "published_as_of": published[-1].as_of if published else None,
        "freshness": list(fresh),
        "runs": [line_of(one) for one in runs[-RUNS_SHOWN:]],
    })


def _status_of(one: Manifest) -> dict[str, object]:
    counts = one.counts
    gate = {key: one.gate.get(key) for key in ("checked", "critical_failed", "report")}
    return {
        "run": one.run, "state": one.state, "as_of": one.as_of, "finished_at": one.finished_at,
        "received": counts.received, "accepted": counts.accepted, "quarantined": counts.quarantined,
        "excluded": dict(counts.excluded), "superseded": counts.superseded, "files": counts.files,
        "files_refused": counts.files_refused,
        "gate": {"verdict": one.gate.get("verdict", "not_run"), **gate}, "message": one.message,
    }


def line_of(one: Manifest) -> dict[str, object]:
    return {
        **{key: value for key, value in _status_of(one).items() if key not in ("files", "files_refused", "message")},
        "excluded": sum(one.counts.excluded.values()),
        "gate": one.gate.get("verdict", "not_run"),
    }


def summary(site: Path, found: Manifest) -> dict[str, object]:
    """What `accord nightly --json` prints: the run, its counts, and each file by name."""
    names = {entry.entry: entry.file for entry in archive.deliveries(site)}
    counts = found.counts
    return {
        "run": found.run, "state": found.state, "published": found.state == "published",
        "received": counts.received, "accepted": counts.accepted, "quarantined": counts.quarantined,
        "excluded": dict(counts.excluded), "superseded": counts.superseded,
        "files": [{"feed": file.feed, "file": names.get(file.entry, ""), **_file(file)} for file in found.files],
        "files_refused": counts.files_refused, "as_of": found.as_of, "message": found.message,
        "gate": dict(found.gate), "warnings": list(found.warnings),
    }


def _file(file: manifest.FileCounts) -> dict[str, object]:
    return {key: value for key, value in asdict(file).items() if key != "feed"}
