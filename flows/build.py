"""Archive to warehouse: process every delivery, load the parts, build the marts.

The nightly run, `accord build` and the auditor's rerun are these same functions with other
folders; only the nightly run keeps parts between runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from flows.config import SiteConfig, load_site
from flows.detect_form import Finding, forms_of
from flows.detect_history import History
from flows.detect_tally import Tally
from flows.dimensions import dimensions
from flows.feed_history import FeedHistory, Noticed
from flows.inputs import Inputs, make_inputs, memo_key, memo_with
from flows.process import Job, process_file
from flows.pseudonyms import Pseudonymiser
from flows.releases import released, rows_released
from schemas.dialect import load_dialects
from schemas.errors import ConfigError
from schemas.frames import administration_schema
from schemas.instrument import Instrument
from schemas.registry import Registry
from schemas.site import Feed, Site
from schemas.site_checks import OWN_NAMES
from warehouse import archive, ledger, manifest
from warehouse.connect import Connection, connect, is_database, new_database
from warehouse.load import Delivery, load
from warehouse.marts import build_marts
from warehouse.parts import Counts, PartStore, read_counts
from warehouse.results import counts_by_file, whole_counts
from warehouse.secret import Key, load_or_make

AS_BEFORE = "released_as_before"
"""Warns that a release of an earlier file of the feed let a later one through too."""

Tell = Callable[[str, int, int], None]
"""Told of progress: stage, done, of how many."""


def silent(stage: str, done: int, total: int) -> None:
    """Progress told to nobody."""


@dataclass(frozen=True)
class Setup:
    """A site as it is configured, with its key. folder: where it lies."""

    folder: Path
    config: SiteConfig
    key: Key

    @property
    def site(self) -> Site:
        return self.config.site

    @property
    def registry(self) -> Registry:
        return self.config.registry


def open_site(folder: Path, environ: Mapping[str, str]) -> Setup:
    """Read a site's configuration and key; a site that was never run gets a new key, others never do.

    raises ConfigError
    """
    return Setup(folder, load_site(folder), load_or_make(folder, environ, last_key(folder)))


@dataclass(frozen=True)
class Work:
    """One delivery to process. memo: what its part is known by.

    released: let through whatever is found in it; held: what its feed's earlier files say is wrong with it
    warnings: rules of that level that only a comparison with them can tell; noticed: the same of its shape
    let_go: quarantined rows that people have dealt with elsewhere
    """

    entry: archive.Entry
    feed: Feed
    memo: str
    released: bool = False
    held: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    let_go: tuple[int, ...] = ()
    noticed: tuple[Noticed, ...] = ()

    @property
    def tag(self) -> str:
        """How logs name the delivery: feed id and eight hex digits, never the file's name."""
        return f"{self.feed.id}-{self.entry.entry[:8]}"


@dataclass(frozen=True)
class Built:
    """What a build made. seconds: of each stage, in order; files: of each delivery, in ledger order."""

    seconds: Mapping[str, float]
    counts: manifest.Counts
    files: tuple[manifest.FileCounts, ...]


@dataclass
class Stages:
    """Seconds of each stage of a build, in order."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def done(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now


def collect(setup: Setup, now: datetime) -> archive.Collected:
    """Archive what is new in the inboxes; the ledger says when the site is first run with a key."""
    feeds = [(feed.id, feed.path) for feed in setup.site.feeds]
    collected = archive.collect(setup.folder, feeds, now, pause=lambda seconds: _useful_pause(setup, seconds))
    known = last_key(setup.folder)
    if (collected.new or known) and known != setup.key.id:
        ledger.append(setup.folder, [("key", {"id": setup.key.id})], now)
    return collected


def _useful_pause(setup: Setup, seconds: float) -> None:
    """Wait, and meanwhile make the schemas that processing needs: pandera takes a second to import."""
    began = time.monotonic()
    for instrument in asked_instruments(setup):
        administration_schema(instrument)
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))


def last_key(folder: Path) -> str | None:
    """Id of the key the site was last run with."""
    ids = [str(line.payload["id"]) for line in ledger.read(folder) if line.kind == "key"]
    return ids[-1] if ids else None


def works(setup: Setup, entries: Sequence[archive.Entry], lines: Sequence[ledger.Line] = ()) -> list[Work]:
    """Deliveries of the feeds that site.toml has, in ledger order. lines: the decisions that count."""
    feeds = {feed.id: feed for feed in setup.site.feeds}
    let_through, rows = released(lines), rows_released(lines)
    found = []
    for entry in entries:
        if entry.feed in feeds:
            feed = feeds[entry.feed]
            memo = memo_key(entry.sha256, feed, setup.site, setup.registry, setup.key.id)
            work = Work(entry, feed, memo, let_go=rows.get(entry.entry, ()))
            found.append(_let_through(work) if entry.entry in let_through else work)
    return found


def _let_through(work: Work) -> Work:
    return replace(work, released=True, memo=memo_with(work.memo, "released"))


def judged(jobs: Sequence[Work], setup: Setup, store: PartStore) -> list[Work]:
    """The same deliveries once all have parts, each compared with the earlier ones of its feed.

    One that is held for it, or let through for it, needs another part.
    """
    history, shapes, found = History(), FeedHistory(), []
    for work in jobs:
        counts = read_counts(store.folder(work.memo))
        noticed = shapes.notice(work.feed, counts)
        found.append(_judged(replace(work, noticed=noticed), setup, counts, history))
    return found


def _judged(work: Work, setup: Setup, counts: Counts, history: History) -> Work:
    if work.feed.kind != "responses":
        return work
    tallies = [Tally.from_json(one) for one in counts.forms]
    forms = list(zip(forms_of(work.feed, setup.registry), tallies, strict=False))
    found = [Finding.from_json(one) for one in counts.held]
    verdict = history.judge(work.feed.id, forms, found, work.released)
    if verdict.released:
        return replace(_let_through(work), warnings=() if work.released else (AS_BEFORE,))
    if verdict.held:
        memo = memo_with(work.memo, [asdict(one) for one in verdict.held])
        return replace(work, held=verdict.held, memo=memo)
    return replace(work, warnings=verdict.warnings)


def process_work(setup: Setup, work: Work, store: PartStore) -> Path:
    """The part of one delivery, made from its archived bytes when the store has not got it."""
    source = archive.locate(setup.folder, work.entry)
    return store.make(work.memo, lambda out: process_file(source, job_of(setup, work), out))


def process_all(setup: Setup, jobs: Sequence[Work], store: PartStore, tell: Tell) -> list[Work]:
    """Process deliveries one after the other; as they are to be loaded, held ones among them."""
    for number, work in enumerate(jobs, 1):
        process_work(setup, work, store)
        tell("process", number, len(jobs))
    found = judged(jobs, setup, store)
    for work in found:
        process_work(setup, work, store)
    return found


def job_of(setup: Setup, work: Work) -> Job:
    """What a delivery is processed with, but its bytes."""
    scope = "" if setup.site.shared_ids else work.feed.clinic
    return Job(
        feed=work.feed,
        dialect=load_dialects()[work.feed.dialect],
        registry=setup.registry,
        confirmed=setup.site.confirmed_instruments,
        people=Pseudonymiser(setup.key, scope, work.entry.sha256, setup.site.timezone),
        held=work.held,
        released=work.released,
    )


def delivered(work: Work, store: PartStore, zone: str) -> Delivery:
    """A processed delivery as the load takes it. zone: the site's."""
    entry, part = work.entry, store.folder(work.memo)
    return Delivery(
        entry_no=entry.entry_no,
        entry=entry.entry,
        feed=work.feed.id,
        clinic=work.feed.clinic,
        kind=work.feed.kind,
        snapshot=work.feed.delivery == "snapshot",
        file=entry.file,
        sha256=entry.sha256,
        bytes=entry.bytes,
        arrived_at=entry.arrived_at,
        part=part,
        counts=read_counts(part),
        released=work.released,
        let_go=work.let_go,
        zone=zone,
        forms=tuple(one.id for one in work.feed.instruments),
    )


def inputs_of(setup: Setup, lines: Sequence[ledger.Line], as_of: date | None) -> Inputs:
    """The inputs of a run over these ledger lines.

    raises ConfigError when nothing was ever delivered and no date is given
    """
    day = as_of or ledger.as_of(lines, setup.site.timezone)
    if day is None:
        raise ConfigError(
            "nothing was delivered yet: no file matches a feed's path in site.toml. "
            "Put exports into the inbox folders, or correct the paths"
        )
    count = sum(line.kind == "delivery" for line in lines)
    return make_inputs(day, ledger.head(lines), count, setup.registry, setup.site, setup.key.id)


def asked_instruments(setup: Setup) -> list[Instrument]:
    """Instruments that any feed asks for, in order of their ids."""
    asked = {one.id for feed in setup.site.feeds for one in feed.instruments}
    return [setup.registry[id_] for id_ in sorted(asked)]


def assemble(
    setup: Setup, deliveries: Sequence[Delivery], inputs: Inputs, out: Path, stages: Stages | None = None
) -> None:
    """Write a new warehouse file: core tables, then marts. Raises ConservationError."""
    instruments = asked_instruments(setup)
    with new_database(out) as con:
        load(con, deliveries, instruments, dimensions(setup.site, instruments, inputs))
        if stages:
            stages.done("load")
        build_marts(con, date.fromisoformat(inputs.as_of))
    if stages:
        stages.done("marts")


def check_out(out: Path, site: Path) -> None:
    """Raises ConfigError where `accord build` would write over something that is none of its own files."""
    target = out.resolve()
    own = [site.resolve() / name for name in OWN_NAMES]
    if any(target.is_relative_to(one) for one in own):
        raise ConfigError(f"{out}: belongs to the site itself; choose another place")
    if target.is_dir() or (target.exists() and not is_database(target)):
        raise ConfigError(f"{out}: is there and is no DuckDB file; choose another name")


def build(setup: Setup, out: Path, now: datetime, as_of: date | None = None, tell: Tell = silent) -> Built:
    """Archive what is new and write warehouse and marts into `out`: no memo, no gate, no publication."""
    stages = Stages()
    collect(setup, now)
    lines = ledger.read(setup.folder)
    stages.done("archive")
    inputs = inputs_of(setup, lines, as_of)
    out.parent.mkdir(parents=True, exist_ok=True)
    with PartStore.temporary(out.parent) as store:
        jobs = works(setup, archive.deliveries(setup.folder, lines), lines)
        jobs = process_all(setup, jobs, store, tell)
        stages.done("process")
        tell("load", 0, 1)
        assemble(setup, [delivered(work, store, setup.site.timezone) for work in jobs], inputs, out, stages)
        con = connect(out, read_only=True)
        try:
            counts, files = counted(con, jobs, store)
        finally:
            con.close()
    return Built(stages.seconds, counts, tuple(files))


def counted(
    con: Connection, done: Sequence[Work], store: PartStore
) -> tuple[manifest.Counts, list[manifest.FileCounts]]:
    """Records by fate: of a whole warehouse, and of each delivery in ledger order.

    The column that a refusal is about stands in the part alone. done: the deliveries it was made of
    """
    columns = {work.entry.entry: read_counts(store.folder(work.memo)).refused_column for work in done}
    files = [replace(file, refused_column=columns.get(file.entry, "")) for file in counts_by_file(con)]
    return whole_counts(con), files
