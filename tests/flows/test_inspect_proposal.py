"""The feed that a file asks for, line by line."""

from __future__ import annotations

import tomllib

import pytest

from tests.lib.unknown_files import (
    FREQUENCY,
    answers,
    client,
    column,
    day,
    inspected,
    items,
    session,
    table,
)

ROWS = 48
GAD = answers(ROWS, 7, 0, 3)
BASE = [client(ROWS), session(ROWS), day(ROWS)]


def feed(*columns: tuple[str, list[str]], name: str = "measures-2026-03-31.csv", **layout: str) -> dict:
    [found] = tomllib.loads(inspected(table(columns, **layout), name).toml)["feeds"]
    return found


def test_a_plain_file():
    assert feed(*BASE, *items("GAD7_{n}", GAD)) == {
        "id": "north-measures",
        "clinic": "north",
        "kind": "responses",
        "path": "inbox/north/measures-*.csv",
        "dialect": "csv",
        "columns": {"client": "PID", "session": "Session", "completed_at": "Completed"},
        "instruments": [{"id": "gad_7", "rater": "client", "items": "GAD7_{n}"}],
    }


def test_dates_of_another_format():
    found = feed(client(ROWS), day(ROWS, "Date", "{d:02}/{m:02}/{y}"), *items("GAD7_{n}", GAD))
    assert found["date_format"] == "%d/%m/%Y"


def test_dates_that_could_be_either_are_left_to_a_person():
    either = column("Date", lambda row: f"{row % 9 + 1:02}/{row % 5 + 1:02}/2026", ROWS)
    found = inspected(table([client(ROWS), either, *items("GAD7_{n}", GAD)]))
    assert "date_format" not in tomllib.loads(found.toml)["feeds"][0]
    assert '# date_format = "%d/%m/%Y"' in found.toml
    assert '# date_format = "%m/%d/%Y"' in found.toml
    assert found.edits == [
        "[[feeds]] date_format: Date: no number is above 12, so day and month could be either"
    ]


def test_no_dates():
    assert feed(client(ROWS), *items("GAD7_{n}", GAD))["undated"] is True


def test_labels_and_codes_of_no_answer():
    label = lambda answer: FREQUENCY[answer] if answer >= 0 else "N/A"  # noqa: E731 - a writer
    gaps = [
        [-1 if (row + n) % 11 == 0 else answer for n, answer in enumerate(given)]
        for row, given in enumerate(GAD)
    ]
    [form] = feed(*BASE, *items("GAD7_{n}", gaps, label))["instruments"]
    assert form["labels"] == {text: n for n, text in enumerate(FREQUENCY)}
    assert form["missing"] == ["N/A"]


def test_a_stored_total_is_named_and_never_dropped():
    sums = ("gad_sum", [str(sum(row)) for row in GAD])
    assert feed(*BASE, *items("GAD7_{n}", GAD), sums)["instruments"][0]["stored_total"] == "gad_sum"


def test_answers_that_were_turned_at_capture_are_asked_for():
    core = answers(ROWS, 10, 0, 4)
    found = inspected(table([*BASE, *items("CORE{n}", core), ("total", [str(sum(row)) for row in core])]))
    assert "already_keyed" not in tomllib.loads(found.toml)["feeds"][0]["instruments"][0]
    assert any("already_keyed" in edit for edit in found.edits)


@pytest.mark.parametrize(
    ("name", "rater"), [("WAI_{n}", "client"), ("WAI_T_{n}", "therapist"), ("wai_client_{n}", "client")]
)
def test_the_rater_by_the_items_names(name: str, rater: str):
    assert feed(*BASE, *items(name, answers(ROWS, 12, 1, 5)))["instruments"][0]["rater"] == rater


def test_a_rater_column_and_an_attention_check():
    wai = items("WAI_{n}", answers(ROWS, 12, 1, 5))
    wai.insert(6, ("attention_check", ["4"] * (ROWS - 1) + ["1"]))
    found = feed(*BASE, column("Rater", lambda row: "CT"[row % 2], ROWS), *wai)
    assert found["instruments"][0]["rater_column"] == "Rater"
    assert found["values"]["rater"] == {"C": "client", "T": "therapist"}
    assert found["attention"] == [{"column": "attention_check", "pass": ["4"]}]


def test_a_decimal_comma():
    srs = answers(ROWS, 4, 0, 100)
    columns = items("SRS{n}", srs, lambda step: f"{step / 10:.1f}".replace(".", ","))
    found = feed(*BASE, *columns, delimiter=";")
    assert (found["decimal"], found["delimiter"]) == (",", ";")


def test_identifiers_and_free_text_are_dropped():
    name, remark = (
        column("Surname", lambda row: "Zephyrine", ROWS),
        column("Comments", lambda row: "CANARY", ROWS),
    )
    assert feed(*BASE, name, remark, *items("GAD7_{n}", GAD))["drop"] == ["Surname", "Comments"]


def test_forms_to_choose_from_stand_below_each_other_as_comments():
    found = inspected(table([*BASE, *items("S{n}", answers(ROWS, 10, 0, 4)), *items("GAD7_{n}", GAD)]))
    assert [form["id"] for form in tomllib.loads(found.toml)["feeds"][0]["instruments"]] == ["gad_7"]
    for id_ in ("core_10", "k10", "yp_core"):
        assert f'# id = "{id_}"' in found.toml
    assert len(found.edits) == 1


def test_appointments_with_an_unknown_status():
    texts = ("Attended", "Attended", "DNA", "Odd")
    status = column("Status", lambda row: texts[row % 4], ROWS)
    found = inspected(table([client(ROWS), day(ROWS, "ApptDate"), status]))
    proposed = tomllib.loads(found.toml)["feeds"][0]
    assert proposed["kind"] == "appointments"
    assert proposed["values"]["status"] == {"Attended": "attended", "DNA": "dna"}
    assert [edit.split(":")[0] for edit in found.edits] == ["[feeds.values.status] Odd"]


def test_one_column_of_dates_can_prove_the_order_of_another():
    received = column("DateReceived", lambda row: f"0{row % 9 + 1}/0{row % 5 + 1}/2026", ROWS)
    ended = day(ROWS, "DateEnded", "{d:02}/{m:02}/{y}")
    found = inspected(table([client(ROWS), received, ended]))
    assert found.edits == []
    assert tomllib.loads(found.toml)["feeds"][0]["date_format"] == "%d/%m/%Y"


@pytest.mark.parametrize(("unfinished", "told"), [(1, False), (24, True)])
def test_many_unfinished_records_are_told(unfinished: int, told: bool):
    sent = column(
        "submitdate", lambda row: "" if row < unfinished else f"2026-01-{row % 28 + 1:02} 10:00:00", ROWS
    )
    own = [sent, column("lastpage", lambda row: "3", ROWS), column("startlanguage", lambda row: "en", ROWS)]
    found = inspected(table([*own, client(ROWS), *items("GAD7_{n}", GAD)], ";"))
    proposed = tomllib.loads(found.toml)["feeds"][0]
    assert proposed.get("partials") == ("exclude" if told else None)
    assert any("24 of 48 records are not finished" in doubt for doubt in found.doubts) is told
