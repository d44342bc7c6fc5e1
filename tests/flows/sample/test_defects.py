"""The nights the clock changes, and that injection alone decides fates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from flows.sample.defects import last_sunday
from tests.flows.sample.conftest import Site
from tests.flows.sample.reading import defects_of

LONDON = ZoneInfo("Europe/London")


def test_the_clock_changes_on_those_nights():
    for year in range(2020, 2030):
        for month in (3, 10):
            night = last_sunday(year, month)
            noon = datetime(night.year, night.month, night.day, 12, tzinfo=LONDON)
            assert noon.utcoffset() != (noon - timedelta(days=1)).utcoffset()


def test_half_past_one_comes_twice_in_autumn_and_never_in_spring(sample: Site):
    moments = {
        row["defect"]: sample.path(row["feed"], row["file"])
        for row in defects_of(sample.folder)
        if row["defect"].startswith("hour_that") and row["feed"].startswith("northvale")
    }
    assert "2026-03-29 01:30:00" in moments["hour_that_never_was"].read_text(encoding="utf-8")
    assert "2026-10-25 01:30:00" in moments["hour_that_comes_twice"].read_text(encoding="utf-8")
    spring = datetime(2026, 3, 29, 1, 30, tzinfo=LONDON)
    assert spring.astimezone(ZoneInfo("UTC")).astimezone(LONDON) != spring


def test_defects_are_few(sample: Site):
    received = np.array([sample.truth["received"]])
    assert sample.truth["quarantined"] < 0.02 * received
    assert sum(sample.truth["excluded"].values()) < 0.04 * received


def test_dates_are_those_of_the_window(sample: Site):
    ends = [row["EndDate"][:10] for row in sample.records("northvale-outcomes")]
    assert min(ends) >= "2025-11-01"
    assert max(ends) <= date(2026, 10, 31).isoformat()
