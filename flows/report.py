"""Lines for people: what a run did, the list of runs, tables of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flows.status import line_of
from schemas.rules import describe
from warehouse import archive, manifest
from warehouse.manifest import Counts, FileCounts, Manifest

MOST_LINES = 12
NOTHING = "-"

RUN_COLUMNS = {
    "run": "run",
    "state": "state",
    "as_of": "as of",
    "received": "received",
    "accepted": "accepted",
    "quarantined": "quarantined",
    "excluded": "excluded",
    "superseded": "superseded",
    "gate": "gate",
    "message": "",
}


def conservation(counts: Counts | FileCounts) -> str:
    """The line every run must close: received = accepted + quarantined + excluded + superseded."""
    return (
        f"{counts.received:,} received = {counts.accepted:,} accepted + {counts.quarantined:,} quarantined"
        f" + {sum(counts.excluded.values()):,} excluded + {counts.superseded:,} superseded"
    )


def run_lines(site: Path, found: Manifest) -> Iterator[str]:
    """What a run did and what to do next."""
    yield f"Run {found.run}: {found.state}" + (f", figures as of {found.as_of}" if found.as_of else "")
    if found.counts is None:
        yield "  nothing was published; the last publication, if there is one, stays"
    else:
        yield from _counted(found.counts)
        yield from _checked(site, found)
    if found.state == "idle":
        yield f"  {found.message}"
        return
    yield from _some(found.warnings, "warning")
    yield from _some(list(refused_lines(site, manifest.read_files(site, found.run))), "refused")
    yield from _next(site, found)


def built_lines(site: Path, counts: Counts, files: Sequence[FileCounts]) -> Iterator[str]:
    """What became of the files and records that a build read, in the words of a run."""
    yield from _counted(counts)
    yield from _some(list(refused_lines(site, files)), "refused")


def _counted(counts: Counts) -> Iterator[str]:
    refused = f"{counts.files_refused:,} refused" if counts.files_refused else "none refused"
    yield f"  files     {counts.files:,}, {refused}"
    yield f"  records   {conservation(counts)}"
    if counts.excluded:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in counts.excluded.items())
        yield f"  excluded  {reasons}"


def _checked(site: Path, found: Manifest) -> Iterator[str]:
    if found.state == "published" and found.release and not found.release["new"]:
        yield f"  figures   as released on {found.release['as_of']}, until the next release is due"
    if found.gate and found.state != "idle":
        yield f"  gate      {_gate(found.gate)}"
        yield f"  report    {site / str(found.gate['report'])}"
        failed = [one["message"] for one in found.gate["failures"] if one["severity"] == "critical"]
        yield from _some(failed, "critical")


def _gate(gate: Mapping[str, object]) -> str:
    critical = int(str(gate["critical_failed"]))
    warnings = int(str(gate["failed"])) - critical
    said = [f"{gate['verdict']}: {gate['checked']} expectations checked", f"{critical} critical failed"]
    return ", ".join([*said, f"{warnings} to look at"] if warnings else said)


def _some(lines: Sequence[str], label: str) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        yield f"  {label}: {line}"
    if len(lines) > MOST_LINES:
        yield f"  {label}: and {len(lines) - MOST_LINES:,} more; --json lists all"


def refused_lines(site: Path, files: Sequence[FileCounts]) -> Iterator[str]:
    """A message for each refused file that waits: name, rule, column, remedy."""
    names = {entry.entry: entry.file for entry in archive.deliveries(site)}
    for file in files:
        if file.refused and not file.closed:
            name = names.get(file.entry, file.entry)
            yield describe(file.refused, file.feed, name, column=file.refused_column)


def _next(site: Path, found: Manifest) -> Iterator[str]:
    if (
        found.counts
        and (found.counts.quarantined or found.counts.files_refused)
        and found.state == "published"
    ):
        yield f"  to mend: accord quarantine list --site {site}"
    if found.state == "published":
        yield f"  to see:  accord dashboard --site {site}"


def runs_lines(found: Sequence[Manifest], damaged: Sequence[str]) -> Iterator[str]:
    """A line a run, oldest first, under a heading; runs whose manifest is damaged last."""
    if not found and not damaged:
        yield "no run yet: accord nightly"
        return
    yield from table([_cells(one) for one in found], list(RUN_COLUMNS.values()))
    for run in damaged:
        yield f"{run}  runs/{run}.json cannot be read: restore it from the backup"


def _cells(one: Manifest) -> list[str]:
    message = "" if one.state == "published" else "; ".join(one.message.splitlines())
    line = line_of(one) | {"message": message}
    return [_cell(line[name]) for name in RUN_COLUMNS]


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return NOTHING if value is None else str(value)


def rows_lines(found: Sequence[Mapping[str, object]], nothing: str) -> Iterator[str]:
    """Rows as aligned text under their names; `nothing` says that there are none."""
    if not found:
        yield nothing
        return
    yield from table([[_cell(value) for value in row.values()] for row in found], list(found[0]))


def table(rows: Sequence[Sequence[str]], heading: Sequence[str]) -> Iterator[str]:
    """Aligned columns: numbers to the right, texts to the left."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in heading]
    numbers = [
        bool(cells) and all(cell == NOTHING or _is_number(cell) for cell in cells) for cells in columns
    ]
    widths = [max(map(len, (name, *cells))) for name, cells in zip(heading, columns, strict=True)]
    for line in (heading, *rows):
        cells = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numbers, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdigit()
