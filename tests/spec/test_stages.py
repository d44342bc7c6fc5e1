"""Stages of the relationship, by session number and ending: commitment, process, change, termination."""

from __future__ import annotations

import pytest

from schemas.site import Rules
from tests.lib.courses import AS_OF, CLINICS, shares, weekly
from tests.lib.small_warehouse import Site, warehouse
from tests.lib.tables import rows

CONTACTS = rows("""
    clinic | client | starts_at        | status   | kind      | session
    north  | 1      | 2026-01-05 12:00 | attended | treatment | 1
    north  | 1      | 2026-01-12 12:00 | attended | treatment | 3
    north  | 1      | 2026-01-19 12:00 | attended | treatment | 4
    north  | 1      | 2026-01-26 12:00 | dna      | treatment | 5
    north  | 1      | 2026-02-02 12:00 | late     | treatment | 8
    north  | 1      | 2026-02-09 12:00 | attended | treatment | 9
    north  | 1      | 2026-02-16 12:00 | attended | treatment | 10
    north  | 1      | 2026-03-16 12:00 | attended | follow_up | 11
""")


def stages(ended_on: str, rules: Rules) -> list[tuple[str, int]]:
    referral = {"clinic": "north", "client": "1", "received_on": "2026-01-02", "ended_on": ended_on}
    con = warehouse(Site(CLINICS, [referral | {"ending": "completed"}], CONTACTS, rules=rules), AS_OF)
    return con.execute(
        "SELECT period, numerator::INTEGER FROM mart_figure JOIN mart_period USING (grain, period)"
        " WHERE figure = 'contacts_by_stage' AND service = 'all' ORDER BY first_slot"
    ).fetchall()


@pytest.mark.parametrize(
    ("ended_on", "rules", "expected"),
    [
        # By the defaults: process from session 4, change from session 9, the last contact is termination.
        ("", Rules(), (2, 2, 3, 0)),
        ("2026-03-20", Rules(), (2, 2, 2, 1)),
        ("2026-07-20", Rules(), (2, 2, 3, 0)),  # has not ended yet
        ("2026-03-20", Rules(termination_sessions=3), (2, 1, 1, 3)),
        ("2026-03-20", Rules(termination_sessions=0), (2, 2, 3, 0)),
        ("2026-03-20", Rules(process_from_session=2, change_from_session=4), (1, 1, 4, 1)),
    ],
)
def test_contacts_by_stage(ended_on, rules, expected):
    """The follow-up has its stage by number and is never the last of the relationship."""
    names = ("commitment", "process", "change", "termination")
    assert stages(ended_on, rules) == list(zip(names, expected, strict=True))


def test_a_score_has_the_stage_of_its_contact_else_that_of_its_session_number():
    """Client 1's last contact is termination. Client 2 has no contacts; a form without a number has no stage."""
    scores = [
        *weekly("41 - 42 43"),  # sessions 1, 3, 4; the contact of session 2 was that of 12 January
        *rows("""
            clinic | client | instrument | session | completed_at     | total | rater
            north  | 1      | wai_sr     |         | 2026-02-16 13:00 | 50    | client
            north  | 1      | wai_sr     | 10      | 2026-02-20 13:00 | 52    | client
            north  | 1      | wai_sr     | 10      | 2026-02-20 13:00 | 30    | therapist
            north  | 2      | wai_sr     | 9       | 2026-02-20 13:00 | 20    | client
            north  | 2      | wai_sr     |         | 2026-02-21 13:00 | 60    | client
        """),
    ]
    referral = {"clinic": "north", "client": "1", "received_on": "2026-01-02", "ended_on": "2026-03-20"}
    con = warehouse(Site(CLINICS, [referral | {"ending": "completed"}], CONTACTS, scores), AS_OF)

    def mean_of(stage: str, definition: str = "standard") -> str:
        return shares(con, "alliance_by_stage", definition=definition, period=stage)

    assert mean_of("commitment") == "83/2"
    assert mean_of("process") == "43/1"
    assert mean_of("change") == "20/1"
    assert mean_of("termination") == "102/2"
    assert mean_of("termination", "therapist_rated") == "30/1"
