"""The same made-up answers to the PHQ-9 as different survey systems export them, for `accord inspect`."""

from __future__ import annotations

import csv
import datetime
import io
import json
import tempfile
from pathlib import Path

from schemas.recognition import forms
from tests.lib.unknown_files import FREQUENCY, answers, client, column, items, session, table

ROWS = 40
PHQ = answers(ROWS, 9, 0, 3)
SUMS = [sum(row) for row in PHQ]
CODES = forms()["phq_9"].codes
QUESTIONS = [f"{' and '.join(words)}, how often" for words in forms()["phq_9"].keywords]
"""Headers with the words by which an item is known; no item's own text."""


def stamps(name: str, pattern: str = "{y}-{m:02}-{d:02} 10:05:00"):
    return column(name, lambda row: pattern.format(y=2026, m=row % 9 + 1, d=row % 28 + 1), ROWS)


def label(answer: int) -> str:
    return FREQUENCY[answer]


def recode(answer: int) -> str:
    return str(answer + 1)


def qualtrics() -> bytes:
    """Answers stored as 1 to 4; the questions stand in the second row."""
    columns = [
        stamps("StartDate"), stamps("EndDate"), column("Status", lambda row: "0", ROWS),
        column("Finished", lambda row: "1", ROWS), column("ResponseId", lambda row: f"R_{row}", ROWS),
        *items("Q7_{n}", PHQ, recode), client(ROWS),
    ]  # fmt: skip
    names = [
        "startDate",
        "endDate",
        "status",
        "finished",
        "_recordId",
        *(f"QID7_{n}" for n in range(1, 10)),
        "PID",
    ]
    titles = ["Start Date", "End Date", "Response Type", "Finished", "Response ID", *QUESTIONS, "PID"]
    ids = [json.dumps({"ImportId": name}) for name in names]
    return table(columns, above=[titles, ids]).encode()


def qualtrics_legacy() -> bytes:
    columns = [
        column("V1", lambda row: f"R_{row}", ROWS), *((f"V{n}", [""] * ROWS) for n in range(2, 6)),
        stamps("V8"), stamps("V9"), column("V10", lambda row: "1", ROWS), *items("PHQ9_{n}", PHQ), client(ROWS),
    ]  # fmt: skip
    titles = ["ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "StartDate", "EndDate",
              "Finished", *QUESTIONS, "PID"]  # fmt: skip
    return table(columns, above=[titles]).encode("utf-8-sig")


def redcap() -> bytes:
    columns = [
        client(ROWS, "record_id"), column("redcap_repeat_instance", lambda row: str(row % 4 + 1), ROWS),
        stamps("outcomes_timestamp"), session(ROWS, "outcomes_session"), *items("phq9_{n}", PHQ),
        ("phq9_total", list(map(str, SUMS))), column("outcomes_complete", lambda row: "2", ROWS),
    ]  # fmt: skip
    return table(columns).encode()


def redcap_odm() -> bytes:
    fields = ["record_id", "outcomes_timestamp", *(f"phq9_{n}" for n in range(1, 10)), "outcomes_complete"]
    refs = "".join(f'<ItemRef ItemOID="{name}" redcap:Variable="{name}"/>' for name in fields)
    defs = "".join(
        f'<ItemDef OID="{name}" Name="{name}" DataType="text" redcap:Variable="{name}"/>' for name in fields
    )
    subjects = []
    for row, given in enumerate(PHQ):
        cells = [f"{row:03}", f"2026-01-{row % 28 + 1:02} 10:00:00", *map(str, given), "2"]
        data = "".join(
            f'<ItemData ItemOID="{name}" Value="{cell}"/>' for name, cell in zip(fields, cells, strict=True)
        )
        subjects.append(
            f'<SubjectData SubjectKey="{row:03}" redcap:RecordIdField="record_id"><FormData FormOID="Form.outcomes" FormRepeatKey="1">'
            f'<ItemGroupData ItemGroupOID="outcomes.all" ItemGroupRepeatKey="1">{data}</ItemGroupData></FormData></SubjectData>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"'
        ' xmlns:redcap="https://projectredcap.org"><Study OID="P"><MetaDataVersion OID="M" Name="m">'
        '<FormDef OID="Form.outcomes" Name="Outcomes" Repeating="No" redcap:FormName="outcomes">'
        '<ItemGroupRef ItemGroupOID="outcomes.all"/></FormDef>'
        f'<ItemGroupDef OID="outcomes.all" Name="g" Repeating="No">{refs}</ItemGroupDef>{defs}</MetaDataVersion></Study>'
        f'<ClinicalData StudyOID="P" MetaDataVersionOID="M">{"".join(subjects)}</ClinicalData></ODM>'
    ).encode()


def limesurvey() -> bytes:
    columns = [
        column("id", lambda row: str(row + 1), ROWS), stamps("submitdate"), column("lastpage", lambda row: "3", ROWS),
        column("startlanguage", lambda row: "en", ROWS), client(ROWS, "CID"),
        *items("PHQ[SQ{n:03}]", PHQ, lambda answer: f"A{answer + 1}"),
    ]  # fmt: skip
    return table(columns, ";", "\r\n").encode("utf-8-sig")


def surveymonkey() -> bytes:
    own = ["Respondent ID", "Collector ID", "Date Created", "Date Modified", "IP Address", "Email Address",
           "First Name", "Last Name", "Custom Data 1"]  # fmt: skip
    stamp = stamps("", "{m:02}/{d:02}/{y} 10:05:00")[1]
    cells = [
        [str(114_000_000 + row) for row in range(ROWS)], ["40001"] * ROWS, stamp, stamp, ["192.0.2.1"] * ROWS,
        *[[""] * ROWS] * 4, client(ROWS)[1], *(given for _, given in items("{n}", PHQ, label)),
    ]  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*own, "Client number", "In the last two weeks", *[""] * 8])
    writer.writerow([*[""] * len(own), "Open-Ended Response", *QUESTIONS])
    writer.writerows(zip(*cells, strict=True))
    return out.getvalue().encode()


def google_forms() -> bytes:
    stamp = stamps("Timestamp", "{m}/{d}/{y} 9:05:07")
    blank = [
        (name, [text + " " if n % 3 else text for n, text in enumerate(cells)])
        for name, cells in items("{n}", PHQ, label)
    ]
    return table(
        [
            stamp,
            client(ROWS, "Client code"),
            *((q, cells) for q, (_, cells) in zip(QUESTIONS, blank, strict=True)),
        ],
        end="\r\n",
    ).encode()


def kobo() -> bytes:
    columns = [
        stamps("start", "{y}-{m:02}-{d:02}T10:00:00.000+03:01"), stamps("end", "{y}-{m:02}-{d:02}T10:05:00.000+03:01"),
        column("deviceid", lambda row: "x", ROWS), client(ROWS, "intro/client_id"), session(ROWS, "intro/session_no"),
        *items("phq9/phq9_{n}", PHQ), column("_id", lambda row: str(1000 + row), ROWS),
        column("_uuid", lambda row: f"u{row}", ROWS), stamps("_submission_time", "{y}-{m:02}-{d:02}T07:05:00"),
        column("__version__", lambda row: "v1", ROWS),
    ]  # fmt: skip
    return table(columns, ";").encode()


def qualtrics_json() -> bytes:
    names = [f"PHQ9_{n}" for n in range(1, 10)]
    responses = [
        {
            "responseId": f"R_{row}",
            "values": {
                "endDate": f"2026-01-{row % 28 + 1:02}T09:10:00Z", "status": 0, "finished": 1, "PID": f"P-{row // 4}",
                **dict(zip(names, given, strict=True)),
            },
            "labels": {},
            "displayedFields": names,
            "displayedValues": {},
        }
        for row, given in enumerate(PHQ)
    ]  # fmt: skip
    return json.dumps({"responses": responses}).encode()


def fhir() -> bytes:
    weights = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
    resources = [
        {
            "resourceType": "QuestionnaireResponse",
            "id": f"r{row}",
            "status": "completed",
            "authored": f"2026-01-{row % 28 + 1:02}T09:00:00Z",
            "subject": {"reference": f"Patient/{row // 4}"},
            "item": [
                {"linkId": f"/{code}", "answer": [{"valueCoding": {"code": weights[answer]}}]}
                for code, answer in zip(CODES, given, strict=True)
            ],
        }
        for row, given in enumerate(PHQ)
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }
    return json.dumps(bundle).encode()


def spss() -> bytes:
    """Codes 1 to 4, which the file itself says the meaning of; a session number among its columns."""
    import pandas as pd
    import pyreadstat

    data = {"PID": client(ROWS)[1], "session": [row % 4 + 1 for row in range(ROWS)]}
    data |= {f"q{n + 1}": [row[n] + 1 for row in PHQ] for n in range(9)}
    said = {f"q{n + 1}": {code + 1: text for code, text in enumerate(FREQUENCY)} for n in range(9)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sav"
        pyreadstat.write_sav(pd.DataFrame(data), str(path), variable_value_labels=said)
        return path.read_bytes()


def workbook(*columns: tuple[str, list[object]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet, dated = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for at, (name, cells) in enumerate(columns):
        sheet.write_string(0, at, name)
        for row, cell in enumerate(cells, 1):
            if isinstance(cell, datetime.datetime):
                sheet.write_datetime(row, at, cell, dated)
            elif isinstance(cell, int):
                sheet.write_number(row, at, cell)
            else:
                sheet.write_string(row, at, str(cell))
    book.close()
    return out.getvalue()


def _moments() -> list[object]:
    return [datetime.datetime(2026, row % 9 + 1, row % 28 + 1, 9, 5) for row in range(ROWS)]  # noqa: DTZ001 - a workbook has no zones


def xlsx() -> bytes:
    given = [(name, [int(cell) for cell in cells]) for name, cells in items("PHQ9_{n}", PHQ)]
    return workbook(client(ROWS), ("Completed", _moments()), *given)


def ms_forms() -> bytes:
    asked = [
        (f"{text}?\n", cells) for text, (_, cells) in zip(QUESTIONS, items("{n}", PHQ, label), strict=True)
    ]
    return workbook(
        ("Id", list(range(1, ROWS + 1))), ("Start time", _moments()), ("Completion time", _moments()),
        ("Email", ["anonymous"] * ROWS), ("Name", [""] * ROWS), client(ROWS, "Client number"), *asked,
    )  # fmt: skip


def tsv() -> bytes:
    return table([client(ROWS), stamps("Completed"), *items("PHQ9_{n}", PHQ)], "\t").encode("utf-16")


def parquet() -> bytes:
    import polars as pl

    out = io.BytesIO()
    given = {name: [int(cell) for cell in cells] for name, cells in items("PHQ9_{n}", PHQ)}
    pl.DataFrame({"PID": client(ROWS)[1], "Completed": _moments(), **given}).write_parquet(out)
    return out.getvalue()


EXPORTS = {
    write.__name__: write
    for write in (
        qualtrics, qualtrics_legacy, qualtrics_json, redcap, redcap_odm, limesurvey, surveymonkey, google_forms,
        kobo, fhir, spss, xlsx, ms_forms, tsv, parquet,
    )
}  # fmt: skip
"""Writers by the dialect that reads them."""
