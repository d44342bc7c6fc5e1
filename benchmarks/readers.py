"""Throughput of each reader beside the bare library call that it wraps.

    python benchmarks/readers.py [--rows 100000] [--pairs 3] [--only "xlsx|fhir"]

Every file has the same records: an id, a date and 28 answers. A reader opens the file as its dialect says and
reads all cells of all records as text; the bare call has its library read the same file in its own way. Each
reading is a process of its own: seconds are of the reading alone, without imports and a first small file,
and memory is the peak of the whole process. Reader and bare call take turns.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

ITEMS = 28
NAMES = ["id", "done", *(f"q{n}" for n in range(1, ITEMS + 1))]
MOST_RATIO = 3.0


def records(rows: int) -> Iterator[list[str]]:
    """The same for every format: ids with leading zeros, dates of two years, answers of 0 to 3."""
    draw = random.Random(1)
    for n in range(rows):
        day = f"{2025 + n % 2}-{1 + n % 12:02}-{1 + n % 28:02} 09:{n % 60:02}:00"
        yield [f"{n:08}", day, *(str(draw.randrange(4)) for _ in range(ITEMS))]


def write_csv(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(NAMES)
        writer.writerows(records(rows))


def write_quoted_csv(path: Path, rows: int) -> None:
    """Every cell in quotes, and a line break in one of each hundred records: the exact way of splitting."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*NAMES, "note"])
        for n, record in enumerate(records(rows)):
            writer.writerow([*record, "two\nlines" if n % 100 == 0 else "one"])


def write_qualtrics(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        names = ["ResponseId", "EndDate", *NAMES[2:]]
        writer.writerow(names)
        writer.writerow([f"Text of\n{name}" for name in names])
        writer.writerow([json.dumps({"ImportId": name}) for name in names])
        writer.writerows(records(rows))


def write_xlsx(path: Path, rows: int) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, NAMES)
    for n, (id_, done, *answers) in enumerate(records(rows), 1):
        sheet.write_string(n, 0, id_)
        sheet.write_string(n, 1, done)
        for at, answer in enumerate(answers, 2):
            sheet.write_number(n, at, int(answer))
    book.close()


def write_ods(path: Path, rows: int) -> None:
    import zipfile

    def cell(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    spaces = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"'
        for one in ("office", "table", "text")
    )
    body = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in (NAMES, *records(rows))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="data">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", kind, zipfile.ZIP_STORED)
        package.writestr("content.xml", content)
        package.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{manifest}">{entry}</manifest:manifest>',
        )


def _frame(rows: int):  # noqa: ANN202 - polars comes late
    import polars as pl

    columns = list(zip(*records(rows), strict=True))
    texts = {name: pl.Series(cells) for name, cells in zip(NAMES, columns, strict=True)}
    return pl.DataFrame(texts).with_columns(pl.col(NAMES[2:]).cast(pl.Int8))


def write_parquet(path: Path, rows: int) -> None:
    _frame(rows).write_parquet(path)


def write_spss(path: Path, rows: int) -> None:
    import pyreadstat

    pyreadstat.write_sav(_frame(rows).to_pandas(), str(path))


CODES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")


def _answer(number: int, answer: str) -> dict[str, object]:
    """As servers write it: the text of the question, and a coded answer with its text."""
    coding = {"system": "http://loinc.org", "code": CODES[int(answer)], "display": f"answer {answer}"}
    text = f"Over the last two weeks, how often have you been bothered by problem {number}?"
    return {"linkId": f"q{number}", "text": text, "answer": [{"valueCoding": coding}]}


def write_fhir(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as out:
        for id_, done, *answers in records(rows):
            resource_ = {
                "resourceType": "QuestionnaireResponse",
                "id": id_,
                "status": "completed",
                "subject": {"reference": f"Patient/{id_}"},
                "authored": f"{done[:10]}T{done[11:]}Z",
                "item": [_answer(n, answer) for n, answer in enumerate(answers, 1)],
            }
            out.write(json.dumps(resource_) + "\n")


def write_qualtrics_json(path: Path, rows: int) -> None:
    responses = [
        {
            "responseId": id_,
            "values": {
                "endDate": f"{done[:10]}T{done[11:]}Z",
                "finished": 1,
                "status": 0,
                **{f"QID{n}": int(answer) for n, answer in enumerate(answers, 1)},
            },
            "labels": {f"QID{n}": f"choice {answer}" for n, answer in enumerate(answers, 1)},
            "displayedFields": [f"QID{n}" for n in range(1, ITEMS + 1)],
        }
        for id_, done, *answers in records(rows)
    ]
    path.write_text(json.dumps({"responses": responses}), encoding="utf-8")


ODM_SPACES = (
    'xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org" ODMVersion="1.3.1"'
)


def write_odm(path: Path, rows: int) -> None:
    def item(name: str, value: str) -> str:
        return f'<ItemData ItemOID="{name}" Value="{value}"/>'

    names = ["done", *NAMES[2:]]
    with path.open("w", encoding="utf-8") as out:
        refs = "".join(f'<ItemRef ItemOID="{name}"/>' for name in ["id", *names, "form_complete"])
        out.write(f'<?xml version="1.0" encoding="UTF-8" ?>\n<ODM {ODM_SPACES}><Study OID="P">')
        out.write(
            '<MetaDataVersion OID="M" Name="P"><FormDef OID="Form.form" Name="form" redcap:FormName="form">'
        )
        out.write('<ItemGroupRef ItemGroupOID="form.id"/></FormDef>')
        out.write(f'<ItemGroupDef OID="form.id" Name="form">{refs}</ItemGroupDef>')
        for name in ["id", *names, "form_complete"]:
            out.write(f'<ItemDef OID="{name}" Name="{name}" DataType="text" redcap:Variable="{name}"/>')
        out.write('</MetaDataVersion></Study><ClinicalData StudyOID="P" MetaDataVersionOID="M">')
        for id_, *cells in records(rows):
            data = "".join(item(name, cell) for name, cell in zip(names, cells, strict=True))
            out.write(f'<SubjectData SubjectKey="{id_}" redcap:RecordIdField="id">')
            out.write('<FormData FormOID="Form.form" FormRepeatKey="1">')
            out.write(f'<ItemGroupData ItemGroupOID="form.id" ItemGroupRepeatKey="1">{item("id", id_)}{data}')
            out.write(f"{item('form_complete', '2')}</ItemGroupData></FormData></SubjectData>\n")
        out.write("</ClinicalData></ODM>")


def bare_csv(path: Path) -> None:
    import polars as pl

    pl.read_csv(path, infer_schema=False)


def bare_qualtrics(path: Path) -> None:
    import polars as pl

    pl.read_csv(path, infer_schema=False, skip_rows_after_header=2)


def bare_gzip_csv(path: Path) -> None:
    import polars as pl

    with gzip.open(path) as content:
        pl.read_csv(io.BytesIO(content.read()), infer_schema=False)


def bare_workbook(path: Path) -> None:
    from python_calamine import load_workbook

    load_workbook(str(path)).get_sheet_by_index(0).to_python()


def bare_parquet(path: Path) -> None:
    """Read and made text: numbers that stay numbers are none of the table of texts a reader gives."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for column in table.columns:
        column.cast(pa.string())


def bare_spss(path: Path) -> None:
    import pyreadstat

    pyreadstat.read_sav(str(path), user_missing=True)


def bare_fhir(path: Path) -> None:
    with path.open("rb") as lines:
        for line in lines:
            json.loads(line)


def bare_json(path: Path) -> None:
    with path.open("rb") as content:
        json.load(content)


def bare_odm(path: Path) -> None:
    from defusedxml.ElementTree import iterparse

    for _, element in iterparse(path, forbid_dtd=True):
        element.clear()


def write_gzip_csv(path: Path, rows: int) -> None:
    write_csv(path, rows)
    path.write_bytes(gzip.compress(path.read_bytes()))


CASES: dict[str, tuple[str, Callable[[Path, int], None], Callable[[Path], None], str]] = {
    "csv": ("csv", write_csv, bare_csv, "polars.read_csv, text"),
    "csv, quoted": ("csv", write_quoted_csv, bare_csv, "polars.read_csv, text"),
    "csv.gz": ("csv", write_gzip_csv, bare_gzip_csv, "gzip, polars.read_csv"),
    "qualtrics": ("qualtrics", write_qualtrics, bare_qualtrics, "polars.read_csv, text"),
    "qualtrics_json": ("qualtrics_json", write_qualtrics_json, bare_json, "json.load"),
    "xlsx": ("xlsx", write_xlsx, bare_workbook, "calamine to_python"),
    "ods": ("ods", write_ods, bare_workbook, "calamine to_python"),
    "parquet": ("parquet", write_parquet, bare_parquet, "pyarrow read_table, as text"),
    "spss": ("spss", write_spss, bare_spss, "pyreadstat.read_sav"),
    "fhir": ("fhir", write_fhir, bare_fhir, "json.loads a line"),
    "redcap_odm": ("redcap_odm", write_odm, bare_odm, "defusedxml iterparse"),
}
"""Dialect, how its file is written, the bare call, and its name."""


LIBRARIES = {
    "xlsx": ("python_calamine",),
    "ods": ("python_calamine",),
    "spss": ("pyreadstat", "pandas"),
    "redcap_odm": ("defusedxml.ElementTree",),
}
"""What reader or bare call import beside polars."""


def prepare(case: str) -> None:
    """Import what the reading needs and read the dialects, so that only the reading is timed."""
    for library in ("polars", "flows.read", *LIBRARIES.get(case, ())):
        __import__(library)
    readers = sorted((ROOT / "flows" / "readers").glob("*.py"))
    for module in ["text", *(path.stem for path in readers if CASES[case][0] in path.stem)]:
        __import__(f"flows.readers.{module}")
    from schemas.dialect import load_dialects

    load_dialects()


def read_all(case: str, path: Path) -> int:
    """Read every cell of a file with our reader; the number of records."""
    from flows.read import opened_export
    from schemas.dialect import load_dialects
    from schemas.site import Feed

    dialect = load_dialects()[CASES[case][0]]
    feed = Feed("f", "c", "responses", "inbox/*", dialect.name)
    rows = 0
    with opened_export(path, feed, dialect, path.parent) as export:
        for batch in export.batches(export.positions):
            rows += batch.rows.height + len(batch.broken)
    return rows


def _read(kind: str, case: str, path: Path) -> int | None:
    return read_all(case, path) if kind == "reader" else CASES[case][2](path)


def _peak_mib() -> float:
    """Peak of this process: what getrusage says begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def one(kind: str, case: str, path: Path) -> None:
    """A reading in this process; prints seconds and peak memory as JSON."""
    prepare(case)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "file"  # threads and tables that every process makes once
        CASES[case][1](small, 100)
        _read(kind, case, small)
    began = time.perf_counter()
    rows = _read(kind, case, path)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_mib": _peak_mib(), "rows": rows}))


def measured(kind: str, case: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", kind, case, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def compare(case: str, rows: int, pairs: int, folder: Path) -> float:
    """Write the file, read it both ways in turns, print a line; the ratio of the medians."""
    path = folder / "file"
    CASES[case][1](path, rows)
    ours, bare = [], []
    for _ in range(pairs):
        ours.append(measured("reader", case, path))
        bare.append(measured("bare", case, path))
    assert all(one["rows"] == rows for one in ours), f"{case}: {ours[0]['rows']} of {rows} records"
    seconds = [median(one["seconds"] for one in kind) for kind in (ours, bare)]
    peaks = [max(one["peak_mib"] for one in kind) for kind in (ours, bare)]
    ratio = seconds[0] / seconds[1]
    size = path.stat().st_size / 1e6
    print(
        f"{case:<15} {size:>7.1f} MB {rows / seconds[0]:>11,.0f} rows/s {peaks[0]:>6.0f} MiB"
        f"   bare {rows / seconds[1]:>11,.0f} rows/s {peaks[1]:>6.0f} MiB"
        f"   ratio {ratio:>5.2f}  {CASES[case][3]}",
        flush=True,
    )
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--one", nargs=3)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one[0], asked.one[1], Path(asked.one[2]))
        return
    from schemas.dialect import load_dialects

    there = [case for case in CASES if CASES[case][0] in load_dialects()]
    chosen = [case for case in there if not asked.only or case in asked.only.split("|")]
    with tempfile.TemporaryDirectory() as folder:
        slow = [case for case in chosen if compare(case, asked.rows, asked.pairs, Path(folder)) > MOST_RATIO]
    print(f"slower than {MOST_RATIO:g} times the bare call: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
