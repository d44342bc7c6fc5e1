"""The quarantine of the current warehouse, for the data team: places and rules, never a value.

A file that is held for its coding goes on when the export or site.toml is corrected, or when it is released
(`flows.quarantine_release`). What runs have mended is told by `flows.quarantine_mended`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.report import rows_lines
from flows.sources import current_run, current_warehouse
from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse import manifest
from warehouse.connect import Connection
from warehouse.exports import held, quarantine, run_facts
from warehouse.quarantined import places

Row = dict[str, str | int]

SHORTEST_ENTRY = 8
"""Digits of an entry id that stand for it: those that logs show."""


def listed(site: Path) -> list[Row]:
    """Refused files, and problems by feed, file and rule: whose, how many, how old, and what to do.

    Where a whole file is held: its entry, and the form and items that its coding is doubted for.
    age_days: of the oldest, from the local date it arrived to the run's date
    """
    ages: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for one in shown(site):
        place = (str(one["feed"]), str(one["file"]), str(one["rule"]), str(one["clinic"]))
        ages[place].append(int(one["age_days"]))
    whole = _held(site)
    found: list[Row] = []
    for (feed, file, rule, clinic), days in sorted(ages.items()):
        known = rules()[rule]
        place_: Row = {"clinic": clinic, "feed": feed, "file": file, "rule": rule, "level": known.level}
        entry, items = whole.get((feed, file, rule), ("", ""))
        remedy = known.remedy.replace("ENTRY", entry[:SHORTEST_ENTRY] or "ENTRY")
        more: Row = {"problems": len(days), "age_days": max(days), "entry": entry, "items": items}
        found.append(place_ | more | {"remedy": remedy})
    return found


def listed_lines(found: Sequence[Row]) -> Iterator[str]:
    """What `listed` gives, for people: held files in words first, then a line for each file and rule."""
    for one in found:
        if one["entry"]:
            known = rules()[str(one["rule"])]
            yield f"held: {one['feed']}: {one['file']} (entry {one['entry']})"
            yield f"  {one['items']}: {known.message} ({known.id})"
    yield from rows_lines(
        [{name: value for name, value in one.items() if name not in ("entry", "items")} for one in found],
        "nothing is in quarantine",
    )


def _held(site: Path) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Entry and items by feed, file and rule; of two deliveries of one name, the later."""
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    with current_warehouse(site) as con:
        for one in held(con):
            place = (one["feed"], one["file"], one["rule"])
            items = f"{one['instrument']}: {one['column']}"
            entry, before = found.get(place, (one["entry"], ""))
            together = f"{before}; {items}" if before and entry == one["entry"] else items
            found[place] = (one["entry"], together)
    return found


def shown(site: Path, feed: str = "", file: str = "", rule: str = "") -> list[Row]:
    """Each problem with its place, age and remedy, of all feeds, files and rules or of one.

    A refused file has no row number. entry: the first digits, which stand for it
    raises: ConfigError for a feed, file or rule of which there is none, naming the nearest that there is
    """
    return chosen(problems(site), feed, file, rule)


def chosen(found: list[Row], feed: str = "", file: str = "", rule: str = "") -> list[Row]:
    """Those of one feed, file or rule. Raises ConfigError for one of which there is none."""
    wanted = {"feed": feed, "file": file, "rule": rule}
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


def problems(site: Path) -> list[Row]:
    """Every problem of the warehouse that stands: refused files first, then by delivery, row and column."""
    columns = {one.entry: one.refused_column for one in manifest.read_files(site, current_run(site))}
    with current_warehouse(site) as con:
        return [*_refused(con, columns), *_problems(con)]


def _problems(con: Connection) -> Iterator[Row]:
    age = ages(con)
    for batch in quarantine(con):
        for one in batch.iter_rows(named=True):
            place = {name: one[name] for name in ("feed", "clinic", "file")}
            yield _row(place, one["entry"], one["source_row"], one["column"], one["rule"], age[one["entry"]])


def _refused(con: Connection, columns: dict[str, str]) -> Iterator[Row]:
    age = ages(con)
    for one in places(con):
        if one.refused:
            place = {"feed": one.feed, "clinic": one.clinic, "file": one.file}
            yield _row(place, one.entry, "", columns.get(one.entry, ""), one.refused, age[one.entry])


def _row(place: dict[str, str], entry: str, row: int | str, column: str, rule: str, age: int) -> Row:
    at: Row = {**place, "entry": entry[:SHORTEST_ENTRY], "source_row": row, "column": column, "rule": rule}
    return at | {"age_days": age, "remedy": rules()[rule].remedy}


def ages(con: Connection) -> dict[str, int]:
    """Days from the local date that each delivery arrived to the run's date, by entry."""
    facts = run_facts(con)
    as_of, zone = date.fromisoformat(facts["as_of"]), ZoneInfo(facts["timezone"])
    return {one.entry: max(0, (as_of - _local(one.arrived_at, zone)).days) for one in places(con)}


def _local(moment: datetime, zone: ZoneInfo) -> date:
    return moment.replace(tzinfo=UTC).astimezone(zone).date()
