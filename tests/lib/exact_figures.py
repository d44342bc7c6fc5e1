"""Made-up clinics small enough to count by hand, and their figures as lines of text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb

from tests.lib.small_warehouse import Site, figures
from tests.lib.tables import rows

AS_OF = date(2026, 6, 30)
ONE_CLINIC = {"north": "adult"}


def exact(con: duckdb.DuckDBPyConnection, figure: str, **where: str) -> list[str]:
    """The figure's rows of a unit, as `period: numerator/denominator = value state`.

    The whole site, all time, in the first definition, where nothing else is asked.
    """
    definition = "nhs_pdt" if figure == "dna_rate" else "standard"
    asked = {"clinic": "all", "service": "all", "grain": "all", "definition": definition} | where
    return [
        f"{period}: {plain(numerator)}/{plain(denominator)} = {plain(value)} {state}"
        for *_, period, _, _, numerator, denominator, value, _, _, state in figures(
            con, figure=figure, **asked
        )
    ]


def plain(number: Decimal | int | None) -> str:
    return (
        "-"
        if number is None
        else f"{Decimal(number):f}".rstrip("0").rstrip(".")
        if "." in str(number)
        else str(number)
    )


COURSES = rows("""
    case | dep_first | dep_last | anx_first | anx_last
    1    | 15        | 8        | 12        | 6
    2    | 11        | 9        | 7         | 7
    3    | 18        | 11       | 10        | 15
    4    | 9         | 3        | 7         | 2
    5    | 12        | 6        | 9         | 8
""")
"""The worked cases of the two-measure rules: caseness 10 and 8, reliable change 6 and 4."""


def courses(cases: list[dict[str, str]]) -> Site:
    """A clinic whose clients each finished a course with a first and a last score."""
    referrals, appointments, scores = [], [], []
    for case in cases:
        who = {"clinic": "north", "client": case["case"]}
        referrals.append(who | {"received_on": "2026-01-05", "ended_on": "2026-03-20", "ending": "completed"})
        for day, part in (("2026-01-12", "first"), ("2026-03-16", "last")):
            appointments.append(who | {"starts_at": f"{day} 10:00", "status": "attended"})
            for instrument, column in (("phq_9", "dep"), ("gad_7", "anx")):
                given = {
                    "instrument": instrument,
                    "completed_at": f"{day} 09:50",
                    "total": case[f"{column}_{part}"],
                }
                scores.append(who | given)
    return Site(ONE_CLINIC, referrals, appointments, scores)


CONTACTS = rows("""
    clinic | client | starts_at        | status                | kind
    north  | 1      | 2026-05-04 10:00 | attended              | assessment
    north  | 1      | 2026-05-11 10:00 | late                  | treatment
    north  | 1      | 2026-06-01 10:00 | attended              | treatment
    north  | 2      | 2026-05-05 10:00 | dna                   | treatment
    north  | 2      | 2026-05-12 10:00 | late_not_seen         | treatment
    north  | 2      | 2026-05-19 10:00 | attended              | follow_up
    north  | 3      | 2026-05-06 10:00 | cancelled_by_client   | treatment
    north  | 3      | 2026-05-13 10:00 | cancelled_by_provider | treatment
    north  | 3      | 2026-05-20 10:00 | booked                | treatment
    north  | 3      | 2026-07-06 10:00 | booked                | treatment
""")
DUE_CONTACTS = rows("""
    clinic | client | starts_at        | status   | kind      | session
    north  | 1      | 2026-01-12 10:00 | attended | treatment | 1
    north  | 1      | 2026-01-19 10:00 | attended | treatment | 2
    north  | 1      | 2026-01-26 10:00 | dna      | treatment | 3
    north  | 1      | 2026-02-02 10:00 | attended | treatment | 4
    north  | 1      | 2026-03-02 10:00 | attended | follow_up | 5
""")
DUE_SCORES = rows("""
    clinic | client | instrument | rater     | completed_at     | total | session
    north  | 1      | phq_9      | client    | 2026-01-10 20:00 | 12    | 1
    north  | 1      | phq_9      | client    | 2026-01-19 09:50 |       |
    north  | 1      | phq_9      | client    | 2026-01-26 09:50 | 11    | 3
    north  | 1      | phq_9      | client    | 2026-02-02 09:50 | 10    | 9
    north  | 1      | wai_sr     | therapist | 2026-02-02 11:00 | 40    |
""")
