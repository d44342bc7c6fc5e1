"""status.json and the lists of runs: what a page, a script and a person are told of the runs of a site.

Whole-site counts only; no name of a file, except in the summary, which goes to the data team's screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from schemas.errors import WarehouseError
from warehouse import archive, manifest, publish
from warehouse.connect import connect
from warehouse.manifest import Counts, FileCounts, Manifest
from warehouse.results import freshness

WAREHOUSES = "warehouse"
RUNS_SHOWN = 50

UNCOUNTED = ("received", "accepted", "quarantined", "excluded", "superseded")


def write(folder: Path, last: Manifest, timezone: str | None = None) -> None:
    """Replace published/status.json: the last run, what is published, how fresh it is.

    timezone: the site's; None keeps what was said of freshness before, as a failed run has changed nothing
    """
    runs = manifest.history(folder)
    published = [one for one in runs if one.state == "published"]
    publish.write_status(
        folder,
        {
            "schema": 1,
            "last_run": _last(last),
            "published_run": published[-1].run if published else None,
            "published_as_of": published[-1].as_of if published else None,
            "released_as_of": published[-1].release.get("as_of") if published else None,
            "freshness": _freshness(folder, timezone),
            "runs": [line_of(one) for one in runs[-RUNS_SHOWN:]],
        },
    )


def _freshness(folder: Path, timezone: str | None) -> Sequence[Any]:
    current = folder / WAREHOUSES / publish.CURRENT
    if timezone is None or not current.exists():
        return _said_before(folder)
    con = connect(current.resolve(), read_only=True)
    try:
        return freshness(con, timezone)
    finally:
        con.close()


def _said_before(folder: Path) -> Sequence[Any]:
    try:
        before = publish.read_status(folder) or {}
    except WarehouseError:
        return ()
    found: Sequence[Any] = before.get("freshness", ())
    return found


def _last(one: Manifest) -> dict[str, object]:
    return {
        "run": one.run,
        "state": one.state,
        "as_of": one.as_of or None,
        "finished_at": one.finished_at,
        **_counts(one),
        "gate": _gate(one),
        "message": one.message,
    }


def _counts(one: Manifest) -> dict[str, object]:
    """Records and files by fate; null where the run ended before it counted."""
    if one.counts is None:
        return dict.fromkeys((*UNCOUNTED, "files", "files_refused"))
    return asdict(one.counts)


def _gate(one: Manifest) -> dict[str, object]:
    gate = {"verdict": "not_run", "critical_failed": 0, "checked": 0, "report": ""}
    return {name: one.gate.get(name, nothing) for name, nothing in gate.items()}


def line_of(one: Manifest) -> dict[str, object]:
    """One run in one line: exact counts of the whole site."""
    counts = _counts(one)
    return {
        "run": one.run,
        "state": one.state,
        "as_of": one.as_of or None,
        "finished_at": one.finished_at,
        **{name: counts[name] for name in UNCOUNTED},
        "excluded": None if one.counts is None else sum(one.counts.excluded.values()),
        "gate": _gate(one)["verdict"],
        "message": one.message,
    }


def summary(site: Path, found: Manifest) -> dict[str, object]:
    """What `accord nightly --json` prints: the run, its counts, and each file by name."""
    return {
        "run": found.run,
        "state": found.state,
        "published": found.state == "published",
        **_counts(found),
        "files": files_json(site, manifest.read_files(site, found.same_as or found.run)),
        "as_of": found.as_of or None,
        "message": found.message,
        "gate": _gate(found),
        "warnings": list(found.warnings),
    }


def built_json(site: Path, counts: Counts, files: Sequence[FileCounts]) -> dict[str, object]:
    """What `accord build --json` prints of files and records: the counts, and each file by name."""
    return {**asdict(counts), "files": files_json(site, files)}


def files_json(site: Path, files: Sequence[FileCounts]) -> list[dict[str, object]]:
    """Each delivery by the name it came under: its records by fate, and the rule that refused it."""
    names = {entry.entry: entry.file for entry in archive.deliveries(site)} if files else {}
    return [
        {
            "feed": file.feed,
            "file": names.get(file.entry, ""),
            "entry": file.entry,
            "received": file.received,
            "accepted": file.accepted,
            "quarantined": file.quarantined,
            "excluded": sum(file.excluded.values()),
            "superseded": file.superseded,
            "refused": file.refused,
        }
        for file in files
    ]
