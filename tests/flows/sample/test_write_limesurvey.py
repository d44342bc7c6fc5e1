"""The LimeSurvey files look as LimeSurvey writes them."""

from __future__ import annotations

import codecs
import re

import pytest

from tests.flows.sample.conftest import Site

FEEDS = ("harbour-outcomes", "harbour-alliance")


@pytest.mark.parametrize("feed", FEEDS)
def test_byte_order_mark_semicolons_and_windows_line_ends(sample: Site, feed):
    for path in sample.files(feed):
        content = path.read_bytes()
        assert content.startswith(codecs.BOM_UTF8 + b'"id";"submitdate";"lastpage";"startlanguage";"seed"')
        assert content.endswith(b'"\r\n\r\n')
        assert re.search(rb'[^"\n]\r\n', content) is None


@pytest.mark.parametrize("feed", FEEDS)
def test_every_cell_is_quoted(sample: Site, feed):
    first = sample.files(feed)[0].read_text(encoding="utf-8-sig").splitlines()[1]
    assert re.fullmatch(r'"[^"]*"(;"[^"]*")*', first)


def test_answers_are_codes(sample: Site):
    answers = {row["CORE[SQ001]"] for row in sample.records("harbour-outcomes") if "CORE[SQ001]" in row}
    assert {"A1", "A2", "A3", "A4", "A5"} < answers


def test_an_unfinished_response_has_no_submit_date_and_pages_not_shown(sample: Site):
    unfinished = [row for row in sample.records("harbour-outcomes") if not row["submitdate"]]
    assert unfinished
    for row in unfinished:
        assert row["lastpage"] == "1"
        assert row["datestamp"]
        assert row["GAD[SQ007]"] == row["CORE[SQ010]"] == "N/A"


def test_ids_rise_within_a_file_and_a_free_text_may_hold_line_breaks(sample: Site):
    for path in sample.files("harbour-alliance"):
        ids = [
            int(found)
            for found in re.findall(r'^"(\d+)";', path.read_text(encoding="utf-8-sig"), re.MULTILINE)
        ]
        assert ids == sorted(ids)
    assert any("\n" in row.get("comment", "") for row in sample.records("harbour-alliance"))
