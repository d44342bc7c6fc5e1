"""REDCap, CSV: raw data as it is; labels of headers and answers by the project's data dictionary."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from schemas.instrument import REFUSED
from schemas.registry import load
from tests.lib.exports import count_lines, csv_text, fates, feed, loaded, open_problems, process, standing

REGISTRY = load()
ITEMS = [f"phq{n}" for n in range(1, 10)]
HEADER = ["record_id", "phq_timestamp", *ITEMS, "phq_complete"]
STAMP = "2026-03-02 09:00:00"

TOML = """
dialect = "redcap"
{more}
[feeds.columns]
client = "record_id"
{columns}
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "phq{{n}}"
{form}
"""
CHOICES = "0, Not at all | 1, Several days | 2, More than half the days | 3, Nearly every day"
WORDS = [pair.split(", ")[1] for pair in CHOICES.split(" | ")]
TOP = [
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
]  # fmt: skip
API = [
    "field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations",
    "field_note", "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max",
    "identifier", "branching_logic",
]  # fmt: skip


def field(name, form, kind, label, choices="", validation="", identifier=""):
    return dict(
        zip(TOP, [name, form, "", kind, label, choices, "", validation, "", "", identifier, ""], strict=True)
    )


FIELDS = [
    field("record_id", "intake", "text", "Study ID"),
    field("surname", "intake", "text", "Name", identifier="y"),
    field("seen_on", "intake", "text", "Date of <b>visit</b>", validation="date_dmy", identifier="y"),
    field("helps", "intake", "checkbox", "Who helps?", "1, Family | -99, Nobody"),
    *(field(name, "phq", "radio", f"<p>Question {n}</p>", CHOICES) for n, name in enumerate(ITEMS, 1)),
]
LABELS = {
    "record_id": "Study ID", "surname": "Name", "seen_on": "Date of visit", "phq_timestamp": "Survey Timestamp",
    "phq_complete": "Complete?", "helps___1": "Who helps? (choice=Family)", "helps____99": "Who helps? (choice=Nobody)",
    "redcap_repeat_instrument": "Repeat Instrument", **{name: f"Question {n}" for n, name in enumerate(ITEMS, 1)},
}  # fmt: skip


def dictionary(names=TOP, delimiter=",", fields=FIELDS):
    rows = [dict(zip(names, row.values(), strict=True)) for row in fields]
    return csv_text(names, rows, delimiter)


def redcap(more="", columns="", form="", aside=None):
    named = f'{more}\ndictionary = "inbox/dictionary.csv"' if aside is not None else more
    return replace(feed(TOML.format(more=named, columns=columns, form=form), forms=REGISTRY), aside=aside)


def row(id_="1", answers="111111111", **more):
    return {
        "record_id": id_,
        "phq_timestamp": STAMP,
        "phq_complete": "2",
        **dict(zip(ITEMS, answers, strict=True)),
        **more,
    }


@contextmanager
def read(tmp_path, rows, of=None, header=HEADER):
    """The warehouse of one file of raw data."""
    with loaded(tmp_path, [(of or redcap(), csv_text(header, rows))], REGISTRY) as con:
        yield con


def scores(con):
    return con.execute(
        "SELECT source_row, score::INTEGER, status FROM core_score ORDER BY source_row"
    ).fetchall()


def test_raw_data(tmp_path):
    with read(tmp_path, [row(), row("2", "333333333")]) as con:
        assert scores(con) == [(1, 9, "scored"), (2, 27, "scored")]
        assert con.execute("SELECT DISTINCT completed_at::VARCHAR FROM core_administration").fetchall() == [
            (STAMP,)
        ]


def test_a_form_is_left_out_until_it_is_complete(tmp_path):
    """2 complete, 1 unverified; 0 incomplete; blank is gray, a form never saved. Its answers are not lost sight of."""
    rows = [row(phq_complete=status) for status in ("2", "1", "0", "")]
    rows += [row(phq_timestamp="[not completed]"), row("5", " " * 9)]
    rows = [one | {"record_id": str(at)} for at, one in enumerate(rows)]
    with read(tmp_path, rows) as con:
        assert [fates(con)[1, n] for n in range(1, 7)] == [
            ("accepted", ""), ("accepted", ""), ("excluded", "not_finished"), ("excluded", "not_finished"),
            ("excluded", "not_finished"), ("excluded", "empty"),
        ]  # fmt: skip


def test_codes_for_missing_data_are_listed_in_the_feed(tmp_path):
    """They are chosen by each project and stand in any column, also in yes/no and checkbox ones."""
    of = redcap(more='missing = ["UNK"]', form='refused = ["-98"]\nmissing = ["-99"]')
    cells = {"phq1": "UNK", "phq2": "-98", "phq3": "-99"}
    with read(tmp_path, [row(**cells), row("2", phq1="NA")], of) as con:
        assert standing(con)[1, 1, 1][:4] == [None, REFUSED, None, 1]
        assert open_problems(con) == {(1, 2, "phq_9", "phq1", "not_an_answer")}


CHECKBOX = """
dialect = "redcap"
[feeds.columns]
client = "record_id"
completed_at = "seen_on"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["helps___1", "helps____99"]
{form}
"""


def test_a_checkbox_is_an_item_only_where_a_feed_lists_it(tmp_path):
    """name___1, and name____99 for -99. 0 is unticked or never seen: REDCap does not say which."""
    text = csv_text(["record_id", "seen_on", "helps___1", "helps____99"], [
        {"record_id": "1", "seen_on": "2026-03-02", "helps___1": "1", "helps____99": "0"},
        {"record_id": "2", "seen_on": "2026-03-02", "helps___1": "UNK", "helps____99": "1"},
    ])  # fmt: skip
    with loaded(tmp_path, [(feed(CHECKBOX.format(form='missing = ["UNK"]')), text)]) as con:
        assert standing(con) == {(1, 1, 1): [1, 0], (1, 2, 1): [None, 1]}


LABELLED = [
    row("1", "012301230", surname="A", seen_on="2026-03-02", helps___1="1", helps____99="0"),
    row("2", "3333333  ", surname="B", seen_on="2026-03-02", helps___1="0", helps____99="0"),
    row("3", "111111111", surname="C", seen_on="2026-03-02", phq_complete="0"),
]
WIDE = ["record_id", "surname", "seen_on", "helps___1", "helps____99", "intake_complete", *HEADER[1:]]


def as_labels(one):
    answers = {name: WORDS[int(one[name])] for name in ITEMS if one[name].strip()}
    words = {"1": "Checked", "0": "Unchecked"}
    ticks = {name: words[one[name]] for name in ("helps___1", "helps____99") if name in one}
    return one | answers | ticks | {"phq_complete": {"2": "Complete", "0": "Incomplete"}[one["phq_complete"]]}


@pytest.mark.parametrize("answers", [lambda one: one, as_labels], ids=["codes", "labels"])
@pytest.mark.parametrize(
    "header", [lambda name: name, lambda name: LABELS.get(name, "Complete?")], ids=["names", "header labels"]
)
@pytest.mark.parametrize("names", [TOP, API], ids=["of the Designer", "of the API"])
def test_labels_of_header_and_answers_are_two_switches_and_all_four_read_alike(
    tmp_path, answers, header, names
):
    text = csv_text(WIDE, map(answers, LABELLED)).partition("\n")[2]
    text = csv_text([header(name) for name in WIDE], []) + text
    with loaded(tmp_path, [(redcap(aside=dictionary(names)), text)], REGISTRY) as con:
        assert scores(con) == [(1, 12, "scored"), (2, None, "too_many_missing")]
        assert fates(con)[1, 3] == ("excluded", "not_finished")


def test_without_a_dictionary_the_feed_lists_the_labels(tmp_path):
    labels = ", ".join(f'"{word}" = {code}' for code, word in enumerate(WORDS))
    with read(tmp_path, map(as_labels, LABELLED[:1]), redcap(form=f"labels = {{ {labels} }}")) as con:
        assert scores(con) == [(1, 12, "scored")]


def test_what_the_feed_lists_wins_over_the_dictionary(tmp_path):
    """A project that stores 1 to 4: its dictionary would make "Not at all" a 1."""
    moved = [
        one | {TOP[5]: "1, Not at all | 2, Several days | 3, More than half the days | 4, Nearly every day"}
        for one in FIELDS
    ]
    labels = ", ".join(f'"{word}" = {code}' for code, word in enumerate(WORDS))
    of = redcap(form=f"labels = {{ {labels} }}", aside=dictionary(fields=moved))
    with read(tmp_path, map(as_labels, LABELLED[:1]), of) as con:
        assert scores(con) == [(1, 12, "scored")]


def test_a_label_that_is_also_another_code_is_left_alone(tmp_path):
    """0 = "1", 1 = "0": who reads 1 does not know which. A label of two codes is no answer."""
    turned = [
        one | {TOP[5]: "0, 1 | 1, 0 | 2, Often | 3, Often"} if one[TOP[0]] in ITEMS else one for one in FIELDS
    ]
    rows = [row("1", "000011111"), row("2", phq9="Often")]
    with read(tmp_path, rows, redcap(aside=dictionary(fields=turned))) as con:
        assert scores(con) == [(1, 5, "scored")]
        assert open_problems(con) == {(1, 2, "phq_9", "phq9", "not_an_answer")}


def test_a_label_of_several_fields_names_none_unless_all_are_there(tmp_path):
    """Two questions of one text: with one of them left out of the export nobody can tell which it is."""
    same = [one | {TOP[4]: "Question 1"} if one[TOP[0]] == "phq2" else one for one in FIELDS]
    header = [LABELS[name] for name in HEADER]
    header[3] = "Question 1"
    text = csv_text(HEADER, [row(answers="012301230")]).partition("\n")[2]
    of = redcap(aside=dictionary(fields=same))
    assert process(tmp_path, of, csv_text(header, []) + text, REGISTRY).counts.accepted == 1
    cut = csv_text([name for at, name in enumerate(header) if at != 3], [])
    refused = process(tmp_path, of, cut + "1" + ",0" * 10 + "\n", REGISTRY).counts
    assert (refused.refused, refused.refused_column) == ("missing_column", "phq1, phq2")


def test_fields_marked_as_identifiers_are_not_read(tmp_path):
    """Only as the id of the client, or as a date."""
    text = csv_text(WIDE, LABELLED)
    hidden = process(tmp_path, redcap(columns='segment = "surname"', aside=dictionary()), text, REGISTRY)
    assert (hidden.counts.refused, hidden.counts.refused_column) == ("missing_column", "surname")
    client = redcap(aside=dictionary())
    client = replace(client, columns={"client": "surname", "completed_at": "seen_on"})
    assert process(tmp_path, client, text, REGISTRY).counts.accepted == 2


@pytest.mark.parametrize("cell", ["02/03/2026", "2.3.2026", "02-03-2026 00:00", "2026-03-02"])
def test_the_dictionary_says_the_order_of_day_and_month(tmp_path, cell):
    """Raw data are ISO 8601; a file that went through a spreadsheet is not."""
    of = redcap(columns='completed_at = "seen_on"', aside=dictionary())
    with read(tmp_path, [LABELLED[0] | {"seen_on": cell}], of, WIDE) as con:
        assert con.execute("SELECT completed_at::DATE::VARCHAR FROM core_administration").fetchall() == [
            ("2026-03-02",)
        ]


@pytest.mark.parametrize("aside", ["", "a,b\n1,2\n", "record_id\n", "\0", '"'])
def test_a_file_that_is_no_dictionary(tmp_path, aside):
    counts = process(tmp_path, redcap(aside=aside), csv_text(HEADER, [row()]), REGISTRY).counts
    assert (counts.refused, counts.unread) == ("wrong_dictionary", 0)


REPEATED = [
    "record_id",
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    *HEADER[1:],
]


def test_a_record_is_found_again_when_a_batch_has_no_repeats(tmp_path):
    """REDCap leaves the columns out; the correction of the second file is still one of the same record."""
    first = [
        row(redcap_event_name="visit_1_arm_1"),
        row(
            redcap_event_name="visit_1_arm_1",
            redcap_repeat_instrument="phq",
            redcap_repeat_instance="1",
            phq_timestamp="2026-03-09 09:00:00",
        ),
    ]
    later = [row(answers="222222222", redcap_event_name="visit_1_arm_1", phq_timestamp="2026-03-03 10:00:00")]
    short = [name for name in REPEATED if "repeat" not in name]
    of = redcap()
    with loaded(tmp_path, [(of, csv_text(REPEATED, first)), (of, csv_text(short, later))], REGISTRY) as con:
        assert count_lines(con) == [(2, 1, 0, 0, 1, 1), (1, 1, 0, 0, 0, 1)]


def test_record_ids_are_texts(tmp_path):
    with read(tmp_path, [row("007"), row("7"), row("A-7")]) as con:
        assert con.execute("SELECT count(DISTINCT client_key) FROM core_administration").fetchall() == [(3,)]


def test_notes_with_newlines_and_empty_rows_keep_the_numbers_of_rows(tmp_path):
    header = [*HEADER, "notes"]
    rows = [row(notes="one\ntwo\n\nthree"), {}, row("3", notes="x")]
    with read(tmp_path, rows, header=header) as con:
        assert [n for n, *_ in scores(con)] == [1, 3]
        assert fates(con)[1, 2] == ("excluded", "empty")


def test_decimal_comma_is_an_option_of_the_export(tmp_path):
    of = redcap(more='decimal = ","', form='stored_total = "total"')
    with read(tmp_path, [row(total="9,0")], of, [*HEADER, "total"]) as con:
        assert con.execute("SELECT score = stored_total FROM core_score").fetchall() == [(True,)]
