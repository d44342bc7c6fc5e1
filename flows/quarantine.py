"""The quarantine of the current warehouse, for the data team: places and rules, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from flows.sources import current_run, current_warehouse
from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse import archive, manifest
from warehouse.exports import quarantine

Row = dict[str, str | int]


def listed(site: Path) -> list[Row]:
    """Refused files, and problems by feed, file and rule: how many, and what to do."""
    counts = Counter((str(one["feed"]), str(one["file"]), str(one["rule"])) for one in shown(site))
    found: list[Row] = []
    for (feed, file, rule), n in sorted(counts.items()):
        known = rules()[rule]
        place: Row = {"feed": feed, "file": file, "rule": rule, "level": known.level}
        found.append(place | {"problems": n, "remedy": known.remedy})
    return found


def shown(site: Path, feed: str = "", file: str = "", rule: str = "") -> list[Row]:
    """Each problem with its place and remedy, of all feeds, files and rules or of one.

    A refused file has no row number.
    raises: ConfigError for a feed, file or rule of which there is none, naming the nearest that there is
    """
    wanted = {"feed": feed, "file": file, "rule": rule}
    found = _problems(site)
    for column, value in wanted.items():
        if value and found:
            _check(column, value, {str(one[column]) for one in found})
    return [
        one for one in found if all(not value or one[column] == value for column, value in wanted.items())
    ]


def _check(column: str, value: str, there: Collection[str]) -> None:
    if value not in there:
        near = get_close_matches(value, there, 1)
        hint = f"; did you mean {near[0]}?" if near else "; `accord quarantine list` shows what there is"
        raise ConfigError(f"nothing in quarantine has {column} {value}{hint}")


def _problems(site: Path) -> list[Row]:
    with current_warehouse(site) as con:
        cells = [row for batch in quarantine(con) for row in batch.iter_rows(named=True)]
    found = [*_refused(site), *cells]
    return [one | {"remedy": rules()[str(one["rule"])].remedy} for one in found]


def _refused(site: Path) -> Iterator[Row]:
    names = {entry.entry: entry.file for entry in archive.deliveries(site)}
    for one in manifest.read_files(site, current_run(site)):
        if one.refused:
            place: Row = {"feed": one.feed, "file": names[one.entry], "source_row": ""}
            yield place | {"column": one.refused_column, "rule": one.refused}
