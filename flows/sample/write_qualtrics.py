"""Questionnaires as Qualtrics exports them to CSV: three header rows, metadata and identifiers included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np

from flows.sample.columns import Columns
from flows.sample.defects import PREVIEW, SPAM, TEST, Survey
from flows.sample.feeds import MISSING_TEXT, FeedPlan, ResponseFeed, Table, answer_texts
from flows.sample.layout import Cells, Layout, answer_columns, coded, constant, moments, note_cells, numbered
from flows.sample.model import Courses
from flows.sample.people import ADDRESSES, person_column
from flows.sample.plan import ClinicPlan, Window
from flows.sample.questionnaires import (
    CLIENT,
    GAD_7,
    PHQ_9,
    THERAPIST,
    WAI_36,
    WAI_SR,
    Questionnaire,
    Sheet,
)
from flows.sample.records import NO_CLIENT, TEST_CLIENT, sort_into_files

FREQUENCY = ("Not at all", "Several days", "More than half the days", "Nearly every day")

COLUMNS = {"client": "PID", "session": "SessionNo", "clinician": "Therapist"}

STATUS_TEXTS = {0: "IP Address", PREVIEW: "Survey Preview", TEST: "Survey Test", SPAM: "Spam"}
STATUS_CODES = {0: "0", PREVIEW: "1", TEST: "2", SPAM: "8"}

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Field = tuple[str, str, str, Cells]
"""Name, question text, import id, cells."""


def response_feeds(clinic: ClinicPlan, window: Window) -> tuple[ResponseFeed, ...]:
    """Outcomes as choice texts; alliance of client and therapist as numbers; the long alliance form."""
    return (_outcomes(clinic), _alliance(clinic), _long_form(clinic, window))


def _outcomes(clinic: ClinicPlan) -> ResponseFeed:
    labels = {text: answer for answer, text in enumerate(FREQUENCY)}
    plan = _plan(
        clinic,
        "outcomes",
        [
            {"id": "phq_9", "rater": "client", "items": "PHQ9_{n}", "labels": labels},
            {"id": "gad_7", "rater": "client", "items": "GAD7_{n}", "labels": labels},
        ],
    )
    sheet = Sheet(0, (PHQ_9, GAD_7), (-45, -8), 9.0, 0.0)
    survey = Survey((PHQ_9, GAD_7), status=True, clock=True)
    return _feed(plan, (sheet,), survey, texts=True)


def _alliance(clinic: ClinicPlan) -> ResponseFeed:
    items = {"id": "wai_sr", "rater_column": "Rater", "items": "WAI_{n}", "missing": [MISSING_TEXT]}
    plan = _plan(clinic, "alliance", [items], values={"rater": {"C": "client", "T": "therapist"}})
    client = Sheet(0, (WAI_SR,), (52, 66), 8.0, -0.3)
    therapist = Sheet(0, (WAI_SR,), (60, 95), 6.0, -0.2, rater=THERAPIST, every=3)
    return _feed(plan, (client, therapist), Survey((WAI_SR,), status=True, missing_code=True))


def _long_form(clinic: ClinicPlan, window: Window) -> ResponseFeed:
    items = {"id": "wai_36", "rater": "client", "items": "W36_{n}"}
    plan = _plan(clinic, "wai36", [items], attention={"column": "ATT1", "pass": ["3"]})
    sheet = Sheet(0, (WAI_36,), (52, 66), 7.0, -0.1, sessions=(3, 10))
    flipped = len(window.quarter_ends) // 2 if clinic.number == 1 else None
    return _feed(plan, (sheet,), Survey((WAI_36,), status=True, attention=True, flipped_file=flipped))


def _plan(
    clinic: ClinicPlan,
    name: str,
    instruments: Sequence[Table],
    attention: Table | None = None,
    values: dict[str, dict[str, str]] | None = None,
) -> FeedPlan:
    return FeedPlan(
        clinic,
        name,
        "responses",
        "qualtrics",
        COLUMNS,
        settings={"drop": ["Comments"]},
        instruments=instruments,
        attention=attention,
        values=values or {},
    )


def _feed(plan: FeedPlan, sheets: tuple[Sheet, ...], survey: Survey, texts: bool = False) -> ResponseFeed:
    return ResponseFeed(plan, sheets, survey, _place, partial(_layout, plan, survey, texts))


def _place(records: Columns, courses: Courses, window: Window) -> Columns:
    return sort_into_files(records, records["completed"], records["number"])


def _layout(plan: FeedPlan, survey: Survey, texts: bool, records: Columns) -> Layout:
    fields = [
        *_metadata(plan, texts, records),
        *(field for form in survey.forms for field in _items(form, texts, records, survey.attention)),
        ("Comments", "Is there anything you would like to add?", "QID90_TEXT", note_cells(records["note"])),
        *_embedded(plan, records),
    ]
    return Layout(_header(fields), [cells for *_, cells in fields])


def _metadata(plan: FeedPlan, texts: bool, records: Columns) -> list[Field]:
    rows, client, finished = len(records), records["client"], records["finished"].astype(np.int64)
    status = coded(records["status"], STATUS_TEXTS if texts else STATUS_CODES)
    done = {0: "False", 1: "True"} if texts else {0: "0", 1: "1"}
    progress = {0: "48", 1: "100"}
    seconds = [str(value) for value in (records["completed"] - records["started"]).tolist()]
    person = partial(person_column, np.abs(client), share=5)
    address = coded(np.abs(client) % len(ADDRESSES), dict(enumerate(ADDRESSES)))
    channel = coded((np.abs(client) % 5 == 0).astype(np.int64), {0: "anonymous", 1: "email"})
    return [
        ("StartDate", "Start Date", "startDate", moments(records["started"])),
        ("EndDate", "End Date", "endDate", moments(records["completed"])),
        ("Status", "Response Type", "status", status),
        ("IPAddress", "IP Address", "ipAddress", address),
        ("Progress", "Progress", "progress", coded(finished, progress)),
        ("Duration (in seconds)", "Duration (in seconds)", "duration", seconds),
        ("Finished", "Finished", "finished", coded(finished, done)),
        ("RecordedDate", "Recorded Date", "recordedDate", moments(records["completed"] + 1)),
        ("ResponseId", "Response ID", "_recordId", _response_ids(plan, records)),
        ("RecipientLastName", "Recipient Last Name", "recipientLastName", person("last")),
        ("RecipientFirstName", "Recipient First Name", "recipientFirstName", person("first")),
        ("RecipientEmail", "Recipient Email", "recipientEmail", person("email")),
        ("ExternalReference", "External Data Reference", "externalDataReference", person("nhs_number")),
        ("LocationLatitude", "Location Latitude", "locationLatitude", constant("51.5085", rows)),
        ("LocationLongitude", "Location Longitude", "locationLongitude", constant("-0.1257", rows)),
        ("DistributionChannel", "Distribution Channel", "distributionChannel", channel),
        ("UserLanguage", "User Language", "userLanguage", constant("EN-GB", rows)),
    ]


def _response_ids(plan: FeedPlan, records: Columns) -> Cells:
    """R_ and fifteen letters and digits, another for each number."""
    salt = sum(plan.id.encode()) * 2654435761
    spread = 482_704_115_023_587_642_170_611
    return ["R_" + _letters((number * spread + salt) % 62**15) for number in records["number"].tolist()]


def _letters(number: int) -> str:
    found = []
    for _ in range(15):
        number, digit = divmod(number, 62)
        found.append(ALPHABET[digit])
    return "".join(found)


def _items(form: Questionnaire, texts: bool, records: Columns, attention: bool) -> list[Field]:
    wording = partial(_choice, FREQUENCY) if texts else str
    prefix = {"phq_9": "PHQ9", "gad_7": "GAD7", "wai_sr": "WAI", "wai_36": "W36"}[form.id]
    columns = answer_columns(records[form.id], answer_texts(form, wording))
    fields = [
        (f"{prefix}_{n}", f"Please choose one answer.\n- Statement {n}", f"QID{_page(form)}_{n}", cells)
        for n, cells in enumerate(columns, start=1)
    ]
    if attention:
        answers = coded(records["attentive"].astype(np.int64), {0: "1", 1: "3"})
        fields.insert(18, ("ATT1", "Please choose the third answer here.", "QID77", answers))
    return fields


def _choice(choices: tuple[str, ...], answer: int) -> str:
    return choices[answer] if answer < len(choices) else str(answer)


def _page(form: Questionnaire) -> int:
    return 3 + ("phq_9", "gad_7", "wai_sr", "wai_36").index(form.id)


def _embedded(plan: FeedPlan, records: Columns) -> list[Field]:
    special = {NO_CLIENT: "", TEST_CLIENT: "TEST"}
    fields = [
        ("PID", "PID", "PID", numbered(records["client"], plan.clinic.client_ids, special)),
        ("SessionNo", "SessionNo", "SessionNo", [str(value) for value in records["session"].tolist()]),
        ("Therapist", "Therapist", "Therapist", numbered(records["clinician"], "T{:02}")),
    ]
    if "rater" in plan.values:
        fields.append(("Rater", "Rater", "Rater", coded(records["rater"], {CLIENT: "C", THERAPIST: "T"})))
    return fields


def _header(fields: list[Field]) -> str:
    names = ",".join(name for name, *_ in fields)
    labels = ",".join(f'"{label}"' if "\n" in label else label for _, label, *_ in fields)
    ids = ",".join(_import_id(id_) for *_, id_, _ in fields)
    return f"{names}\n{labels}\n{ids}\n"


def _import_id(id_: str) -> str:
    parts = {"ImportId": id_} | ({"timeZone": "Europe/London"} if id_.endswith("Date") else {})
    doubled = json.dumps(parts, separators=(",", ":")).replace('"', '""')
    return f'"{doubled}"'
