"""Lines for people: what a run did, the list of runs, the quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.rules import describe
from warehouse import archive
from warehouse.manifest import Counts, Manifest

MOST_LINES = 12


def conservation(counts: Counts) -> str:
    """The line every run must close: received = accepted + quarantined + excluded + superseded."""
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in counts.excluded.items())
    excluded = f"{sum(counts.excluded.values()):,} excluded" + (f" ({reasons})" if reasons else "")
    return (
        f"{counts.received:,} records received = {counts.accepted:,} accepted + {counts.quarantined:,} quarantined"
        f" + {excluded} + {counts.superseded:,} superseded"
    )


def run_lines(site: Path, found: Manifest) -> Iterator[str]:
    """What a run did and what to do next."""
    counts = found.counts
    yield f"Run {found.run}: {found.state}, figures as of {found.as_of}"
    if found.message:
        yield f"  {found.message}"
    yield f"  {counts.files} files, {counts.files_refused} refused; {conservation(counts)}"
    if found.gate:
        yield f"  gate {found.gate['verdict']}: {found.gate['checked']} expectations, " \
              f"{found.gate['critical_failed']} critical failed; report {site / str(found.gate['report'])}"
    if found.state != "idle":
        yield from _some(list(found.warnings), "warning")
        yield from _some(list(refused_files(site, found)), "refused")
    if counts.quarantined:
        yield f"  to mend: accord quarantine list --site {site}"
    yield f"  dashboard: accord dashboard --site {site}"


def _some(lines: Sequence[str], label: str) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        yield f"  {label}: {line}"
    if len(lines) > MOST_LINES:
        yield f"  {label}: and {len(lines) - MOST_LINES} more, see --json"


def refused_files(site: Path, found: Manifest) -> Iterator[str]:
    """A message for each refused file: name, rule, column, remedy."""
    names = {entry.entry: entry.file for entry in archive.deliveries(site)}
    for file in found.files:
        if file.refused:
            yield describe(file.refused, file.feed, names.get(file.entry, file.entry), column=file.refused_column)


def runs_lines(found: Sequence[Manifest]) -> Iterator[str]:
    """One line a run, oldest first."""
    if not found:
        yield "no run yet: accord nightly"
    for one in found:
        counts = one.counts
        gate = one.gate.get("verdict", "not run") if one.state != "idle" else f"as {one.same_as}"
        yield (
            f"{one.run}  {one.state:<9}  as of {one.as_of}  received {counts.received:>9,}  accepted "
            f"{counts.accepted:>9,}  quarantined {counts.quarantined:>6,}  excluded "
            f"{sum(counts.excluded.values()):>6,}  superseded {counts.superseded:>6,}  gate {gate}"
        )


def quarantine_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Rows of the quarantine as aligned text."""
    if not found:
        yield "nothing is in quarantine"
        return
    names = list(found[0])
    widths = {name: max(len(name), *(len(str(row[name])) for row in found)) for name in names}
    yield "  ".join(name.ljust(widths[name]) for name in names).rstrip()
    for row in found:
        yield "  ".join(str(row[name]).ljust(widths[name]) for name in names).rstrip()


