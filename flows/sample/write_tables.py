"""Appointments and referrals as a clinic's own system writes them: plain CSV with local codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flows.sample import model
from flows.sample.columns import Columns
from flows.sample.feeds import FeedPlan, Value
from flows.sample.layout import Cells, Layout, coded, dates, moments, note_cells, numbered
from flows.sample.people import person_column
from flows.sample.plan import ClinicPlan
from flows.sample.records import NO_CLIENT

STATUSES = (
    "booked",
    "attended",
    "late",
    "late_not_seen",
    "dna",
    "cancelled_by_client",
    "cancelled_by_provider",
)
KINDS = ("assessment", "treatment", "both", "review", "follow_up")
ENDINGS = (
    "completed",
    "dropped_out",
    "unknown",
    "deceased",
    "unknown",
    "declined",
    "referred_on",
    "declined",
)
"""What the codes of `flows.sample.model` mean, in its order. Ended by the service earlier than the client
asked is neither completed nor dropped out."""

PROBLEMS = ("depression", "gad", "mixed", "social_anxiety", "ptsd", "other")
MODALITIES = ("CBT", "Counselling", "Guided self-help", "Interpersonal therapy")
ETHNICITIES = ("A", "B", "C", "H", "J", "M", "N", "Z")


@dataclass(frozen=True)
class Local:
    """How one kind of system writes its tables. The codes stand in the order of the lists above."""

    statuses: tuple[str, ...]
    kinds: tuple[str, ...]
    endings: tuple[str, ...]
    problems: tuple[str, ...]
    sexes: tuple[str, ...]
    date: str
    clock: str
    between: str
    encoding: str
    sessions: bool
    place: str
    names: Mapping[str, str]


_ENGLISH = {
    "id": "AppointmentID",
    "client": "PatientID",
    "name": "PatientName",
    "clinician": "Therapist",
    "starts_at": "AppointmentDateTime",
    "kind": "AppointmentType",
    "status": "Attendance",
    "session": "SessionNo",
    "place": "Location",
    "note": "Notes",
    "received_at": "DateReceived",
    "ended_at": "DateEnded",
    "ending": "EndCode",
    "problem": "PresentingProblem",
    "modality": "Therapy",
    "age_years": "Age",
    "sex": "Sex",
    "ethnicity": "EthnicCategory",
    "nhs_number": "NHSNumber",
    "email": "Email",
}

LOCAL = {
    "qualtrics": Local(
        statuses=("B", "5", "6", "7", "3", "2", "4", "99"),
        kinds=("01", "02", "03", "05", "04"),
        endings=("46", "47", "48", "49", "96", "50", "13", "14"),
        problems=("F32", "F41.1", "F41.2", "F40.1", "F43.1", "other"),
        sexes=("2", "1", "9", "X"),
        date="%d/%m/%Y",
        clock="{:02}:{:02}",
        between=",",
        encoding="utf-8",
        sessions=True,
        place="North Street, room 2",
        names=_ENGLISH,
    ),
    "redcap": Local(
        statuses=(
            "Booked",
            "Attended",
            "Attended late",
            "Arrived too late",
            "Did not attend",
            "Cancelled by patient",
            "Cancelled by service",
            "Outcome pending",
        ),
        kinds=("Assessment", "Treatment", "Assessment and treatment", "Review and treatment", "Follow-up"),
        endings=(
            "Completed treatment",
            "Stopped attending",
            "Ended by service",
            "Died",
            "Not known",
            "Not assessed",
            "Referred elsewhere",
            "Declined treatment",
        ),
        problems=(
            "Depression",
            "Generalised anxiety",
            "Mixed anxiety and depression",
            "Social anxiety",
            "PTSD",
            "Other",
        ),
        sexes=("Female", "Male", "Not stated", "Other"),
        date="%Y-%m-%d",
        clock="{:02}:{:02}",
        between=",",
        encoding="utf-8",
        sessions=False,
        place="Moor House",
        names={name: f"appt_{name}" if name in ("id", "kind", "status") else name for name in _ENGLISH},
    ),
    "limesurvey": Local(
        statuses=("BKD", "ATT", "LATE", "LNS", "DNA", "CNP", "CNS", "???"),
        kinds=("AX", "TX", "AX+TX", "RV", "FU"),
        endings=("COMP", "DROP", "SERV", "DIED", "UNK", "NA", "REF", "DECL"),
        problems=("DEP", "GAD", "MIX", "SOC", "PTS", "OTH"),
        sexes=("F", "M", "U", "X"),
        date="%d.%m.%Y",
        clock="{:02}:{:02}",
        between=";",
        encoding="cp1252",
        sessions=True,
        place="Maternité – 2nd floor",
        names={name: name.upper() for name in _ENGLISH},
    ),
}
"""By the clinic's survey system, so that each kind of clinic has its own."""


def appointments_plan(clinic: ClinicPlan) -> FeedPlan:
    local = LOCAL[clinic.style]
    ours = ["client", "clinician", "starts_at", "kind", "status"] + (["session"] if local.sessions else [])
    values = {
        "status": dict(zip(local.statuses, STATUSES, strict=False)),
        "kind": dict(zip(local.kinds, KINDS, strict=True)),
    }
    settings = _settings(local, f"{local.date} %H:%M", ("name", "place", "note"))
    return _plan(clinic, "appointments", ours, settings, values)


def referrals_plan(clinic: ClinicPlan) -> FeedPlan:
    local = LOCAL[clinic.style]
    ours = ["client", "received_at", "ended_at", "ending", "problem"]
    ours += ["modality", "age_years", "sex", "ethnicity"]
    values = {
        "ending": dict(zip(local.endings, ENDINGS, strict=True)),
        "problem": dict(zip(local.problems, PROBLEMS, strict=True)),
    }
    settings = _settings(local, local.date, ("name", "nhs_number", "email", "note"))
    return _plan(clinic, "referrals", ours, {"delivery": "snapshot"} | settings, values)


def _plan(
    clinic: ClinicPlan,
    kind: str,
    ours: list[str],
    settings: Mapping[str, Value],
    values: Mapping[str, Mapping[str, str]],
) -> FeedPlan:
    names = LOCAL[clinic.style].names
    return FeedPlan(clinic, kind, kind, "csv", {name: names[name] for name in ours}, settings, values=values)


def _settings(local: Local, date_format: str, unwanted: tuple[str, ...]) -> dict[str, Value]:
    settings: dict[str, Value] = {
        "drop": [local.names[name] for name in unwanted],
        "date_format": date_format,
    }
    settings |= {"delimiter": local.between} if local.between != "," else {}
    return settings | ({"encoding": local.encoding} if local.encoding != "utf-8" else {})


def appointments_layout(clinic: ClinicPlan, records: Columns) -> Layout:
    local = LOCAL[clinic.style]
    columns = {
        "id": [str(value) for value in records["number"].tolist()],
        "client": numbered(records["client"], clinic.client_ids, {NO_CLIENT: ""}),
        "name": _names(records),
        "clinician": numbered(records["clinician"], "T{:02}"),
        "starts_at": moments(records["at"], local.date, local.clock),
        "kind": coded(records["kind"], dict(enumerate(local.kinds))),
        "status": coded(records["status"], dict(enumerate(local.statuses))),
    }
    if local.sessions:
        columns["session"] = [str(value or "") for value in records["session"].tolist()]
    columns["place"] = [_cell(local.place, local.between)] * len(records)
    columns["note"] = note_cells(records["note"], local.between)
    return _layout(local, columns)


def referrals_layout(clinic: ClinicPlan, records: Columns) -> Layout:
    local = LOCAL[clinic.style]
    columns = {
        "client": numbered(records["client"], clinic.client_ids, {NO_CLIENT: ""}),
        "name": _names(records),
        "nhs_number": person_column(np.abs(records["client"]), "nhs_number", share=2),
        "email": person_column(np.abs(records["client"]), "email", share=3),
        "received_at": dates(records["received"], local.date),
        "ended_at": dates(records["ended"], local.date),
        "ending": coded(records["ending"], {model.OPEN: "", **dict(enumerate(local.endings))}),
        "problem": coded(records["problem"], dict(enumerate(local.problems))),
        "modality": coded(records["modality"], dict(enumerate(MODALITIES))),
        "age_years": [str(value) for value in records["age"].tolist()],
        "sex": coded(records["sex"], dict(enumerate(local.sexes))),
        "ethnicity": coded(records["ethnicity"], dict(enumerate(ETHNICITIES))),
        "note": note_cells(records["note"], local.between),
    }
    return _layout(local, columns)


def _names(records: Columns) -> Cells:
    client = np.abs(records["client"])
    pairs = zip(person_column(client, "first"), person_column(client, "last"), strict=True)
    return [f"{first} {last}" for first, last in pairs]


def _layout(local: Local, columns: Mapping[str, Cells]) -> Layout:
    header = local.between.join(local.names[name] for name in columns) + "\n"
    return Layout(header, list(columns.values()), local.between, encoding=local.encoding)


def _cell(text: str, between: str) -> str:
    return f'"{text}"' if between in text else text
