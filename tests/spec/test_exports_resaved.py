"""Exports of survey systems that a person opened in a spreadsheet program and saved as a workbook.

The same dialect reads them: names, fates, dates and answers are those of the CSV, whatever type the cells got.
"""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from tests.lib.exports import fates, feed, loaded, standing
from tests.lib.workbooks import moment

MAPPED = """
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""
IDS = [
    f'{{"ImportId":"{name}"}}'
    for name in ("endDate", "status", "finished", "_recordId", "pid", "QID1", "QID2")
]
QUALTRICS = [
    ["EndDate", "Status", "Finished", "ResponseId", "PID", "Q1", "Q2"],
    ["Enddatum", "Antworttyp", "Beendet", "Antwort-ID", "PID", "How\noften?", "How much?"],
    IDS,
    [moment(2026, 5, 1, 10), 0, True, "R_1", "007", 1, 2.0],
    [moment(2026, 5, 2, 11), 1, True, "R_2", "007", 1, 2],
    [moment(2026, 5, 3, 12), 0, False, "R_3", "008", 1, 2],
    ["2026-05-04 12:00:00", 0, 1, "R_4", 9, "1", "3"],
]
LEGACY = [
    ["V1", "V7", "V9", "V10", "PID", "Q1", "Q2"],
    ["ResponseID", "Status", "EndDate", "Finished", "PID", "How often?", "How much?"],
    ["R_1", 0, moment(2026, 5, 1, 10), 1, "007", 1, 2],
]
REDCAP = [
    ["record_id", "PID", "mini_timestamp", "Q1", "Q2", "mini_complete"],
    ["1", "007", moment(2026, 5, 1, 10), 1, 2, 2],
    ["2", "008", "[not completed]", 1, 2, 0],
]
LIMESURVEY = [
    ["id", "submitdate", "PID", "Q1", "Q2"],
    [1, moment(2026, 5, 1, 10), "007", 1, 2],
    [2, None, "008", 1, None],
]


def workbook(rows) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


STANDS, UNFINISHED = ("accepted", ""), ("excluded", "not_finished")


@pytest.mark.parametrize(
    ("dialect", "rows", "wanted"),
    [
        ("qualtrics", QUALTRICS, [STANDS, ("excluded", "preview"), UNFINISHED, STANDS]),
        ("qualtrics_legacy", LEGACY, [STANDS]),
        ("redcap", REDCAP, [STANDS, UNFINISHED]),
        ("limesurvey", LIMESURVEY, [STANDS, UNFINISHED]),
    ],
)
def test_a_workbook_has_the_fates_and_answers_of_its_csv(tmp_path, dialect, rows, wanted):
    of = feed(f'dialect = "{dialect}"\n{MAPPED}')
    with loaded(tmp_path, [(of, workbook(rows))]) as con:
        assert list(fates(con).values()) == wanted
        assert next(iter(standing(con).values())) == [1, 2]
        [when] = con.execute("SELECT min(completed_at) FROM core_administration").fetchone()
        assert str(when) == "2026-05-01 09:00:00", "ten o'clock of a London summer"


def test_columns_are_found_by_import_id_there_too(tmp_path):
    of = feed('dialect = "qualtrics"\n' + MAPPED.replace('"Q{n}"', '["QID1", "QID2"]'))
    with loaded(tmp_path, [(of, workbook(QUALTRICS))]) as con:
        assert sorted(standing(con).values()) == [[1, 2], [1, 3]]
