"""What `accord inspect` prints of a file, for people and for machines."""

from __future__ import annotations

import json

from flows.inspect_report import as_json, lines
from tests.lib.unknown_files import answers, client, day, inspected, items, session, table

ROWS = 40
GAD = answers(ROWS, 7, 0, 3)
CONTENT = table([client(ROWS), session(ROWS), day(ROWS), *items("GAD7_{n}", GAD)], ";")


def test_people_read_what_it_is_and_why():
    told = list(lines(inspected(CONTENT)))
    assert told[:7] == [
        "file      export.csv",
        "system    Plain CSV (csv, 10): delimited text with a header row",
        "container text: text in rows",
        "encoding  utf-8: all of it is valid UTF-8",
        "delimiter ;: 100 % of the first records have 10 cells with it",
        "header    1 row, 10 columns",
        "records   40 looked at; responses",
    ]
    assert told[7] == (
        "form      gad_7 (sure): GAD7_1 to GAD7_7: its names begin with gad7; answers from 0 to 3; 7 items"
    )
    assert "[[feeds]]" in told
    assert told[-1] == 'items = "GAD7_{n}"'


def test_machines_read_the_same():
    found = inspected(CONTENT)
    read = json.loads(json.dumps(as_json(found)))
    assert (read["dialect"], read["kind"], read["records"]) == ("csv", "responses", ROWS)
    assert read["delimiter"]["value"] == ";"
    assert read["candidates"][0] == {
        "dialect": "csv", "weight": 10, "evidence": ["delimited text with a header row"], "refused": None,
    }  # fmt: skip
    [form] = read["forms"]
    assert (form["id"], form["sure"], len(form["items"])) == ("gad_7", True, 7)
    assert read["toml"] == found.toml
    assert read["choose"] == []


def test_a_runner_up_and_an_archive_are_told():
    mixed = "record_id;submitdate;lastpage;startlanguage;outcomes_complete\n1;2026-01-01 10:00:00;3;en;2\n"
    told = list(lines(inspected(mixed)))
    assert any(line.startswith("or        redcap") for line in told)
    assert any(line.startswith("note      no questionnaire") for line in told)


def test_what_a_person_must_choose_is_told_before_the_feed():
    found = inspected(table([client(ROWS), day(ROWS), *items("S{n}", answers(ROWS, 10, 0, 4))]))
    told = list(lines(found))
    at = next(n for n, line in enumerate(told) if line.startswith("choose"))
    assert at < told.index("[[feeds]]")
    assert "core_10" in told[at]
