"""What people should know of a run beside its counts: the site's notes, and warnings of its deliveries.

Deliveries are named by feed and eight hex digits; no file name, answer or id is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from flows.build import Setup, Work
from flows.config import unscored
from flows.detect_form import Finding
from flows.feed_history import stale
from schemas.rules import LONGEST_COLUMN, one_line, rules
from warehouse import archive, manifest
from warehouse.parts import PartStore, read_counts
from warehouse.remarks import Remarks

NOT_TAKEN = {
    "unstable": "it was still being written; the next run takes it",
    "unreadable": "it cannot be read: see to its permissions",
    "outside_site": "it is a link to a place outside the site, or to our own files: put the file itself into "
    "the inbox",
}


def site_notes(setup: Setup, collected: archive.Collected) -> list[str]:
    """Notes that are known before any delivery is processed."""
    notes = [f"{one.feed}-{one.tag}: not taken, {NOT_TAKEN[one.reason]}" for one in collected.left_out]
    notes += [
        f"runs/{run}.json cannot be read: restore it from the backup"
        for run in manifest.damaged(setup.folder)
    ]
    return [*key_note(setup), *notes, *unscored(setup.site, setup.registry)]


def key_note(setup: Setup) -> list[str]:
    """What people must be told when this very run made the site's key."""
    if not setup.key.made:
        return []
    return [f"a secret key was made (secret.key, id {setup.key.id}): back it up apart from the data"]


def delivery_notes(works: Iterable[Work], store: PartStore) -> list[str]:
    """What holds a delivery, and warnings of its file."""
    return [f"{work.tag}: {note}" for work in works for note in _notes_of(work, store)]


def _notes_of(work: Work, store: PartStore) -> Iterator[str]:
    counts = read_counts(store.folder(work.memo))
    for held in map(Finding.from_json, counts.held):
        yield f"held, {held.instrument}, {held.columns}: {said(held.rule)}"
    yield from map(said, (*counts.warnings, *work.warnings))
    for rule, detail in work.noticed:
        yield f"{said(rule)}: {detail}" if detail else said(rule)


def feed_notes(works: Iterable[Work], as_of: date, zone: str) -> list[str]:
    """Feeds that should have delivered again. zone: the site's, in which a file's day of arrival is told."""
    arrivals: dict[str, list[date]] = {}
    for work in works:
        day = work.entry.arrived_at.astimezone(ZoneInfo(zone)).date()
        arrivals.setdefault(work.feed.id, []).append(day)
    return [f"{feed}: {said('stale_feed')}" for feed in stale(arrivals, as_of)]


def remark_notes(found: Iterable[Remarks]) -> list[str]:
    """Warnings of the warehouse, one for each feed and rule, with the number of records or files."""
    totals: Counter[tuple[str, str]] = Counter()
    for one in found:
        totals[one.feed, one.rule] += one.count
    return [f"{feed}: {n}x {said(rule)}" for (feed, rule), n in sorted(totals.items())]


def said(warning: str) -> str:
    """A warning in words: its rule, and after a blank the columns it is about, where there are any."""
    rule, _, columns = warning.partition(" ")
    place = f"column {one_line(columns, LONGEST_COLUMN)}: " if columns else ""
    return f"{place}{rules()[rule].message} ({rule})"
