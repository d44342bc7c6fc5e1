"""The truth sheet adds up, agrees with the files, and every defect can be seen where the sheet says."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest

from tests.flows.sample.conftest import Site
from tests.flows.sample.reading import Row, defects_of, expected_fates, named, rows_of

CLIENT = {"outcomes": "PID", "alliance": "PID", "wai36": "PID", "appointments": "PatientID"}


def test_received_is_the_sum_of_the_fates_everywhere(sample: Site):
    for counts in (sample.truth, *sample.truth["feeds"].values(), *sample.truth["files"]):
        fates = (
            counts["accepted"]
            + counts["quarantined"]
            + sum(counts["excluded"].values())
            + counts["superseded"]
        )
        assert counts["received"] == fates


def test_files_add_up_to_feeds_and_feeds_to_the_site(sample: Site):
    assert added(sample.truth["feeds"].values()) == added([sample.truth])
    for feed, counts in sample.truth["feeds"].items():
        files = [file for file in sample.truth["files"] if file["feed"] == feed]
        assert added(files) == added([counts])
        assert len(files) == counts["deliveries"]


def test_report_is_the_truth(sample: Site):
    for name in ("received", "accepted", "quarantined", "excluded", "superseded"):
        assert getattr(sample.report, name) == sample.truth[name]
    assert sample.report.records == sample.truth["received"]


def test_a_second_reading_finds_as_many_records(sample: Site):
    for file in sample.truth["files"]:
        _, rows = rows_of(sample.path(file["feed"], file["file"]), sample.shapes[file["feed"]])
        assert len(rows) == file["received"], file["file"]


def test_the_sheet_of_defects_gives_the_same_counts(sample: Site):
    fates = expected_fates(sample.folder)
    for feed, counts in sample.truth["feeds"].items():
        found = [expected for (of, *_), expected in fates.items() if of == feed]
        assert Counter(expected.fate for expected in found if expected.fate != "excluded") == Counter(
            {fate: counts[fate] for fate in ("accepted", "quarantined", "superseded") if counts[fate]}
        )
        assert (
            Counter(expected.reason for expected in found if expected.fate == "excluded")
            == counts["excluded"]
        )


def test_every_kind_of_defect_is_there(sample: Site):
    kinds = {row["defect"] for row in defects_of(sample.folder)}
    assert kinds == {
        "preview", "test", "spam", "unfinished_partial", "nothing_answered", "enrolment_form_only", "blank_row",
        "attention_check_failed", "duplicate_in_file", "duplicate_in_later_file", "resubmitted", "late_correction",
        "correction_taken_back", "out_of_range", "out_of_range_in_one_form", "not_a_whole_answer", "missing_items",
        "missing_code", "item_not_shown", "item_refused", "all_refused", "missing_client", "short_row", "long_row",
        "stored_total_differs", "hour_that_comes_twice", "hour_that_never_was", "missing_date", "unlisted_status",
        "older_snapshot", "reversed_items_already_flipped",
    }  # fmt: skip


def test_reasons_are_rules_or_reasons_of_exclusion(sample: Site):
    from schemas.rules import EXCLUDED_REASONS, rules

    for row in defects_of(sample.folder):
        known = {"excluded": set(EXCLUDED_REASONS), "quarantined": set(rules())}.get(
            row["expected_fate"], {""}
        )
        assert row["expected_reason"] in known


@pytest.mark.parametrize(
    ("defect", "column", "seen"),
    [
        ("preview", "Status", {"1", "Survey Preview"}),
        ("test", "Status", {"2", "Survey Test"}),
        ("spam", "Status", {"8", "Spam"}),
        ("unfinished_partial", "Finished", {"0", "False"}),
        ("attention_check_failed", "ATT1", {"1"}),
        ("missing_date", "AppointmentDateTime", {""}),
        ("unlisted_status", "Attendance", {"99"}),
    ],
)
def test_a_defect_is_seen_in_its_cell(sample: Site, defect, column, seen):
    rows = rows_with(sample, "northvale", defect)
    assert rows
    assert {row[column] for row in rows if column in row} == seen


def test_clients_are_missing_where_the_sheet_says_and_nowhere_else(sample: Site):
    blank = {
        (feed, path.name, at)
        for feed in ("northvale-outcomes", "northvale-alliance", "northvale-wai36", "northvale-appointments")
        for path in sample.files(feed)
        for at, row in enumerate(table(sample, feed, path), start=1)
        if row.get(CLIENT[feed.partition("-")[2]], "cut off") == ""
    }
    listed = {
        (row["feed"], row["file"], int(row["source_row"]))
        for row in defects_of(sample.folder)
        if row["defect"] in ("missing_client", "blank_row")
    }
    assert blank == {place for place in listed if place[0] in {feed for feed, *_ in blank}}


def test_ragged_rows_have_another_number_of_cells_and_no_others_have(sample: Site):
    fates = expected_fates(sample.folder)
    for file in sample.truth["files"]:
        header, rows = rows_of(sample.path(file["feed"], file["file"]), sample.shapes[file["feed"]])
        for at, row in enumerate(rows, start=1):
            defect = fates[file["feed"], file["file"], at].defect
            cells = {"short_row": len(header) - 3, "long_row": len(header) + 1}.get(defect, len(header))
            assert len(row) == cells


def test_a_duplicate_says_what_its_original_says_and_a_correction_does_not(sample: Site):
    for feed in ("northvale-outcomes", "northvale-alliance", "harbour-outcomes"):
        for defect in ("duplicate_in_file", "duplicate_in_later_file", "late_correction", "resubmitted"):
            for answers in versions(sample, feed, defect):
                changed = defect in ("late_correction", "resubmitted")
                assert len(answers) == 2
                assert (answers[0] != answers[1]) == changed


def test_a_correction_taken_back_says_again_what_was_said_first(sample: Site):
    groups = versions(sample, "northvale-outcomes", "correction_taken_back")
    assert groups
    for first, second, third in groups:
        assert first == third != second


def test_keys_of_accepted_records_are_unique(sample: Site):
    fates = expected_fates(sample.folder)
    for feed in ("northvale-outcomes", "northvale-alliance", "northvale-wai36", "harbour-outcomes"):
        accepted = [
            (row.get("PID", row.get("CID")), row.get("SessionNo", row.get("SESS")), row.get("Rater"))
            for path in sample.files(feed)
            for at, row in enumerate(table(sample, feed, path), start=1)
            if fates[feed, path.name, at].fate == "accepted"
        ]
        assert len(accepted) == len(set(accepted))


def test_administrations_by_status_add_up(sample: Site):
    for feed in sample.truth["feeds"].values():
        for counts in feed.get("administrations", {}).values():
            assert counts["accepted"] == counts["scored"] + counts["prorated"] + counts["too_many_missing"]


def test_only_core_10_is_prorated(sample: Site):
    prorated = {
        form
        for feed in sample.truth["feeds"].values()
        for form, counts in feed.get("administrations", {}).items()
        if counts["prorated"]
    }
    assert prorated == {"core_10/client"}


def test_one_file_has_its_reversed_items_turned(sample: Site):
    """Elsewhere, item 2 (as it is) and item 1 (reversed) go opposite ways."""
    flipped = [row for row in defects_of(sample.folder) if row["defect"] == "reversed_items_already_flipped"]
    assert [row["source_row"] for row in flipped] == [""]
    for path in sample.files("northvale-wai36"):
        rows = [row for row in table(sample, "northvale-wai36", path) if row.get("W36_1", "").isdigit()]
        rows = [row for row in rows if row["W36_2"].isdigit()]
        same = sum((int(row["W36_1"]) > 4) == (int(row["W36_2"]) > 4) for row in rows)
        assert (same > len(rows) / 2) == (path.name == flipped[0]["file"])


def added(parts) -> Counter:
    total = Counter()
    for part in parts:
        total.update({name: part[name] for name in ("received", "accepted", "quarantined", "superseded")})
        total.update(part["excluded"])
    return total


def table(sample: Site, feed: str, path) -> list[Row]:
    header, rows = rows_of(path, sample.shapes[feed])
    return [named(header, row) for row in rows]


def rows_with(sample: Site, clinic: str, defect: str) -> list[Row]:
    """Records of a clinic's feeds that the sheet lists with a defect."""
    found = []
    for row in defects_of(sample.folder):
        if row["defect"] == defect and row["feed"].startswith(clinic) and row["source_row"]:
            path = sample.path(row["feed"], row["file"])
            found.append(table(sample, row["feed"], path)[int(row["source_row"]) - 1])
    return found


def versions(sample: Site, feed: str, defect: str) -> list[list[tuple[str, ...]]]:
    """Answers of the versions of each record that came more than once, in order of delivery.

    The original of a duplicate is not in the sheet: it is found by its client and session.
    """
    keys = ("PID", "SessionNo", "Rater") if "northvale" in feed else ("CID", "SESS")
    prefix = ("PHQ", "GAD", "WAI", "CORE")
    found = []
    fates = expected_fates(sample.folder)
    for path in sample.files(feed):
        for at, row in enumerate(table(sample, feed, path), start=1):
            if fates[feed, path.name, at].defect in ("", defect):
                key = tuple(row.get(name, "") for name in keys)
                answers = tuple(cell for name, cell in row.items() if name.startswith(prefix))
                found.append((key, answers, fates[feed, path.name, at].defect == defect))
    found.sort(key=lambda one: one[0])
    groups = [list(group) for _, group in groupby(found, key=lambda one: one[0])]
    return [[answers for _, answers, _ in group] for group in groups if any(marked for *_, marked in group)]
