"""The report: complete, offline, without values, and readable in a browser."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from warehouse.checks import CRITICAL, WARNING, Expectation, NoRows, NotNull, OneOf
from warehouse.gate_report import FAILED, NOT_RUN, PASSED, Failure, Outcome, write_report

RUN = "20261031T020000Z-1a2b3c4d"
VOID = {"meta", "br", "link", "img"}

GOOD = Outcome(
    Expectation("warehouse", "core_run", "not_null", "name", CRITICAL, "name is never empty", NotNull()), PASSED, 0
)  # fmt: skip
BAD = Outcome(
    Expectation(
        "warehouse", "core_record", "vocabulary", "fate", CRITICAL, "fate is <one> of & few", OneOf(("a", "b's"))
    ),
    FAILED,
    1234,
)  # fmt: skip
WARNED = Outcome(
    Expectation(
        "published", "pub_figure", "some", "n", WARNING, "n is odd", NoRows("SELECT 1 FROM {batch} AS t WHERE a = '\\:b'")
    ),
    FAILED,
    None,
)  # fmt: skip
SKIPPED = Outcome(
    Expectation("published", "", "tables", "", CRITICAL, "there are tables", NotNull()), NOT_RUN, 0
)  # fmt: skip
ROWS = {"warehouse": {"core_run": 3, "core_record": 1}, "published": {"pub_figure": 1_000_000}}


class Reader(HTMLParser):
    """Checks that tags close in order, and keeps what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def report(tmp_path) -> Path:
    return write_report(
        tmp_path / "quality" / RUN, RUN, dt.date(2026, 10, 31), [GOOD, BAD, WARNED, SKIPPED], ROWS
    )


@pytest.fixture
def page(report) -> Reader:
    reader = Reader()
    reader.feed(report.read_text(encoding="utf-8"))
    assert reader.open == []
    return reader


def test_page_reads_without_network_or_script(report):
    text = report.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img|src=", text)


def test_every_expectation_is_there_in_words_with_its_verdict(page):
    for words in ("name is never empty", "fate is <one> of & few", "n is odd", "there are tables"):
        assert words in page.text
    for verdict in ("holds", "fails", "not run"):
        assert verdict in page.text
    assert "broken 1,234 times" in page.text
    assert "it could not be run" in page.text
    assert "core_run, 3 rows: all 1 hold" in page.text
    assert "pub_figure, 1,000,000 rows: 0 of 1 hold" in page.text


def test_verdict_says_what_follows(page):
    assert "Failed. A critical expectation fails" in page.text
    assert "3 expectations checked, 1 critical and 1 warnings failed, 1 not run" in page.text


def test_failures_come_first_with_a_query_that_counts_them(page):
    assert page.text.index("What fails") < page.text.index("Warehouse")
    assert """SELECT count(*) FROM "core_record" WHERE "fate" NOT IN ('a', 'b''s')""" in page.text
    assert """SELECT count(*) FROM (SELECT 1 FROM "pub_figure" AS t WHERE a = ':b')""" in page.text


def test_tables_are_named_for_screen_readers_and_reached_by_keyboard(page):
    grids = [attributes for tag, attributes in page.seen if attributes.get("role") == "region"]
    assert grids
    assert all(grid["aria-label"] and grid["tabindex"] == "0" for grid in grids)
    assert sum(tag == "caption" for tag, _ in page.seen) == len(grids)
    assert all(attributes["scope"] == "col" for tag, attributes in page.seen if tag == "th")
    assert ("html", {"lang": "en"}) in page.seen


def test_json_says_the_same(report):
    content = json.loads((report.parent / "gate.json").read_text(encoding="utf-8"))
    assert content["verdict"] == "failed"
    assert (content["checked"], content["failed"], content["critical_failed"], content["not_run"]) == (
        3,
        2,
        1,
        1,
    )
    assert content["rows"] == ROWS
    assert [one["state"] for one in content["expectations"]] == [PASSED, FAILED, FAILED, NOT_RUN]
    assert content["expectations"][1]["broken"] == 1234


def test_files_are_the_owners_alone(report):
    assert report.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in report.parent.iterdir()} == {0o600}


def test_a_warning_alone_passes(tmp_path):
    report = write_report(tmp_path / RUN, RUN, dt.date(2026, 10, 31), [GOOD, WARNED], ROWS)
    assert "Passed." in re.sub("<[^>]*>", "", report.read_text(encoding="utf-8"))


def test_message_names_place_and_expectation():
    failure = Failure.of(BAD)
    assert failure.message == "core_record: expected that fate is <one> of & few; broken 1,234 times"
    assert Failure.of(SKIPPED).message.startswith("published file: ")
