"""Direct identifiers at the door: what refuses a file, what is warned of, and what is left alone."""

from __future__ import annotations

import pytest

from flows.notes import said
from flows.sample.people import NOTES, PEOPLE
from schemas.errors import ConfigError
from tests.lib.exports import csv_text, feed, process

TOML = """
dialect = "csv"
{top}
[feeds.columns]
client = "PID"
completed_at = "When"
{columns}
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""
EMAILS = [one.email for one in PEOPLE]
NUMBERS = [one.nhs_number for one in PEOPLE]
CANARIES = (*EMAILS, *NUMBERS, *(one.last for one in PEOPLE))


def settle(tmp_path, top="", columns="", names=(), rows=6, **cells):
    """Process rows of PID, When, Q1, Q2 and of further columns, each with its cells in turn."""
    own = {"PID": [f"c{n}" for n in range(rows)], "When": ["2026-05-01 10:00:00"], "Q1": ["1"], "Q2": ["2"]}
    cells = {**own, **cells}
    header = [*cells, *names]
    content = csv_text(
        header, ({name: each[n % len(each)] for name, each in cells.items()} for n in range(rows))
    )
    part = process(tmp_path, feed(TOML.format(top=top, columns=columns)), content)
    text = part.text().decode()
    assert not [one for one in CANARIES if one in text], "no value is told or kept"
    return part


def outcome(*args, **cells):
    counts = settle(*args, **cells).counts
    return counts.refused, counts.refused_column


def test_a_column_that_says_what_it_is_is_never_read(tmp_path):
    part = settle(
        tmp_path, Email=EMAILS, **{"NHS number": NUMBERS, "Date of birth": ["1980-05-05", "1991-01-02"]}
    )
    assert (part.counts.refused, part.counts.accepted, part.counts.warnings) == (
        None,
        6,
        [],
    )


def test_a_column_that_does_not_say_so_refuses_the_file(tmp_path):
    assert outcome(tmp_path, Contact=EMAILS) == ("identifier_column", "Contact")
    assert outcome(tmp_path, V6=["198.51.100.7", "198.51.100.8"]) == ("identifier_column", "V6")
    assert outcome(tmp_path, Code=NUMBERS) == ("identifier_column", "Code")
    assert outcome(tmp_path, D=["1971-02-03", "1989-04-05", "1990-12-01"]) == ("identifier_column", "D")
    part = settle(tmp_path, Contact=EMAILS, rows=7)
    assert (part.counts.received, part.counts.unread) == (0, 7)


def test_a_column_that_the_feed_drops_is_left_alone(tmp_path):
    part = settle(tmp_path, 'drop = ["Contact", "Code"]', Contact=EMAILS, Code=NUMBERS)
    assert (part.counts.refused, part.counts.accepted) == (None, 6)


def test_what_identifies_people_is_mapped_as_an_id_alone(tmp_path):
    for ours in ("clinician", "response", "episode", "rater_id"):
        assert outcome(tmp_path, columns=f'{ours} = "Email"', Email=EMAILS) == (None, "")
        assert outcome(tmp_path, columns=f'{ours} = "Contact"', Contact=EMAILS) == (None, "")
    assert outcome(tmp_path, columns='segment = "Email"', Email=["1"]) == ("identifier_mapped", "Email")
    assert outcome(tmp_path, columns='started_at = "DOB"', DOB=["1980-05-05"]) == ("identifier_mapped", "DOB")
    assert outcome(tmp_path, columns='segment = "Part"', Part=EMAILS) == ("identifier_column", "Part")


def test_a_column_that_is_dropped_and_mapped(tmp_path):
    try:
        found = outcome(tmp_path, 'drop = ["Part"]', 'segment = "Part"', Part=["1"])
    except ConfigError:
        return
    assert found == ("identifier_mapped", "Part")


def test_client_ids_that_are_addresses_or_nhs_numbers_are_keyed_and_told_of(tmp_path):
    for ids in (EMAILS, NUMBERS):
        part = settle(tmp_path, PID=ids)
        assert (part.counts.refused, part.counts.accepted) == (None, 6)
        assert part.counts.warnings == ["client_id_is_identifier PID"]
    assert settle(tmp_path).counts.warnings == []


def test_free_text_is_told_of_and_never_read(tmp_path):
    part = settle(tmp_path, Comments=["fine"], Other=NOTES, Blank_notes=[""])
    assert (part.counts.refused, part.counts.accepted) == (None, 6)
    assert part.counts.warnings == ["free_text_column Comments, Other"]
    assert said(part.counts.warnings[0]).startswith("column Comments, Other: holds free text")
    dropped = settle(tmp_path, 'drop = ["Comments", "Other"]', Comments=["fine"], Other=NOTES)
    assert dropped.counts.warnings == []


def test_many_columns_of_free_text_are_one_warning(tmp_path):
    part = settle(tmp_path, **{f"comments {n}": ["fine"] for n in range(11)})
    (warning,) = part.counts.warnings
    assert warning.endswith("comments 7, and 3 more")


@pytest.mark.parametrize("name", ["isolde@mail.example", "isolde@mail.example - Q1"])
def test_an_address_as_the_name_of_a_column_is_told_by_its_number(tmp_path, name):
    assert outcome(tmp_path, names=(name,)) == ("identifier_in_header", "no. 5")


def test_a_question_may_say_whom_to_write_to(tmp_path):
    assert outcome(tmp_path, names=("Questions? Write to the team, help@clinic.example, at any time",)) == (
        None,
        "",
    )


def test_of_a_long_file_the_beginning_is_looked_at(tmp_path):
    late = [*["1"] * 3000, *EMAILS]
    assert outcome(tmp_path, rows=3008, Contact=late) == (None, "")
    assert outcome(tmp_path, rows=3008, Contact=late[::-1]) == ("identifier_column", "Contact")
