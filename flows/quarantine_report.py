"""Reports to send to the clinics: what each must mend, as a workbook and as a page that can be printed.

Places, rules and remedies, never an answer or a client's id. Equal warehouses give equal bytes.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from flows.quarantine import Row, problems
from flows.quarantine_page import page
from flows.sources import current_run, current_warehouse
from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse.exports import run_facts
from warehouse.files import private_dir, write_private
from warehouse.quarantined import clinics

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

ROWS_NOTE = (
    "Rows are counted from 1, and header rows are not counted: row 1 is the first row of data below them. "
    "A line break inside a quoted cell begins no new row."
)
SUMMARY = ("File", "What is wrong", "Rows", "Days waiting", "What to do")
PROBLEMS = ("File", "Row", "Column", "What is wrong", "What to do")
WIDTHS = (34, 12, 22, 60, 90)
SHEET_ROWS = 1_000_000
"""A worksheet holds a few rows more."""

WHOLE_FILE, ALL_ROWS = "whole file", "all rows"
UNTRUSTED = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Report:
    """What one clinic must mend.

    summary:  rows of SUMMARY, by file and rule
    problems: rows of PROBLEMS, in the order of the files
    """

    site: str
    clinic: str
    run: str
    as_of: date
    summary: Sequence[tuple[str | int, ...]]
    problems: Sequence[tuple[str | int, ...]]

    @property
    def facts(self) -> Mapping[str, str]:
        return {"Clinic": self.clinic, "Site": self.site, "Run": self.run, "As of": self.as_of.isoformat()}


def write_reports(site: Path, out: Path, clinic: str = "") -> list[str]:
    """Write OUT/<clinic>.xlsx and OUT/<clinic>.html for each clinic, or for one; lines that say so.

    A clinic with nothing to mend gets reports that say so: else its last ones would seem to stand.
    raises: ConfigError for a clinic there is not, or a folder that cannot be written
    """
    found = reports(site)
    if clinic and clinic not in found:
        raise ConfigError(f"there is no clinic {clinic}; there are {', '.join(found)}")
    lines = []
    try:
        private_dir(out)
        for id_, report in found.items():
            if clinic in ("", id_):
                write_private(out / f"{id_}.xlsx", workbook(report))
                write_private(out / f"{id_}.html", page(report.facts, ROWS_NOTE, *_tables(report)))
                n = sum(int(row[2]) for row in report.summary)
                lines.append(f"{out / id_}.xlsx and .html: {n:,} to mend in {report.clinic}")
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
    return lines


def _tables(report: Report) -> tuple[tuple[str, Sequence[str], Sequence[tuple[str | int, ...]]], ...]:
    return ("By file and rule", SUMMARY, report.summary), ("Every problem", PROBLEMS, report.problems)


def reports(site: Path) -> dict[str, Report]:
    """The report of each clinic of the run that stands, by its id."""
    with current_warehouse(site) as con:
        names, facts = clinics(con), run_facts(con)
    rows: dict[str, list[Row]] = defaultdict(list)
    for one in problems(site):
        rows[str(one["clinic"])].append(one)
    run, as_of = current_run(site), date.fromisoformat(facts["as_of"])
    return {
        id_: Report(facts["site_name"], name, run, as_of, list(_summary(rows[id_])), list(_listed(rows[id_])))
        for id_, name in names.items()
    }


def _summary(found: Sequence[Row]) -> Iterator[tuple[str | int, ...]]:
    """A line for each delivery and rule. Several columns of a row are one row to mend."""
    places: dict[tuple[str, str, str], set[str | int]] = defaultdict(set)
    ages: dict[tuple[str, str, str], int] = {}
    for one in found:
        key = (str(one["file"]), str(one["entry"]), str(one["rule"]))
        places[key].add(one["source_row"])
        ages[key] = int(one["age_days"])
    for (file, entry, rule), at in sorted(places.items()):
        yield file, rules()[rule].message, len(at), ages[file, entry, rule], remedy(rule, entry)


def _listed(found: Sequence[Row]) -> Iterator[tuple[str | int, ...]]:
    """A line for each problem; one for a file that is refused, or held for its coding as a whole."""
    told: set[tuple[str | int, ...]] = set()
    for one in sorted(found, key=_order):
        rule, entry = str(one["rule"]), str(one["entry"])
        row = one["source_row"] or WHOLE_FILE
        if rule.startswith("suspect_"):
            row = ALL_ROWS
        line = (one["file"], row, one["column"], rules()[rule].message, remedy(rule, entry))
        if isinstance(row, int) or (entry, *line) not in told:
            told.add((entry, *line) if isinstance(row, str) else ())
            yield line


def _order(one: Row) -> tuple[str, str, int, str, str]:
    return (
        str(one["file"]),
        str(one["entry"]),
        int(one["source_row"] or 0),
        str(one["column"]),
        str(one["rule"]),
    )


def remedy(rule: str, entry: str) -> str:
    """What to do, as a sentence, with the entry where it is asked for."""
    said = rules()[rule].remedy.replace("ENTRY", entry)
    return f"{said[0].upper()}{said[1:]}"


def workbook(report: Report) -> bytes:
    """The report as XLSX. No cell is a formula or a link, whatever a file or column is called."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, **UNTRUSTED})
    book.set_properties(
        {"title": f"To mend: {report.clinic}", "created": datetime.combine(report.as_of, time())}
    )
    bold = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet("Summary")
    for at, (name, value) in enumerate(report.facts.items()):
        sheet.write_string(at, 0, name, bold)
        sheet.write_string(at, 1, clean(value))
    below = len(report.facts) + 1
    sheet.write_string(below, 0, ROWS_NOTE if report.problems else "Nothing waits to be mended.")
    _fill(sheet, below + 2, SUMMARY, report.summary, bold, text, (34, 60, 12, 14, 90))
    for first in range(0, len(report.problems), SHEET_ROWS):
        number = f" {first // SHEET_ROWS + 1}" if first else ""
        rows = report.problems[first : first + SHEET_ROWS]
        more = book.add_worksheet(f"Problems{number}")
        _fill(more, 0, PROBLEMS, rows, bold, text, WIDTHS)
        more.freeze_panes(1, 0)
    for one in book.worksheets():
        one.set_landscape()
        one.fit_to_pages(1, 0)
    book.close()
    return out.getvalue()


def _fill(
    sheet: Worksheet,
    top: int,
    heading: Sequence[str],
    rows: Sequence[tuple[str | int, ...]],
    bold: Format,
    text: Format,
    widths: Sequence[int],
) -> None:
    for column, (name, width) in enumerate(zip(heading, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, name, bold)
    for at, row in enumerate(rows, top + 1):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(at, column, value, text)
            else:
                sheet.write_string(at, column, clean(value), text)


def clean(text: str) -> str:
    """Text that every program can read: no control characters, no half of a character, not too long."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in plain)[
        :32_000
    ]
