"""What an administration carries beside its answers: people, session, times, totals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.lib.exports import feed, process

PLAIN = """
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
{form}
"""
WHEN = "2026-07-01 10:00:00"


def administrations(tmp_path, text, top="", columns="", form="", toml=PLAIN):
    part = process(tmp_path, feed(toml.format(top=top, columns=columns, form=form)), text)
    return part, part.rows("mini").to_dicts()


def one(tmp_path, header, row, **how):
    part, rows = administrations(tmp_path, f"PID,When,Q1,Q2{header}\nc1,{WHEN},1,2{row}\n", **how)
    assert part.counts.accepted == 1, part.problems()
    return rows[0]


def test_the_least_an_administration_has(tmp_path):
    row = one(tmp_path, "", "")
    assert (row["source_row"], row["form_no"], row["instrument"], row["rater"]) == (1, 1, "mini", "client")
    assert (row["completed_at"], row["completed_on"]) == (
        datetime.fromisoformat("2026-07-01T09:00"),
        date(2026, 7, 1),
    )
    absent = (
        "clinician_key",
        "rater_id",
        "session",
        "segment",
        "episode",
        "started_at",
        "response_key",
        "stored_total",
    )
    assert [row[name] for name in absent] == [None] * len(absent)
    assert not row["each_row"]


def test_the_local_date_is_that_of_the_site_and_not_of_the_feed(tmp_path):
    text = "PID,When,Q1,Q2\nc1,2026-07-01 20:30:00,1,2\n"
    _, rows = administrations(tmp_path, text, top='timezone = "America/New_York"')
    assert (rows[0]["completed_at"], rows[0]["completed_on"]) == (
        datetime.fromisoformat("2026-07-02T00:30"), date(2026, 7, 2),
    )  # fmt: skip


def test_everything_a_feed_may_map(tmp_path):
    columns = """
response = "R"
session = "S"
clinician = "T"
started_at = "Start"
rater_id = "Who"
segment = "Part"
episode = "E"
"""
    row = one(
        tmp_path, ",R,S,T,Start,Who,Part,E", ",r1,3.0,t1,2026-07-01 09:55:00,w1, first ,e1", columns=columns
    )
    assert (row["session"], row["segment"]) == (3, "first")
    assert row["started_at"] == datetime.fromisoformat("2026-07-01T08:55")
    keyed = [row[name] for name in ("response_key", "clinician_key", "rater_id", "episode", "client_key")]
    assert None not in keyed
    assert "w1" not in keyed
    assert "e1" not in keyed


def test_a_session_of_the_questionnaire_wins_over_that_of_the_row(tmp_path):
    columns = 'session = "S"'
    assert one(tmp_path, ",S,V", ",3,7", columns=columns)["session"] == 3
    assert one(tmp_path, ",S,V", ",3,7", columns=columns, form='session = "V"')["session"] == 7
    assert one(tmp_path, ",S,V", ",3,7", columns=columns, form="session = 1")["session"] == 1


@pytest.mark.parametrize("session", ["x", "1.5", "-1", "10000", "--5", "1e1"])
def test_a_session_that_is_no_number_is_a_problem(tmp_path, session):
    text = f"PID,When,Q1,Q2,S\nc1,{WHEN},1,2,{session}\n"
    part, rows = administrations(tmp_path, text, columns='session = "S"')
    assert rows == []
    assert part.problems() == [(1, "mini", "S", "invalid_session")]


def test_raters_by_column(tmp_path):
    toml = (
        PLAIN.replace('rater = "client"\n', 'rater_column = "Who"\n')
        + """
[feeds.values.rater]
"K" = "client"
"Th" = "therapist"
"Ca" = "caregiver"
"""
    )
    cells = ["k", " TH ", "Ca", "client", "", "x"]
    text = "PID,When,Q1,Q2,Who\n" + "".join(f"c{n},{WHEN},1,2,{who}\n" for n, who in enumerate(cells))
    part, rows = administrations(tmp_path, text, toml=toml)
    assert [row["rater"] for row in rows] == ["client", "therapist", "client"]
    wrong = [(row, "mini", "Who", "unknown_rater") for row in (3, 5, 6)]
    assert part.problems() == wrong, "a form without caregivers; blank; unknown"


def test_stored_totals_are_decimals_and_never_used(tmp_path):
    text = f"PID,When,Q1,Q2,Sum\nc1,{WHEN},1,2,99\nc2,{WHEN},1,2, 2.50 \nc3,{WHEN},1,2,\nc4,{WHEN},1,2,x\n"
    _, rows = administrations(tmp_path, text, form='stored_total = "Sum"')
    assert [row["stored_total"] for row in rows] == [Decimal("99"), Decimal("2.5"), None, None]
    assert {row["score_total"] for row in rows} == {Decimal("3")}


def test_stored_totals_with_a_decimal_comma(tmp_path):
    text = f"PID;When;Q1;Q2;Sum\nc1;{WHEN};1;2;2,5\nc2;{WHEN};1;2;1.234,5\n"
    _, rows = administrations(
        tmp_path, text, top='decimal = ","\ndelimiter = ";"', form='stored_total = "Sum"'
    )
    assert [row["stored_total"] for row in rows] == [Decimal("2.5"), None]


def test_an_undated_feed_has_no_dates(tmp_path):
    toml = PLAIN.replace('completed_at = "When"\n', "").format(top="undated = true", columns="", form="")
    part = process(tmp_path, feed(toml), "PID,Q1,Q2\nc1,1,2\n")
    assert part.counts.accepted == 1
    assert part.rows("mini")["completed_at"].to_list() == [None]


LIME = """
dialect = "limesurvey"
partials = "{partials}"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""
LIME_ROWS = """id;submitdate;datestamp;PID;Q1;Q2
1;2026-07-01 10:00:00;2026-07-02 10:00:00;c1;1;2
2;;2026-07-03 10:00:00;c2;1;
3;1980-01-01 00:00:00;2026-07-04 10:00:00;c3;1;2
4;;;c4;1;2
5;;soon;c5;1;2
"""


def test_a_kept_partial_is_dated_by_its_last_touch(tmp_path):
    part = process(tmp_path, feed(LIME.format(partials="keep")), LIME_ROWS)
    rows = part.rows("mini").select("source_row", "completed_on").rows()
    assert rows == [(1, date(2026, 7, 1)), (2, date(2026, 7, 3)), (3, date(2026, 7, 4))]
    assert part.problems() == [
        (4, "mini", "submitdate", "missing_date"),
        (5, "mini", "submitdate", "invalid_date"),
    ]


def test_partials_are_left_out_where_they_are_not_kept(tmp_path):
    part = process(tmp_path, feed(LIME.format(partials="exclude")), LIME_ROWS)
    assert part.rows("mini")["source_row"].to_list() == [1]
    assert part.counts.excluded == {"not_finished": 3}
    assert part.problems() == [(3, "mini", "submitdate", "missing_date")]


def test_a_kept_partial_of_qualtrics_ends_with_its_last_touch(tmp_path):
    toml = LIME.format(partials="keep").replace("limesurvey", "qualtrics")
    text = (
        "EndDate,Status,Finished,ResponseId,PID,Q1,Q2\na,b,c,d,e,f,g\n"
        + ",".join(['"{""ImportId"":""x""}"'] * 7)
        + "\n2026-07-03 10:00:00,0,0,R1,c1,1,\n2026-07-03 10:00:00,1,0,R2,c1,1,\n"
    )
    part = process(tmp_path, feed(toml), text)
    assert part.rows("mini").select("source_row", "completed_on").rows() == [(1, date(2026, 7, 3))]
    assert part.counts.excluded == {"preview": 1}
