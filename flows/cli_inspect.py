"""The command `accord inspect`: what an unknown file is, and the feed it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_common import JsonOption, SiteOption, print_json, print_lines, settings_of


def inspect(
    file: Annotated[Path, typer.Argument(help="An export that nobody configured yet.")],
    site: SiteOption = None,
    clinic: Annotated[str, typer.Option("--clinic", help="Whose file; default the site's only clinic.")] = "",
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of a workbook or an archive.")] = None,
    json_: JsonOption = False,
    write: Annotated[bool, typer.Option("--write", help="Add the proposed feed to site.toml.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
) -> None:
    """Look at a file nobody configured: its system, columns and questionnaires, and a feed to read it.

    Each line of the proposal says whether it is sure, and why. No id, date or text of a person is shown.
    """
    from flows.inspect_file import inspect_file
    from flows.inspect_report import as_json, lines
    from flows.inspect_site import added, surroundings, write_site

    folder = settings_of(site).site
    registry, where = surroundings(folder, file, clinic)
    found = inspect_file(file, registry, where, sheet)
    if json_:
        print_json(as_json(found))
    else:
        print_lines(lines(found))
    if not write:
        return
    text = added(folder, found, clinic)
    doubts = len(found.doubts) + len(found.edits)
    question = (
        f"Add it to {folder}/site.toml" + (f", with {doubts} things to look at" if doubts else "") + "?"
    )
    if yes or typer.confirm(question, err=True):
        write_site(folder, text)
        typer.echo(
            f"{folder}/site.toml: the feed was added. Next: accord config check --site {folder}", err=True
        )
