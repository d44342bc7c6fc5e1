"""Microsoft Forms: the workbook behind "Open in Excel"."""

from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from tests.lib.exports import feed, process
from tests.lib.read_exports import outcome
from tests.lib.workbooks import moment, xlsx

FEED = """
dialect = "ms_forms"
{more}
[feeds.columns]
client = "Your code"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["How are\\u00a0you today?", "How are you today?2"]
labels = {{ "Not at all" = 0, "A bit" = 1, "Often" = 3 }}
"""
HEAD = ["Id", "Start time", "Completion time", "Email", "Name", "Your\u00a0code\n", "How are you\ntoday?", "How are\u00a0you today?2", "What helped?"]  # fmt: skip
START, END = moment(2026, 7, 1, 9, 20), moment(2026, 7, 1, 9, 30, 5)


def row(id_, *cells, end=END):
    return [id_, START, end, "anonymous", None, *cells]


def read(tmp_path, rows, head=HEAD, more=""):
    return outcome(tmp_path, FEED.format(more=more), xlsx([head, *rows]))


def test_headers_with_line_breaks_and_hard_blanks_and_questions_asked_twice(tmp_path):
    rows = [row(1, "007", "Not at all", "A bit", "Talking;Walking;"), row(2, "8", "often ", None, None)]
    found = read(tmp_path, rows)
    assert (found.refused, found.warnings) == (None, ())
    assert found.answers == {1: [0, 1], 2: [3, None]}
    assert found.moments == {1: "2026-07-01 08:30:05", 2: "2026-07-01 08:30:05"}


def test_several_choices_are_no_answer_to_one_question(tmp_path):
    found = read(tmp_path, [row(1, "7", "A bit;Often;", "A bit", None)])
    assert found.problems == [(1, "How are\u00a0you today?", "not_an_answer")]


@pytest.mark.parametrize("spelled", ["Id", "ID"])
def test_the_same_response_comes_once(tmp_path, spelled):
    """The workbook has all responses ever given: the next one brings the same again."""
    head = [spelled, *HEAD[1:]]
    found = read(tmp_path, [row(1, "7", "A bit", "A bit", None), row(1, "7", "A bit", "A bit", None)], head)
    assert (len(found.answers), list(found.fates.values())) == (1, ["exact_duplicate"])


def test_dates_that_are_texts_are_read_as_the_feed_says(tmp_path):
    rows = [row(1, "7", "A bit", "A bit", None, end="2/7/26 9:30:05")]
    assert read(tmp_path, rows).problems == [(1, "Completion time", "invalid_date")]
    found = read(tmp_path, rows, more='date_format = "%d/%m/%y %H:%M:%S"')
    assert found.moments == {1: "2026-07-02 08:30:05"}


def test_address_and_name_are_kept_under_a_key_or_not_at_all(tmp_path):
    toml = FEED.format(more="")
    rows = [[1, START, END, "SECRET@clinic.example", "SECRETNAME", "7", "A bit", "A bit", None]]
    for ours in ("client", "clinician"):
        of = feed(toml.replace("[feeds.columns]", f'[feeds.columns]\n{ours} = "Email"').replace(
            'client = "Your code"\n', "" if ours == "client" else 'client = "Your code"\n'
        ))  # fmt: skip
        part = process(tmp_path, of, xlsx([HEAD, *rows]))
        assert part.counts.accepted == 1
        assert b"SECRET" not in part.text()
    with pytest.raises(ConfigError, match="'Name' identifies a person"):
        feed(toml.replace("[feeds.columns]", '[feeds.columns]\nsegment = "Name"'))
