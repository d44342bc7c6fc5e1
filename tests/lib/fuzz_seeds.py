"""A small sound export of each dialect, and the feed that reads it: what the fuzzer begins with.

Every dialect has one: builders go by the container, and name columns as the dialect itself does. Cells that
are a person's begin with CANARY, and may be in no message.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.dialect import Dialect, as_columns, load_dialects
from schemas.site import Feed
from tests.lib.exports import feed, site

CANARY = "Zephyrine"
ROWS = 12
START = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)

FORM = """
[[feeds.instruments]]
id = "mini"
rater = "client"
items = [{items}]
missing = ["9"]
labels = {{ "often" = 3 }}
{more}
"""
OTHER_FEEDS = """
[[feeds]]
id = "f"
clinic = "north"
kind = "{kind}"
path = "inbox/*"
dialect = "csv"
[feeds.columns]
client = "PID"
{columns}
[feeds.values.{values}]
"1" = "{first}"
"2" = "{second}"
"""


@dataclass(frozen=True)
class Seed:
    """A feed and a file of it that is read whole. rows: its records; toml: of the feed, after its path."""

    name: str
    dialect: Dialect
    feed: Feed
    content: bytes
    rows: int = ROWS
    toml: str = ""


Row = Mapping[str, str]
Build = Callable[[Dialect], tuple[str, bytes]]


def seeds() -> list[Seed]:
    """One of each dialect, and of each kind of feed in plain CSV."""
    found = []
    for name, dialect in sorted(load_dialects().items()):
        toml, content = BUILD[dialect.containers[0]](dialect)
        toml = f'dialect = "{name}"\n{toml}'
        found.append(Seed(name, dialect, feed(toml), content, toml=toml))
    return [*found, _appointments(), _referrals()]


def _columns(**ours: str) -> str:
    return "[feeds.columns]\n" + "".join(f'{name} = "{theirs}"\n' for name, theirs in ours.items() if theirs)


def _form(*items: str, more: str = "") -> str:
    return FORM.format(items=", ".join(f'"{item}"' for item in items), more=more)


def _at(n: int) -> datetime:
    return START + timedelta(days=n, minutes=7 * n)


def _table(dialect: Dialect) -> tuple[str, list[str], list[Row]]:
    """The feed, header names and rows of a dialect of tables, whose own columns stand where it has any."""
    items = ["mini_q1", "mini_q2"]
    form = dialect.form_end and f"mini{dialect.form_end}"
    dated = [name.replace("{form}", "mini") for name in as_columns(dialect.columns.get("completed_at", ()))]
    fates: dict[str, str] = {}
    for rule in dialect.exclude:
        name = rule.column.replace("{form}", "mini")
        fates.setdefault(name, next(iter(dialect.normal.get(rule.column, ())), "0"))
    if dialect.finished and dialect.finished.values:
        fates[dialect.finished.column.replace("{form}", "mini")] = dialect.finished.values[-1]
    when = dated[0] if dated else "When"
    fates.pop(when, None)
    closing = fates.pop(form, "") if form else ""
    header = [
        "PID",
        "Therapist",
        *(key for key in fates),
        when,
        *items,
        *([form] if form else []),
        "Sum",
        "Words",
    ]
    rows = []
    for n in range(ROWS):
        cells = {
            "PID": f"{CANARY}{n:03}", "Therapist": f"{CANARY}-T{n % 3}", **fates,
            when: _at(n).strftime(dialect.date_formats[0].replace("%z", "+0000")),
            items[0]: ("0", "1", "2", "3", "often", "9")[n % 6], items[1]: str((n * 7) % 4),
            "Sum": str(n % 7), "Words": f'{CANARY}, "so to say"\nand more' if n % 4 == 0 else "",
        }  # fmt: skip
        rows.append(cells | ({form: closing} if form else {}))
    toml = _columns(client="PID", clinician="Therapist", completed_at="" if dated else when)
    return toml + _form(*items, more='stored_total = "Sum"'), header, rows


def _lines(header: Sequence[str], rows: Sequence[Row], dialect: Dialect) -> list[list[str]]:
    """Header rows and rows of cells."""
    ids = [json.dumps({"ImportId": name}) for name in header]
    above = {1: [list(header)], 2: [list(header), list(header)], 3: [list(header), list(header), ids]}
    return [*above[dialect.header_rows], *([row.get(name, "") for name in header] for row in rows)]


def _text(dialect: Dialect) -> tuple[str, bytes]:
    toml, header, rows = _table(dialect)
    # Columns by which a dialect knows its files stand first.
    known = [name for name in getattr(dialect, "known_by", ()) if name not in header]
    end = dialect.delimiter if getattr(dialect, "trailing_delimiter", False) else ""
    lines = _lines([*known, *header], rows, dialect)
    quoted = (
        dialect.delimiter.join(f'"{_doubled(cell)}"' if _special(cell) else cell for cell in line)
        for line in lines
    )
    return toml, "".join(f"{line}{end}\n" for line in quoted).encode(dialect.encoding)


def _doubled(cell: str) -> str:
    return cell.replace('"', '""')


def _special(cell: str) -> bool:
    return any(sign in cell for sign in '",;\t\n')


def _workbook(dialect: Dialect) -> tuple[str, bytes]:
    toml, header, rows = _table(dialect)
    lines = _lines(header, rows, dialect)
    return toml, _ods(lines) if dialect.name == "ods" else _xlsx(lines)


def _xlsx(lines: Sequence[Sequence[str]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Answers")
        for at, line in enumerate(lines):
            for place, cell in enumerate(line):
                if cell.isdigit():
                    sheet.write_number(at, place, int(cell))
                else:
                    sheet.write_string(at, place, cell)
    return out.getvalue()


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Answers">{rows}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)


def _ods(lines: Sequence[Sequence[str]]) -> bytes:
    rows = "".join(
        "<table:table-row>" + "".join(map(_ods_cell, line)) + "</table:table-row>" for line in lines
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return packed({"mimetype": kind, "content.xml": ODS.format(rows=rows), "META-INF/manifest.xml": manifest})


def _ods_cell(cell: str) -> str:
    if cell.isdigit():
        return f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
    return (
        f'<table:table-cell office:value-type="string"><text:p>{_escaped(cell)}</text:p></table:table-cell>'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def packed(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive, the same bytes for the same members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _parquet(dialect: Dialect) -> tuple[str, bytes]:
    import polars as pl

    toml, header, rows = _table(dialect)
    frame = pl.DataFrame({name: [row[name] for row in rows] for name in header})
    out = io.BytesIO()
    frame.with_columns(
        pl.col("mini_q2", "Sum").cast(pl.Int64), pl.col("When").str.to_datetime()
    ).write_parquet(out)
    return toml, out.getvalue()


def _spss(dialect: Dialect) -> tuple[str, bytes]:
    import pandas as pd
    import pyreadstat

    toml, header, rows = _table(dialect)
    frame = pd.DataFrame({name: [row[name].replace("\n", " ") for row in rows] for name in header})
    frame["mini_q2"] = frame["mini_q2"].astype(float)
    frame["When"] = pd.to_datetime(frame["When"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sav"
        pyreadstat.write_sav(frame, path, missing_ranges={"mini_q2": [9]})
        return toml, path.read_bytes()


def _odm(dialect: Dialect) -> tuple[str, bytes]:
    fields = ("record_id", "therapist", "mini_timestamp", "mini_q1", "mini_q2", "mini_complete")
    defined = "".join(
        f'<ItemDef OID="{name}" Name="{name}" DataType="text" Length="99" redcap:Variable="{name}"/>'
        for name in fields
    )
    refs = "".join(f'<ItemRef ItemOID="{name}" Mandatory="No" redcap:Variable="{name}"/>' for name in fields)
    subjects = "".join(_odm_subject(n) for n in range(ROWS))
    text = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org" ODMVersion="1.3.1"'
        ' FileType="Snapshot" SourceSystem="REDCap"><Study OID="Project.Mini"><MetaDataVersion OID="M.1" Name="Mini"'
        ' redcap:RecordIdField="record_id"><FormDef OID="Form.mini" Name="Mini" Repeating="No" redcap:FormName="mini">'
        '<ItemGroupRef ItemGroupOID="mini.all" Mandatory="No"/></FormDef><ItemGroupDef OID="mini.all" Name="Mini"'
        f' Repeating="No">{refs}</ItemGroupDef>{defined}</MetaDataVersion></Study>\n'
        f'<ClinicalData StudyOID="Project.Mini" MetaDataVersionOID="M.1">\n{subjects}</ClinicalData></ODM>\n'
    )
    return _columns(client="record_id", clinician="therapist") + _form("mini_q1", "mini_q2"), text.encode()


def _odm_subject(n: int) -> str:
    values = {
        "record_id": f"{CANARY}{n:03}", "therapist": f"{CANARY}-T{n % 3}", "mini_timestamp": f"{_at(n):%Y-%m-%d %H:%M:%S}",
        "mini_q1": str(n % 4), "mini_q2": str((n * 7) % 4), "mini_complete": "2",
    }  # fmt: skip
    data = "".join(f'<ItemData ItemOID="{name}" Value="{value}"/>\n' for name, value in values.items())
    return (
        f'<SubjectData SubjectKey="{CANARY}{n:03}" redcap:RecordIdField="record_id"><FormData FormOID="Form.mini"'
        f' FormRepeatKey="1"><ItemGroupData ItemGroupOID="mini.all" ItemGroupRepeatKey="1">{data}</ItemGroupData>'
        "</FormData></SubjectData>\n"
    )


def _qualtrics_json(dialect: Dialect) -> tuple[str, bytes]:
    responses = [
        {
            "responseId": f"R_{n:015}",
            "values": {
                "startDate": f"{_at(n):%Y-%m-%dT%H:%M:%SZ}", "endDate": f"{_at(n):%Y-%m-%dT%H:%M:%SZ}", "status": 0,
                "finished": 1, "PID": f"{CANARY}{n:03}", "Therapist": f"{CANARY}-T{n % 3}",
                "QID1": n % 4, "QID2": (n * 7) % 4, "QID9_TEXT": f"{CANARY} ünd more",
            },
            "labels": {"QID1": "often", "status": "IP Address", "finished": "True"},
            "displayedFields": ["QID1", "QID2", "QID9_TEXT"],
            "displayedValues": {"QID1": [0, 1, 2, 3]},
        }
        for n in range(ROWS)
    ]  # fmt: skip
    toml = _columns(client="PID", clinician="Therapist") + _form("QID1", "QID2")
    return toml, json.dumps({"responses": responses}, indent=1, ensure_ascii=False).encode()


def _fhir(dialect: Dialect) -> tuple[str, bytes]:
    entries = [
        {
            "fullUrl": f"urn:{n}",
            "resource": {
                "resourceType": "QuestionnaireResponse", "id": f"r{n}", "status": "completed",
                "subject": {"reference": f"Patient/{CANARY}{n:03}"}, "authored": f"{_at(n):%Y-%m-%dT%H:%M:%S+00:00}",
                "item": [
                    {"linkId": "g", "item": [{"linkId": "q1", "answer": [{"valueInteger": n % 4}]}]},
                    {"linkId": "q2", "answer": [{"valueDecimal": (n * 7) % 4}]},
                    {"linkId": "q3", "answer": [{"valueString": f"{CANARY} and more"}]},
                ],
            },
        }
        for n in range(ROWS)
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return _columns(client="subject") + _form("q1", "q2"), json.dumps(bundle, indent=1).encode()


def _appointments() -> Seed:
    columns = 'starts_at = "When"\nstatus = "S"\nclinician = "T"\nsession = "No"'
    toml = OTHER_FEEDS.format(
        kind="appointments", columns=columns, values="status", first="attended", second="dna"
    )
    lines = [
        f"{CANARY}{n:03},{_at(n):%Y-%m-%d %H:%M:%S},{1 + n % 2},{CANARY}-T,{n + 1}\n" for n in range(ROWS)
    ]
    return _of_tables("appointments", toml, "PID,When,S,T,No\n" + "".join(lines))


def _referrals() -> Seed:
    columns = 'received_at = "In"\nended_at = "Out"\nending = "E"\nage_years = "A"\nsex = "Sex"'
    toml = OTHER_FEEDS.format(
        kind="referrals", columns=columns, values="ending", first="completed", second="declined"
    )
    lines = [
        f"{CANARY}{n:03},{_at(n):%Y-%m-%d},{_at(n + 60):%Y-%m-%d},{1 + n % 2},{20 + n},f\n"
        for n in range(ROWS)
    ]
    return _of_tables("referrals", toml, "PID,In,Out,E,A,Sex\n" + "".join(lines))


def _of_tables(name: str, toml: str, content: str) -> Seed:
    return Seed(name, load_dialects()["csv"], site(toml).feeds[0], content.encode())


BUILD: Mapping[str, Build] = {
    "text": _text,
    "workbook": _workbook,
    "parquet": _parquet,
    "spss": _spss,
    "odm": _odm,
    "qualtrics_json": _qualtrics_json,
    "fhir": _fhir,
}
"""Builder of each container."""
