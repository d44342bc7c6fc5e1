"""Parts into core tables: provenance, views, count lines, and sums that must add up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest

from schemas.errors import ConservationError
from tests.lib.exports import (
    SMALL,
    count_lines,
    csv_text,
    delivery,
    fates,
    feed,
    loaded,
    open_problems,
    process,
    registry,
    site,
)
from warehouse.connect import new_database
from warehouse.load import DIMENSIONS, TOTAL_CHECK, load

TOML = """
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "When"
session = "S"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
stored_total = "Sum"
[[feeds.instruments]]
id = "duo"
rater = "therapist"
items = "D{n}"
"""
HEADER = ("PID", "When", "S", "Q1", "Q2", "D1", "D2", "Sum")
ROW = {
    "PID": "c1",
    "When": "2026-05-01 10:00:00",
    "S": "1",
    "Q1": "1",
    "Q2": "2",
    "D1": "0",
    "D2": "3",
    "Sum": "3",
}


def text(*rows):
    return csv_text(HEADER, [{**ROW, **row} for row in rows])


def test_every_row_knows_where_it_came_from(tmp_path):
    files = [
        (feed(TOML), text(*({"S": str(100 * entry + row)} for row in (1, 2, 3)))) for entry in range(1, 13)
    ]
    with loaded(tmp_path, files) as con:
        rows = con.execute("SELECT entry_no, source_row, session, clinic FROM core_administration").fetchall()
        assert len(rows) == 12 * 3 * 2
        assert all(session == 100 * entry + row for entry, row, session, _ in rows)
        assert {clinic for *_, clinic in rows} == {"north"}


def test_a_score_for_every_scale_of_every_administration(tmp_path):
    with loaded(tmp_path, [(feed(TOML), text({}, {"S": "2", "Q2": "", "Sum": ""}))]) as con:
        rows = con.execute(
            "SELECT source_row, instrument, rater, scale, score, n_answered, n_items, status, stored_total"
            " FROM core_score ORDER BY source_row, instrument DESC"
        ).fetchall()
    three = Decimal("3.0000")
    assert rows == [
        (1, "mini", "client", "total", three, 2, 2, "scored", three),
        (1, "duo", "therapist", "total", three, 2, 2, "scored", None),
        (2, "mini", "client", "total", None, 1, 2, "too_many_missing", None),
        (2, "duo", "therapist", "total", three, 2, 2, "scored", None),
    ]


def test_answers_are_kept_in_the_order_of_the_form(tmp_path):
    toml = TOML.replace('items = "Q{n}"', 'items = ["Q2", "Q1"]\nrefused = ["R"]')
    with loaded(tmp_path, [(feed(toml), text({"Q1": "R", "D1": ""}))]) as con:
        answers = con.execute(
            "SELECT instrument, answers FROM core_administration ORDER BY instrument"
        ).fetchall()
    assert answers == [("duo", [None, 3]), ("mini", [2, -102])]


def test_a_count_line_for_every_delivery(tmp_path):
    files = [
        text(
            {},
            {"Q1": "7", "S": "2", "D1": "", "D2": ""},
            {"PID": ""},
            {"Q1": "", "Q2": "", "D1": "", "D2": ""},
            {},
        ),
        "PID,When\nc1,2026-05-01 10:00:00\n",
        text(),
        text({"Q1": "3"}),
    ]
    with loaded(tmp_path, [(feed(TOML), file) for file in files]) as con:
        assert count_lines(con) == [(5, 1, 2, 2, 0, 1), (0,) * 6, (0,) * 6, (1, 1, 0, 0, 0, 1)]
        refused = con.execute("SELECT refused FROM core_export ORDER BY entry_no").fetchall()
        assert refused == [(None,), ("missing_column",), (None,), (None,)]
        assert fates(con)[1, 1] == ("accepted", ""), "its other questionnaire stands"
        assert (1, 2, "mini", "Q1", "out_of_range") in open_problems(con)


def test_two_feeds_may_share_the_part_of_equal_bytes(tmp_path):
    toml = TOML.replace('client = "PID"', 'client = "@row"')
    one, other = feed(toml, "f"), feed(toml, "g")
    part = process(tmp_path, one, text({}, {}))
    with new_database(tmp_path / "w.duckdb") as con:
        load(con, [delivery(1, one, part), delivery(2, other, part)], [SMALL["duo"], SMALL["mini"]], {})
        assert count_lines(con) == [(2, 2, 0, 0, 0, 4)] * 2


def test_a_part_without_its_rows_is_noticed(tmp_path):
    part = process(tmp_path, feed(TOML), text({}, {"S": "2"}))
    for file in part.folder.glob("*.parquet"):
        file.unlink()
    with (
        pytest.raises(ConservationError, match="1 deliveries: f 00000000") as error,
        new_database(tmp_path / "w") as con,
    ):
        load(con, [delivery(1, feed(TOML), part)], [SMALL["duo"], SMALL["mini"]], {})
    assert "export-1" not in str(error.value)


def test_counts_that_are_not_those_of_the_rows_are_noticed(tmp_path):
    part = process(tmp_path, feed(TOML), text({}))
    wrong = replace(part, counts=replace(part.counts, received=2))
    with pytest.raises(ConservationError), new_database(tmp_path / "w") as con:
        load(con, [delivery(1, feed(TOML), wrong)], [SMALL["duo"], SMALL["mini"]], {})


def test_a_warehouse_of_nothing_has_all_tables(tmp_path):
    with new_database(tmp_path / "w.duckdb") as con:
        load(con, [], [], {})
        for name in ("core_export", "core_record", "core_administration", "core_score", *DIMENSIONS):
            assert con.execute(f"SELECT count(*) FROM {name}").fetchall() == [(0,)]


def test_instruments_nobody_answered_have_their_tables(tmp_path):
    forms = registry("mini", "duo", "solo")
    with new_database(tmp_path / "w.duckdb") as con:
        part = process(tmp_path, feed(TOML), text({}))
        load(con, [delivery(1, feed(TOML), part)], [forms[id_] for id_ in ("duo", "mini", "solo")], {})
        assert con.execute("SELECT count(*) FROM administration_solo").fetchall() == [(0,)]
        assert count_lines(con) == [(1, 1, 0, 0, 0, 2)]


def test_dimensions_are_filled_as_they_are_given(tmp_path):
    with new_database(tmp_path / "w.duckdb") as con:
        rows = [("south", "South", "adult"), ("north", "North", "adult")]
        load(con, [], [], {"core_clinic": rows})
        assert con.execute("SELECT * FROM core_clinic").fetchall() == sorted(rows)


def test_clients_stand_in_the_database_as_keys_only(tmp_path):
    rows = text({"PID": "CANARY-1"})
    with loaded(tmp_path, [(feed(TOML), rows)]) as con:
        con.execute("CHECKPOINT")
        assert b"CANARY" not in (tmp_path / "warehouse.duckdb").read_bytes()


DIARY = """
[[feeds]]
id = "diary"
clinic = "south"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
[feeds.columns]
client = "PID"
starts_at = "At"
status = "St"
[feeds.values.status]
"a" = "attended"
[[feeds]]
id = "referrals"
clinic = "south"
kind = "referrals"
path = "inbox/referrals/*"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "At"
"""


def test_appointments_and_referrals_have_count_lines_too(tmp_path):
    diary, referrals = site(DIARY).feeds
    at = "2026-05-01 10:00:00"
    files = [
        (diary, f"PID,At,St\nc1,{at},a\nc1,,a\n,,\nc2,{at},z\n"),
        (referrals, f"PID,At\nc1,{at}\n,{at}\n"),
    ]
    with loaded(tmp_path, files) as con:
        assert count_lines(con) == [(4, 1, 2, 1, 0, 0), (2, 1, 1, 0, 0, 0)]
        assert open_problems(con) == {
            (1, 2, "", "At", "missing_date"), (1, 4, "", "St", "unknown_code"), (2, 2, "", "PID", "missing_client"),
        }  # fmt: skip
        same = "SELECT count(*) FROM core_appointment JOIN core_referral USING (clinic, client_key)"
        assert con.execute(same).fetchall() == [(1,)]


def test_the_same_rows_whatever_the_threads(tmp_path):
    rows = [
        {"PID": f"c{row % 40}", "S": str(row % 3), "Q1": str(row // 120 % 2), "D1": "", "D2": ""}
        for row in range(400)
    ]
    of, found = feed(TOML), []
    parts = [process(tmp_path, of, text(*rows[at : at + 200])) for at in (0, 200)]
    for threads in (1, 4):
        with new_database(tmp_path / "w.duckdb") as con:
            con.execute(f"SET threads = {threads}")
            load(
                con,
                [delivery(n, of, part) for n, part in enumerate(parts, 1)],
                [SMALL["duo"], SMALL["mini"]],
                {},
            )
            told = con.execute("SELECT * FROM core_record ORDER BY ALL").fetchall()
            stands = con.execute("SELECT * FROM core_score ORDER BY ALL").fetchall()
            found.append((told, stands))
    assert found[0] == found[1]
    assert {fate for *_, fate, _ in found[0][0]} == {"superseded"}


def test_totals_that_differ_are_listed_beside_the_score_and_never_used(tmp_path):
    """Answers make 3: the export says 9, and 3 of a form with an item missing; a blank total tells nothing."""
    rows = [{"S": "1"}, {"S": "2", "Sum": "9"}, {"S": "3", "Sum": ""}, {"S": "4", "Q1": "", "Sum": "3"}]
    with loaded(tmp_path, [(feed(TOML), text(*rows))]) as con:
        listed = con.execute("FROM core_total_check").fetchall()
        scores = con.execute(
            "SELECT session, score, stored_total FROM core_score WHERE instrument = 'mini' ORDER BY session"
        ).fetchall()
    assert listed == [
        (1, 2, 1, "north", "mini", "total", "scored", Decimal(3), Decimal(9), Decimal(-6)),
        (1, 4, 1, "north", "mini", "total", "too_many_missing", None, Decimal(3), None),
    ]
    assert scores == [
        (1, Decimal(3), Decimal(3)),
        (2, Decimal(3), Decimal(9)),
        (3, Decimal(3), None),
        (4, None, Decimal(3)),
    ]


@pytest.mark.parametrize(
    ("score", "total", "differs"),
    [
        ("22.3529", "22.4", False),
        ("22.3529", "22.3", True),
        ("18.8889", "18.89", False),
        ("18.8889", "19", False),
        ("18.8889", "18", True),
        ("18.8889", "18.8887", True),
        ("3", "3", False),
        ("3", "4", True),
        ("3", "3.1", True),
    ],
)
def test_a_total_that_the_export_rounded_is_the_same(score, total, differs):
    con = duckdb.connect()
    con.execute(
        "CREATE VIEW core_score AS SELECT 1 AS entry_no, 1 AS source_row, 1 AS form_no, 'n' AS clinic,"
        " 'i' AS instrument, 's' AS scale, 'scored' AS status,"
        f" {score}::DECIMAL(9, 4) AS score, {total}::DECIMAL(9, 4) AS stored_total"
    )
    select = TOTAL_CHECK.replace("INSERT INTO core_total_check", "")
    assert bool(con.execute(select).fetchall()) == differs
