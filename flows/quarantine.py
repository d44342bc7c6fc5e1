"""The quarantine of the current warehouse, for the data team: places and rules, never a value.

A file that is held for its coding goes on when the export or site.toml is corrected, or when it is released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from flows.releases import released
from flows.report import rows_lines
from flows.sources import current_run, current_warehouse, newest_warehouse
from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse import archive, ledger, manifest
from warehouse.exports import held, quarantine

Row = dict[str, str | int]

SHORTEST_ENTRY = 8
"""Digits of an entry id that stand for it: those that logs show."""
SHORTEST_REASON = 10


def listed(site: Path) -> list[Row]:
    """Refused files, and problems by feed, file and rule: how many, and what to do.

    Where a whole file is held: its entry, and the form and items that its coding is doubted for.
    """
    counts = Counter((str(one["feed"]), str(one["file"]), str(one["rule"])) for one in shown(site))
    whole = _held(site)
    found: list[Row] = []
    for (feed, file, rule), n in sorted(counts.items()):
        known = rules()[rule]
        place: Row = {"feed": feed, "file": file, "rule": rule, "level": known.level}
        entry, items = whole.get((feed, file, rule), ("", ""))
        remedy = known.remedy.replace("ENTRY", entry[:SHORTEST_ENTRY] or "ENTRY")
        found.append(place | {"problems": n, "entry": entry, "items": items, "remedy": remedy})
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


def release(site: Path, what: str, reason: str, now: datetime) -> list[str]:
    """Let a held file through, whatever is found in it; lines that say what will happen.

    what: the file's entry id, eight or more of its first digits, or its name
    The caller holds the site's lock.
    raises: ConfigError for an entry that is not there, not held or released before, or without a reason
    """
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        raise ConfigError(
            f"--reason: say why the file is right, in {SHORTEST_REASON} characters or more; it goes on record"
        )
    with newest_warehouse(site) as con:
        found = held(con)
    entry = _entry(site, what, {one["entry"] for one in found})
    ledger.append(site, [("release", {"entry": entry.entry, "reason": said})], now)
    kept = "; ".join(
        f"{one['rule']}, {one['instrument']}, {one['column']}" for one in found if one["entry"] == entry.entry
    )
    return [
        f"{entry.feed}: {entry.file} (entry {entry.entry[:SHORTEST_ENTRY]}) is released: {kept}",
        "The next run takes its records as they are coded and compares later files with them:",
        f"  accord nightly --site {site}",
    ]


def _entry(site: Path, what: str, waiting: Collection[str]) -> archive.Entry:
    """The held entry that is meant."""
    done = released(ledger.read(site))
    meant = [one for one in archive.deliveries(site) if _is_meant(one, what)]
    fit = [one for one in meant if one.entry in waiting and one.entry not in done]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise ConfigError(f"{what}: several held files are meant; name one by its entry: {_tags(fit)}")
    if gone := [one for one in meant if one.entry in done]:
        raise ConfigError(f"{what}: entry {_tags(gone)} was released before, and runs take it")
    if meant:
        raise ConfigError(f"{what}: entry {_tags(meant)} is not held; there is nothing to release")
    raise ConfigError(
        f"{what}: no delivery has this entry or file name; `accord quarantine list` shows what is held"
    )


def _is_meant(entry: archive.Entry, what: str) -> bool:
    return entry.file == what or (len(what) >= SHORTEST_ENTRY and entry.entry.startswith(what.lower()))


def _tags(entries: Sequence[archive.Entry]) -> str:
    return ", ".join(one.entry[:SHORTEST_ENTRY] for one in entries)


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
