"""The commands `accord quarantine ...`: what waits to be mended, reports for clinics, what was mended."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from flows.cli_common import (
    AsOfOption,
    JsonOption,
    SiteOption,
    day,
    now,
    print_json,
    print_lines,
    progress,
    settings_of,
    tonight,
)
from schemas.errors import ConfigError

quarantine_app = typer.Typer(no_args_is_help=True, help="Files and records that wait to be mended.")

FeedArgument = Annotated[str, typer.Argument(help="Feed id; none for all feeds.")]


@quarantine_app.command("list")
def quarantine_list(site: SiteOption = None, json_: JsonOption = False) -> None:
    """Refused files, and problems by clinic, feed, file and rule, with counts, ages and remedies."""
    from flows.quarantine import listed, listed_lines
    from flows.quarantine_mended import mended_lines

    folder = settings_of(site).site
    found = listed(folder)
    if json_:
        print_json(found)
        return
    print_lines(listed_lines(found))
    print_lines(mended_lines(folder))


@quarantine_app.command("show")
def quarantine_show(
    feed: FeedArgument = "",
    file: Annotated[str, typer.Option("--file", help="Name of one file.")] = "",
    rule: Annotated[str, typer.Option("--rule", help="Id of one rule.")] = "",
    mended: Annotated[
        bool, typer.Option("--mended", help="What was mended instead, each with the run that did it.")
    ] = False,
    site: SiteOption = None,
    json_: JsonOption = False,
) -> None:
    """Each problem: feed, clinic, file, entry, row, column, rule, age, remedy. Never a value."""
    from flows.quarantine import chosen, problems
    from flows.quarantine_mended import mended as all_mended

    folder = settings_of(site).site
    found = all_mended(folder) if mended else problems(folder)
    nothing = "nothing was mended yet" if mended else "nothing is in quarantine"
    _print_rows(chosen(found, feed, file, rule), json_, nothing)


@quarantine_app.command("export")
def quarantine_export(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for a report a clinic; or a file.csv of all problems.")
    ],
    clinic: Annotated[str, typer.Option("--clinic", help="Id of one clinic.")] = "",
    site: SiteOption = None,
) -> None:
    """A report for each clinic, as XLSX and HTML, to send to it; with -o FILE.csv all problems of records."""
    from flows.quarantine_report import write_reports
    from flows.sources import run_export

    folder = settings_of(site).site
    if out.suffix.lower() != ".csv":
        print_lines(write_reports(folder, out, clinic))
        return
    if clinic:
        raise ConfigError("--clinic is for reports: give a folder, and not a CSV file, with -o")
    typer.echo(f"{out}: {run_export('quarantine', folder, os.environ, out, None, False):,} rows", err=True)


@quarantine_app.command("replay")
def quarantine_replay(
    feed: FeedArgument = "",
    try_: Annotated[
        Path | None, typer.Option("--try", help="A mended file to read as the feed would; nothing is kept.")
    ] = None,
    feed_: Annotated[str, typer.Option("--feed", help="The same as the argument.")] = "",
    site: SiteOption = None,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
) -> None:
    """Run the night and say what it mended, what is still open and what is new; or try a file first."""
    from flows.quarantine_replay import check_feed
    from flows.quarantine_try import tried

    folder, wanted = settings_of(site).site, _one_feed(feed, feed_)
    check_feed(folder, wanted)
    if try_ is None:
        _replay(folder, wanted, as_of, json_)
        return
    if not wanted:
        raise ConfigError("--try: name the feed that the file is for: replay FEED --try FILE")
    trial = tried(folder, os.environ, wanted, try_, now())
    if json_:
        print_json(trial.as_json())
    else:
        print_lines(trial.lines())


def _one_feed(feed: str, option: str) -> str:
    if feed and option and feed != option:
        raise ConfigError(f"two feeds are named, {feed} and {option}: name one")
    return feed or option


def _replay(folder: Path, feed: str, as_of: AsOfOption, json_: bool) -> None:
    from flows.quarantine_replay import Replay, look
    from flows.report import run_lines

    before = look(folder, feed)
    with progress(quiet=json_) as tell:
        found, problem = tonight(folder, day(as_of), tell)
    if found:
        replayed = Replay(before, look(folder, feed))
        if json_:
            print_json({"run": found.run, "state": found.state, **replayed.as_json()})
        else:
            print_lines(run_lines(folder, found))
            print_lines(replayed.lines())
    if problem:
        raise problem


@quarantine_app.command("release")
def quarantine_release(
    what: Annotated[
        str, typer.Argument(metavar="ENTRY_OR_FILE", help="Entry id, 8 digits of it, or file name.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")],
    rows: Annotated[
        str, typer.Option("--rows", help="Rows that were dealt with elsewhere, such as 3,7,10-12.")
    ] = "",
    site: SiteOption = None,
) -> None:
    """Let a held file through, or a refused one go; or, with --rows, take rows out that need no mending."""
    from flows.quarantine_release import release, release_rows
    from warehouse.publish import site_lock

    folder = settings_of(site).site
    with site_lock(folder):
        if rows:
            print_lines(release_rows(folder, what, rows, reason, now()))
        else:
            print_lines(release(folder, what, reason, now()))


def _print_rows(found: Sequence[Mapping[str, object]], json_: bool, nothing: str) -> None:
    from flows.report import rows_lines

    if json_:
        print_json(found)
    else:
        print_lines(rows_lines(found, nothing))
