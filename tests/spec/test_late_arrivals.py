"""Late arrivals

A figure belongs to the month in which something happened, not to that of the file. A file that arrives in March
with answers of January changes the figures of January, and of no other month; so does a withdrawal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows.build import build, open_site

KEY = {"ACCORD_KEY": "5a" * 32}
SITE = """
[site]
name = "Late"
timezone = "Europe/London"
[[clinics]]
id = "north"
name = "North"
service = "adult"
[[feeds]]
id = "forms"
clinic = "north"
kind = "responses"
path = "inbox/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
response = "RID"
completed_at = "Done"
withdrawn = "State"
[[feeds.instruments]]
id = "srs"
rater = "client"
items = "s{n}"
"""
HEADER = "RID,PID,Done,State,s1,s2,s3,s4\n"
FEBRUARY = HEADER + "r1,C-1,2026-01-20 10:00,,9,9,9,9\nr2,C-2,2026-02-20 10:00,,9,9,9,9\n"
MARCH = HEADER + "r3,C-3,2026-01-31 23:30,,5,5,5,5\nr4,C-4,2026-03-09 10:00,,9,9,9,9\n"
APRIL = HEADER + "r1,,,withdrawn,,,,\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    return tmp_path


def months(site: Path, text: str, day: datetime) -> dict[str, tuple[int, int]]:
    """Sum of scores and number of forms by month, once this file has arrived on that day."""
    (site / "inbox" / f"export-{day.month}.csv").write_text(text, encoding="utf-8")
    build(open_site(site, KEY), site / "out.duckdb", day)
    with duckdb.connect(str(site / "out.duckdb"), read_only=True) as con:
        found = con.execute(
            "SELECT period, numerator::INTEGER, denominator FROM mart_figure WHERE figure = 'alliance_mean'"
            " AND instrument = 'srs' AND clinic = 'north' AND grain = 'month' AND state = 'value'"
        ).fetchall()
    return {period: (total, n) for period, total, n in found}


def test_answers_of_january_that_arrive_in_march(site: Path):
    before = months(site, FEBRUARY, datetime(2026, 2, 28, 22, tzinfo=UTC))
    assert before == {"2026-01": (36, 1), "2026-02": (36, 1)}
    after = months(site, MARCH, datetime(2026, 3, 10, 22, tzinfo=UTC))
    assert after == {"2026-01": (56, 2), "2026-02": (36, 1), "2026-03": (36, 1)}
    last = months(site, APRIL, datetime(2026, 4, 1, 22, tzinfo=UTC))
    assert last == {"2026-01": (20, 1), "2026-02": (36, 1), "2026-03": (36, 1)}
