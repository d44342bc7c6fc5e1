"""Which system wrote a file, with the evidence in words."""

from __future__ import annotations

import io

import pytest

from flows.inspect_bytes import look
from flows.inspect_system import candidates, open_best
from schemas.errors import ExportRefused
from tests.lib.unknown_files import answers, client, day, items, table

ROWS = 12
IMPORT_IDS = '"{""ImportId"":""startDate""}","{""ImportId"":""QID1""}"'

FILES = {
    "csv": "PID,Date,PHQ1\nP-1,2026-01-01,2\n",
    "qualtrics": f"StartDate,Q1\nAnfangsdatum,Frage\n{IMPORT_IDS}\n2026-01-01 10:00:00,2\n",
    "qualtrics_legacy": (
        "\ufeffV1,V2,V3,V4,V5,V6,V7,V8,V9,V10,Q1,\n"
        "ResponseID,ResponseSet,Name,ExternalDataReference,EmailAddress,IPAddress,Status,StartDate,EndDate,Finished,Q,\n"
        "R_1,Default,,,,,0,2026-01-01 10:00:00,2026-01-01 10:00:00,1,2,\n"
    ),
    "redcap": "record_id,redcap_event_name,phq9_1,outcomes_complete\n001,baseline_arm_1,2,2\n",
    "limesurvey": '\ufeff"id";"submitdate";"lastpage";"startlanguage";"G[Q1]"\r\n"1";"2026-01-01 10:00:00";"3";"en";"A1"\r\n',
}


def opened(content: str):
    stream = io.BytesIO(content.encode())
    return open_best(stream, look(stream))


@pytest.mark.parametrize("dialect", FILES)
def test_the_system_is_named(dialect: str):
    found = opened(FILES[dialect])
    assert found.dialect.name == dialect
    assert found.candidates[0].evidence
    assert found.runner_up is None


def test_a_qualtrics_file_is_known_by_its_import_ids_whatever_the_language_of_its_second_row():
    best = opened(FILES["qualtrics"]).candidates[0]
    assert best.evidence[0] == "its third header row holds import ids"


def test_a_runner_up_is_told_when_it_comes_near():
    mixed = "record_id;submitdate;lastpage;startlanguage;outcomes_complete\n1;2026-01-01 10:00:00;3;en;2\n"
    found = opened(mixed)
    assert found.dialect.name == "limesurvey"
    assert found.runner_up is not None
    assert found.runner_up.dialect == "redcap"


def test_the_feed_has_only_the_keys_that_the_bytes_need():
    plain = opened(table([client(ROWS), day(ROWS), *items("Q{n}", answers(ROWS, 9, 0, 3))])).feed
    assert (plain.encoding, plain.delimiter) == (None, None)
    other = opened(FILES["csv"].replace(",", ";")).feed
    assert (other.encoding, other.delimiter) == (None, ";")


def test_a_dialect_that_cannot_read_the_file_gives_way_to_the_next():
    cut = "StartDate,EndDate,Status,Finished,Q1\n2026-01-01 10:00:00,2026-01-01 10:00:00,0,1,2\n"
    found = opened(cut)
    assert found.dialect.name == "csv"
    assert ("qualtrics", "not_this_dialect") in [(one.dialect, one.refused) for one in found.candidates]


def test_a_mark_that_only_supports_makes_no_candidate():
    seen = look(io.BytesIO(b"id,a\n1,2\n"))
    assert [one.dialect for one in candidates(seen, ["id", "a"], ())] == ["csv"]


@pytest.mark.parametrize(("content", "rule"), [("", "empty_file"), ('[{"a":1}]', "not_this_dialect")])
def test_nothing_to_open(content: str, rule: str):
    with pytest.raises(ExportRefused) as refused:
        opened(content)
    assert refused.value.rule == rule
