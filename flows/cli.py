"""The command line `accord`: reads arguments and environment, calls one function, prints.

Errors end in one message and the exit code of their class (schemas.errors), without traceback.
Heavy imports stand in the commands that need them, so that `accord --help` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.cli_common import (
    AsOfOption,
    JsonOption,
    OutOption,
    SiteOption,
    day,
    now,
    print_json,
    print_lines,
    progress,
    settings_of,
    tonight,
)
from flows.cli_inspect import inspect
from flows.cli_quarantine import quarantine_app
from flows.faults import told
from schemas.errors import AccordError

EXIT_CODES = (
    "Exit codes: 0 done, also with quarantined records and refused files; 1 unforeseen; 2 configuration or"
    " command line; 3 records do not add up; 4 archive or ledger damaged; 5 warehouse cannot be read;"
    " 10 refused by the gate; 11 site is busy; 14 rerun differs."
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Therapeutic alliance and outcome questionnaires: from export files to checked, published figures.",
    epilog=EXIT_CODES,
)
config_app = typer.Typer(no_args_is_help=True, help="Check a site's configuration.")
app.add_typer(config_app, name="config")
app.add_typer(quarantine_app, name="quarantine")
app.command()(inspect)

PRIVATE = 0o077


def entrypoint() -> None:
    """The installed command. What it makes can be read by its owner alone."""
    os.umask(PRIVATE)
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    return outcome(lambda: app(arguments))


def outcome(command: Callable[[], object]) -> int:
    """The exit code of a command; an error is told in one message, whatever it is."""
    try:
        with told("the command"):
            command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except AccordError as error:
        typer.echo(f"accord: {error}", err=True)
        return error.exit_code
    return 0


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.")] = Path("site"),
    name: Annotated[str, typer.Option(help="Name of the site.")] = "Our service",
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "Europe/London",
) -> None:
    """Make an empty site: folders, a commented site.toml and a secret key."""
    from flows.config import init_site

    key = init_site(directory, name, timezone, os.environ)
    made = f"Back up {directory}/secret.key apart from the data." if key.made else "It was there before."
    typer.echo(f"{directory}: made. Its secret key has the id {key.id}. {made}")
    typer.echo(f"Next: describe clinics and feeds in {directory}/site.toml, then")
    typer.echo(f"  accord config check --site {directory}")


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write.")] = Path("site"),
    clinics: Annotated[int, typer.Option(min=1, max=40)] = 3,
    clients: Annotated[int, typer.Option(min=10, help="Clients per clinic.")] = 1500,
    months: Annotated[int, typer.Option(min=3, max=120)] = 24,
    seed: Annotated[int, typer.Option()] = 1,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2026, 10, 31),  # noqa: DTZ001
) -> None:
    """Write a sample site of made-up clients, in the formats of real survey systems."""
    from flows.sample import write_sample

    report = write_sample(directory, clinics, clients, months, seed, until.date())
    records = f"{report.received:,} records of made-up clients"
    typer.echo(f"{directory}: {report.files} export files, {records} (seed {seed})")


@app.command()
def nightly(site: SiteOption = None, as_of: AsOfOption = None, json_: JsonOption = False) -> None:
    """Archive, process, load, check and publish: the whole nightly run, in Prefect."""
    folder = settings_of(site).site
    with progress(quiet=json_) as tell:
        found, problem = tonight(folder, day(as_of), tell)
    if found and json_:
        from flows.status import summary

        print_json(summary(folder, found))
    elif found:
        from flows.report import run_lines

        print_lines(run_lines(folder, found))
    if problem:
        raise problem


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="DuckDB file to write.")],
    site: SiteOption = None,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
) -> None:
    """Archive what is new and write warehouse and marts into one file; publish nothing."""
    from flows.build import build as build_warehouse
    from flows.build import check_out, open_site
    from flows.notes import key_note
    from flows.report import built_lines
    from flows.status import built_json
    from warehouse.publish import site_lock

    folder = settings_of(site).site
    setup = open_site(folder, os.environ)
    check_out(out, folder)
    with site_lock(folder), progress(quiet=json_) as tell:
        made = build_warehouse(setup, out, now(), day(as_of), tell)
    if json_:
        seconds = {name: round(s, 3) for name, s in made.seconds.items()}
        print_json({"out": str(out), "seconds": seconds, **built_json(folder, made.counts, made.files)})
        return
    print_lines(key_note(setup))
    took = ", ".join(f"{name} {took:.2f} s" for name, took in made.seconds.items())
    typer.echo(f"{out}: written ({took}; {sum(made.seconds.values()):.2f} s in all)")
    print_lines(built_lines(folder, made.counts, made.files))


@app.command()
def rerun(
    run: Annotated[str, typer.Argument(help="Run id, or latest.")] = "latest",
    site: SiteOption = None,
    json_: JsonOption = False,
) -> None:
    """Build a past run again from the archive and compare: the same figures, or the exact reason why not."""
    from flows.rerun import rerun as run_again
    from schemas.errors import RerunDiffers

    with progress(quiet=json_) as tell:
        report = run_again(settings_of(site).site, run, os.environ, tell)
    if json_:
        print_json(report.as_json())
    else:
        print_lines(report.lines())
    if report.differs:
        raise RerunDiffers(report.verdict)


@app.command()
def runs(site: SiteOption = None, json_: JsonOption = False) -> None:
    """One line for each run, oldest first."""
    from flows.config import load_site
    from flows.report import runs_lines
    from flows.status import line_of
    from warehouse import manifest

    folder = settings_of(site).site
    found = manifest.history(folder)
    if not found:
        load_site(folder)
    if json_:
        print_json([line_of(one) for one in found])
    else:
        print_lines(runs_lines(found, manifest.damaged(folder)))


@app.command()
def instruments(
    what: Annotated[str, typer.Argument(help="list, show or check.")] = "list",
    name: Annotated[str, typer.Argument(help="An id to show, a TOML to check, or a folder for pages.")] = "",
    site: SiteOption = None,
    json_: JsonOption = False,
) -> None:
    """The questionnaires Accord can score, with their evidence; one card; check a TOML; write the pages."""
    from flows.cards import instrument_lines, instruments_json

    folder = settings_of(site).site
    if json_:
        print_json(instruments_json(what, name, folder))
    else:
        print_lines(instrument_lines(what, name, folder))


@app.command()
def export(
    what: Annotated[
        str, typer.Argument(help="administrations, appointments, scores, rows, quarantine, figures or risk.")
    ],
    out: OutOption,
    site: SiteOption = None,
    from_: Annotated[Path | None, typer.Option("--from", help="A file `accord build` wrote.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Figures as published, not exact.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the answers in risk.")
    ] = None,
) -> None:
    """Write a client-level export, or the figures, for the data team.

    risk lists answers above zero to items on risk, the oldest first. It is not an alerting tool.
    """
    from flows.sources import RISK, run_export

    rows = run_export(what, settings_of(site).site, os.environ, out, from_, published, day(since))
    typer.echo(f"{out}: {rows:,} rows", err=True)
    if what == RISK:
        typer.echo(
            "This list is as old as the last run and leaves out what is in quarantine. "
            "It is not an alerting tool.",
            err=True,
        )


@app.command()
def dashboard(
    site: SiteOption = None, port: Annotated[int, typer.Option(min=1024, max=65535)] = 8501
) -> None:
    """Open the dashboard on this machine, at http://127.0.0.1:8501."""
    from flows.config import load_site

    folder = settings_of(site).site
    load_site(folder)
    typer.echo(f"The dashboard is at http://127.0.0.1:{port} (end it with Ctrl-C)")
    sys.stdout.flush()
    arguments = [sys.executable, "-m", "dashboards.launch", str(folder), str(port)]
    os.execve(sys.executable, arguments, dict(os.environ))


@config_app.command("check")
def config_check(site: SiteOption = None, json_: JsonOption = False) -> None:
    """Read site.toml and say what was understood, and every problem at once."""
    from flows.config import check

    lines = check(settings_of(site).site, os.environ)
    if json_:
        print_json(lines)
    else:
        print_lines(lines)


if __name__ == "__main__":
    entrypoint()
