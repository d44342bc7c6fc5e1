"""Rows that cannot stand: withdrawn by a later row, or dated after the day on which their file arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

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
    site,
    standing,
)
from warehouse.connect import new_database
from warehouse.load import load

TOML = """
dialect = "csv"
[feeds.columns]
client = "PID"
response = "RID"
session = "S"
completed_at = "When"
withdrawn = "State"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""
FEED, OTHER = feed(TOML), feed(TOML, "g")
SNAPSHOT = feed('delivery = "snapshot"' + TOML)
HEADER = ("RID", "PID", "S", "When", "State", "Q1", "Q2")
ROW = {"RID": "r1", "PID": "c1", "S": "1", "When": "2026-05-01 10:00:00", "Q1": "1", "Q2": "2"}
GONE = {"State": "withdrawn", "PID": "", "Q1": "", "Q2": ""}
BAD = {"Q1": "x"}
LATE = {"When": "2026-11-01 10:00:00"}

EXCLUDED, WITHDRAWN = ("excluded", "withdrawn"), ("superseded", "withdrawn")
ACCEPTED, FUTURE = ("accepted", ""), ("quarantined", "future_date")


def text(*rows):
    return csv_text(HEADER, [{**ROW, **row} for row in rows])


def settled(tmp_path, *files):
    """Fates in order of files and rows, what is open, and how many stand."""
    with loaded(tmp_path, [one if isinstance(one, tuple) else (FEED, one) for one in files]) as con:
        found = [fate for _, fate in sorted(fates(con).items())]
        assert all(line[0] == sum(line[1:5]) for line in count_lines(con))
        return found, {(entry, row, rule) for entry, row, *_, rule in open_problems(con)}, len(standing(con))


class TestWithdrawn:
    def test_an_earlier_delivery(self, tmp_path):
        assert settled(tmp_path, text({}, {"RID": "r2", "PID": "c2"}), text(GONE)) == (
            [WITHDRAWN, ACCEPTED, EXCLUDED], set(), 1,
        )  # fmt: skip

    def test_an_earlier_row_of_the_file(self, tmp_path):
        assert settled(tmp_path, text({}, GONE)) == ([WITHDRAWN, EXCLUDED], set(), 0)

    def test_a_later_row_stands_again(self, tmp_path):
        again = {"Q1": "3"}
        assert settled(tmp_path, text({}, GONE, again))[0] == [WITHDRAWN, EXCLUDED, ACCEPTED]
        assert settled(tmp_path, text({}), text(GONE), text(again))[0] == [WITHDRAWN, EXCLUDED, ACCEPTED]

    def test_open_problems_go_with_it(self, tmp_path):
        assert settled(tmp_path, text(BAD), text(GONE)) == ([WITHDRAWN, EXCLUDED], set(), 0)

    def test_a_problem_after_it_is_open(self, tmp_path):
        assert settled(tmp_path, text({}), text(GONE, BAD)) == (
            [WITHDRAWN, EXCLUDED, ("quarantined", "not_an_answer")], {(2, 2, "not_an_answer")}, 0,
        )  # fmt: skip

    def test_all_its_versions(self, tmp_path):
        versions = text({}), text({"Q1": "2"}), text({"Q1": "2", "S": "2"})
        assert settled(tmp_path, *versions, text(GONE))[0] == [WITHDRAWN] * 3 + [EXCLUDED]

    def test_what_it_had_replaced_stands_again(self, tmp_path):
        """Another response of the same session had been replaced by the one that is now withdrawn."""
        found = settled(tmp_path, text({"RID": "r0"}), text({"Q1": "3"}), text(GONE))
        assert found == ([ACCEPTED, WITHDRAWN, EXCLUDED], set(), 1)

    def test_feeds_withdraw_their_own(self, tmp_path):
        assert settled(tmp_path, text({}), (OTHER, text(GONE)))[0] == [ACCEPTED, EXCLUDED]

    def test_in_a_newer_snapshot(self, tmp_path):
        files = [(SNAPSHOT, text({})), (SNAPSHOT, text({}, GONE))]
        assert settled(tmp_path, *files)[0] == [("superseded", "newer_snapshot"), WITHDRAWN, EXCLUDED]


class TestFuture:
    def test_a_response_of_the_next_day_waits(self, tmp_path):
        today = {"When": "2026-10-31 23:59:59", "RID": "r2", "S": "2"}
        assert settled(tmp_path, text(LATE, today)) == ([FUTURE, ACCEPTED], {(1, 1, "future_date")}, 1)

    def test_it_is_placed_and_its_day_is_known(self, tmp_path):
        with loaded(tmp_path, [(FEED, text(LATE))]) as con:
            assert open_problems(con) == {(1, 1, "mini", "When", "future_date")}
            held = "SELECT entry_no, source_row, form_no, kind, instrument, happened_on FROM core_held"
            assert con.execute(held).fetchall() == [(1, 1, 1, "responses", "mini", date(2026, 11, 1))]

    def test_it_replaces_nothing(self, tmp_path):
        found = settled(tmp_path, text({}), text({**LATE, "Q1": "3"}))
        assert found == ([ACCEPTED, FUTURE], {(2, 1, "future_date")}, 1)

    def test_beside_problems_of_its_file(self, tmp_path):
        bad = {**BAD, "RID": "r9", "S": "9"}
        assert settled(tmp_path, text(LATE, bad))[1] == {(1, 1, "future_date"), (1, 2, "not_an_answer")}

    def test_a_later_delivery_mends_it(self, tmp_path):
        found = settled(tmp_path, text(LATE), text({}))
        assert found == ([("superseded", "later_delivery"), ACCEPTED], set(), 1)

    def test_a_withdrawal_takes_it_away(self, tmp_path):
        assert settled(tmp_path, text(LATE), text(GONE)) == ([WITHDRAWN, EXCLUDED], set(), 0)

    def test_a_later_file_that_is_as_wrong_mends_nothing(self, tmp_path):
        later = text({**LATE, "Q1": "3"})
        assert settled(tmp_path, text(BAD), later)[0] == [("quarantined", "not_an_answer"), FUTURE]

    @pytest.mark.parametrize(("zone", "fate"), [("Europe/London", FUTURE), ("Asia/Tokyo", ACCEPTED)])
    def test_the_day_of_arrival_is_a_local_one(self, tmp_path, zone, fate):
        """At 22:30 UTC on 31 October it is 1 November in Tokyo."""
        part = process(tmp_path, FEED, text(LATE))
        with new_database(tmp_path / "w.duckdb") as con:
            load(con, [replace(delivery(1, FEED, part), zone=zone)], [SMALL["mini"]], {})
            assert fates(con) == {(1, 1): fate}

    def test_the_same_part_that_came_later_counts(self, tmp_path):
        part = process(tmp_path, FEED, text(LATE))
        arrived = datetime(2026, 11, 2, tzinfo=UTC)
        with new_database(tmp_path / "w.duckdb") as con:
            load(con, [replace(delivery(1, FEED, part), arrived_at=arrived)], [SMALL["mini"]], {})
            assert fates(con) == {(1, 1): ACCEPTED}


TABLES = """
[[feeds]]
id = "diary"
clinic = "north"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
[feeds.columns]
client = "PID"
starts_at = "At"
status = "St"
[feeds.values.status]
"attended" = "attended"
"dna" = "dna"
"booked" = "booked"
"off" = "cancelled_by_client"
[[feeds]]
id = "referrals"
clinic = "north"
kind = "referrals"
path = "inbox/referrals/*"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "In"
ended_at = "Out"
"""


def test_appointments_that_were_kept_tomorrow(tmp_path):
    at = "2026-11-01 09:00:00"
    rows = f"PID,At,St\nc1,{at},booked\nc2,{at},off\nc3,{at},attended\nc4,{at},dna\nc5,2026-10-31,dna\n"
    diary, _ = site(TABLES).feeds
    with loaded(tmp_path, [(diary, rows)]) as con:
        assert {place for place, fate in fates(con).items() if fate == FUTURE} == {(1, 3), (1, 4)}
        assert (1, 3, "", "At", "future_date") in open_problems(con)
        assert count_lines(con) == [(5, 3, 2, 0, 0, 0)]


def test_referrals_received_or_ended_tomorrow(tmp_path):
    rows = "PID,In,Out\nc1,2026-11-01,\nc2,2026-10-01,2026-11-01\nc3,2026-11-01,2026-11-02\nc4,2026-10-01,\n"
    _, referrals = site(TABLES).feeds
    with loaded(tmp_path, [(referrals, rows)]) as con:
        assert {(row, column) for _, row, _, column, _ in open_problems(con)} == {
            (1, "In"), (2, "Out"), (3, "In"), (3, "Out"),
        }  # fmt: skip
        assert count_lines(con) == [(4, 1, 3, 0, 0, 0)]
