"""A file beside the earlier files of its feed: only warnings, and only where there is enough to compare."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from flows.feed_history import FeedHistory, column_digests, stale
from schemas.rules import rules
from tests.lib.exports import csv_text, feed, process
from warehouse.parts import Counts

TOML = """
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
missing = ["9"]
"""
FEED, OTHER = feed(TOML), feed(TOML, "g")
SNAPSHOT = feed('delivery = "snapshot"' + TOML)


def noticed(*files, of=FEED):
    history = FeedHistory()
    return [[one.rule for one in history.notice(of, counts)] for counts in files]


def sized(*records):
    return [Counts(received=n) for n in records]


class TestVolume:
    @pytest.mark.parametrize(("records", "unusual"), [(19, True), (20, False), (500, False), (501, True)])
    def test_an_increment_beside_the_median_of_four(self, records, unusual):
        found = noticed(*sized(100, 90, 110, 100, records))
        assert found == [[]] * 4 + [["unusual_volume"] if unusual else []]

    def test_three_files_are_too_few(self):
        assert noticed(*sized(100, 100, 100, 1)) == [[]] * 4

    def test_refused_files_are_none(self):
        refused = Counts(refused="empty_file")
        assert noticed(*sized(100, 100, 100), refused, *sized(1)) == [[]] * 5

    def test_a_change_for_good_is_usual_after_a_while(self):
        assert noticed(*sized(*[10] * 12, *[100] * 9))[-1] == []

    @pytest.mark.parametrize(("records", "unusual"), [(79, True), (80, False), (5_000, False)])
    def test_a_snapshot_that_shrinks(self, records, unusual):
        found = noticed(*sized(100, records), of=SNAPSHOT)
        assert found == [[], ["unusual_volume"] if unusual else []]

    def test_feeds_are_compared_with_their_own(self):
        history = FeedHistory()
        for counts in sized(100, 100, 100, 100):
            history.notice(FEED, counts)
        assert history.notice(OTHER, Counts(received=1)) == ()


def test_columns_that_came_and_went_are_placed_and_not_named(tmp_path):
    rows = [{"PID": "c1", "When": "2026-05-01", "Q1": "1", "Q2": "2", "A": "x", "B": "y"}]
    history = FeedHistory()
    headers = [
        ("PID", "When", "Q1", "Q2", "A"),
        ("A", "PID", "When", "Q1", "Q2"),
        ("PID", "When", "Q1", "Q2", "B", "B"),
    ]
    found = [
        history.notice(FEED, process(tmp_path, FEED, csv_text(header, rows)).counts) for header in headers
    ]
    assert found == [(), (), (("columns_changed", "new: no. 5, no. 6; gone from that file: no. 1"),)]


def test_many_new_columns_are_counted():
    history = FeedHistory()
    history.notice(FEED, Counts(columns=["PID"]))
    [one] = history.notice(FEED, Counts(columns=["PID", *(f"Q{n}" for n in range(12))]))
    assert one.detail.startswith("new: no. 2, no. 3, ")
    assert one.detail.endswith(" and 2 more")


def test_a_part_remembers_no_name():
    digests = column_digests(["PID", "C-17 2026-05-01", "half a pair \ud800"])
    assert len(set(digests)) == 3
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in digests)


def answered(tmp_path, *cells):
    rows = [{"PID": f"c{n}", "When": "2026-05-01", "Q1": cell, "Q2": "2"} for n, cell in enumerate(cells)]
    return process(tmp_path, FEED, csv_text(("PID", "When", "Q1", "Q2"), rows)).counts


class TestNewCodes:
    GOOD = ("1",) * 20

    @pytest.mark.parametrize("code", ["99", "k. A.", "7", "1000000"])
    def test_a_new_code_of_a_column(self, tmp_path, code):
        history = FeedHistory()
        assert history.notice(FEED, answered(tmp_path, *self.GOOD)) == ()
        found = history.notice(FEED, answered(tmp_path, *self.GOOD, *[code] * 5))
        assert found == (("new_codes", "Q1"),)

    @pytest.mark.parametrize(
        "cells",
        [("99",) * 4, (*["1"] * 21, *["99"] * 5), ("9",) * 20, ("",) * 20],
        ids=["few", "less than one in five", "a listed code", "blank"],
    )
    def test_what_is_none(self, tmp_path, cells):
        found = noticed(answered(tmp_path, *self.GOOD), answered(tmp_path, *cells))
        assert found == [[], []]

    def test_the_first_file_and_a_column_that_never_was_sound(self, tmp_path):
        bad = answered(tmp_path, *["99"] * 5)
        assert noticed(bad, answered(tmp_path, *["98"] * 6)) == [[], []]


class TestStale:
    WEEKLY = tuple(date(2026, 9, 1) + timedelta(days=7 * n) for n in range(5))

    @pytest.mark.parametrize(("days", "late"), [(21, []), (22, ["f"])])
    def test_three_times_the_usual_gap(self, days, late):
        assert stale({"f": self.WEEKLY}, self.WEEKLY[-1] + timedelta(days=days)) == late

    def test_a_week_is_never_late(self):
        nightly = [date(2026, 9, 1) + timedelta(days=n) for n in range(30)]
        assert [len(stale({"f": nightly}, nightly[-1] + timedelta(days=n))) for n in (4, 7, 8)] == [0, 0, 1]

    def test_four_days_of_arrival_are_needed(self):
        three = [*self.WEEKLY[:3], self.WEEKLY[2]]
        assert stale({"f": three}, date(2027, 9, 1)) == []


def test_all_are_warnings():
    names = ("unusual_volume", "columns_changed", "new_codes", "stale_feed")
    assert {rules()[name].level for name in names} == {"warning"}
