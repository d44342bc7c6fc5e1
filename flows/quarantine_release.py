"""Letting a held file through, or saying that a refused one or rows need no mending: decisions on record."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from flows.quarantine import SHORTEST_ENTRY
from flows.releases import RELEASE, released
from flows.sources import newest_warehouse
from schemas.errors import ConfigError
from warehouse import archive, ledger
from warehouse.exports import held
from warehouse.quarantined import open_rows, places

SHORTEST_REASON = 10
MOST_ROWS = 1_000_000
_ROWS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


def release(site: Path, what: str, reason: str, now: datetime) -> list[str]:
    """Let a held file through, whatever is found in it, or a refused one go; lines that say what will happen.

    what: the file's entry id, eight or more of its first digits, or its name
    The caller holds the site's lock.
    raises: ConfigError for an entry that waits for nothing or was released before, or without a reason
    """
    said = _said(reason, "why the file is right, or what became of it")
    with newest_warehouse(site) as con:
        found = held(con)
        refused = {one.entry: one.refused for one in places(con) if one.refused}
    entry = _entry(site, what, {one["entry"] for one in found} | refused.keys())
    ledger.append(site, [(RELEASE, {"entry": entry.entry, "reason": said})], now)
    if entry.entry in refused:
        return [
            f"{entry.feed}: {entry.file} (entry {_tags([entry])}) is let go: {refused[entry.entry]}",
            "The next run waits for nothing of it any more; none of its records is in any figure:",
            f"  accord nightly --site {site}",
        ]
    kept = "; ".join(
        f"{one['rule']}, {one['instrument']}, {one['column']}" for one in found if one["entry"] == entry.entry
    )
    return [
        f"{entry.feed}: {entry.file} (entry {entry.entry[:SHORTEST_ENTRY]}) is released: {kept}",
        "The next run takes its records as they are coded and compares later files with them:",
        f"  accord nightly --site {site}",
    ]


def release_rows(site: Path, what: str, rows: str, reason: str, now: datetime) -> list[str]:
    """Take rows out of quarantine that were dealt with elsewhere, or never will be; lines that say so.

    what: as for `release`; rows: numbers and stretches of them, such as 3,7,10-12
    The caller holds the site's lock.
    raises: ConfigError for an entry that is not there, for rows that are not quarantined, or without a reason
    """
    said = _said(reason, "what became of the rows")
    wanted = _numbers(rows)
    meant = [one for one in archive.deliveries(site) if _is_meant(one, what)]
    if not meant:
        raise _unknown(what)
    with newest_warehouse(site) as con:
        waiting = {one.entry: open_rows(con, one.entry) for one in meant}
    fit = [one for one in meant if set(wanted) <= waiting[one.entry]]
    if len(fit) > 1:
        raise ConfigError(f"{what}: several files are meant; name one by its entry: {_tags(fit)}")
    if not fit:
        there = frozenset().union(*waiting.values())
        gone = [row for row in wanted if row not in there] or wanted
        named = ", ".join(map(str, gone[:10])) + (" and more" if len(gone) > 10 else "")
        raise ConfigError(
            f"{what}: not in quarantine: row {named}; `accord quarantine show` lists those that are"
        )
    entry = fit[0]
    ledger.append(site, [(RELEASE, {"entry": entry.entry, "rows": wanted, "reason": said})], now)
    n = f"{len(wanted):,} row" + ("" if len(wanted) == 1 else "s")
    return [
        f"{entry.feed}: {entry.file} (entry {entry.entry[:SHORTEST_ENTRY]}): {n} released by hand",
        "The next run counts them as superseded, with the reason released_by_hand:",
        f"  accord nightly --site {site}",
    ]


def _said(reason: str, what: str) -> str:
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        raise ConfigError(f"--reason: say {what}, in {SHORTEST_REASON} characters or more; it goes on record")
    return said


def _numbers(rows: str) -> list[int]:
    """Row numbers in order, each once."""
    found: set[int] = set()
    for part in rows.split(","):
        match = _ROWS.fullmatch(part.strip())
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last or last - first + len(found) >= MOST_ROWS:
            raise ConfigError(
                "--rows: give row numbers as `accord quarantine show` has them, such as 3,7,10-12"
            )
        found.update(range(first, last + 1))
    return sorted(found)


def _entry(site: Path, what: str, waiting: Collection[str]) -> archive.Entry:
    """The held entry that is meant."""
    done = released(ledger.read(site))
    meant = [one for one in archive.deliveries(site) if _is_meant(one, what)]
    fit = [one for one in meant if one.entry in waiting and one.entry not in done]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise ConfigError(f"{what}: several files that wait are meant; name one by its entry: {_tags(fit)}")
    if gone := [one for one in meant if one.entry in done]:
        raise ConfigError(f"{what}: entry {_tags(gone)} was released before, and runs take it")
    if meant:
        raise ConfigError(f"{what}: entry {_tags(meant)} is not held or refused; there is nothing to release")
    raise _unknown(what)


def _unknown(what: str) -> ConfigError:
    return ConfigError(
        f"{what}: no delivery has this entry or file name; `accord quarantine list` shows what is held"
    )


def _is_meant(entry: archive.Entry, what: str) -> bool:
    return entry.file == what or (len(what) >= SHORTEST_ENTRY and entry.entry.startswith(what.lower()))


def _tags(entries: Sequence[archive.Entry]) -> str:
    return ", ".join(one.entry[:SHORTEST_ENTRY] for one in entries)
