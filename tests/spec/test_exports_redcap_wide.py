"""REDCap: one wide table of all forms, events and repeats; what the system quotes, ticks and leaves blank."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lib.exports import count_lines, csv_text, fates, feed, loaded, open_problems, process, standing
from tests.lib.odm import classic, definitions, document

FORM = """
[[feeds.instruments]]
id = "{form}"
rater = "client"
items = {items}
"""
FEED = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "record_id"
"""
TWO = FORM.format(form="mini", items='"m{n}"') + FORM.format(form="duo", items='"d{n}"')
EVENTS = ["record_id", "redcap_event_name"]
REPEATS = ["redcap_repeat_instrument", "redcap_repeat_instance"]
INTAKE = ["sex", "intake_complete"]
MINI = ["mini_timestamp", "m1", "m2", "mini_complete"]
DUO = ["duo_timestamp", "d1", "d2", "duo_complete"]


def redcap(forms=TWO, dialect="redcap", more="", aside=None):
    return replace(feed(FEED.format(dialect=dialect, more=more) + forms), aside=aside)


def mini(day=1, answers="12", **more):
    return {
        "mini_timestamp": f"2026-03-0{day} 09:00:00",
        "m1": answers[0],
        "m2": answers[1],
        "mini_complete": "2",
        **more,
    }


def duo(day=1, answers="03", **more):
    return {
        "duo_timestamp": f"2026-03-0{day} 09:30:00",
        "d1": answers[0],
        "d2": answers[1],
        "duo_complete": "2",
        **more,
    }


def test_rows_of_other_events_are_blank_in_a_forms_columns(tmp_path):
    """Each row has the cells of its own event; what is blank there was not asked, and is no unfinished form."""
    rows = [
        {"record_id": "1", "redcap_event_name": "intake_arm_1", "sex": "1", "intake_complete": "2"},
        {"record_id": "1", "redcap_event_name": "week_1_arm_1", **mini(1), **duo(1)},
        {"record_id": "1", "redcap_event_name": "week_2_arm_1", **mini(2, "33")},
        {"record_id": "1", "redcap_event_name": "week_3_arm_1", **duo(3, "00"), "mini_complete": ""},
    ]
    with loaded(tmp_path, [(redcap(), csv_text([*EVENTS, *INTAKE, *MINI, *DUO], rows))]) as con:
        assert standing(con) == {(1, 2, 1): [1, 2], (1, 2, 2): [0, 3], (1, 3, 1): [3, 3], (1, 4, 2): [0, 0]}
        assert count_lines(con) == [(4, 3, 0, 1, 0, 4)]
        assert fates(con)[1, 1] == ("excluded", "empty")


def test_forms_that_repeat_beside_forms_that_do_not(tmp_path):
    """One file, a row for what happens once and a row for each repeat: no row takes the place of another."""
    rows = [
        {"record_id": "1", **duo(1)},
        *({"record_id": "1", "redcap_repeat_instrument": "mini", "redcap_repeat_instance": str(n), **mini(n, f"{n}0")}
          for n in (1, 2, 3)),
        {"record_id": "2", **duo(1)},
        {"record_id": "2", "redcap_repeat_instrument": "mini", "redcap_repeat_instance": "1", **mini(1)},
    ]  # fmt: skip
    with loaded(tmp_path, [(redcap(), csv_text(["record_id", *REPEATS, *MINI, *DUO], rows))]) as con:
        assert count_lines(con) == [(6, 6, 0, 0, 0, 6)]
        assert standing(con) == {
            (1, 1, 2): [0, 3], (1, 2, 1): [1, 0], (1, 3, 1): [2, 0], (1, 4, 1): [3, 0], (1, 5, 2): [0, 3], (1, 6, 1): [1, 2],
        }  # fmt: skip


def test_only_texts_with_blanks_are_quoted(tmp_path):
    """Raw data as the system writes them: a quote where it must be, and none elsewhere."""
    content = (
        "record_id,mini_timestamp,m1,m2,note,mini_complete\n"
        '007,"2026-03-01 09:00:00",1,2,"two words",2\n'
        '7,"2026-03-01 09:00:00",1,,word,2\n'
        'A-1,"2026-03-01 09:00:00",3,3,"he said ""no"", twice",2\n'
    )
    with loaded(tmp_path, [(redcap(FORM.format(form="mini", items='"m{n}"')), content)]) as con:
        assert standing(con) == {(1, 1, 1): [1, 2], (1, 2, 1): [1, None], (1, 3, 1): [3, 3]}
        assert con.execute("SELECT count(DISTINCT client_key) FROM core_administration").fetchall() == [(3,)]


TOP = (
    "field_name,form_name,field_type,field_label,select_choices_or_calculations,"
    "text_validation_type_or_show_slider_number,identifier\n"
)
DICTIONARY = (
    f"{TOP}record_id,mini,text,Record ID,,,\n"
    'helps,mini,checkbox,Who helps?,"1, Family | 2, Friends",,\n'
    "slept,mini,yesno,Slept well?,,,\n"
)
TICKS = FORM.format(form="mini", items='["helps___1", "slept"]')
HEADER = ["record_id", "mini_timestamp", "helps___1", "helps___2", "slept", "mini_complete"]


def ticked(id_, helps, slept):
    return {"record_id": id_, **mini(), "helps___1": helps, "helps___2": helps, "slept": slept}


def test_ticks_and_yes_or_no_as_labels_and_as_codes(tmp_path):
    """Unticked and never seen are both a 0, or "Unchecked": the system does not say which."""
    rows = [
        ticked("1", "1", "0"),
        ticked("2", "0", "1"),
        ticked("3", "Checked", "Yes"),
        ticked("4", "Unchecked", "No"),
    ]
    of = redcap(TICKS, more='dictionary = "inbox/dictionary.csv"', aside=DICTIONARY)
    with loaded(tmp_path, [(of, csv_text(HEADER, rows))]) as con:
        assert standing(con) == {(1, 1, 1): [1, 0], (1, 2, 1): [0, 1], (1, 3, 1): [1, 1], (1, 4, 1): [0, 0]}


@pytest.mark.parametrize("code", ["-99", "UNK", "NA"])
def test_codes_of_missing_data_stand_in_ticks_and_yes_or_no_too(tmp_path, code):
    rows = [ticked("1", code, "1"), ticked("2", "1", code)]
    content = csv_text(HEADER, rows)
    with loaded(tmp_path, [(redcap(TICKS, more=f'missing = ["{code}"]'), content)]) as con:
        assert standing(con) == {(1, 1, 1): [None, 1], (1, 2, 1): [1, None]}
    counts = process(tmp_path, redcap(TICKS), content).counts
    assert (counts.accepted, counts.quarantined) == (0, 2), (
        "a code that nobody listed is no answer and no blank"
    )


def test_line_breaks_of_a_note_are_blanks_in_the_csv_and_stay_in_odm(tmp_path):
    """The same record in both is one answer, whatever stands beside it."""
    note = {"note": "one\ntwo"}
    fields = {"mini": ["record_id", "mini_timestamp", "m1", "m2", "note", "mini_complete"]}
    odm = document(definitions(fields), classic("1", ("mini", {"record_id": "1", **mini(), **note})))
    flat = csv_text(fields["mini"], [{"record_id": "1", **mini(), "note": "one two"}])
    form = FORM.format(form="mini", items='"m{n}"')
    with loaded(tmp_path, [(redcap(form), flat), (redcap(form, "redcap_odm"), odm)]) as con:
        assert open_problems(con) == set()
        assert fates(con) == {(1, 1): ("accepted", ""), (2, 1): ("excluded", "exact_duplicate")}
