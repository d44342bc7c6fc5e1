"""The command line `accord`: reads arguments and environment, calls one function, prints.

Errors end in one message and the exit code of their class (schemas.errors), without traceback.
Heavy imports stand in the commands that need them, so that `accord --help` is quick.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from flows.settings import Settings
from schemas.errors import AccordError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Therapeutic alliance and outcome questionnaires: from export files to checked, published figures.",
)
config_app = typer.Typer(no_args_is_help=True, help="Check a site's configuration.")
quarantine_app = typer.Typer(no_args_is_help=True, help="Records that wait to be mended.")
app.add_typer(config_app, name="config")
app.add_typer(quarantine_app, name="quarantine")

SiteOption = Annotated[Path | None, typer.Option("--site", help="Folder of the site; default ACCORD_SITE or ./site.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The run's today; default the newest delivery's date."),
]

errors = Console(stderr=True, highlight=False, soft_wrap=True)
screen = Console(highlight=False, soft_wrap=True)


def entrypoint() -> None:
    """Run the command line; AccordErrors become their message and exit code."""
    try:
        app()
    except AccordError as error:
        errors.print(f"accord: {error}", markup=False)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)


def _settings(site: Path | None) -> Settings:
    return Settings.from_env(os.environ, site)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _day(as_of: datetime | None) -> date | None:
    return as_of.date() if as_of else None


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.")] = Path("site"),
    name: Annotated[str, typer.Option(help="Name of the site.")] = "Our service",
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "Europe/London",
) -> None:
    """Make an empty site: folders, a commented site.toml and a secret key."""
    from flows.config import init_site

    key = init_site(directory, name, timezone, os.environ)
    print(f"{directory}: made, key {key.id}. Back up {directory}/secret.key apart from the data.")
    print(f"Next: describe clinics and feeds in {directory}/site.toml, then `accord config check --site {directory}`.")


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write.")] = Path("site"),
    clinics: Annotated[int, typer.Option(min=1, max=40)] = 3,
    clients: Annotated[int, typer.Option(min=10, help="Clients per clinic.")] = 1500,
    months: Annotated[int, typer.Option(min=3, max=120)] = 24,
    seed: Annotated[int, typer.Option()] = 1,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2026, 10, 31),
) -> None:
    """Write a sample site of made-up clients, in the formats of real survey systems."""
    from flows.sample import write_sample

    report = write_sample(directory, clinics, clients, months, seed, until.date())
    print(f"{directory}: {report.files} export files, {report.received:,} records of made-up clients (seed {seed}).")


@app.command()
def nightly(site: SiteOption = None, as_of: AsOfOption = None, json_: JsonOption = False) -> None:
    """Archive, process, load, check and publish: the whole nightly run, in Prefect."""
    settings = _settings(site)
    _require_site(settings.site)
    os.environ.setdefault("PREFECT_HOME", str((settings.site / "prefect").resolve()))
    from flows import run as steps
    from flows.nightly import make_flow
    from schemas.errors import GateRefused
    from warehouse import manifest

    day = _day(as_of)
    with _progress(quiet=json_) as tell:
        flow = make_flow(tell)
        try:
            run = flow(str(settings.site), day.isoformat() if day else None)
            refused = None
        except GateRefused as error:
            run, refused = manifest.history(settings.site)[-1].run, error
    found = manifest.read(settings.site, run)
    if json_:
        _print_json(steps.summary(settings.site, found))
    else:
        from flows.report import run_lines

        for line in run_lines(settings.site, found):
            print(line)
    if refused:
        raise refused


def _require_site(folder: Path) -> None:
    """A missing site is said before seconds of imports."""
    from flows.config import load_site

    load_site(folder)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, plain lines otherwise, nothing with --json."""
    from flows.progress import bar, lines, nothing

    with (nothing() if quiet else bar(errors) if sys.stderr.isatty() else lines(sys.stderr)) as tell:
        yield tell


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="DuckDB file to write.")],
    site: SiteOption = None,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
) -> None:
    """Archive what is new and write warehouse and marts into one file; publish nothing."""
    from flows.build import build as build_warehouse
    from flows.build import open_site
    from warehouse.publish import site_lock

    settings = _settings(site)
    setup = open_site(settings.site, os.environ)
    with site_lock(settings.site), _progress(quiet=json_) as tell:
        stages = build_warehouse(setup, out, _now(), _day(as_of), tell)
    if json_:
        _print_json({"out": str(out), "seconds": {name: round(s, 3) for name, s in stages.seconds.items()}})
        return
    took = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in stages.seconds.items())
    print(f"{out}: written ({took}; {sum(stages.seconds.values()):.2f} s in all)")


@app.command()
def rerun(
    run: Annotated[str, typer.Argument(help="Run id, or latest.")] = "latest",
    site: SiteOption = None,
    json_: JsonOption = False,
) -> None:
    """Build a past run again from the archive and compare: the same figures, or the exact reason why not."""
    from flows.rerun import rerun as run_again
    from schemas.errors import RerunDiffers

    settings = _settings(site)
    with _progress(quiet=json_) as tell:
        report = run_again(settings.site, run, os.environ, tell)
    if json_:
        _print_json(report.as_json())
    else:
        for line in report.lines():
            print(line)
    if report.differs:
        raise RerunDiffers(report.verdict)


@app.command()
def runs(site: SiteOption = None, json_: JsonOption = False) -> None:
    """One line for each run, oldest first."""
    from flows.report import runs_lines
    from warehouse import manifest

    settings = _settings(site)
    _require_site(settings.site)
    found = manifest.history(settings.site)
    if json_:
        from flows.run import line_of

        _print_json([line_of(one) for one in found])
        return
    for line in runs_lines(found):
        print(line)


@app.command()
def instruments(
    what: Annotated[str, typer.Argument(help="list, show or check.")] = "list",
    name: Annotated[str, typer.Argument(help="An instrument's id, or a TOML file to check.")] = "",
    site: SiteOption = None,
    json_: JsonOption = False,
) -> None:
    """The questionnaires Accord can score, with their evidence; one card; or check a TOML."""
    from flows.cards import instrument_lines, instruments_json

    settings = _settings(site)
    if json_:
        _print_json(instruments_json(what, name, settings.site))
        return
    for line in instrument_lines(what, name, settings.site):
        print(line)


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="administrations, appointments, scores, rows, quarantine or figures.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV file to write.")],
    site: SiteOption = None,
    from_: Annotated[Path | None, typer.Option("--from", help="A file `accord build` wrote.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Figures as published, not exact.")] = False,
) -> None:
    """Write a client-level export, or the figures, for the data team."""
    from flows.exporting import run_export

    settings = _settings(site)
    rows = run_export(what, settings.site, os.environ, out, from_, published)
    errors.print(f"{out}: {rows:,} rows", markup=False)


@app.command()
def dashboard(site: SiteOption = None, port: Annotated[int, typer.Option(min=1024, max=65535)] = 8501) -> None:
    """Open the dashboard on this machine, at http://127.0.0.1:8501."""
    settings = _settings(site)
    _require_site(settings.site)
    print(f"The dashboard is at http://127.0.0.1:{port} (end it with Ctrl-C)")
    sys.stdout.flush()
    arguments = [sys.executable, "-m", "dashboards.launch", str(settings.site), str(port)]
    os.execve(sys.executable, arguments, dict(os.environ))


@config_app.command("check")
def config_check(site: SiteOption = None, json_: JsonOption = False) -> None:
    """Read site.toml and say what was understood, and every problem at once."""
    from flows.config import check

    settings = _settings(site)
    lines = check(settings.site, os.environ)
    if json_:
        _print_json(lines)
        return
    for line in lines:
        print(line)


@quarantine_app.command("list")
def quarantine_list(site: SiteOption = None, json_: JsonOption = False) -> None:
    """Problems by feed, file and rule, with their counts."""
    from flows.quarantine import listed

    _print_quarantine(listed(_settings(site).site), json_)


@quarantine_app.command("show")
def quarantine_show(
    feed: Annotated[str, typer.Argument(help="Feed id.")], site: SiteOption = None, json_: JsonOption = False
) -> None:
    """Each problem of a feed: file, row, column, rule, remedy. Never a value."""
    from flows.quarantine import shown

    _print_quarantine(shown(_settings(site).site, feed), json_)


@quarantine_app.command("export")
def quarantine_export(
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV file to write.")], site: SiteOption = None
) -> None:
    """All open problems as CSV, to send back to the clinics."""
    export("quarantine", out, site)


def _print_quarantine(found: list[dict[str, Any]], json_: bool) -> None:
    if json_:
        _print_json(found)
        return
    from flows.report import quarantine_lines

    for line in quarantine_lines(found):
        print(line)


if __name__ == "__main__":
    entrypoint()
