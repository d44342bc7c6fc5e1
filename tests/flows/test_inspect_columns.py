"""Columns by name and by look."""

from __future__ import annotations

import pytest

from flows.inspect_columns import (
    Column,
    find_client,
    find_clinician,
    find_date,
    find_session,
    with_point,
)


def column(name: str, *cells: str, at: int = 0) -> Column:
    return Column(name, at, cells)


def test_a_column_counts_its_texts_and_compares_codes():
    found = column("Q1", "7", "7.0", " x", "", "07")
    assert found.filled == 4
    assert found.codes == {"7": 3, "x": 1}
    assert found.share({"7"}) == 0.75
    assert column("Q1", "1", "2", "x", "3").whole_share == 0.75


def test_a_text_that_stands_alone_is_not_shown_but_for_codes():
    found = column("Status", "attended", "attended", "his mother rang", "04", "-99", "123456")
    assert found.shown_texts() == ["attended", "04"]


def test_a_text_that_may_be_of_a_person_is_not_shown_however_often_it_stands():
    odd = ["ask jo@clinic.example", "born 1980-05-01", "ring 020 7946 0018", "moved " * 11]
    assert column("Status", *odd, *odd, "DNA (24 h)", "DNA (24 h)").shown_texts() == ["DNA (24 h)"]


def test_decimals_behind_a_comma_are_compared_as_numbers():
    assert with_point(column("A", "7,5", "x,5", "-1,25")).cells == ("7.5", "x,5", "-1.25")


def test_the_client_by_name():
    rows = [
        column("Therapist", "T1", "T1", at=0),
        column("PID", "a", "b", at=1),
        column("id", "1", "2", at=2),
    ]
    found = find_client(rows, 2)
    assert found is not None
    assert (found.names, found.sure) == (("PID",), True)


def test_a_column_named_id_alone_is_unsure():
    found = find_client([column("id", "1", "2")], 2)
    assert found is not None
    assert not found.sure


def test_the_client_by_texts_that_come_again():
    ids = [f"x{n // 3}" for n in range(300)]
    found = find_client([column("Ref", *ids), column("BMI", *[f"{n}.25" for n in range(300)])], 300)
    assert found is not None
    assert (found.names, found.sure) == (("Ref",), False)
    assert not any(text in found.why for text in ids)


def test_names_of_people_are_no_clients_id():
    assert find_client([column("PatientName", *["a", "b"] * 9)], 18) is None


@pytest.mark.parametrize(("name", "sure"), [("SessionNo", True), ("out_session", False)])
def test_the_session_is_a_whole_number(name: str, sure: bool):
    found = find_session([column(name, "1", "2"), column("SessionRating", "1", "2", at=1)])
    assert found is not None
    assert (found.names, found.sure) == ((name,), sure)
    assert find_session([column(name, "a", "b")]) is None
    assert find_session([column("SessionRating", "1", "2")]) is None


def test_the_clinician_is_one_of_few():
    assert find_clinician([column("Therapist", "T1", "T2", "T1")]) is not None
    assert find_clinician([column("Therapist", *map(str, range(40)))]) is None


def test_a_date_by_name_and_by_being_the_only_one():
    born, done = column("dob", "1980-01-01"), column("When", "2026-01-01", at=1)
    assert find_date("completed_at", [born, done]) is None
    assert find_date("completed_at", [born, done], only=True) is done
    named = column("Completed", "2026-01-01", at=2)
    assert find_date("completed_at", [born, done, named]) is named
