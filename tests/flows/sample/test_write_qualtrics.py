"""The Qualtrics files look as Qualtrics writes them."""

from __future__ import annotations

import csv
import json
import re

from tests.flows.sample.conftest import Site

METADATA = [
    "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
    "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference",
    "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage",
]  # fmt: skip

FEEDS = ("northvale-outcomes", "northvale-alliance", "northvale-wai36", "westbrook-outcomes")


def test_three_header_rows_names_labels_and_import_ids(sample: Site):
    for feed in FEEDS:
        for path in sample.files(feed):
            with path.open(encoding="utf-8", newline="") as file:
                names, labels, ids = (next(reader) for reader in [csv.reader(file)] for _ in range(3))
            assert names[: len(METADATA)] == METADATA
            assert len(names) == len(labels) == len(ids) == len(set(names))
            assert any("\n" in label for label in labels)
            assert all("ImportId" in json.loads(id_) for id_ in ids)
            assert json.loads(ids[0]) == {"ImportId": "startDate", "timeZone": "Europe/London"}


def test_lines_end_in_line_feeds_and_there_is_no_byte_order_mark(sample: Site):
    content = sample.files("northvale-outcomes")[0].read_bytes()
    assert content.startswith(b"StartDate,")
    assert b"\r" not in content


def test_times_are_those_of_a_local_clock_and_the_duration_is_their_difference(sample: Site):
    row = sample.records("northvale-alliance")[0]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", row["EndDate"])
    start, end = (
        sum(int(n) * 60**p for n, p in zip(row[c][11:].split(":"), (2, 1, 0), strict=True))
        for c in METADATA[:2]
    )
    assert int(row["Duration (in seconds)"]) == end - start


def test_outcomes_are_choice_texts_and_alliance_is_numbers(sample: Site):
    outcomes = {row["PHQ9_1"] for row in sample.records("northvale-outcomes")}
    assert {"Not at all", "Several days", "More than half the days", "Nearly every day"} < outcomes
    alliance = {row["WAI_1"] for row in sample.records("northvale-alliance")}
    assert {"1", "2", "3", "4", "5"} < alliance
    assert {row["Finished"] for row in sample.records("northvale-outcomes")} == {"True", "False"}
    assert {row["Finished"] for row in sample.records("northvale-alliance")} == {"1", "0"}


def test_client_and_therapist_rate_in_one_file(sample: Site):
    raters = [row.get("Rater") for row in sample.records("northvale-alliance")]
    assert raters.count("C") > raters.count("T") > 0


def test_response_ids_differ_and_look_like_qualtrics(sample: Site):
    for feed in ("northvale-outcomes", "northvale-alliance"):
        ids = {row["ResponseId"] for row in sample.records(feed)}
        assert all(re.fullmatch(r"R_[0-9A-Za-z]{15}", id_) for id_ in ids)
        originals = [file["received"] for file in sample.truth["files"] if file["feed"] == feed]
        assert 0.95 * sum(originals) < len(ids) < sum(originals)


def test_the_long_form_has_an_attention_item_between_its_items(sample: Site):
    header = list(sample.records("northvale-wai36")[0])
    assert header.index("ATT1") == header.index("W36_18") + 1 == header.index("W36_19") - 1
