"""Which columns of a file of questionnaires are ours."""

from __future__ import annotations

import pytest

from flows.inspect_columns import Column
from flows.inspect_forms import find_forms
from flows.inspect_roles import Roles, own_columns, roles_of
from schemas.dialect import load_dialects
from tests.lib.unknown_files import REGISTRY, answers, client, column, day, items, session

ROWS = 40
GAD = items("GAD7_{n}", answers(ROWS, 7, 0, 3))


def roles(*columns: tuple[str, list[str]], dialect: str = "csv", **aliases: str) -> Roles:
    found = [Column(name, at, tuple(cells)) for at, (name, cells) in enumerate(columns)]
    positions = {one.name: one.at for one in found}
    positions |= {name: positions[theirs] for name, theirs in aliases.items()}
    return roles_of(found, find_forms(found, REGISTRY), load_dialects()[dialect], positions)


def mapped(found: Roles) -> dict[str, str]:
    return {one.ours: one.names[0] for one in found.found}


def test_a_plain_table():
    ids = column("ResponseID", lambda row: f"r{row}", ROWS)
    started = day(ROWS, "StartDate")
    found = roles(ids, client(ROWS), session(ROWS), started, day(ROWS), *GAD)
    assert mapped(found) == {"client": "PID", "session": "Session", "response": "ResponseID"}
    [completed] = found.completed
    assert completed is not None
    assert (completed.name, completed.own) == ("Completed", False)
    assert found.started is not None
    assert found.started.name == "StartDate"


def test_no_id_makes_each_row_a_person_and_says_what_that_costs():
    found = roles(day(ROWS), *GAD)
    assert mapped(found)["client"] == "@row"
    assert "no change" in found.found[0].why


def test_the_systems_own_columns_are_none_of_the_clients():
    own = column("ResponseId", lambda row: f"R_{row}", ROWS)
    found = roles(
        own,
        column("EndDate", lambda row: f"2026-01-{row % 28 + 1:02} 10:00:00", ROWS),
        client(ROWS),
        *GAD,
        dialect="qualtrics",
    )
    assert mapped(found) == {"client": "PID"}
    [completed] = found.completed
    assert completed is not None
    assert completed.own
    assert "responseid" in own_columns(load_dialects()["qualtrics"])


def test_a_date_of_the_dialect_by_another_of_its_names():
    found = roles(client(ROWS), day(ROWS, "V9"), *GAD, dialect="qualtrics_legacy", EndDate="V9")
    [completed] = found.completed
    assert completed is not None
    assert (completed.name, completed.own) == ("V9", True)


def test_redcap_looks_among_the_forms_own_columns():
    record = client(ROWS, "record_id")
    stamp = column("out_timestamp", lambda row: f"2026-01-{row % 28 + 1:02} 10:00:00", ROWS)
    other = column("ses_timestamp", lambda row: f"2026-02-{row % 28 + 1:02} 10:00:00", ROWS)
    done, other_done = (
        column("out_complete", lambda row: "2", ROWS),
        column("ses_complete", lambda row: "2", ROWS),
    )
    srs = items("srs_{n}", answers(ROWS, 4, 0, 10, 5))
    found = roles(
        record, stamp, session(ROWS, "out_session"), *GAD, done,
        other, session(ROWS, "ses_session"), *srs, other_done, dialect="redcap",
    )  # fmt: skip
    assert mapped(found) == {"client": "record_id"}
    assert [one and one.name for one in found.completed] == ["out_timestamp", "ses_timestamp"]
    assert [one and one.names for one in found.sessions] == [("out_session",), ("ses_session",)]


def test_a_rater_column_is_read_by_known_words():
    who = column("Rater", lambda row: "CT"[row % 2], ROWS)
    found = roles(client(ROWS), day(ROWS), who, *items("WAI_{n}", answers(ROWS, 12, 1, 5)))
    assert found.rater is not None
    assert found.raters == {"C": "client", "T": "therapist"}
    alone = roles(client(ROWS), day(ROWS), who, *GAD)
    assert alone.rater is None


@pytest.mark.parametrize("name", ["dob", "Date of birth"])
def test_a_birth_is_no_date_of_an_answer(name: str):
    found = roles(client(ROWS), day(ROWS, name), *GAD)
    assert found.completed == (None,)
