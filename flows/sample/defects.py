"""Defects of questionnaire exports, put among sound records with the fate each must have.

Which fate follows from which defect is the contract's: the first reason of exclusion counts; of two
records with one key, the one equal to the record before it is a duplicate, else the later one stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from flows.sample.columns import Array, Columns, Rows
from flows.sample.model import DAY
from flows.sample.plan import Window, day_number
from flows.sample.questionnaires import (
    ABSENT,
    BLANK,
    CODED_MISSING,
    NOT_SHOWN,
    REFUSED,
    Questionnaire,
)
from flows.sample.records import (
    EXCLUDED,
    NO_CLIENT,
    QUARANTINED,
    SUPERSEDED,
    TEST_CLIENT,
    Injector,
    ragged_rows,
)

NOT_A_NUMBER = -10
"""From here down: texts that are no answers, see BAD_TEXTS."""

BAD_TEXTS = ("7.9", "2.5", "1e1", "0x2")
BAD_TEXTS_DECIMAL = ("9.55", "7.25", "1e1", "0x2")
"""The same for forms answered with one decimal."""

PREVIEW, TEST, SPAM = 1, 2, 8

SHARE = 0.003
RARE = 0.001


@dataclass(frozen=True)
class Survey:
    """What one feed of questionnaires can suffer from.

    forms: in the order of the page; paged: a page not reached is N/A, not blank; hides: items can be hidden
    """

    forms: Sequence[Questionnaire]
    status: bool = False
    blank_client: bool = True
    missing_code: bool = False
    refused_code: bool = False
    paged: bool = False
    hides: bool = False
    attention: bool = False
    totals: bool = False
    out_of_range_is_no_answer: bool = False
    clock: bool = False
    flipped_file: int | None = None


def inject(rng: np.random.Generator, records: Columns, survey: Survey, files: int, window: Window) -> Columns:
    """The records with defects among them. Adds status, finished, stale_total, attentive."""
    n = len(records)
    records["status"], records["finished"] = np.zeros(n, np.int64), np.ones(n, bool)
    records["stale_total"], records["attentive"] = np.zeros(n, bool), np.ones(n, bool)
    put = Injector(rng, records, files)
    whole = _outside_flipped(records, survey)
    _left_out(put, survey)
    _repeated(put, survey, whole)
    _wrong_answers(put, survey)
    _no_answers(put, survey)
    _wrong_records(put, survey, window)
    return put.finish()


def _outside_flipped(records: Columns, survey: Survey) -> Array:
    """Records whose second delivery lies in no file that is coded another way."""
    if survey.flipped_file is None:
        return np.ones(len(records), bool)
    mask: Array = ~np.isin(records["file"], [survey.flipped_file - step for step in range(3)])
    return mask


def _left_out(put: Injector, survey: Survey) -> None:
    """Records that are no answers of clients, and records that were not finished."""
    for status, name in ((PREVIEW, "preview"), (TEST, "test"), (SPAM, "spam")) if survey.status else ():
        copies = put.twin(put.pick(SHARE if status == PREVIEW else RARE), name, EXCLUDED, name)
        copies["status"] = np.full(len(copies), status)
        copies["client"] = np.full(len(copies), TEST_CLIENT)
    copies = put.twin(put.pick(5 * SHARE), "unfinished_partial", EXCLUDED, "not_finished", later=-3600)
    copies["started"] = copies["started"] - 3600
    copies["finished"] = np.zeros(len(copies), bool)
    _cut(put.rng, copies, survey)
    rows = put.pick(SHARE / 2)
    put.change(rows, "nothing_answered", EXCLUDED, "empty")
    for form in survey.forms:
        given = put.records[form.id]
        given[rows] = np.where(given[rows] == ABSENT, ABSENT, BLANK)


def _cut(rng: np.random.Generator, copies: Columns, survey: Survey) -> None:
    """Left off in the first form of each record; what came after is blank or was never shown."""
    rest = NOT_SHOWN if survey.paged else BLANK
    reached = np.ones(len(copies), bool)
    for form in survey.forms:
        given = copies[form.id]
        there = given[:, 0] != ABSENT
        kept = np.where(reached, rng.integers(1, form.items, len(copies)), 0)
        beyond = there[:, None] & (np.arange(form.items) >= kept[:, None])
        given[beyond] = rest
        first_is_gap = there & reached & (given[:, 0] < 0)
        given[first_is_gap, 0] = form.low
        reached = reached & ~there


def _repeated(put: Injector, survey: Survey, whole: Array) -> None:
    """Duplicates and later versions, within a file and across files."""
    put.twin(put.pick(SHARE), "duplicate_in_file", EXCLUDED, "exact_duplicate", later=40)
    rows = put.pick(SHARE, put.files_before_end() & whole)
    put.copy(rows, "duplicate_in_later_file", EXCLUDED, "exact_duplicate", files=1)
    rows = put.pick(SHARE)
    _amend(put.twin(rows, "resubmitted", 0, later=300), survey)
    put.change(rows, "resubmitted", SUPERSEDED)
    rows = put.pick(SHARE, put.files_before_end() & whole)
    _amend(put.copy(rows, "late_correction", 0, files=1), survey)
    put.change(rows, "late_correction", SUPERSEDED)
    rows = put.pick(RARE / 2, put.files_before_end(2) & whole)
    _amend(put.copy(rows, "correction_taken_back", SUPERSEDED, files=1), survey)
    put.copy(rows, "correction_taken_back", 0, files=2)
    put.change(rows, "correction_taken_back", SUPERSEDED)


def _amend(copies: Columns, survey: Survey) -> None:
    """One answer of each form becomes its neighbour."""
    for form in survey.forms:
        given = copies[form.id]
        answered = given >= form.low
        item = answered.argmax(axis=1)
        rows = np.flatnonzero(answered.any(axis=1))
        old = given[rows, item[rows]]
        given[rows, item[rows]] = np.where(old < form.high, old + 1, old - 1)


def _wrong_answers(put: Injector, survey: Survey) -> None:
    several = np.sum([put.records[form.id][:, 0] != ABSENT for form in survey.forms], axis=0) > 1
    beyond = "not_an_answer" if survey.out_of_range_is_no_answer else "out_of_range"
    wrong = ((SHARE, "out_of_range", beyond), (SHARE / 2, "not_a_whole_answer", "not_an_answer"))
    for share, defect, rule in wrong:
        rows = put.pick(share)
        put.change(rows, defect, QUARANTINED, rule)
        for form in survey.forms:
            _spoil(put, form, rows, defect)
    if several.any():
        rows = put.pick(SHARE / 2, several)
        put.change(rows, "out_of_range_in_one_form")
        _spoil(put, survey.forms[1], rows, "out_of_range")


def _spoil(put: Injector, form: Questionnaire, rows: Rows, defect: str) -> None:
    """One item of each of these records gets a text that is no answer, or an answer too high."""
    items = put.rng.integers(0, form.items, len(rows))
    bad = NOT_A_NUMBER - put.rng.integers(0, len(BAD_TEXTS), len(rows))
    if defect == "out_of_range":
        bad = np.full(len(rows), form.high + (5 if form.high == 100 else 2))
    given = put.records[form.id]
    there = given[rows, 0] != ABSENT
    given[rows[there], items[there]] = bad[there]


def _no_answers(put: Injector, survey: Survey) -> None:
    """Items without an answer, of each kind: such records are accepted."""
    _leave_out(put, survey, "missing_items", BLANK, 3)
    if survey.missing_code:
        _leave_out(put, survey, "missing_code", CODED_MISSING, 1)
    if survey.hides:
        _leave_out(put, survey, "item_not_shown", NOT_SHOWN, 1)
    if survey.refused_code:
        _leave_out(put, survey, "item_refused", REFUSED, 1)
        _refuse_all(put, survey)


def _leave_out(put: Injector, survey: Survey, defect: str, code: int, items: int) -> None:
    """The last items of the last form of each record; the first item is answered."""
    rows = put.pick(SHARE)
    put.change(rows, defect)
    for form in _last_forms(put, survey):
        given = put.records[form.id]
        there = rows[given[rows, 0] != ABSENT]
        given[there, form.items - items :] = code
        given[there, 0] = np.maximum(given[there, 0], form.low)


def _refuse_all(put: Injector, survey: Survey) -> None:
    """Every item of every form refused: an answer of a kind, and so accepted."""
    rows = put.pick(RARE / 10)
    put.change(rows, "all_refused")
    for form in survey.forms:
        given = put.records[form.id]
        given[rows] = np.where(given[rows] == ABSENT, ABSENT, REFUSED)


def _last_forms(put: Injector, survey: Survey) -> list[Questionnaire]:
    """The last form of a page; where pages differ between records, the last form of each."""
    mixed = any((put.records[form.id][:, 0] == ABSENT).any() for form in survey.forms)
    return [form for form in survey.forms if form.id != "phq_9"] if mixed else [survey.forms[-1]]


def _wrong_records(put: Injector, survey: Survey, window: Window) -> None:
    if survey.blank_client:
        put.change(put.pick(SHARE), "missing_client", QUARANTINED, "missing_client", client=NO_CLIENT)
    ragged_rows(put, RARE)
    if survey.attention:
        rows = put.pick(4 * SHARE)
        put.change(rows, "attention_check_failed", EXCLUDED, "attention_check", attentive=False)
    if survey.totals:
        put.change(put.pick(RARE, put.records["form"] == 0), "stored_total_differs", stale_total=True)
    if survey.clock:
        _clock_changes(put, window)


def _clock_changes(put: Injector, window: Window) -> None:
    """Half past one on the nights the clock changes in London: once twice, once never."""
    years = range(window.first.year, window.last.year + 1)
    for month, defect, fate, reason in (
        (10, "hour_that_comes_twice", 0, ""),
        (3, "hour_that_never_was", QUARANTINED, "invalid_date"),
    ):
        nights = [night for night in (last_sunday(year, month) for year in years) if night > window.first]
        for night in nights[:1]:
            if night <= window.last:
                _move(put, night, defect, fate, reason, window)


def _move(put: Injector, night: date, defect: str, fate: int, reason: str, window: Window) -> None:
    second = day_number(night) * DAY + 5400
    file = next(at for at, end in enumerate(window.quarter_ends) if night <= end)
    rows = put.pick(0, put.records["file"] == file)
    put.change(rows, defect, fate, reason, started=second - 600, completed=second)


def last_sunday(year: int, month: int) -> date:
    """The night the clock changes, in March and October."""
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
