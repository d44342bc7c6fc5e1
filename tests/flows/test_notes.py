"""What people are told of a run beside its counts: feeds, columns and numbers, never a file name or a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from flows.build import Work
from flows.feed_history import Noticed
from flows.notes import delivery_notes, feed_notes, remark_notes
from schemas.rules import rules
from tests.lib.exports import feed
from warehouse.archive import Entry
from warehouse.parts import Counts, PartStore
from warehouse.remarks import Remarks

FEED = feed("""
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
""")


def said(rule):
    return f"{rules()[rule].message} ({rule})"


def work(arrived=datetime(2026, 10, 1, tzinfo=UTC), **more):
    entry = Entry(
        entry_no=1, entry="0123456789abcdef", feed="f", file="secret.csv", sha256="0" * 64, bytes=1,
        arrived_at=arrived,
    )  # fmt: skip
    return Work(entry, FEED, "m" * 64, **more)


def test_what_is_unusual_about_a_file_is_told_with_its_columns(tmp_path):
    store = PartStore(tmp_path)
    store.make("m" * 64, lambda out: (out.mkdir(), Counts(warnings=["header_only"]).write(out)))
    one = work(noticed=(Noticed("new_codes", "Q1, Q2"), Noticed("unusual_volume")))
    assert delivery_notes([one], store) == [
        f"f-01234567: {said('header_only')}",
        f"f-01234567: {said('new_codes')}: Q1, Q2",
        f"f-01234567: {said('unusual_volume')}",
    ]


def test_remarks_are_one_line_a_feed_and_rule():
    found = [
        Remarks("g", "a.csv", "overlap", 1),
        Remarks("f", "a.csv", "session_order", 2),
        Remarks("f", "b.csv", "session_order", 3),
    ]
    assert remark_notes(found) == [f"f: 5x {said('session_order')}", f"g: 1x {said('overlap')}"]


def test_a_feed_that_is_late_by_its_own_days():
    days = [datetime(2026, 9, 1, 23, 30, tzinfo=UTC).replace(day=day) for day in (1, 2, 3, 4)]
    works = [work(arrived=day) for day in days]
    assert feed_notes(works, date(2026, 9, 12), "Europe/London") == []
    assert feed_notes(works, date(2026, 9, 13), "Europe/London") == [f"f: {said('stale_feed')}"]
    assert feed_notes([replace(one, feed=FEED) for one in works[:3]], date(2027, 9, 13), "UTC") == []
