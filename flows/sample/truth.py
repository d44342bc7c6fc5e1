"""What the sample's files must come to, counted from what was put into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.sample.columns import Columns
from flows.sample.feeds import FeedPlan
from flows.sample.questionnaires import ABSENT, BLANK, BY_ID, CODED_MISSING, CORE_10, Questionnaire
from flows.sample.records import ACCEPTED, EXCLUDED, FATES, HELD, SUPERSEDED

DEFECT_COLUMNS = ("feed", "file", "source_row", "defect", "expected_fate", "expected_reason")

RATERS = ("client", "therapist")

Counts = dict[str, Any]
Row = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Delivered:
    """One feed as written: its records in the order of the files, and the files' names."""

    plan: FeedPlan
    records: Columns
    files: Sequence[str]
    flipped_file: int | None = None


def truth(deliveries: Sequence[Delivered], arguments: Counts) -> Counts:
    """Expected counts of the whole site, of each feed and of each file.

    Each has received, accepted, quarantined, excluded by reason, superseded. Feeds of questionnaires
    also have, by instrument/rater, the administrations of accepted records: accepted, quarantined, and
    the accepted ones by status of their total score.
    """
    feeds = {one.plan.id: _feed(one) for one in deliveries}
    files = [counts for one in deliveries for counts in _files(one)]
    whole = _sum(list(feeds.values()))
    return {"schema": 1, "arguments": arguments, **whole, "files_refused": 0, "feeds": feeds, "files": files}


def _feed(one: Delivered) -> Counts:
    head = {"kind": one.plan.kind, "clinic": one.plan.clinic.id, "deliveries": len(one.files)}
    counts = head | _counts(one.records)
    if one.plan.kind == "responses":
        counts["administrations"] = _administrations(one.records)
    return counts


def _files(one: Delivered) -> list[Counts]:
    return [
        {"feed": one.plan.id, "file": name, **_counts(one.records.take(one.records["file"] == file))}
        for file, name in enumerate(one.files)
    ]


def _counts(records: Columns) -> Counts:
    fates = np.bincount(records["fate"], minlength=len(FATES)).tolist()
    counts: Counts = {"received": len(records), **dict(zip(FATES, fates, strict=True))}
    reasons = Counter(records["reason"][records["fate"] == EXCLUDED].tolist())
    return counts | {"excluded": dict(sorted(reasons.items()))}


def _sum(parts: Sequence[Counts]) -> Counts:
    reasons: Counter[str] = Counter()
    for part in parts:
        reasons.update(part["excluded"])
    names = ("received", "accepted", "quarantined", "superseded")
    totals = {name: sum(part[name] for part in parts) for name in names}
    return totals | {"excluded": dict(sorted(reasons.items()))}


def _administrations(records: Columns) -> Counts:
    accepted = records.take(records["fate"] == ACCEPTED)
    found: Counts = {}
    for id_, form in BY_ID.items():
        if id_ not in accepted:
            continue
        for number, rater in enumerate(RATERS):
            counts = _form_counts(form, accepted.take(accepted["rater"] == number))
            if counts["accepted"]:
                found[f"{id_}/{rater}"] = counts
    return found


def _form_counts(form: Questionnaire, records: Columns) -> Counts:
    given = records[form.id]
    held = ~np.isin(given, (ABSENT, BLANK, CODED_MISSING)).all(axis=1)
    bad = ((given < ABSENT) | (given > form.high)).any(axis=1)
    answered = ((given >= form.low) & (given <= form.high)).sum(axis=1)
    good, missing = held & ~bad, form.items - answered
    prorated = good & (missing == 1) & (form is CORE_10)
    scored = good & (missing == 0)
    return {
        "accepted": int(good.sum()),
        "quarantined": int((held & bad).sum()),
        "scored": int(scored.sum()),
        "prorated": int(prorated.sum()),
        "too_many_missing": int((good & ~scored & ~prorated).sum()),
    }


def defect_rows(deliveries: Sequence[Delivered]) -> list[Row]:
    """One row per record with a defect. A row without source_row is about all other rows of its file."""
    return [row for one in deliveries for row in (*_whole_files(one), *_records(one))]


def _whole_files(one: Delivered) -> list[Row]:
    rows = []
    for file, name in enumerate(one.files):
        records = one.records.take(one.records["file"] == file)
        if (records["fate"][records["defect"] == ""] == SUPERSEDED).any():
            rows.append((one.plan.id, name, "", "older_snapshot", "superseded", ""))
        if file == one.flipped_file:
            rows.append((one.plan.id, name, "", "reversed_items_already_flipped", "quarantined", HELD))
    return rows


def _records(one: Delivered) -> list[Row]:
    marked = one.records.take(one.records["defect"] != "")
    cells = (marked[name].tolist() for name in ("file", "source_row", "defect", "fate", "reason"))
    return [
        (one.plan.id, one.files[file], str(row), defect, FATES[fate], reason)
        for file, row, defect, fate, reason in zip(*cells, strict=True)
    ]
