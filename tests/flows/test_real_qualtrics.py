"""The same answer in two exports of Qualtrics, which other people made: ACCORD_REAL_DATA names the folder."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.lib.exports import feed, loaded, process

pytestmark = pytest.mark.real

FEED = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["{item}", "Finished"]
"""
NAMES = {
    "qualtrics": ("sample.csv", ["Q1", "QID1"], ["ResponseId", "_recordId"]),
    "qualtrics_legacy": (
        "sample_legacy.csv",
        ["Q1", "This is a multiple choice question."],
        ["ResponseID", "V1"],
    ),
}


def of(dialect, item, client, more=""):
    return feed(FEED.format(dialect=dialect, item=item, client=client, more=more))


def test_the_same_single_response_from_both(real_data, tmp_path):
    """By either name of each column; the clock is what the file says."""
    rows = []
    for dialect, (name, items, clients) in NAMES.items():
        content = (real_data / "qualtrics" / name).read_bytes()
        for item, client in zip(items, clients, strict=True):
            part = process(tmp_path, of(dialect, item, client, 'timezone = "UTC"'), content)
            assert (part.counts.received, part.counts.accepted, part.counts.warnings) == (1, 1, []), dialect
            kept = ["client_key", "response_key", "item_01", "started_at", "completed_at"]
            rows += part.rows("mini").select(kept).rows()
    assert len(rows) == 4
    assert len(set(rows)) == 1
    assert rows[0][2:] == (2, datetime(2017, 7, 18, 8, 28, 9), datetime(2017, 7, 18, 8, 28, 48))  # noqa: DTZ001


def test_delivered_again_in_the_other_format_it_is_a_duplicate(real_data, tmp_path):
    """Two feeds of one clinic, one answer: it counts once."""
    feeds = [
        feed(FEED.format(dialect=dialect, item=items[0], client=clients[0], more=""), id_=dialect)
        for dialect, (_, items, clients) in NAMES.items()
    ]
    names = [name for name, _, _ in NAMES.values()]
    files = [
        (of, (real_data / "qualtrics" / name).read_bytes()) for of, name in zip(feeds, names, strict=True)
    ]
    with loaded(tmp_path, files) as con:
        assert con.execute("SELECT count(*) FROM core_administration").fetchall() == [(1,)]
        told = con.execute("SELECT fate, reason FROM core_record").fetchall()
        assert told == [("excluded", "exact_duplicate")]


@pytest.mark.parametrize(
    ("dialect", "name"), [("qualtrics", "sample_legacy.csv"), ("qualtrics_legacy", "sample.csv")]
)
def test_one_for_the_other_is_refused(real_data, tmp_path, dialect, name):
    content = (real_data / "qualtrics" / name).read_bytes()
    assert process(tmp_path, of(dialect, "Q1", "ResponseId"), content).counts.refused == "not_this_dialect"
