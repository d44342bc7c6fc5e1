from __future__ import annotations

from datetime import date

from dashboards import choice
from warehouse.read import Period, Unit

UNITS = (
    Unit("all", "all", "All services"),
    Unit("adult", "all", "Adult"),
    Unit("adult", "north", "North"),
    Unit("young", "all", "Young people"),
    Unit("young", "harbour", "Harbour"),
)


def month(year: int, number: int, closed: bool = True) -> Period:
    return Period(
        "month",
        f"{year}-{number:02}",
        f"{number}/{year}",
        date(year, number, 1),
        date(year, number, 28),
        closed,
    )


def twelve(year: int, number: int) -> Period:
    first = date(year - 1, number + 1, 1)
    return Period("rolling_12_months", f"{year}-{number:02}", "", first, date(year, number, 28), True)


def test_units_are_those_published():
    assert [unit.title for unit in choice.services(UNITS)] == ["All services", "Adult", "Young people"]
    assert [unit.title for unit in choice.clinics(UNITS, UNITS[0])] == ["All services", "North", "Harbour"]
    assert [unit.title for unit in choice.clinics(UNITS, UNITS[1])] == ["Adult", "North"]
    assert choice.service_title(UNITS, UNITS[4]) == "Young people"


def test_clinics_with_one_name_are_told_apart():
    twins = [UNITS[0], Unit("adult", "a", "Central"), Unit("young", "b", "Central"), UNITS[2]]
    assert choice.clinic_names(twins) == ["All clinics", "Central (adult)", "Central (young)", "North"]


def test_periods_are_closed_ones_newest_first_longest_grain_first():
    found = choice.periods_by_grain(
        [month(2026, 1), month(2026, 2), month(2026, 3, closed=False), twelve(2026, 2)]
    )
    assert list(found) == ["rolling_12_months", "month"]
    assert [period.period for period in found["month"]] == ["2026-02", "2026-01"]


def test_the_period_before_shares_no_day_with_the_chosen_one():
    rolling = [twelve(year, number) for year in (2025, 2026) for number in range(1, 12)]
    assert choice.previous(rolling, twelve(2026, 10)) == twelve(2025, 10)
    assert choice.previous([month(2026, 1), month(2026, 2)], month(2026, 2)) == month(2026, 1)
    assert choice.previous([month(2026, 1)], month(2026, 1)) is None


def test_trends_show_the_newest_two_years_or_those_up_to_an_older_choice():
    months = [month(year, number) for year in (2023, 2024, 2025, 2026) for number in range(1, 13)]
    newest = choice.trend_months(months, month(2026, 3))
    assert (newest[0].period, newest[-1].period, len(newest)) == ("2025-01", "2026-12", 24)
    older = choice.trend_months(months, month(2024, 6))
    assert (older[0].period, older[-1].period) == ("2023-01", "2024-06")
    assert choice.trend_months([], month(2024, 6)) == []
