"""An export of each system, inspected without any knowledge of it, and read by the proposal as it is.

Every file holds the same answers of ten clients to the PHQ-9, in the system's own way. The proposal must name
the system, find form and client, and give each row the score of its answers, without an edit.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.dialect import load_dialects
from tests.lib.unknown_exports import EXPORTS, ROWS, SUMS
from tests.lib.unknown_files import feed_of, inspected, read_as_proposed, totals

ENDINGS = {"xlsx": "xlsx", "ms_forms": "xlsx", "spss": "sav", "fhir": "json", "qualtrics_json": "json"}


@pytest.mark.parametrize("dialect", EXPORTS)
def test_the_system_is_named_and_every_row_is_scored(tmp_path: Path, dialect: str):
    content = EXPORTS[dialect]()
    found = inspected(content, f"answers.{ENDINGS.get(dialect, 'csv')}")
    assert found.opened is not None
    assert found.opened.dialect.name == dialect
    assert found.edits == []
    part = read_as_proposed(tmp_path, content, found)
    assert (part.counts.received, part.counts.accepted, part.counts.refused) == (ROWS, ROWS, None)
    assert totals(part, "phq_9") == SUMS


@pytest.mark.parametrize("dialect", [name for name in EXPORTS if name not in ("redcap_odm",)])
def test_the_client_comes_again(tmp_path: Path, dialect: str):
    content = EXPORTS[dialect]()
    part = read_as_proposed(tmp_path, content, inspected(content))
    assert part.rows("phq_9")["client_key"].n_unique() == ROWS // 4


def test_every_dialect_is_tried_or_named_here():
    assert set(load_dialects()) - set(EXPORTS) == {"csv", "ods"}


def test_codes_that_the_system_chose_are_told_as_unsure():
    """Qualtrics stores 1 to 4 where 0 to 3 is printed: proposed, and never silently."""
    found = inspected(EXPORTS["qualtrics"]())
    assert feed_of(found).instruments[0].labels == {"1": 0, "2": 1, "3": 2, "4": 3}
    assert any("another number than the printed one" in doubt for doubt in found.doubts)


def test_an_order_of_day_and_month_is_written_into_the_feed():
    """Google Forms and SurveyMonkey write month first by habit, not by rule: the feed says so, with the proof."""
    for dialect in ("google_forms", "surveymonkey"):
        found = inspected(EXPORTS[dialect]())
        assert feed_of(found).date_format == "%m/%d/%Y %H:%M:%S"
        assert "the second number is above 12" in found.toml
