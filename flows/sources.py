"""The warehouse a command reads: the one that stands, or a file that `accord build` wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from flows.build import Setup, last_key, open_site
from flows.config import read_config
from flows.export import Source, export, export_published
from schemas.errors import ConfigError
from warehouse import manifest
from warehouse.connect import Connection, connect
from warehouse.publish import CURRENT, PUBLISHED
from warehouse.secret import load_or_make

WAREHOUSES, REJECTED = "warehouse", "rejected-"
FIGURES, RISK = "figures", "risk"
BUILT = "build"


def current_run(site: Path) -> str:
    """The run whose warehouse stands. Raises ConfigError before there is one."""
    return _current(site / WAREHOUSES).stem


@contextmanager
def current_warehouse(site: Path) -> Iterator[Connection]:
    """The warehouse of the last run that was published, read-only. Raises ConfigError before there is one."""
    con = connect(_current(site / WAREHOUSES), read_only=True)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def newest_warehouse(site: Path) -> Iterator[Connection]:
    """The warehouse of the last run that made one, published or refused, read-only.

    raises: ConfigError before there is one
    """
    made = [one.run for one in manifest.history(site) if one.made_figures]
    kept = [
        path
        for run in made[-1:]
        for path in (site / WAREHOUSES / f"{run}.duckdb", site / WAREHOUSES / f"{REJECTED}{run}.duckdb")
        if path.is_file()
    ]
    con = connect(kept[0] if kept else _current(site / WAREHOUSES), read_only=True)
    try:
        yield con
    finally:
        con.close()


def _current(folder: Path) -> Path:
    link = folder / CURRENT
    if not link.exists():
        raise ConfigError("nothing was published yet: run `accord nightly` first")
    return link.resolve()


@contextmanager
def opened(
    site: Path, environ: Mapping[str, str], built: Path | None, since: date = date.min
) -> Iterator[Source]:
    """A warehouse to export from. built: a file that `accord build` wrote; None for the one that stands.

    Ids are read back as they were processed: of a run, with the configuration it recorded.
    """
    path = built or _current(site / WAREHOUSES)
    if not path.is_file():
        raise ConfigError(f"{path}: is not there; `accord build --out {path}` writes it")
    setup = open_site(site, environ) if built else _setup_of(site, environ, path.stem)
    con = connect(path, read_only=True)
    try:
        yield Source(con, setup, BUILT if built else path.stem, since)
    finally:
        con.close()


def _setup_of(site: Path, environ: Mapping[str, str], run: str) -> Setup:
    recorded = manifest.read(site, run)
    config = read_config(recorded.site_toml, recorded.forms, recorded.asides)
    return Setup(site, config, load_or_make(site, environ, last_key(site)))


def run_export(
    what: str,
    site: Path,
    environ: Mapping[str, str],
    out: Path,
    built: Path | None,
    published: bool,
    since: date | None = None,
) -> int:
    """Write one export; the number of rows.

    published: the figures as published, not exact; since: first day of the answers to risk items
    """
    if since and what != RISK:
        raise ConfigError(f"--since is for {RISK}: {what} are exported whole")
    if not published:
        with opened(site, environ, built, since or date.min) as source:
            return export(what, source, out)
    if what != FIGURES:
        raise ConfigError(f"--published is for figures: {what} are never published")
    if built:
        return export_published(open_site(site, environ), built, out)
    return export_published(None, _current(site / PUBLISHED), out)
