"""What is unusual about a file beside the earlier files of its feed, in order of the ledger: warnings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from flows.answers import NOT_AN_ANSWER, TOO_FAR
from flows.detect_tally import CODES, LOWEST_ANSWER, Gathered
from flows.plan import Asked
from schemas.site import Feed
from warehouse.parts import Counts

FEWEST_FILES, MOST_FILES = 4, 12
"""Earlier files, or arrivals, before anything is compared with them; how many of the last are."""
MANY_TIMES = 5
"""An increment is unusual with so many times the records of the median, or the same part of them."""
SHRUNK_TO_PERCENT = 80
"""A snapshot is unusual with less of the records of the one before."""
MANY_GAPS, FEWEST_DAYS = 3, 7
"""A feed is late after so many times its usual days between arrivals, and more than these days."""
FEWEST_CODES, CODES_PERCENT = 5, 20
"""Cells of a column that are no answers before a new code is suspected; and what part of the given ones."""
MOST_NAMED, LONGEST_NAME = 10, 60
"""Columns that a warning names, and how much of a name it shows."""

_GIVEN = ([NOT_AN_ANSWER, TOO_FAR], list(range(LOWEST_ANSWER, CODES // 2)))
"""Codes of cells that hold something and do not mean a missing answer."""


class Noticed(NamedTuple):
    """A rule of level warning; detail: names of columns, or nothing."""

    rule: str
    detail: str = ""


@dataclass
class _Feed:
    """What is remembered of a feed's files that were not refused."""

    records: list[int] = field(default_factory=list)
    columns: list[str] | None = None
    unreadable: set[str] = field(default_factory=set)


class FeedHistory:
    """The files of each feed, added in order of the ledger; refused ones are none."""

    def __init__(self) -> None:
        self._feeds: dict[str, _Feed] = {}

    def notice(self, feed: Feed, counts: Counts) -> tuple[Noticed, ...]:
        """What is unusual about the feed's next file, which counts as earlier from then on."""
        if counts.refused:
            return ()
        known = self._feeds.setdefault(feed.id, _Feed())
        found = (
            *_volume(feed.delivery == "snapshot", known.records, counts.received),
            *_columns_changed(known.columns, counts.columns),
            *_new_codes(known, counts),
        )
        known.records.append(counts.received)
        known.columns = counts.columns
        known.unreadable |= counts.no_answers.keys()
        return found


def _volume(snapshot: bool, earlier: Sequence[int], records: int) -> list[Noticed]:
    if snapshot:
        unusual = bool(earlier) and records * 100 < earlier[-1] * SHRUNK_TO_PERCENT
    else:
        usual = median(earlier[-MOST_FILES:]) if len(earlier) >= FEWEST_FILES else records
        unusual = records * MANY_TIMES < usual or records > usual * MANY_TIMES
    return [Noticed("unusual_volume")] if unusual else []


def _columns_changed(before: Sequence[str] | None, now: Sequence[str]) -> list[Noticed]:
    if before is None:
        return []
    changes = {"new": _places(now, before), "gone from that file": _places(before, now)}
    words = [f"{word}: {_listed(places)}" for word, places in changes.items() if places]
    return [Noticed("columns_changed", "; ".join(words))] if words else []


def _places(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Where the columns stand, from 1, that the others have not: a name may be a record gone astray."""
    return [f"no. {place}" for place, name in enumerate(names, 1) if name not in set(others)]


def column_digests(names: Sequence[str]) -> list[str]:
    """Names of columns as a part remembers them; the first line of a damaged file may hold answers."""
    return [hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16] for name in names]


def _new_codes(known: _Feed, counts: Counts) -> list[Noticed]:
    if not known.records:
        return []
    found = [
        column
        for column, (given, bad) in counts.no_answers.items()
        if bad >= FEWEST_CODES and bad * 100 >= given * CODES_PERCENT and column not in known.unreadable
    ]
    return [Noticed("new_codes", _listed(found))] if found else []


def _listed(names: Sequence[str]) -> str:
    """Names of columns on one line: a header may hold whole questions, and hundreds of them."""
    plain = ["".join(c if c.isprintable() else " " for c in name) for name in names[:MOST_NAMED]]
    short = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..." for name in plain]
    more = len(names) - len(short)
    return ", ".join(short) + (f" and {more} more" if more else "")


def no_answers(asked: Sequence[Asked], sums: Sequence[Gathered]) -> dict[str, list[int]]:
    """See `Counts.no_answers`: of forms whose client and rater are known."""
    found: dict[str, list[int]] = {}
    for one, gathered in zip(asked, sums, strict=False):
        for number, column, counts in zip(one.instrument.items, one.items, gathered.values, strict=True):
            steps = list(one.instrument.response_of(number).steps)
            given = sum(int(counts[codes].sum()) for codes in _GIVEN)
            if bad := given - int(counts[steps].sum()):
                found[column] = [given, bad]
    return found


def stale(arrivals: Mapping[str, Iterable[date]], as_of: date) -> list[str]:
    """Feeds that should have delivered again by the date of the run, sorted.

    arrivals: by feed, the local dates on which its files came; several of one day are one arrival
    """
    return sorted(feed for feed, days in arrivals.items() if _is_stale(sorted(set(days)), as_of))


def _is_stale(days: Sequence[date], as_of: date) -> bool:
    if len(days) < FEWEST_FILES:
        return False
    gaps = [(later - before).days for before, later in pairwise(days[-MOST_FILES:])]
    silent = (as_of - days[-1]).days
    return silent > FEWEST_DAYS and silent > MANY_GAPS * median(gaps)
