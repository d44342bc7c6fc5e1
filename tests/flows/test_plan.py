"""Where our columns stand in one file, settled once."""

from __future__ import annotations

import io

import pytest

from flows.plan import make_plan
from flows.read import open_export
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import SMALL, feed

PLAIN = """
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""
LIME = """
dialect = "limesurvey"
partials = "keep"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""


def plan(toml, header, confirmed=()):
    of = feed(toml)
    dialect = load_dialects()[of.dialect]
    rest = "x\n" + '"{""ImportId"":1}"\n' if dialect.import_id_row else ""
    raw = (header.replace(",", dialect.delimiter) + "\n" + rest).encode()
    return make_plan(open_export(io.BytesIO(raw), of, dialect), of, dialect, SMALL, frozenset(confirmed))


def refused(toml, header):
    with pytest.raises(ExportRefused) as error:
        plan(toml, header)
    return error.value.rule, error.value.column


def test_only_columns_that_are_asked_for_are_read():
    assert dict(plan(PLAIN, "Name,Q2,When,Email,Q1,PID").positions) == {"PID": 5, "When": 2, "Q1": 4, "Q2": 1}


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("When,Q1,Q2", "PID"),
        ("PID,Q1,Q2", "When"),
        ("PID,When,Q1", "Q2"),
        ("PID,When,A,B", "Q1, Q2"),
        ("Q1,Q2", "PID, When"),
    ],
)
def test_a_column_the_feed_maps_must_be_there(header, column):
    assert refused(PLAIN, header) == ("missing_column", column)


@pytest.mark.parametrize(
    ("more", "column"),
    [
        ('stored_total = "Sum"', "Sum"),
        ('session = "Visit"', "Visit"),
        ('completed_at = "Done"', "Done"),
        ('rater_column = "Who"', "Who"),
        ('[[feeds.attention]]\ncolumn = "ATT"\npass = ["3"]', "ATT"),
    ],
)
def test_so_must_those_of_a_questionnaire(more, column):
    toml = PLAIN.replace('rater = "client"\n', "") if "rater_column" in more else PLAIN
    assert refused(toml + more, "PID,When,Q1,Q2") == ("missing_column", column)


def test_columns_only_the_dialect_knows_may_be_absent():
    toml = PLAIN.replace('"csv"', '"qualtrics"').replace('completed_at = "When"\n', "")
    found = plan(toml, "PID,EndDate,Q1,Q2")
    assert dict(found.columns) == {"client": ("PID",), "completed_at": ("EndDate",)}
    assert (found.exclude, found.finished) == ((), None)
    assert found.warnings == ("no_status_column",)
    full = plan(toml, "PID,EndDate,StartDate,Status,Finished,ResponseId,Q1,Q2")
    assert full.columns["response"] == ("ResponseId",)
    assert {rule.reason for rule in full.exclude} == {"preview", "test", "spam"}
    assert full.finished is not None
    assert full.warnings == ()


def test_without_any_date_column_of_the_dialect_the_file_is_refused():
    toml = PLAIN.replace('"csv"', '"qualtrics"').replace('completed_at = "When"\n', "")
    assert refused(toml, "PID,Q1,Q2") == ("missing_column", "EndDate")


def test_an_undated_feed_reads_no_date():
    toml = "undated = true\n" + PLAIN.replace('"csv"', '"limesurvey"').replace('completed_at = "When"\n', "")
    found = plan(toml, "id,submitdate,startdate,PID,Q1,Q2")
    assert [asked.completed for asked in found.asked] == [()]
    assert "startdate" not in found.positions
    assert found.finished is not None, "whether a response is complete is no date"


def test_a_kept_partial_is_dated_by_its_last_touch():
    header = "id,submitdate,datestamp,PID,Q1,Q2"
    kept = plan(LIME, header)
    assert (kept.asked[0].completed, kept.asked[0].last_touch) == (("submitdate",), "datestamp")
    assert kept.finished is None
    assert "datestamp" in kept.positions
    excluding = plan(LIME.replace('"keep"', '"exclude"'), header)
    assert (excluding.asked[0].last_touch, excluding.finished is None) == (None, False)
    assert plan(LIME, "id,submitdate,PID,Q1,Q2").asked[0].last_touch is None


def test_the_columns_of_a_redcap_form_are_those_around_its_items():
    toml = """
dialect = "redcap"
[feeds.columns]
client = "record_id"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "m{n}"
[[feeds.instruments]]
id = "duo"
rater = "therapist"
items = "d{n}"
"""
    header = "record_id,redcap_event_name,mini_timestamp,m1,m2,mini_complete,duo_timestamp,d1,d2,duo_complete"
    found = plan(toml, header)
    assert [asked.form_no for asked in found.asked] == [1, 2]
    assert [asked.completed for asked in found.asked] == [("mini_timestamp",), ("duo_timestamp",)]
    assert [asked.finished.column for asked in found.asked] == ["mini_complete", "duo_complete"]
    assert found.columns["response"] == ("record_id", "redcap_event_name")
    assert found.finished is None
    assert refused(toml, header.replace("duo_timestamp,", "")) == ("missing_column", "{form}_timestamp")


def test_a_key_is_confirmed_by_the_site():
    assert [plan(PLAIN, "PID,When,Q1,Q2", names).asked[0].confirmed for names in ([], ["mini"], ["duo"])] == [
        False, True, False,
    ]  # fmt: skip


def test_all_columns_that_are_missing_are_told_at_once():
    more = 'stored_total = "Sum"\n[[feeds.attention]]\ncolumn = "ATT"\npass = ["3"]\n'
    assert refused(PLAIN + more, "PID,Q1") == ("missing_column", "When, Q2, Sum, ATT")
