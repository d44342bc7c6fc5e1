"""Columns by which each system tells who answers: they come with every export, and are never read."""

from __future__ import annotations

import pytest

from schemas.dialect import load_dialects
from schemas.errors import ConfigError
from tests.lib.exports import csv_text, feed, process

FEED = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "code"
{columns}
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "q{{n}}"
"""
ISO, MONTH_FIRST = "2026-07-01 10:00:00", "07/01/2026 10:00:00"
SYSTEMS = {
    "limesurvey": {"id": "1", "submitdate": ISO},
    "google_forms": {"Timestamp": MONTH_FIRST},
    "ms_forms": {"Id": "1", "Completion time": ISO},
    "surveymonkey": {"Respondent ID": "11", "Date Modified": MONTH_FIRST},
    "kobo": {"_uuid": "u1", "end": "2026-07-01T10:00:00Z"},
    "redcap": {"record_id": "1", "mini_timestamp": ISO},
    "qualtrics_legacy": {"V1": "R_1", "V7": "0", "V9": ISO, "V10": "1"},
}
"""By dialect, the system's other columns and what stands in them."""
LAST = {"redcap": {"mini_complete": "2"}}
SECOND = {
    "surveymonkey": dict.fromkeys(("q1", "q2", "code"), "Response"),
    "qualtrics_legacy": {"V1": "ResponseID", "V7": "Status", "V9": "EndDate", "V10": "Finished"},
}
"""The row under the names, in systems that have one."""


def exported(dialect):
    """A record with something of a person in each column that the dialect drops."""
    of = load_dialects()[dialect]
    secrets = {name: f"SECRET{at}" for at, name in enumerate(of.drop)}
    cells = {**SYSTEMS[dialect], **secrets, "code": "p1", "q1": "1", "q2": "2", **LAST.get(dialect, {})}
    under = [SECOND[dialect]] if dialect in SECOND else []
    return csv_text(tuple(cells), [*under, cells], of.delimiter)


def read(tmp_path, dialect, columns=""):
    of = feed(FEED.format(dialect=dialect, more="", columns=columns))
    return process(tmp_path, of, exported(dialect))


@pytest.mark.parametrize("dialect", SYSTEMS)
def test_nothing_of_them_is_kept(tmp_path, dialect):
    part = read(tmp_path, dialect)
    assert (part.counts.refused, part.counts.accepted) == (None, 1)
    assert part.rows("mini").select("item_01", "item_02").rows() == [(1, 2)]
    assert b"SECRET" not in part.text()


@pytest.mark.parametrize(
    ("dialect", "name"), [(one, name) for one in SYSTEMS for name in load_dialects()[one].drop]
)
def test_they_are_mapped_as_ids_or_not_at_all(tmp_path, dialect, name):
    """As a clinician it is stored under a key; as a segment it would stand in the data as it is."""
    keyed = read(tmp_path, dialect, f'clinician = "{name}"')
    assert (keyed.counts.refused, keyed.counts.accepted) == (None, 1)
    assert b"SECRET" not in keyed.text()
    with pytest.raises(ConfigError, match="identifies a person and is dropped"):
        read(tmp_path, dialect, f'segment = "{name}"')
