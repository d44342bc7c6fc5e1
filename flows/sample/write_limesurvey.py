"""Questionnaires as LimeSurvey exports responses to CSV: codes, semicolons, byte order mark, CRLF."""

from __future__ import annotations

from functools import partial

import numpy as np

from flows.sample.columns import Array, Columns
from flows.sample.defects import Survey
from flows.sample.feeds import NOT_SHOWN_TEXT, FeedPlan, ResponseFeed, answer_texts
from flows.sample.layout import Cells, Layout, answer_columns, coded, constant, moments, numbered
from flows.sample.model import Courses
from flows.sample.people import ADDRESSES, NOTES, person_column
from flows.sample.plan import ClinicPlan, Window
from flows.sample.questionnaires import (
    CHECKLIST,
    CORE_10,
    GAD_7,
    PHQ_9,
    WAI_SR,
    Questionnaire,
    Sheet,
)
from flows.sample.records import NO_CLIENT, TEST_CLIENT, sort_into_files

GROUPS = {"phq_9": "PHQ", "gad_7": "GAD", "core_10": "CORE", "wai_sr": "WAI", "session_checklist": "CHK"}

COLUMNS = {"client": "CID", "session": "SESS", "clinician": "THER"}


def response_feeds(clinic: ClinicPlan, window: Window) -> tuple[ResponseFeed, ...]:
    """Outcomes before, alliance and a checklist after the session; answers as codes A1, A2, ..."""
    return (
        _feed(clinic, "outcomes", Sheet(0, (PHQ_9, GAD_7, CORE_10), (-50, -10), 9.0, 0.1)),
        _feed(clinic, "alliance", Sheet(0, (WAI_SR,), (52, 66), 8.0, -0.3)),
        _feed(clinic, "checklist", Sheet(0, (CHECKLIST,), (68, 75), 4.0, -0.2)),
    )


def _feed(clinic: ClinicPlan, name: str, sheet: Sheet) -> ResponseFeed:
    plan = FeedPlan(
        clinic,
        name,
        "responses",
        "limesurvey",
        COLUMNS,
        settings={"drop": ["token", "ipaddr", "refurl", "firstname", "lastname", "email", "comment"]},
        instruments=[_instrument(form) for form in sheet.instruments],
    )
    survey = Survey(sheet.instruments, paged=True, hides=name == "alliance", out_of_range_is_no_answer=True)
    return ResponseFeed(plan, (sheet,), survey, _place, partial(_layout, clinic, sheet.instruments))


def _instrument(form: Questionnaire) -> dict[str, str | list[str] | dict[str, int]]:
    return {
        "id": form.id,
        "rater": "client",
        "items": f"{GROUPS[form.id]}[SQ{{n:03}}]",
        "labels": {_code(form, value): value for value in range(form.low, form.high + 1)},
        "not_shown": [NOT_SHOWN_TEXT],
    }


def _code(form: Questionnaire, value: int) -> str:
    return f"A{value - form.low + 1}"


def _place(records: Columns, courses: Courses, window: Window) -> Columns:
    return sort_into_files(records, records["number"])


def _layout(clinic: ClinicPlan, forms: tuple[Questionnaire, ...], records: Columns) -> Layout:
    columns = _system_columns(records) | _own_columns(clinic, records)
    for form in forms:
        texts = answer_texts(form, partial(_code, form))
        for n, cells in enumerate(answer_columns(records[form.id], texts), start=1):
            columns[f"{GROUPS[form.id]}[SQ{n:03}]"] = cells
    columns["comment"] = _notes(records["note"])
    header = '"' + '";"'.join(columns) + '"\r\n'
    return Layout(
        header,
        list(columns.values()),
        between='";"',
        before='"',
        after='"\r\n',
        end="\r\n",
        encoding="utf-8-sig",
    )


def _system_columns(records: Columns) -> dict[str, Cells]:
    rows, number, finished = len(records), records["number"], records["finished"]
    person = partial(person_column, np.abs(records["client"]), share=4)
    touched = moments(records["completed"])
    submitted = [time if done else "" for time, done in zip(touched, finished.tolist(), strict=True)]
    return {
        "id": [str(value) for value in number.tolist()],
        "submitdate": submitted,
        "lastpage": coded(finished.astype(np.int64), {0: "1", 1: "3"}),
        "startlanguage": constant("en", rows),
        "seed": [str(value * 2654435761 % 2_000_000_011) for value in number.tolist()],
        "token": [f"tk{value * 48271 % 2147483647:010}" for value in number.tolist()],
        "startdate": moments(records["started"]),
        "datestamp": touched,
        "ipaddr": coded(np.abs(records["client"]) % len(ADDRESSES), dict(enumerate(ADDRESSES))),
        "refurl": constant("", rows),
        "firstname": person("first"),
        "lastname": person("last"),
        "email": person("email"),
    }


def _own_columns(clinic: ClinicPlan, records: Columns) -> dict[str, Cells]:
    special = {NO_CLIENT: "", TEST_CLIENT: "TEST"}
    return {
        "CID": numbered(records["client"], clinic.client_ids, special),
        "SESS": [str(value) for value in records["session"].tolist()],
        "THER": numbered(records["clinician"], "T{:02}"),
    }


def _notes(chosen: Array) -> Cells:
    """Free texts; their quotes are doubled, the cell's own come with every cell."""
    return coded(chosen, {-1: "", **{at: note.replace('"', '""') for at, note in enumerate(NOTES)}})
