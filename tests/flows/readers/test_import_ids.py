"""Names that further header rows give: by any reader that has the rows."""

from __future__ import annotations

import pytest

from flows.readers.import_ids import said_by_header
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from schemas.site import Feed

IDS = ['{"ImportId":"endDate","timeZone":"Europe/Berlin"}', "{'ImportId': 'QID3', 'choiceId': '1'}", ""]


def said(dialect, header, first=(), **more):
    feed = Feed("f", "c", "responses", "inbox/*", dialect, **more)
    return said_by_header(header, lambda: first, feed, load_dialects()[dialect])


def test_import_ids_and_their_time_zone():
    header = [["EndDate", "Q3_1", ""], ["Enddatum", "Wie oft?", ""], IDS]
    assert said("qualtrics", header) == ({"endDate": 0, "QID3_1": 1, "QID3": 1}, "Europe/Berlin")


def test_a_plain_table_says_nothing_more():
    assert said("csv", [["a", "b"]]) == ({}, None)


def test_the_second_row_of_a_legacy_file():
    header = [["V1", "Q1"], ["ResponseID", "How\noften?"]]
    aliases, zone = said("qualtrics_legacy", header, [["R_1", "2"]])
    assert (aliases["ResponseID"], aliases["How often?"], zone) == (0, 1, None)


@pytest.mark.parametrize(
    ("dialect", "header", "first"),
    [
        ("qualtrics", [["a"], ["b"], ["c"]], ()),
        ("qualtrics_legacy", [["V1"], ["no name of the system"]], ()),
        ("qualtrics_legacy", [["V1"], ["ResponseID"]], [['{"ImportId":"_recordId"}']]),
    ],
)
def test_a_header_of_another_system_is_refused(dialect, header, first):
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        said(dialect, header, first)
