"""The auditor's rerun: build a past run again from the archive, without the memo, and compare.

It never refuses. It says which input is no longer what the run's manifest records, rebuilds with
the recorded site configuration and date and with the registry, code and libraries that are here
now, and compares digests table by table.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flows.build import Setup, Tell, Work, asked_instruments, assemble, delivered, inputs_of, process_work, silent, works
from flows.config import read_config
from flows.inputs import Inputs
from schemas.errors import ArchiveError
from schemas.instrument import Instrument
from warehouse import archive, ledger, manifest
from warehouse.connect import Connection, connect
from warehouse.diff import Difference, diff
from warehouse.digest import entry_digests, table_digests
from warehouse.manifest import Manifest
from warehouse.parts import PartStore
from warehouse.secret import load_or_make

MOST_PLACES = 20
WAREHOUSES = "warehouse"


@dataclass(frozen=True)
class Report:
    """What a rerun found. changed: inputs that are no longer the recorded ones, as messages.

    differing: tables whose digests differ; places: the first differences, or source files
    """

    run: str
    tables: int
    rows: int
    changed: tuple[str, ...]
    differing: tuple[str, ...]
    places: tuple[str, ...]
    damaged: bool

    @property
    def differs(self) -> bool:
        return bool(self.differing) or self.damaged

    @property
    def verdict(self) -> str:
        if not self.differs:
            return f"0 differences in {self.tables} tables, {self.rows:,} rows"
        if not self.differing:
            return "the figures are the same, but an archived input is not what was delivered"
        return f"{len(self.differing)} of {self.tables} tables differ: {', '.join(self.differing)}"

    def lines(self) -> list[str]:
        head = [f"Rerun of {self.run}"]
        head += [f"  changed since: {change}" for change in self.changed]
        head += [f"  {place}" for place in self.places]
        return head if self.differs else [*head, self.verdict]

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run, "differs": self.differs, "verdict": self.verdict, "tables": self.tables,
            "rows": self.rows, "changed": list(self.changed), "differing": list(self.differing),
            "places": list(self.places),
        }


def rerun(folder: Path, run: str, environ: Mapping[str, str], tell: Tell = silent) -> Report:
    """Rebuild and compare a run. Raises ConfigError for a run that is not there."""
    recorded = manifest.read(folder, run)
    if recorded.same_as:
        recorded = manifest.read(folder, recorded.same_as)
    setup = Setup(folder, read_config(recorded.site_toml, recorded.forms), load_or_make(folder, environ))
    lines = [line for line in ledger.read(folder) if line.seq <= recorded.ledger_seq]
    entries = archive.deliveries(folder, lines)
    inputs = inputs_of(setup, lines, date.fromisoformat(recorded.as_of))
    damage = _damaged(folder, entries)
    changed = [*damage, *_changed(recorded.inputs, inputs)]
    with tempfile.TemporaryDirectory(prefix=".rerun-", dir=folder) as scratch:
        rebuilt = Path(scratch) / "warehouse.duckdb"
        with PartStore.temporary(Path(scratch)) as store:
            _process(setup, works(setup, entries), store, tell)
            tell("load", 0, 1)
            again = [delivered(work, store) for work in works(setup, entries)]
            assemble(setup, again, inputs, rebuilt)
        tell("compare", 0, 1)
        return _compare(folder, recorded, rebuilt, asked_instruments(setup), changed, bool(damage))


def _process(setup: Setup, jobs: Sequence[Work], store: PartStore, tell: Tell) -> None:
    for number, work in enumerate(jobs, 1):
        process_work(setup, work, store)
        tell("process", number, len(jobs))


def _damaged(folder: Path, entries: Sequence[archive.Entry]) -> list[str]:
    """Archived exports that are not what was delivered, each by its entry."""
    messages = []
    for entry in entries:
        try:
            archive.verify(folder, entry)
        except ArchiveError as error:
            messages.append(f"data: {error}")
    return messages


def _changed(recorded: Mapping[str, Any], now: Inputs) -> list[str]:
    """Messages for inputs that differ; the site configuration is the recorded one."""
    was = Inputs(**recorded)
    messages = []
    if was.decisions != now.decisions:
        messages.append("decision: the ledger up to this run is not what the run saw")
    for id_ in sorted({*was.instruments, *now.instruments}):
        if was.instruments.get(id_) != now.instruments.get(id_):
            messages.append(f"registry: instrument {id_} was changed, added or removed")
    for name, said in (("code", "the programs of Accord are another version"),
                       ("lock", "the lock file names other libraries"),
                       ("key_id", "the site has another secret key"),
                       ("site", "the recorded configuration is read differently now")):
        if getattr(was, name) != getattr(now, name):
            messages.append(f"{name.removesuffix('_id')}: {said}")
    return messages


def _compare(
    folder: Path, recorded: Manifest, rebuilt: Path, instruments: Sequence[Instrument],
    changed: Sequence[str], damaged: bool,
) -> Report:
    con = connect(rebuilt, read_only=True)
    try:
        digests = table_digests(con, instruments)
        names = sorted({*digests, *recorded.digests})
        differing = [name for name in names if _sha(digests, name) != _sha(recorded.digests, name)]
        places = _places(folder, recorded, con, rebuilt, instruments, differing) if differing else []
    finally:
        con.close()
    return Report(
        run=recorded.run, tables=len(names), rows=sum(int(one["rows"]) for one in digests.values()),
        changed=tuple(changed), differing=tuple(differing), places=tuple(places), damaged=damaged,
    )


def _sha(digests: Mapping[str, Mapping[str, Any]], table: str) -> object:
    return digests.get(table, {}).get("sha256")


def _places(
    folder: Path, recorded: Manifest, con: Connection, rebuilt: Path,
    instruments: Sequence[Instrument], differing: Sequence[str],
) -> list[str]:
    """The first differences by table, key and column; by source file where the warehouse is gone."""
    kept = _kept(folder, recorded)
    if kept is not None:
        con.close()
        return [_place(one) for one in diff(kept, rebuilt, list(differing), instruments, MOST_PLACES)]
    was, now = manifest.read_entry_digests(folder, recorded.run), entry_digests(con, instruments)
    files = [
        f"{table}: the rows of entry {entry} differ"
        for table in differing
        for entry in sorted({*was.get(table, {}), *now.get(table, {})})
        if was.get(table, {}).get(entry) != now.get(table, {}).get(entry)
    ]
    whole = [f"{table}: differs" for table in differing if not any(file.startswith(f"{table}:") for file in files)]
    return [*files, *whole][:MOST_PLACES]


def _kept(folder: Path, recorded: Manifest) -> Path | None:
    for name in (f"{recorded.run}.duckdb", f"rejected-{recorded.run}.duckdb"):
        if (folder / WAREHOUSES / name).is_file():
            return folder / WAREHOUSES / name
    return None


def _place(one: Difference) -> str:
    return str(one)
