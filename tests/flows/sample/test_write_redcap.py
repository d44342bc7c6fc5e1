"""The REDCap files look like raw exports of a longitudinal project with repeating instruments."""

from __future__ import annotations

import re
from collections import Counter

from tests.flows.sample.conftest import Site

FEED = "eastmoor-measures"
FORMS = ("outcomes", "session_rating", "alliance")


def test_each_row_is_an_event_or_an_instance_of_one_form(sample: Site):
    for row in sample.records(FEED):
        form = row["redcap_repeat_instrument"]
        assert row["redcap_event_name"] == ("treatment_arm_1" if form else "enrolment_arm_1")
        assert bool(row["redcap_repeat_instance"]) == bool(form)
        filled = [name for name in FORMS if row.get(f"{name}_session")]
        assert filled == ([form] if form else [])


def test_an_instance_comes_once_a_file(sample: Site):
    for path in sample.files(FEED):
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
        keys = Counter(tuple(line.split(",")[:4]) for line in lines)
        assert max(keys.values()) == 1


def test_complete_and_timestamp_say_the_same(sample: Site):
    seen = Counter()
    records = sample.records(FEED)
    for row in records:
        form = row["redcap_repeat_instrument"]
        if form and len(row) == len(records[0]):
            finished = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[f"{form}_timestamp"])
            assert finished or row[f"{form}_timestamp"] == "[not completed]"
            assert row[f"{form}_complete"] == ("2" if finished else "0")
            seen[bool(finished)] += 1
    assert seen[True] > seen[False] > 0


def test_only_texts_with_blanks_or_marks_are_quoted(sample: Site):
    text = sample.files(FEED)[1].read_text(encoding="utf-8")
    assert not text.startswith(('"', "\ufeff"))
    quoted = re.findall(r'"([^"]*)"', text)
    assert quoted
    assert all(" " in cell for cell in quoted)


def test_each_forms_columns_stand_together_and_end_in_its_complete_column(sample: Site):
    header = list(sample.records(FEED)[0])
    for form in FORMS:
        start, end = header.index(f"{form}_timestamp"), header.index(f"{form}_complete")
        assert not any(name.endswith(("_timestamp", "_complete")) for name in header[start + 1 : end])


def test_record_ids_keep_their_zeros(sample: Site):
    assert all(re.fullmatch(r"\d{5}", row["record_id"]) for row in sample.records(FEED))


def test_the_session_rating_has_one_decimal(sample: Site):
    marks = [row["srs_1"] for row in sample.records(FEED) if row.get("srs_1")]
    plain = [mark for mark in marks if re.fullmatch(r"\d{1,2}\.\d", mark)]
    assert len(plain) > 0.98 * len(marks)
    assert "10.0" in plain


def test_calculated_totals_are_right_but_where_the_sheet_says(sample: Site):
    wrong = 0
    for row in sample.records(FEED):
        if row.get("phq9_total"):
            wrong += int(row["phq9_total"]) != sum(int(row[f"phq9_{n}"]) for n in range(1, 10))
    assert 0 < wrong <= 4


def test_enrolment_rows_come_with_the_first_export_only(sample: Site):
    first, *later = (path.read_text(encoding="utf-8") for path in sample.files(FEED))
    assert "enrolment_arm_1" in first
    assert not any("enrolment_arm_1" in text for text in later)
