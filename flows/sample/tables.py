"""Records of the appointments and referrals feeds of one clinic, with their defects and fates."""

from __future__ import annotations

import numpy as np

from flows.sample.columns import Columns, Rows, concatenate
from flows.sample.model import ATTENDED, CANCELLED_BY_CLIENT, DAY, DNA, LATE, OPEN, Courses
from flows.sample.plan import Window, day_number
from flows.sample.records import (
    EXCLUDED,
    NO_CLIENT,
    QUARANTINED,
    SUPERSEDED,
    Injector,
    ragged_rows,
    sort_into_files,
    tracked,
)

NO_DATE = 0
"""Written as a blank."""
UNLISTED = 7
"""A status that stands in no list of codes."""

SHARE = 0.003
RARE = 0.001


def appointment_records(rng: np.random.Generator, courses: Courses, window: Window) -> Columns:
    """Appointments in the half-year of their day; those still to come stand in the last file."""
    known = courses.appointments
    ordered = known.take(np.lexsort((known["client"], known["at"])))
    last_moment = day_number(window.last) * DAY
    records = tracked(ordered, np.minimum(ordered["at"], last_moment), window.half_ends)
    put = Injector(rng, records, len(window.half_ends))
    _appointments_again(put)
    put.change(put.pick(SHARE), "missing_date", QUARANTINED, "missing_date", at=NO_DATE)
    put.change(put.pick(RARE), "missing_client", QUARANTINED, "missing_client", client=NO_CLIENT)
    put.change(put.pick(RARE), "unlisted_status", QUARANTINED, "unknown_code", status=UNLISTED)
    ragged_rows(put, RARE / 2)
    blank = put.copy(put.pick(RARE / 3), "blank_row", EXCLUDED, "empty")
    blank["blank"] = np.ones(len(blank), bool)
    placed = put.finish()
    return sort_into_files(placed, placed["number"])


def _appointments_again(put: Injector) -> None:
    """The same appointment delivered again: unchanged, or with what happened put right."""
    put.copy(put.pick(SHARE), "duplicate_in_file", EXCLUDED, "exact_duplicate")
    rows = put.pick(SHARE, put.files_before_end())
    put.copy(rows, "duplicate_in_later_file", EXCLUDED, "exact_duplicate", files=1)
    status = put.records["status"]
    rows = put.pick(SHARE, put.files_before_end() & ((status == ATTENDED) | (status == DNA)))
    later = put.copy(rows, "late_correction", 0, files=1)
    later["status"] = np.where(later["status"] == ATTENDED, LATE, CANCELLED_BY_CLIENT)
    put.change(rows, "late_correction", SUPERSEDED)


def referral_records(rng: np.random.Generator, courses: Courses, window: Window) -> Columns:
    """All referrals so far, as each half-year's snapshot shows them; only the newest one counts."""
    ordered = courses.referrals.take(np.argsort(courses.referrals["received"], kind="stable"))
    never_given, given_late, cut, twice = _few(rng, len(ordered))
    snapshots = []
    for file, end in enumerate(window.half_ends):
        newest = file == len(window.half_ends) - 1
        records = _snapshot(ordered, file, day_number(end), newest, window)
        _blank_clients(records, never_given if newest else np.union1d(never_given, given_late), newest)
        _cut_short(records, cut, newest)
        snapshots.append(records)
        if newest:
            snapshots.append(_twice(records, twice))
    placed = concatenate(snapshots)
    return sort_into_files(placed, placed["number"])


def _few(rng: np.random.Generator, referrals: int) -> tuple[Rows, ...]:
    """Four groups of few referrals: client id never given, given late, row cut short, listed twice."""
    mixed = rng.permutation(referrals)
    size = min(max(1, round(0.002 * referrals)), referrals // 8)
    return tuple(np.sort(mixed[place * size : (place + 1) * size]) for place in range(4))


def _snapshot(ordered: Columns, file: int, day: int, newest: bool, window: Window) -> Columns:
    place = np.arange(len(ordered))
    seen = ordered["received"] <= day
    records = tracked(ordered.take(seen), ordered["received"][seen] * DAY, window.half_ends)
    ended = (records["ended"] > 0) & (records["ended"] <= day)
    records["ending"] = np.where(ended, records["ending"], OPEN)
    records["ended"] = np.where(ended, records["ended"], 0)
    records["file"] = np.full(len(records), file)
    records["place"] = place[seen]
    if not newest:
        records["fate"] = np.full(len(records), SUPERSEDED)
    return records


def _blank_clients(records: Columns, places: Rows, newest: bool) -> None:
    rows = np.isin(records["place"], places)
    records["client"][rows] = NO_CLIENT
    records["defect"][rows] = "missing_client"
    if newest:
        records["fate"][rows] = QUARANTINED
        records["reason"][rows] = "missing_client"


def _cut_short(records: Columns, places: Rows, newest: bool) -> None:
    """Rows broken in older snapshots only: the newest one has them whole."""
    if newest:
        return
    rows = np.isin(records["place"], places)
    records["ragged"][rows] = -3
    records["note"][rows] = -1
    records["defect"][rows] = "short_row"


def _twice(records: Columns, places: Rows) -> Columns:
    again = records.take(np.isin(records["place"], places) & (records["defect"] == ""))
    again["fate"] = np.full(len(again), EXCLUDED)
    again["reason"][:] = "exact_duplicate"
    again["defect"][:] = "duplicate_in_file"
    return again
