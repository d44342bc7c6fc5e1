"""Appointments and referrals: three local ways to write the same, and site.toml maps them."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from schemas.site import VOCABULARY
from tests.flows.sample.conftest import Site

CLINICS = ("northvale", "eastmoor", "harbour")


def feed_of(sample: Site, id_: str) -> dict:
    return next(feed for feed in sample.raw["feeds"] if feed["id"] == id_)


def mapped(sample: Site, feed: str, ours: str) -> Counter:
    table = feed_of(sample, feed)
    words, column = table["values"][ours], table["columns"][ours]
    return Counter(words.get(row.get(column, ""), row.get(column, "")) for row in sample.records(feed))


@pytest.mark.parametrize("clinic", CLINICS)
def test_local_codes_cover_every_status_and_kind(sample: Site, clinic):
    status = mapped(sample, f"{clinic}-appointments", "status")
    assert set(VOCABULARY["status"]) <= set(status)
    assert status["attended"] > status["dna"] > status["late_not_seen"] > 0
    kinds = mapped(sample, f"{clinic}-appointments", "kind")
    assert {"assessment", "treatment", "both", "review", "follow_up"} <= set(kinds)


@pytest.mark.parametrize("clinic", CLINICS)
def test_endings_are_mapped_and_open_referrals_have_none(sample: Site, clinic):
    endings = mapped(sample, f"{clinic}-referrals", "ending")
    assert {"completed", "dropped_out", "declined", ""} <= set(endings)
    assert set(endings) <= {*VOCABULARY["ending"], ""}
    assert endings["completed"] > endings["dropped_out"] > 0


@pytest.mark.parametrize("clinic", CLINICS)
def test_a_snapshot_holds_all_referrals_so_far(sample: Site, clinic):
    files = [len(path.read_bytes()) for path in sample.files(f"{clinic}-referrals")]
    assert len(files) > 1
    assert files == sorted(files)
    assert feed_of(sample, f"{clinic}-referrals")["delivery"] == "snapshot"


def test_one_clinic_writes_windows_text_with_semicolons(sample: Site):
    content = sample.files("harbour-appointments")[0].read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    header, *rows = csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";")
    assert "Maternité – 2nd floor" in dict(zip(header, rows[0], strict=True)).values()


def test_session_numbers_stand_with_held_appointments_only(sample: Site):
    for row in sample.records("northvale-appointments"):
        if row.get("SessionNo"):
            assert row["Attendance"] in ("5", "6", "99")


def test_appointments_to_come_stand_in_the_last_file(sample: Site):
    *earlier, last = (path.read_text(encoding="utf-8") for path in sample.files("eastmoor-appointments"))
    assert ",Booked," in last
    assert not any(",Booked," in text for text in earlier)
