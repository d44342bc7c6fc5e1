"""What looks like an identifier of people; and above all what does not."""

from __future__ import annotations

import random

import pytest

from flows.identifying import (
    are_births,
    are_identifiers,
    are_ids_of_people,
    are_places,
    are_sentences,
    years_of,
)
from flows.sample.people import ADDRESSES, NOTES, PEOPLE

EMAILS = {one.email for one in PEOPLE}
NHS_NUMBERS = {one.nhs_number for one in PEOPLE}
MINUTES = [(hour, minute) for hour in range(24) for minute in range(0, 60, 7)]

PLAIN = {
    "answers": {str(n) for n in range(11)},
    "negative codes": {"-99", "-1", "0", "1"},
    "one answer": {"3"},
    "none": set(),
    "labels": {"Not at all", "Several days", "More than half the days", "Nearly every day"},
    "ids of seven digits": {str(n) for n in range(1_000_000, 1_000_400)},
    "padded ids": {f"{n:08}" for n in range(500)} | {f"{n:010}" for n in range(1_234_500, 1_234_900)},
    "ids of ten digits": {str(n) for n in range(4_010_232_137, 4_010_232_637)},
    "ids of eleven digits": {str(n) for n in range(70_000_000_000, 70_000_000_500)},
    "seconds since 1970": {str(1_790_000_000 + 97 * n) for n in range(500)},
    "timestamps": {f"2026-05-01 {hour:02}:{minute:02}:00" for hour, minute in MINUTES},
    "timestamps with a zone": {f"2026-05-01T{hour:02}:{minute:02}:00.000+03:01" for hour, minute in MINUTES},
    "clock times": {f"{hour:02}:{minute:02}:30" for hour, minute in MINUTES},
    "recent dates": {f"{day}/{month}/2024" for day in range(1, 29) for month in range(1, 13)},
    "no date": {"1980-01-01 00:00:00"},
    "response ids": {f"R_{random.Random(n).randbytes(8).hex()}" for n in range(300)},
    "instance ids": {f"uuid:{random.Random(n).randbytes(16).hex()}" for n in range(300)},
    "versions": {"vQpCXqAaqKLQ2rbX3uUt9e", "1.2.3", "2024.11"},
    "seconds taken": {f"{n / 7:.3f}" for n in range(500)},
    "decimal commas": {f"{n},5" for n in range(100, 300)},
    "dialled codes": {"+5", "+10", "0", "00"},
    "handles": {"@first", "a@b", "not @ home"},
}  # fmt: skip


@pytest.mark.parametrize("what", PLAIN)
def test_what_looks_like_nothing_of_the_kind(what: str):
    texts = PLAIN[what]
    assert not are_identifiers(texts)
    assert not are_ids_of_people(texts)
    assert not are_births(texts, 2026)
    assert not are_sentences(texts)
    assert not are_places(texts, texts)


@pytest.mark.parametrize(
    "texts",
    [
        EMAILS,
        {"jane@mail.example"},
        {"José.Muñoz@correo.example", "n/a"},
        set(ADDRESSES),
        {"2001:db8::7", "fe80::1"},
        {"+44 7700 900123", "+49 30 901820"},
        {"07700900123", "07700 900 456"},
        {"(020) 7946 0958", "0161 496 0123"},
        NHS_NUMBERS,
        {"999 000 0018"},
        {"999-000-0018", ""},
        {"51.5074,-0.1278", "51.4545, -2.5879"},
        {"51.507412 -0.127812 30 4.5"},
    ],
)
def test_what_looks_like_it(texts: set[str]):
    assert are_identifiers(texts)


def test_a_wrong_check_digit_is_no_nhs_number():
    assert not are_identifiers({f"{number[:-1]}{(int(number[-1]) + 1) % 10}" for number in NHS_NUMBERS})
    assert not are_identifiers({"9990000018", "9990000026"}), "too few to tell from any numbers"
    assert are_ids_of_people(NHS_NUMBERS)
    assert are_ids_of_people(EMAILS)
    assert not are_ids_of_people(set(ADDRESSES))


def test_dates_of_birth_are_long_before_the_files_other_dates():
    births = {f"{1950 + n % 50}-03-{1 + n % 28:02}" for n in range(200)}
    assert are_births(births, 2026)
    assert are_births({f"{one} 00:00:00" for one in births}, 2026)
    assert are_births({"03/11/1985", "14.02.1990", "7-8-1979"}, 2026)
    assert not are_births({f"{one} 10:21:00" for one in births}, 2026), "an old survey"
    assert not are_births({"1900-01-01", "1970-01-01", "1980-01-01"}, 2026)
    assert not are_births(births, 1955)
    assert sorted(years_of({"1985-03-11", "03/11/1986", "1987-01-01T10:00:00", "11", "1988"})) == [
        1985,
        1986,
        1987,
    ]


def near(lat: float, lon: float, n: int = 50) -> tuple[set[str], set[str]]:
    drawn = random.Random(5)
    pairs = [(lat + drawn.uniform(-1, 1), lon + drawn.uniform(-1, 1)) for _ in range(n)]
    return {f"{a:.6f}" for a, _ in pairs}, {f"{b:.6f}" for _, b in pairs}


@pytest.mark.parametrize(("lat", "lon"), [(51.5, -0.1), (-33.9, 151.2), (40.7, -74.0)])
def test_two_columns_of_degrees(lat: float, lon: float):
    first, second = near(lat, lon)
    assert are_places(first, second)
    assert are_places(second, first)
    assert not are_places(first, {"1", "2"})
    assert not are_places(set(list(first)[:3]), set(list(second)[:3]))


def test_scores_of_many_decimals_are_no_places():
    drawn = random.Random(3)
    means = {f"{sum(drawn.randrange(1, 8) for _ in range(12)) / 12:.4f}" for _ in range(300)}
    tens = {f"{drawn.randrange(100, 140) / 7:.6f}" for _ in range(300)}
    standard = {f"{drawn.gauss(0, 1):.6f}" for _ in range(300)}
    t_scores = {f"{drawn.gauss(50, 10):.4f}" for _ in range(300)}
    for one in (means, tens, standard, t_scores):
        for other in (means, tens, standard, t_scores):
            assert not are_places(one, other)


def test_sentences():
    assert are_sentences(set(NOTES))
    assert not are_sentences({"I do not agree at all with it", "yes", "no", "perhaps"})
