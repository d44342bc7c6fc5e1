"""The canaries: there, recognisable, and only where identifiers and free texts stand."""

from __future__ import annotations

from flows.sample.people import ADDRESSES, PEOPLE, canaries
from tests.flows.sample.conftest import Site

VENDOR_DROPS = {
    "qualtrics": {
        "IPAddress",
        "RecipientLastName",
        "RecipientFirstName",
        "RecipientEmail",
        "ExternalReference",
    },
    "redcap": {"redcap_survey_identifier"},
    "limesurvey": set(),
    "csv": set(),
}


def test_the_list_is_written_beside_the_truth(sample: Site):
    listed = (sample.folder / "sample/canaries.txt").read_text(encoding="utf-8").splitlines()
    assert tuple(listed) == canaries()
    assert len(set(listed)) == 3 * len(PEOPLE) + len(ADDRESSES)


def test_nhs_numbers_are_test_numbers_with_right_check_digits():
    for person in PEOPLE:
        digits = [int(digit) for digit in person.nhs_number]
        assert person.nhs_number.startswith("999")
        assert len(digits) == 10
        assert sum(digit * (10 - at) for at, digit in enumerate(digits)) % 11 == 0


def test_every_canary_is_in_the_files(sample: Site):
    text = b"".join(path.read_bytes() for path in (sample.folder / "inbox").rglob("*.csv"))
    assert [canary for canary in canaries() if canary.encode() not in text] == []


def test_no_canary_is_in_a_file_name_or_in_the_truth_sheet(sample: Site):
    for path in (
        sample.folder / "sample/truth.json",
        sample.folder / "sample/defects.csv",
        sample.folder / "site.toml",
    ):
        assert not any(canary in path.read_text(encoding="utf-8") for canary in canaries())


def test_canaries_stand_in_dropped_columns_only(sample: Site):
    for feed in sample.raw["feeds"]:
        dropped = set(feed["drop"]) | VENDOR_DROPS[feed["dialect"]]
        holding = {
            name
            for row in sample.records(feed["id"])
            for name, cell in row.items()
            if name not in dropped and any(canary in cell for canary in canaries())
        }
        assert holding == set(), feed["id"]
        assert any(
            canary in cell
            for row in sample.records(feed["id"])
            for cell in row.values()
            for canary in canaries()
        )
