"""Invented people whose names, addresses and numbers must never leave the identifier columns.

They stand in columns that feeds drop and in free texts. A test that finds one of them in a part, a
table, a log or a page has found a leak.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.sample.columns import Array


@dataclass(frozen=True)
class Person:
    first: str
    last: str
    email: str
    nhs_number: str


PEOPLE = tuple(
    Person(first, last, f"{first}.{last}@mail.example".lower(), number)
    for first, last, number in (
        ("Zephyrine", "Oakhollow", "9990000018"),
        ("Bartholomew", "Quillfeather", "9990000026"),
        ("Isolde", "Marrowbridge", "9990000034"),
        ("Peregrine", "Thistlewaite", "9990000042"),
        ("Ottoline", "Crakehall", "9990000050"),
        ("Leopoldine", "Vantongeren", "9990000069"),
        ("Caspian", "Wrenfordshaw", "9990000077"),
        ("Marguerita", "Dellasandro", "9990000085"),
    )
)
"""NHS numbers from the range kept for tests, with right check digits."""

ADDRESSES = tuple(f"198.51.100.{n}" for n in (7, 23, 42, 77, 101, 158, 199, 241))
"""IP addresses from the range kept for documentation."""

NOTES = (
    "Felt listened to today, thank you",
    f"Please ring {PEOPLE[0].first} {PEOPLE[0].last} about the next appointment",
    "First line\nsecond line, after a break",
    f"My e-mail changed to {PEOPLE[1].email}",
    'She said "take your time", and that helped',
    f"NHS number {PEOPLE[2].nhs_number}, in case you need it",
    "NA",
    f"{PEOPLE[3].first} {PEOPLE[3].last} fills this in with me; see you soon",
)
"""Free texts, with quotes, line breaks, delimiters, and people in them."""

ONE_IN = 25
"""Share of records with a free text."""


def canaries() -> tuple[str, ...]:
    """Every string that must not be found behind the door, one of each kind of identifier."""
    people = [(person.last, person.email, person.nhs_number) for person in PEOPLE]
    return tuple(text for person in people for text in person) + ADDRESSES


def person_column(clients: Array, part: str, share: int = 1) -> list[str]:
    """This part of each client's person; only one client in `share` is named, others are blank."""
    parts = [str(getattr(person, part)) for person in PEOPLE]
    return ["" if client % share else parts[client // share % len(parts)] for client in clients.tolist()]
