"""The quarantine of the current warehouse, for the data team: places and rules, never a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse.connect import Connection, connect
from warehouse.exports import quarantine
from warehouse.publish import CURRENT

WAREHOUSE = "warehouse"


def current(site: Path) -> Connection:
    """The current warehouse, read-only. Raises ConfigError before the first run."""
    path = site / WAREHOUSE / CURRENT
    if not path.exists():
        raise ConfigError("there is no warehouse yet: run `accord nightly` first")
    return connect(path.resolve(), read_only=True)


def listed(site: Path) -> list[dict[str, Any]]:
    """Problems by feed, file and rule: how many, and what to do."""
    counts: dict[tuple[str, str, str], int] = {}
    for problem in _problems(site):
        place = (problem["feed"], problem["file"], problem["rule"])
        counts[place] = counts.get(place, 0) + 1
    return [
        {"feed": feed, "file": file, "rule": rule, "problems": n, "remedy": rules()[rule].remedy}
        for (feed, file, rule), n in sorted(counts.items())
    ]


def shown(site: Path, feed: str) -> list[dict[str, Any]]:
    """Each problem of one feed: file, row, column, rule and remedy."""
    found = [
        {key: value for key, value in problem.items() if key != "feed"} | {"remedy": rules()[problem["rule"]].remedy}
        for problem in _problems(site)
        if problem["feed"] == feed
    ]
    return found


def _problems(site: Path) -> list[dict[str, Any]]:
    con = current(site)
    try:
        return [row for batch in quarantine(con) for row in batch.iter_rows(named=True)]
    finally:
        con.close()
