"""Questionnaires as REDCap exports them raw to CSV: one wide table, an event and an instance a row."""

from __future__ import annotations

from functools import partial

import numpy as np

from flows.sample.columns import Array, Columns, concatenate
from flows.sample.defects import Survey
from flows.sample.feeds import MISSING_TEXT, REFUSED_TEXT, FeedPlan, ResponseFeed, answer_texts, decimal
from flows.sample.layout import Cells, Layout, answer_columns, coded, moments, note_cells, numbered
from flows.sample.model import Courses
from flows.sample.people import person_column
from flows.sample.plan import ClinicPlan, Window, day_number
from flows.sample.questionnaires import (
    ABSENT,
    BY_ID,
    GAD_7,
    PHQ_9,
    SRS,
    WAI_SR,
    Questionnaire,
    Sheet,
)
from flows.sample.records import EXCLUDED, sort_into_files

ENROLMENT = -1
FORMS = ("outcomes", "session_rating", "alliance")
PREFIX = {"phq_9": "phq9", "gad_7": "gad7", "srs": "srs", "wai_sr": "wai"}
FORM_OF = {"phq_9": 0, "gad_7": 0, "srs": 1, "wai_sr": 2}

IDENTIFIERS = ("first_name", "last_name", "email", "nhs_number", "out_notes")


def response_feeds(clinic: ClinicPlan, window: Window) -> tuple[ResponseFeed, ...]:
    """One feed of three repeating forms; the enrolment form of each record comes once, without answers."""
    plan = FeedPlan(
        clinic,
        "measures",
        "responses",
        "redcap",
        {"client": "record_id"},
        settings={"drop": IDENTIFIERS},
        instruments=[_instrument(id_) for id_ in FORM_OF],
    )
    sheets = (
        Sheet(0, (PHQ_9, GAD_7), (-45, -8), 9.0, 0.0),
        Sheet(1, (SRS,), (49, 55), 8.0, -0.1),
        Sheet(2, (WAI_SR,), (52, 66), 8.0, -0.3),
    )
    forms = (PHQ_9, GAD_7, SRS, WAI_SR)
    survey = Survey(forms, blank_client=False, refused_code=True, missing_code=True, totals=True)
    return (ResponseFeed(plan, sheets, survey, _place, partial(_layout, clinic)),)


def _instrument(id_: str) -> dict[str, str | list[str]]:
    form = FORMS[FORM_OF[id_]]
    table: dict[str, str | list[str]] = {
        "id": id_,
        "rater": "client",
        "items": f"{PREFIX[id_]}_{{n}}",
        "missing": [MISSING_TEXT],
        "refused": [REFUSED_TEXT],
        "session": f"{form}_session",
        "completed_at": f"{form}_timestamp",
    }
    return table | ({"stored_total": f"{PREFIX[id_]}_total"} if form == "outcomes" else {})


def _place(records: Columns, courses: Courses, window: Window) -> Columns:
    records["instance"] = _instances(records)
    if len(records):
        records = concatenate([_enrolments(records, courses, window), records])
    return sort_into_files(records, records["client"], records["form"], records["instance"])


def _instances(records: Columns) -> Array:
    """1, 2, 3, ... for the numbers of one client on one form; a later delivery keeps its instance."""
    order = np.lexsort((records["number"], records["form"], records["client"]))
    client, form, number = (records[name][order] for name in ("client", "form", "number"))
    new_form = np.append(True, (np.diff(client) != 0) | (np.diff(form) != 0))[: len(order)]
    new_number = new_form | np.append(True, np.diff(number) != 0)[: len(order)]
    running = np.cumsum(new_number)
    first = running[new_form][np.cumsum(new_form) - 1]
    instances = np.empty(len(order), np.int64)
    instances[order] = running - first + 1
    return instances


def _enrolments(records: Columns, courses: Courses, window: Window) -> Columns:
    """The first export held the enrolment event too, later ones were limited to the treatment event."""
    referrals = courses.referrals
    there = np.flatnonzero(referrals["received"] <= day_number(window.quarter_ends[0]))
    clients = np.unique(referrals["client"][there])
    rows = records.take(np.zeros(len(clients), np.int64))
    for name in rows:
        if name in BY_ID:
            rows[name][:] = ABSENT
        elif name in ("file", "session", "rater", "ragged", "instance", "number"):
            rows[name][:] = 0
    rows["client"], rows["form"] = clients, np.full(len(clients), ENROLMENT)
    rows["fate"][:], rows["reason"][:], rows["defect"][:] = EXCLUDED, "empty", "enrolment_form_only"
    rows["note"][:], rows["finished"][:] = -1, True
    return rows


def _layout(clinic: ClinicPlan, records: Columns) -> Layout:
    columns = _record_columns(clinic, records) | _enrolment_columns(records)
    for form, name in enumerate(FORMS):
        columns |= _form_columns(form, name, records)
    return Layout(",".join(columns) + "\n", list(columns.values()))


def _record_columns(clinic: ClinicPlan, records: Columns) -> dict[str, Cells]:
    names = {ENROLMENT: "", **dict(enumerate(FORMS))}
    events = {ENROLMENT: "enrolment_arm_1", **dict.fromkeys(range(len(FORMS)), "treatment_arm_1")}
    email = person_column(records["client"], "email", share=5)
    instance = np.where(records["form"] == ENROLMENT, 0, records["instance"])
    return {
        "record_id": numbered(records["client"], clinic.client_ids),
        "redcap_event_name": coded(records["form"], events),
        "redcap_repeat_instrument": coded(records["form"], names),
        "redcap_repeat_instance": [str(value or "") for value in instance.tolist()],
        "redcap_survey_identifier": _where(records["form"] == 0, email),
    }


def _enrolment_columns(records: Columns) -> dict[str, Cells]:
    here = records["form"] == ENROLMENT
    person = {
        name: _where(here, person_column(records["client"], part))
        for name, part in zip(IDENTIFIERS, ("first", "last", "email", "nhs_number"), strict=False)
    }
    return person | {"enrolment_complete": _where(here, ["2"] * len(records))}


def _form_columns(form: int, name: str, records: Columns) -> dict[str, Cells]:
    here = records["form"] == form
    finished = records["finished"].tolist()
    times = _times(records)
    columns = {
        f"{name}_timestamp": _where(here, times),
        f"{name}_session": _where(here, [str(value) for value in records["session"].tolist()]),
    }
    for id_ in (id_ for id_, at in FORM_OF.items() if at == form):
        columns |= _item_columns(BY_ID[id_], records)
    if form == 0:
        columns["out_notes"] = _where(here, _one_line_notes(records["note"]))
    return columns | {f"{name}_complete": _where(here, ["2" if done else "0" for done in finished])}


def _times(records: Columns) -> Cells:
    """Texts with a blank in them are quoted, others are not."""
    pairs = zip(moments(records["completed"]), records["finished"].tolist(), strict=True)
    return [f'"{time}"' if done else '"[not completed]"' for time, done in pairs]


def _item_columns(form: Questionnaire, records: Columns) -> dict[str, Cells]:
    given = records[form.id]
    texts = answer_texts(form, decimal if form is SRS else str)
    prefix = PREFIX[form.id]
    columns = {f"{prefix}_{n}": cells for n, cells in enumerate(answer_columns(given, texts), start=1)}
    if FORM_OF[form.id] == 0:
        columns[f"{prefix}_total"] = _totals(form, given, records["stale_total"])
    return columns


def _totals(form: Questionnaire, given: Array, stale: Array) -> Cells:
    """The project's own calculated field; blank unless every item is answered."""
    complete = np.asarray(((given >= form.low) & (given <= form.high)).all(axis=1))
    sums = given.sum(axis=1, dtype=np.int64) + 2 * stale
    return _where(complete, [str(total) for total in sums.tolist()])


def _where(mask: Array, cells: Cells) -> Cells:
    return [cell if here else "" for cell, here in zip(cells, mask.tolist(), strict=True)]


def _one_line_notes(chosen: Array) -> Cells:
    """REDCap writes the line breaks of a note as blanks."""
    return [cell.replace("\n", " ") for cell in note_cells(chosen)]
