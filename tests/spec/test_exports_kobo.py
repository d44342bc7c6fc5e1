"""KoboToolbox and ODK Central: CSV with or without groups in the names, workbooks with repeated groups."""

from __future__ import annotations

import pytest

from tests.lib.exports import csv_text
from tests.lib.read_exports import outcome
from tests.lib.workbooks import xlsx

FEED = """
dialect = "kobo"
{more}
[feeds.columns]
client = "code"
{columns}
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "{items}"
"""
HEAD = ["start", "end", "today", "deviceid", "code", "phq/q1", "phq/q2", "help", "help/talk", "help/walk", "_id", "_uuid", "_submission_time", "_validation_status", "_index"]  # fmt: skip


def row(code="007", q1="1", q2="2", end="2026-07-01T09:30:05.123+03:00", uuid="u1", **more) -> dict[str, str]:
    return {"start": end, "end": end, "code": code, "phq/q1": q1, "phq/q2": q2, "_uuid": uuid} | more


def read(tmp_path, content, items="q{n}", more="", columns=""):
    return outcome(tmp_path, FEED.format(items=items, more=more, columns=columns), content)


def text(*rows, head=HEAD, delimiter=";") -> str:
    return csv_text(head, rows, delimiter)


@pytest.mark.parametrize("items", ["q{n}", "phq/q{n}"])
def test_a_question_is_found_with_its_group_and_without(tmp_path, items):
    found = read(tmp_path, text(row(), row(code="8", uuid="u2", q2="")), items)
    assert (found.refused, found.warnings, found.answers) == (None, (), {1: [1, 2], 2: [1, None]})


def test_odk_joins_groups_with_a_hyphen_and_cells_with_commas(tmp_path):
    head = [
        "SubmissionDate",
        "code",
        "a-phq-q1",
        "a-phq-q2",
        "meta-instanceID",
        "KEY",
        "SubmitterName",
        "ReviewState",
    ]
    rows = [
        {"SubmissionDate": "2026-07-01T07:30:05.000Z", "code": "7", "a-phq-q1": "0", "a-phq-q2": "3", "KEY": "uuid:1"},
        {"SubmissionDate": "2026-07-01T07:30:05.000Z", "code": "7", "a-phq-q1": "0", "a-phq-q2": "3", "KEY": "uuid:2", "ReviewState": "rejected"},
    ]  # fmt: skip
    found = read(tmp_path, text(*rows, head=head, delimiter=","), more='delimiter = ","')
    assert (found.answers, found.fates) == ({1: [0, 3]}, {2: "spam"})
    assert found.moments == {1: "2026-07-01 07:30:05"}


def test_a_name_in_two_groups_is_found_by_its_group_alone(tmp_path):
    head = [*HEAD[:5], "before/q1", "before/q2", "after/q1", "after/q2", *HEAD[7:]]
    content = text({**row(), "before/q1": "1", "before/q2": "1", "after/q1": "3", "after/q2": "3"}, head=head)
    assert (read(tmp_path, content).refused, read(tmp_path, content).column) == ("missing_column", "q1, q2")
    assert read(tmp_path, content, "after/q{n}").answers == {1: [3, 3]}


def test_a_question_that_moved_between_versions_is_missing_where_it_is_not(tmp_path):
    head = [*HEAD[:5], "q1", "q2", *HEAD[5:]]
    content = text({**row(q1="", q2=""), "q1": "1", "q2": "2"}, row(code="8", uuid="u2"), head=head)
    assert read(tmp_path, content).answers == {1: [1, 2]}
    assert read(tmp_path, content).fates == {2: "empty"}


def test_a_question_that_moved_is_read_where_the_feed_names_both_places(tmp_path):
    """Each place is listed as a questionnaire of its own; a row has answers in the one that its version had."""
    head = [*HEAD[:5], "q1", "q2", *HEAD[5:]]
    content = text({**row(q1="", q2=""), "q1": "1", "q2": "2"}, row(code="8", uuid="u2"), head=head)
    second = '[[feeds.instruments]]\nid = "mini"\nrater = "client"\nitems = "phq/q{n}"\n'
    found = outcome(tmp_path, FEED.format(items="q{n}", more="", columns="") + second, content)
    assert (found.answers, found.fates) == ({(1, 1): [1, 2], (2, 2): [1, 2]}, {})


def test_fields_of_older_versions_are_an_option_of_the_export(tmp_path):
    """With or without them, and with the version's own column: nothing of it is asked for."""
    head = [*HEAD, "phq/q0_old", "__version__"]
    cells = {"phq/q0_old": "3", "__version__": "vY3a9"}
    with_them = read(
        tmp_path, text(row() | cells, row(code="8", uuid="u2") | cells | {"__version__": ""}, head=head)
    )
    assert (with_them.answers, with_them.warnings) == (
        read(tmp_path, text(row(), row(code="8", uuid="u2"))).answers,
        (),
    )
    without = read(tmp_path, text(row()), "q{n}_old")
    assert (without.refused, without.column) == ("missing_column", "q1_old, q2_old")


def test_several_choices_in_one_cell_are_no_answer_to_one_question(tmp_path):
    """Select-multiple as one column: names with blanks between them. One name alone is an answer."""
    toml = FEED.format(items="", more="", columns="").replace(
        'items = ""', 'items = ["help", "phq/q1"]\nlabels = { "talk" = 1, "walk" = 2 }'
    )
    found = outcome(tmp_path, toml, text(row(help="talk"), row(code="8", uuid="u2", help="talk walk")))
    assert (found.answers, found.problems) == ({1: [1, 1]}, [(2, "help", "not_an_answer")])


def test_not_applicable_is_no_answer(tmp_path):
    found = read(tmp_path, text(row(q1="n/a"), row(code="8", uuid="u2", q1="N/A", q2="n/a")))
    assert (found.answers, found.fates) == ({1: [None, 2]}, {2: "empty"})


@pytest.mark.parametrize(
    ("end", "instant"),
    [
        ("2026-07-01T09:30:05.123+03:01", "2026-07-01 06:29:05.123"),
        ("2026-07-01T09:30:05+05:45", "2026-07-01 03:45:05"),
        ("2026-07-01T09:30:05.000-04:00", "2026-07-01 13:30:05"),
        ("2026-07-01T09:30:05.000Z", "2026-07-01 09:30:05"),
        ("2026-07-01T09:30:05", "2026-07-01 08:30:05"),
        ("2026-07-01 09:30:05", "2026-07-01 08:30:05"),
    ],
)
def test_times_are_of_the_device_with_whatever_offset_it_had(tmp_path, end, instant):
    assert read(tmp_path, text(row(end=end))).moments == {1: instant}


def test_the_time_of_submission_is_in_utc_which_the_feed_must_say(tmp_path):
    content = text(row(_submission_time="2026-07-01T06:30:07"))
    columns = 'completed_at = "_submission_time"'
    assert read(tmp_path, content, columns=columns, more='timezone = "UTC"').moments == {
        1: "2026-07-01 06:30:07"
    }


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("Approved", {}),
        ("validation_status_on_hold", {}),
        ("", {}),
        ("Not approved", {1: "spam"}),
        ("validation_status_not_approved", {1: "spam"}),
    ],
)
def test_what_a_reviewer_turned_down_does_not_count(tmp_path, status, fate):
    found = read(tmp_path, text(row(_validation_status=status)))
    assert (found.fates, found.warnings) == (fate, ())


def test_a_review_in_another_language_is_told_of(tmp_path):
    assert read(tmp_path, text(row(_validation_status="Non approuvé"))).warnings == ("unknown_status",)


def test_select_multiple_as_columns_of_their_own(tmp_path):
    """The question itself has the names chosen, each choice its own column of True and False, or 1 and 0."""
    content = text(row(help="talk walk", **{"help/talk": "True", "help/walk": "1"}))
    found = outcome(
        tmp_path,
        FEED.format(items="", more="", columns="").replace('items = ""', 'items = ["help/talk", "walk"]\nlabels = { "True" = 1, "False" = 0 }'),
        content,
    )  # fmt: skip
    assert found.answers == {1: [1, 1]}


def test_rows_of_another_length_cost_themselves_alone(tmp_path):
    content = text(row(), row(code="8", uuid="u2"), row(code="9", uuid="u3"))
    lines = content.splitlines()
    found = read(tmp_path, "\n".join([*lines[:2], lines[2][:-4], lines[3] + ";x"]))
    assert found.answers == {1: [1, 2]}
    assert [rule for _, _, rule in found.problems] == ["short_row", "long_row"]


def test_repeats_as_numbered_columns(tmp_path):
    head = [*HEAD[:5], "session[1]/q1", "session[1]/q2", "session[2]/q1", "session[2]/q2", *HEAD[7:]]
    cells = {f"session[{n}]/q{q}": str(n) for n in (1, 2) for q in (1, 2)}
    toml = FEED.format(items="session[1]/q{n}", more="", columns="") + (
        'session = 1\n[[feeds.instruments]]\nid = "mini"\nrater = "client"\nitems = "session[2]/q{n}"\nsession = 2\n'
    )
    found = outcome(tmp_path, toml, text({**row(), **cells}, head=head))
    assert found.answers == {(1, 1): [1, 1], (1, 2): [2, 2]}


FORMS = [
    ["start", "end", "code", "mood", "_id", "_uuid", "_index"],
    ["2026-07-01T09:00:00+02:00", "2026-07-01T09:30:05+02:00", "007", "x", 11, "u1", 1],
    ["2026-07-02T09:00:00+02:00", "2026-07-02T09:30:05+02:00", "8", "y", 12, "u2", 2],
]
REPEATS = [
    ["q1", "q2", "mood", "_index", "_parent_table_name", "_parent_index"],
    [1, 1, "a", 1, "Survey", 1],
    [2, 2, "b", 2, "Survey", 1],
    [3, 3, "c", 3, "Survey", 2],
]
REPEATED = xlsx({"Survey": FORMS, "sessions": REPEATS})


def test_repeats_in_a_sheet_of_their_own_belong_to_their_form(tmp_path):
    assert read(tmp_path, REPEATED).refused == "several_sheets"
    found = read(tmp_path, REPEATED, more='sheet = "sessions"', columns='session = "@repeat"')
    assert (found.answers, found.clients) == ({1: [1, 1], 2: [2, 2], 3: [3, 3]}, 2)
    assert found.moments == {1: "2026-07-01 07:30:05", 2: "2026-07-01 07:30:05", 3: "2026-07-02 07:30:05"}


@pytest.mark.parametrize(("column", "answers"), [("mood", "abc"), ("parent/mood", "xxy")])
def test_a_name_of_both_sheets_is_the_repeats_own(tmp_path, column, answers):
    toml = FEED.format(items="", more='sheet = "sessions"', columns='session = "@repeat"')
    labels = ", ".join(f"{one} = {n % 4}" for n, one in enumerate("abcxy"))
    toml = toml.replace('items = ""', f'items = ["{column}", "q1"]\nlabels = {{ {labels} }}')
    found = outcome(tmp_path, toml, REPEATED)
    codes = {one: n % 4 for n, one in enumerate("abcxy")}
    assert {row: cells[0] for row, cells in found.answers.items()} == {
        row: codes[one] for row, one in enumerate(answers, 1)
    }


def test_a_repeat_without_its_form_is_quarantined_and_its_neighbours_are_not(tmp_path):
    lost = xlsx({"Survey": FORMS[:2], "sessions": REPEATS})
    found = read(tmp_path, lost, more='sheet = "sessions"', columns='session = "@repeat"')
    assert (found.received, found.answers) == (3, {1: [1, 1], 2: [2, 2]})
    assert found.problems == [(3, "", "missing_parent")]


def test_a_sheet_without_repeats_has_no_records(tmp_path):
    found = read(tmp_path, xlsx({"Survey": FORMS, "sessions": REPEATS[:1]}), more='sheet = "sessions"')
    assert (found.refused, found.received, found.warnings[-1]) == (None, 0, "header_only")


def test_repeats_beneath_repeats(tmp_path):
    inner = [["q1", "q2", "_index", "_parent_table_name", "_parent_index"], [0, 3, 1, "sessions", 2]]
    outer = [
        ["n", "_index", "_parent_table_name", "_parent_index"],
        ["a", 1, "Survey", 1],
        ["b", 2, "Survey", 2],
    ]
    found = read(tmp_path, xlsx({"Survey": FORMS, "sessions": outer, "steps": inner}), more='sheet = "steps"')
    assert (found.answers, found.moments) == ({1: [0, 3]}, {1: "2026-07-02 07:30:05"})


@pytest.mark.parametrize(
    ("above", "rule"),
    [("Survey", "no_such_sheet"), ("sessions", "damaged_workbook"), ("Codes", "not_this_dialect")],
)
def test_a_sheet_above_that_is_none(tmp_path, above, rule):
    rows = [REPEATS[0], [1, 1, "a", 1, above, 1]]
    content = xlsx({"sessions": rows, "Codes": [["name"], ["x"]]})
    assert read(tmp_path, content, more='sheet = "sessions"').refused == rule
