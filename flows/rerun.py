"""The auditor's rerun: build a past run again from the archive, without the memo, and compare.

It never refuses: it says which input is no longer what the run recorded, rebuilds with the recorded
configuration and date and with the registry, code and libraries that are here now, and compares digests
table by table. What cannot be read again is a difference, too.

It writes nothing to the site and takes no lock: exports, manifests and databases are never changed once
they are there, and of the ledger it reads the lines that the run saw. A night may begin meanwhile.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flows.build import (
    Setup,
    Tell,
    asked_instruments,
    assemble,
    delivered,
    inputs_of,
    process_all,
    silent,
    works,
)
from flows.config import SiteConfig, load_site, read_config
from flows.faults import told
from flows.publication import disclose, publication_digests
from flows.run import REJECTED, WAREHOUSES
from schemas.errors import AccordError, ArchiveError, ConfigError, WarehouseError
from schemas.instrument import Instrument
from warehouse import archive, ledger, manifest, releases
from warehouse.connect import connect
from warehouse.diff import diff
from warehouse.digest import all_digests
from warehouse.manifest import Manifest
from warehouse.parts import PartStore
from warehouse.releases import History
from warehouse.secret import load_or_make

MOST_PLACES = 20

Digests = Mapping[str, Mapping[str, Any]]

SAID = {
    "decisions": "decision: the ledger up to this run is not what the run saw",
    "code": "code: the programs of Accord are another version",
    "lock": "lock: the lock file names other versions of libraries",
    "key_id": "key: the site has another secret key",
    "site": "config: the run's own configuration is read differently now",
}


UNSEEN = "the releases before this run are not those it saw"


@dataclass(frozen=True)
class Report:
    """What a rerun found.

    changed: inputs that are no longer the recorded ones, as messages that begin with the kind of input
    differing: tables whose digests differ; places: the first differences, or source files
    unbuilt: why nothing could be built to compare, else empty
    damaged: an archived export is not what was delivered
    unseen: the releases before the run are not those it saw
    """

    run: str
    tables: int
    rows: int
    changed: tuple[str, ...]
    differing: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unbuilt: str = ""
    damaged: bool = False
    unseen: bool = False

    @property
    def differs(self) -> bool:
        return bool(self.differing or self.unbuilt or self.damaged or self.unseen)

    @property
    def verdict(self) -> str:
        if self.unbuilt:
            return f"the run cannot be built again: {self.unbuilt}"
        if self.differing:
            return f"{len(self.differing)} of {self.tables} tables differ: {', '.join(self.differing)}"
        if self.damaged:
            return "the figures are the same, but an archived export is not what was delivered"
        if self.unseen:
            return f"the figures are the same, but {UNSEEN}"
        return f"0 differences in {self.tables} tables, {self.rows:,} rows"

    def lines(self) -> list[str]:
        """For people; a verdict that is an error is told as one."""
        head = [f"Rerun of {self.run}"]
        head += [f"  changed since: {change}" for change in self.changed]
        head += [f"  differs: {place}" for place in self.places]
        return head if self.differs else [*head, self.verdict]

    def as_json(self) -> dict[str, Any]:
        return {"run": self.run, "differs": self.differs, "verdict": self.verdict, **asdict(self)}


@dataclass(frozen=True)
class _Rebuilt:
    """digests: by table; entries: by table and delivery; warehouse: the file, while it is there."""

    digests: Digests
    entries: Mapping[str, Mapping[str, str]]
    warehouse: Path
    instruments: Sequence[Instrument]


def rerun(folder: Path, run: str, environ: Mapping[str, str], tell: Tell = silent) -> Report:
    """Rebuild and compare a run; an idle one is the run whose figures it left in place.

    raises: ConfigError for a run that is not there or made no figures, ArchiveError for one whose own
        record is damaged
    """
    recorded = manifest.read(folder, run)
    if recorded.same_as:
        recorded = manifest.read(folder, recorded.same_as)
    if not recorded.made_figures:
        raise ConfigError(f"run {recorded.run} failed and made no figures: there is nothing to compare")
    changed: list[str] = []
    try:
        with told("the rebuild"), _scratch(folder) as scratch:
            return _compared(folder, recorded, environ, scratch, tell, changed)
    except AccordError as error:
        tables = len(recorded.digests)
        return Report(recorded.run, tables, 0, tuple(changed), unbuilt=str(error))


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder on the site's disk; elsewhere for a site that can only be read."""
    try:
        scratch = tempfile.TemporaryDirectory(prefix=".rerun-", dir=folder)
    except OSError:
        scratch = tempfile.TemporaryDirectory(prefix="accord-rerun-")
    with scratch as name:
        yield Path(name)


def _compared(
    folder: Path,
    recorded: Manifest,
    environ: Mapping[str, str],
    scratch: Path,
    tell: Tell,
    changed: list[str],
) -> Report:
    """The report of a run that can be rebuilt; `changed` is filled on the way."""
    config = read_config(recorded.site_toml, recorded.forms, recorded.asides)
    changed += _changed_config(folder, config)
    changed += _changed_policy(recorded, config)
    lines = _lines(folder, recorded, changed)
    setup = Setup(folder, config, load_or_make(folder, environ, recorded.inputs.get("key_id", "")))
    inputs = inputs_of(setup, lines, date.fromisoformat(recorded.as_of))
    changed += _changed(recorded.inputs, asdict(inputs))
    entries = archive.deliveries(folder, lines)
    damage, lost = _damage(folder, entries)
    changed += damage
    jobs = works(setup, [entry for entry in entries if entry.entry not in lost], lines)
    warehouse, publication = scratch / "warehouse.duckdb", scratch / "published.duckdb"
    with PartStore.temporary(scratch) as store:
        jobs = process_all(setup, jobs, store, tell)
        tell("load", 0, 1)
        assemble(setup, [delivered(work, store, setup.site.timezone) for work in jobs], inputs, warehouse)
    history = _history(folder, recorded, changed)
    if history is not None:
        disclose(setup, inputs, history, recorded.run, warehouse, publication)
    tell("compare", 0, 1)
    rebuilt = _digested(warehouse, publication, asked_instruments(setup))
    return _report(folder, recorded, rebuilt, changed, bool(damage))


def _lines(folder: Path, recorded: Manifest, changed: list[str]) -> tuple[ledger.Line, ...]:
    try:
        return ledger.read(folder, recorded.ledger_seq)
    except ArchiveError as error:
        changed.append(f"decision: {error}")
        raise


def _history(folder: Path, recorded: Manifest, changed: list[str]) -> History | None:
    """The releases before the run; None where they are not all there: then nothing published is compared."""
    try:
        found = releases.earlier(folder, recorded.run)
    except ArchiveError as error:
        changed.append(f"release: {error}")
        return None
    if recorded.release and recorded.release["history"] != found.digest():
        changed.append(f"release: {UNSEEN}")
    return found


def _changed_config(folder: Path, recorded: SiteConfig) -> list[str]:
    """What is said when site.toml or an own form is another now; a run is rebuilt with its own."""
    used = "the run's own configuration is used"
    try:
        now = load_site(folder)
    except ConfigError as error:
        return [f"config: site.toml cannot be read now ({error}); {used}"]
    said = _changed_site(now, recorded, used)
    if now.site.disclosure != recorded.site.disclosure:
        said.append("policy: [disclosure] of site.toml says otherwise now; the run's own policy is used")
    return said


def _changed_site(now: SiteConfig, recorded: SiteConfig, used: str) -> list[str]:
    same_forms = dict(now.forms) == dict(recorded.forms)
    if now.site.digest == recorded.site.digest and same_forms:
        return []
    if now.toml == recorded.toml and same_forms:
        return [f"config: a dictionary or questionnaire that a feed names was changed; {used}"]
    what = "site.toml was" if same_forms else "site.toml or the site's own instruments were"
    return [f"config: {what} changed; {used}"]


def _changed_policy(recorded: Manifest, config: SiteConfig) -> list[str]:
    """What is said when [disclosure] as recorded means another policy now, or is applied otherwise."""
    was = recorded.disclosure.get("policy")
    if was in (None, config.site.disclosure.version()):
        return []
    return ["policy: the rules of disclosure control are other ones than the run had"]


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Messages for inputs that differ from the recorded ones."""
    before, after = was.get("instruments", {}), now["instruments"]
    messages = [
        f"registry: instrument {id_} was {_what(id_ in before, id_ in after)}"
        for id_ in sorted({*before, *after})
        if before.get(id_) != after.get(id_)
    ]
    return [*messages, *(said for name, said in SAID.items() if was.get(name) != now[name])]


def _what(before: bool, after: bool) -> str:
    return "changed" if before and after else "added" if after else "removed"


def _damage(folder: Path, entries: Sequence[archive.Entry]) -> tuple[list[str], set[str]]:
    """Messages for archived exports that are not what was delivered, and the entries with nothing left."""
    messages, lost = [], set()
    for entry in entries:
        try:
            archive.verify(folder, entry)
        except ArchiveError as error:
            messages.append(f"data: {error}")
            if not _is_readable(folder, entry):
                lost.add(entry.entry)
    return messages, lost


def _is_readable(folder: Path, entry: archive.Entry) -> bool:
    try:
        with archive.locate(folder, entry).open("rb") as content:
            content.read(1)
    except (ArchiveError, OSError):
        return False
    return True


def _digested(warehouse: Path, publication: Path, instruments: Sequence[Instrument]) -> _Rebuilt:
    con = connect(warehouse, read_only=True)
    try:
        made, entries = all_digests(con, instruments)
    finally:
        con.close()
    published = publication_digests(publication) if publication.exists() else {}
    return _Rebuilt(made | published, entries, warehouse, instruments)


def _report(
    folder: Path, recorded: Manifest, rebuilt: _Rebuilt, changed: Sequence[str], damaged: bool
) -> Report:
    names = list(dict.fromkeys([*rebuilt.digests, *recorded.digests]))
    differing = [name for name in names if _sha(rebuilt.digests, name) != _sha(recorded.digests, name)]
    return Report(
        run=recorded.run,
        tables=len(names),
        rows=sum(int(one["rows"]) for one in rebuilt.digests.values()),
        changed=tuple(changed),
        differing=tuple(differing),
        places=tuple(_places(folder, recorded, rebuilt, differing)[:MOST_PLACES]),
        damaged=damaged,
        unseen=f"release: {UNSEEN}" in changed,
    )


def _sha(digests: Digests, table: str) -> object:
    return digests.get(table, {}).get("sha256")


def _places(folder: Path, recorded: Manifest, rebuilt: _Rebuilt, differing: Sequence[str]) -> list[str]:
    """The first differences by table, key and column; source files where the warehouse is no longer kept."""
    found = _cells(folder, recorded, rebuilt, differing) if differing else []
    return found or [*_by_source(folder, recorded, rebuilt, differing)]


def _cells(folder: Path, recorded: Manifest, rebuilt: _Rebuilt, differing: Sequence[str]) -> list[str]:
    """Each differing table has its share of the places, so that a long one does not hide the others."""
    kept = _kept(folder, recorded)
    share = max(1, MOST_PLACES // max(1, len(differing)))
    try:
        return [
            str(one)
            for name in differing
            for one in (diff(kept, rebuilt.warehouse, [name], rebuilt.instruments, share) if kept else ())
        ]
    except WarehouseError:
        return []


def _kept(folder: Path, recorded: Manifest) -> Path | None:
    for name in (f"{recorded.run}.duckdb", f"{REJECTED}{recorded.run}.duckdb"):
        if (folder / WAREHOUSES / name).is_file():
            return folder / WAREHOUSES / name
    return None


def _by_source(
    folder: Path, recorded: Manifest, rebuilt: _Rebuilt, differing: Sequence[str]
) -> Iterator[str]:
    try:
        was = manifest.read_entry_digests(folder, recorded.run)
    except ArchiveError:
        was = {}
    for table in differing:
        before, after = was.get(table, {}), rebuilt.entries.get(table, {})
        entries = [one for one in sorted({*before, *after}) if was and before.get(one) != after.get(one)]
        yield from (f"{table}, rows of entry {entry}" for entry in entries)
        if not entries:
            rows = _rows(recorded.digests, table), _rows(rebuilt.digests, table)
            yield f"{table}: {rows[0]:,} rows before, {rows[1]:,} now"


def _rows(digests: Digests, table: str) -> int:
    return int(digests.get(table, {}).get("rows", 0))
