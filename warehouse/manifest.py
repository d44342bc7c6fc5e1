"""What each run was a function of and what it gave: SITE/runs/<run>.json, written once, never changed."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.errors import ArchiveError, ConfigError
from warehouse.files import private_dir, write_private

RUNS = "runs"
SCHEMA = 1

MADE = ("published", "refused")
"""States of runs that made a warehouse."""

ENTRIES = ".entries.json.gz"
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class Counts:
    """Records of a whole run by fate; excluded by reason. files: deliveries, refused ones among them."""

    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    superseded: int = 0
    files: int = 0
    files_refused: int = 0


@dataclass(frozen=True)
class FileCounts:
    """Records of one delivery by fate.

    refused: rule that refused the file, else None, and its column; closed: whether that is dealt with
    """

    feed: str
    entry: str
    received: int
    accepted: int
    quarantined: int
    excluded: Mapping[str, int]
    superseded: int
    refused: str | None
    refused_column: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Manifest:
    """One run.

    state:   published, idle, refused or failed
    as_of:   empty for a run that failed before it knew its date; then it has no inputs either
    inputs:  digests and ids, as flows.inputs.Inputs says
    site_toml, forms, asides: the configuration's own texts, which a rerun uses
    ledger_seq: last ledger line the run saw; same_as: run whose figures an idle night left in place
    digests: table to rows and SHA-256; gate: verdict and counts of expectations
    counts: None for a run that failed before it counted
    disclosure: id, method and words of the policy of disclosure; empty where the run did not know its site
    release: the release whose figures it published or meant to, as warehouse.releases.record says
    """

    run: str
    state: str
    started_at: str
    finished_at: str
    as_of: str
    inputs: Mapping[str, Any]
    ledger_seq: int
    site_toml: str
    forms: Mapping[str, str]
    counts: Counts | None = None
    digests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    message: str = ""
    same_as: str | None = None
    asides: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    disclosure: Mapping[str, str] = field(default_factory=dict)
    release: Mapping[str, Any] = field(default_factory=dict)

    @property
    def made_figures(self) -> bool:
        return self.state in MADE


def run_id(now: datetime, inputs_digest: str) -> str:
    """Sorts by time; the last eight digits are of the inputs, so equal nights can be seen."""
    return f"{now:%Y%m%dT%H%M%SZ}-{inputs_digest[:8]}"


def write(site: Path, manifest: Manifest) -> Path:
    """Write a run's manifest; file names are not in it."""
    text = json.dumps({"schema": SCHEMA, **asdict(manifest)}, sort_keys=True, indent=1, ensure_ascii=False)
    return write_private(private_dir(site / RUNS) / f"{manifest.run}.json", text.encode())


def read(site: Path, run: str) -> Manifest:
    """A run's manifest; `latest` is the newest that made a warehouse.

    raises: ConfigError for a run that is not there, ArchiveError for a manifest that cannot be read
    """
    if run == "latest":
        made = [manifest for manifest in history(site) if manifest.made_figures]
        if not made:
            raise ConfigError("no run has made figures yet: run `accord nightly` first")
        return made[-1]
    path = site / RUNS / f"{run}.json"
    if not RUN_ID.fullmatch(run) or not path.is_file():
        raise ConfigError(f"there is no run {run!r}; `accord runs` lists them")
    return _parse(path)


def history(site: Path) -> list[Manifest]:
    """All runs, oldest first, but those whose manifest `damaged` names: one lost record stops no night."""
    return [one for _, one in _all(site) if one is not None]


def damaged(site: Path) -> list[str]:
    """Runs whose manifest cannot be read."""
    return [path.stem for path, one in _all(site) if one is None]


def newest(site: Path) -> str:
    """The last id that any run has, its record readable or not; empty before the first."""
    return max((path.stem for path in (site / RUNS).glob("*.json") if _time(path.stem)), default="")


def time_of(run: str) -> datetime:
    """The time in a run's id. Raises ConfigError for another word."""
    found = _time(run)
    if found is None:
        raise ConfigError(f"{run!r} is no run")
    return found


def _time(run: str) -> datetime | None:
    try:
        found = datetime.strptime(run[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if RUN_ID.fullmatch(run) else None


def is_there(site: Path, run: str) -> bool:
    """Whether a run of this id was recorded, readable or not."""
    return (site / RUNS / f"{run}.json").exists()


def _all(site: Path) -> Iterator[tuple[Path, Manifest | None]]:
    for path in sorted((site / RUNS).glob("*.json")):
        if RUN_ID.fullmatch(path.stem):
            try:
                yield path, _parse(path)
            except ArchiveError:
                yield path, None


def _parse(path: Path) -> Manifest:
    try:
        raw = json.loads(path.read_bytes())
        raw["counts"] = raw["counts"] and Counts(**raw["counts"])
        raw["warnings"] = tuple(raw["warnings"])
        known = {one.name for one in fields(Manifest)}
        return Manifest(**{key: value for key, value in raw.items() if key in known})
    except (OSError, ValueError, KeyError, TypeError):
        raise ArchiveError(f"{RUNS}/{path.name} cannot be read: restore it from the backup") from None


def write_entries(
    site: Path, run: str, files: Sequence[FileCounts], digests: Mapping[str, Mapping[str, str]]
) -> Path:
    """Keep, beside the manifest, what a run made of each delivery: they are many, and seldom asked for.

    digests: SHA-256 by table and entry, so that a later rerun can say which file differs
    """
    content = {"files": [asdict(file) for file in files], "digests": digests}
    packed = gzip.compress(json.dumps(content, sort_keys=True).encode(), mtime=0)
    return write_private(private_dir(site / RUNS) / f"{run}{ENTRIES}", packed)


def read_files(site: Path, run: str) -> tuple[FileCounts, ...]:
    """Records of each delivery by fate, in ledger order; none for a run that made no figures."""
    return tuple(FileCounts(**file) for file in _entries(site, run).get("files", ()))


def read_entry_digests(site: Path, run: str) -> dict[str, dict[str, str]]:
    """SHA-256 by table and entry; empty for a run that made no figures."""
    found: dict[str, dict[str, str]] = _entries(site, run).get("digests", {})
    return found


def _entries(site: Path, run: str) -> dict[str, Any]:
    path = site / RUNS / f"{run}{ENTRIES}"
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, ValueError, EOFError, zlib.error):
        raise ArchiveError(f"{RUNS}/{path.name} cannot be read: restore it from the backup") from None
    return found
