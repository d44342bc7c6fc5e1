"""Clinics and deliveries of a sample."""

from __future__ import annotations

from datetime import date

from flows.sample.plan import add_months, day_number, plan_clinics, plan_window


def test_two_years_are_eight_quarters_and_four_half_years():
    window = plan_window(24, date(2026, 10, 31))
    assert window.first == date(2024, 11, 1)
    assert window.quarter_ends[:2] == (date(2025, 1, 31), date(2025, 4, 30))
    assert len(window.quarter_ends) == 8
    assert window.half_ends == window.quarter_ends[1::2]


def test_a_period_that_is_no_multiple_of_quarters_ends_with_a_shorter_one():
    window = plan_window(5, date(2026, 3, 15))
    assert window.quarter_ends == (date(2026, 1, 15), date(2026, 3, 15))
    assert window.half_ends == (date(2026, 3, 15),)


def test_a_single_month_is_one_delivery():
    assert plan_window(1, date(2026, 2, 28)).quarter_ends == (date(2026, 2, 28),)


def test_months_are_added_to_the_last_day_there_is():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2026, 11, 1), -24) == date(2024, 11, 1)
    assert day_number(date(1970, 1, 2)) == 1


def test_clinics_take_turns_at_services_and_systems():
    clinics = plan_clinics(12)
    assert [clinic.style for clinic in clinics[:4]] == ["qualtrics", "redcap", "limesurvey", "qualtrics"]
    assert [clinic.service for clinic in clinics[:3]] == ["adult", "adult", "perinatal"]
    assert len({clinic.id for clinic in plan_clinics(99)}) == 99
