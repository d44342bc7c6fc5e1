"""What the modules of the command line share: options, the rim (clock, environment), printing, one night.

Heavy imports stand in the functions that need them, so that `accord --help` is quick.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.settings import Settings
from schemas.errors import AccordError

if TYPE_CHECKING:
    from warehouse.manifest import Manifest

SiteOption = Annotated[
    Path | None, typer.Option("--site", help="Folder of the site; default ACCORD_SITE or ./site.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OutOption = Annotated[Path, typer.Option("-o", "--out", help="CSV file to write.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="The run's today; default the newest delivery's date."
    ),
]

MOST_PREFECT_BYTES = 256 * 1024**2
"""Prefect keeps some 20 kB of each task for good: this is a hundred nights of a hundred files."""


def settings_of(site: Path | None) -> Settings:
    return Settings.from_env(os.environ, site)


def now() -> datetime:
    """The clock, read here at the rim and handed down."""
    return datetime.now(UTC).replace(microsecond=0)


def day(as_of: datetime | None) -> date | None:
    return as_of.date() if as_of else None


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def tonight(
    folder: Path, as_of: date | None, tell: Callable[[str, int, int], None]
) -> tuple[Manifest | None, AccordError | None]:
    """The run's record and what ended it. What can be seen at once is said before Prefect starts."""
    from flows.config import load_site
    from flows.night import record_failure
    from warehouse.publish import site_lock

    try:
        load_site(folder)
        with site_lock(folder):
            if "PREFECT_HOME" not in os.environ:
                os.environ["PREFECT_HOME"] = str(prefect_home(folder))
    except AccordError as error:
        return record_failure(folder, error, now()), error
    from flows.nightly import run_nightly

    return run_nightly(folder, as_of, tell)


def prefect_home(site: Path) -> Path:
    """Prefect's own folder in a site; emptied when it has grown large, since no figure comes from it."""
    from warehouse.files import private_dir

    home = site / "prefect"
    if sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) > MOST_PREFECT_BYTES:
        shutil.rmtree(home)
    return private_dir(home).resolve()


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, plain lines otherwise, nothing with --json."""
    from flows.progress import bar, lines, nothing

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with nothing() if quiet else bar(console) if console.is_terminal else lines(sys.stderr) as tell:
        yield tell
