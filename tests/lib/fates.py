"""A second implementation of the contract's section on fates: plain Python over rows of text, one at a time.

Rows by themselves are in `fate_rows`; here is what becomes of all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tests.lib.fate_rows import Administration, PlainFeed, Record, Row, record_of


@dataclass(frozen=True)
class Settled:
    """What became of everything: fate and reason by entry and row, problems still open, what stands."""

    fates: dict[tuple[int, int], tuple[str, str]]
    problems: set[tuple[int, int, str, str, str]]
    standing: dict[tuple[int, int, int], tuple[object, ...]]


def settle(files: Sequence[tuple[PlainFeed, Sequence[Row]]]) -> Settled:
    """The fate of every record of these deliveries, in their order."""
    records = [
        record_of(feed, entry, number, row)
        for entry, (feed, rows) in enumerate(files, 1)
        for number, row in enumerate(rows, 1)
    ]
    newest = {feed.id: entry for entry, (feed, _) in enumerate(files, 1)}
    live = {
        entry for entry, (feed, _) in enumerate(files, 1) if not feed.snapshot or newest[feed.id] == entry
    }
    accepted = [one for record in records if record.entry in live for one in record.accepted]
    seen = {(one.feed.id, one.response, one.entry) for one in accepted if one.response}
    lost, told = lost_places(accepted)
    received = {entry: len(rows) for entry, (_, rows) in enumerate(files, 1)}
    again = {entry for entry in live if came_again(entry, accepted, told, received, records)}
    stands = [one for one in accepted if one.place not in lost]
    return assemble(records, live, lost, seen, again, stands)


def came_again(
    entry: int,
    accepted: Sequence[Administration],
    told: Told,
    received: Mapping[int, int],
    records: Sequence[Record],
) -> bool:
    """Whether one later delivery, with as many records or more, tells all that this one told.

    It has the days of what waits in this one too; where one of them cannot be read, all is told row for row.
    """
    places = {one.place: told.get(one.place, set()) for one in accepted if one.entry == entry}
    later = [{other for other, _ in found} for found in places.values()]
    if not later or not all(later):
        return False
    wholes = {min(entries) for entries in later}, {max(entries) for entries in later}
    waiting = days_of(records, entry)
    blind = any(record.blind for record in records if record.entry == entry)

    def in_place(other: int) -> bool:
        same = {row for (_, row, _), found in places.items() if (other, row) in found}
        return {row for _, row, _ in places} <= same

    return any(
        len(whole) == 1
        and received[min(whole)] >= received[entry]
        and waiting <= days_of(records, min(whole)) | days_told(accepted, min(whole))
        and (not blind or (received[min(whole)] == received[entry] and in_place(min(whole))))
        for whole in wholes
    )


def days_of(records: Sequence[Record], entry: int) -> set[date]:
    return {day for record in records if record.entry == entry for day in record.days}


def days_told(accepted: Sequence[Administration], entry: int) -> set[date]:
    return {one.completed.date() for one in accepted if one.entry == entry and one.completed}


def mended_forms(record: Record, stands: Sequence[Administration]) -> set[int]:
    """Forms of a row of which a later delivery of the feed has one that stands."""
    later = {one.key for one in stands if one.feed.id == record.feed.id and one.entry > record.entry}
    return {form for form, key in record.held if key is not None and key in later}


def assemble(
    records: list[Record],
    live: set[int],
    lost: Mapping[tuple[int, int, int], str],
    seen: set[tuple[str, str, int]],
    again: set[int],
    stands: Sequence[Administration],
) -> Settled:
    fates: dict[tuple[int, int], tuple[str, str]] = {}
    open_: set[tuple[int, int, str, str, str]] = set()
    standing: dict[tuple[int, int, int], tuple[object, ...]] = {}
    for record in records:
        alive = record.entry in live
        mended = record.response and any(
            feed == record.feed.id and response == record.response and entry > record.entry
            for feed, response, entry in seen
        )
        forms = mended_forms(record, stands)
        if len(forms) == len(record.held):
            forms.add(0)
        mended = mended or record.entry in again
        problems = [rest for form, *rest in record.problems if alive and not mended and form not in forms]
        open_ |= {(record.entry, record.row, *problem) for problem in problems}
        kept = [one for one in record.accepted if alive and one.place not in lost]
        standing |= {one.place: one.answers for one in kept}
        fates[record.entry, record.row] = fate_of(record, alive, problems, kept, lost)
    return Settled(fates, open_, standing)


def fate_of(
    record: Record,
    alive: bool,
    problems: Sequence[Sequence[str]],
    kept: list[Administration],
    lost: Mapping[tuple[int, int, int], str],
) -> tuple[str, str]:
    if record.excluded:
        return "excluded", record.excluded
    if not alive:
        return "superseded", "newer_snapshot"
    if kept:
        return "accepted", ""
    if problems:
        return "quarantined", min(rule for *_, rule in problems)
    if not record.accepted:
        return "superseded", "later_delivery"
    if any(lost[one.place] == "superseded" for one in record.accepted):
        return "superseded", "later_answers"
    return "excluded", "exact_duplicate"


Told = dict[tuple[int, int, int], set[tuple[int, int]]]
"""Entries and rows of later deliveries of the same feed that tell an administration again."""


def lost_places(administrations: Sequence[Administration]) -> tuple[dict[tuple[int, int, int], str], Told]:
    """Administrations that do not stand, and why: exact_duplicate or superseded; and what is told again."""
    lost: dict[tuple[int, int, int], str] = {}
    told: Told = {}
    for group in grouped(administrations, lambda one: one.response and (one.feed.id, one.response, one.form)):
        entries = [one.entry for one in group]
        if len(entries) > 1 and len(entries) == len(set(entries)):
            lost |= versions(group, lambda one: one.content)
            note_told(told, group)
    left = [one for one in administrations if one.place not in lost]
    for group in grouped(left, lambda one: one.key):
        lost |= versions(group, lambda one: one.answers)
        note_told(told, group)
    return lost, told


def note_told(told: Told, group: list[Administration]) -> None:
    for one in group:
        later = {
            (more.entry, more.row) for more in group if more.feed.id == one.feed.id and more.entry > one.entry
        }
        told.setdefault(one.place, set()).update(later)


def grouped(administrations, key) -> list[list[Administration]]:
    groups: dict[object, list[Administration]] = {}
    for one in administrations:
        if (found := key(one)) is not None:
            groups.setdefault((one.instrument, found), []).append(one)
    return list(groups.values())


def versions(group: list[Administration], says) -> dict[tuple[int, int, int], str]:
    """Of rows that tell one thing, in order: repeats of the row before, and versions before the last."""
    begin = datetime.min.replace(tzinfo=UTC)
    ordered = sorted(group, key=lambda one: (one.entry, one.completed or begin, one.row, one.form))
    lost, standing = {}, None
    for before, one in zip([None, *ordered], ordered, strict=False):
        if before is not None and says(before) == says(one):
            lost[one.place] = "exact_duplicate"
            continue
        if standing is not None:
            lost[standing.place] = "superseded"
        standing = one
    return lost
