"""Files of appointments and referrals, and what their codes mean."""

from __future__ import annotations

import pytest

from flows.inspect_columns import Column
from flows.inspect_tables import TableFound, find_table, meaning_of
from tests.lib.unknown_files import client, column, day

ROWS = 60


def found_in(*columns: tuple[str, list[str]]) -> TableFound | None:
    return find_table([Column(name, at, tuple(cells)) for at, (name, cells) in enumerate(columns)])


def cycle(name: str, *texts: str):
    return column(name, lambda row: texts[row % len(texts)], ROWS)


STATUSES = cycle("Attendance", "5", "5", "5", "6", "7", "3", "2", "4")


def test_appointments():
    found = found_in(client(ROWS), cycle("Therapist", "T1", "T2"), day(ROWS, "ApptDate"), STATUSES)
    assert found is not None
    assert found.kind == "appointments"
    assert {one.ours: one.names for one in found.found} == {
        "client": ("PID",), "clinician": ("Therapist",), "status": ("Attendance",),
    }  # fmt: skip
    assert [(ours, date.name) for ours, date in found.dates] == [("starts_at", "ApptDate")]


def test_referrals():
    ended = column("DateEnded", lambda row: f"2026-10-{row % 28 + 1:02}" if row % 3 else "", ROWS)
    reason = cycle("EndCode", "46", "47", "")
    found = found_in(client(ROWS), day(ROWS, "DateReceived"), ended, reason, cycle("Age", "31", "45"))
    assert found is not None
    assert found.kind == "referrals"
    assert [ours for ours, _ in found.dates] == ["received_at", "ended_at"]
    assert [one.ours for one in found.found] == ["client", "ending", "age_years"]


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_file_without_what_is_required_is_neither(left_out: int):
    columns = [client(ROWS), day(ROWS, "ApptDate"), STATUSES]
    columns[left_out] = ("x", [""] * ROWS)
    assert found_in(*columns) is None


def meaning(ours: str, *texts: str):
    return meaning_of(ours, Column(ours, 0, tuple(texts) * 3))


def test_known_words():
    found = meaning("status", "Attended", "DNA", "cancelled by patient ", "Late")
    assert found.known == {
        "Attended": "attended", "DNA": "dna", "cancelled by patient ": "cancelled_by_client", "Late": "late",
    }  # fmt: skip
    assert found.unknown == ()


def test_unknown_words_are_told_when_they_repeat():
    found = meaning_of("status", Column("s", 0, ("Attended", "Attended", "Odd", "Odd", "his mother rang")))
    assert found.unknown == ("Odd",)
    assert found.hidden == 1


def test_a_published_list_is_taken_whole_and_only_as_a_whole():
    known = meaning("status", "5", "3").known
    assert known["7"] == "late_not_seen"
    assert meaning("status", "5", "seen").known == {"seen": "attended"}


def test_single_letters_are_doubtful():
    assert meaning("status", "A", "D").doubtful == {"A", "D"}


def test_our_own_words_stand_for_themselves():
    assert meaning("ending", "referred_on").known == {"referred_on": "referred_on"}


def test_a_column_whose_name_says_nothing_is_known_by_its_words():
    words = cycle("X", "Attended", "DNA", "Cancelled by patient")
    found = found_in(client(ROWS), day(ROWS, "When"), words)
    assert found is not None
    [status] = [one for one in found.found if one.ours == "status"]
    assert (status.names, status.sure) == (("X",), False)
    assert found_in(client(ROWS), day(ROWS, "When"), cycle("X", "yes", "no")) is None
