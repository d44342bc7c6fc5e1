"""Engagement rules

The unit is the referral, not the person. Treatment contacts are attended appointments of a kind that treats;
assessments and follow-ups are none. What has not happened by the date of the figures, here 30 June 2026, does
not count. Where services count differently, the other way has its own definition.
"""

from __future__ import annotations

from datetime import date

import pytest

from schemas.site import Rules
from tests.lib.figure_spec import assert_figures, clinic

REFERRALS = """
    client | received_on | ended_on   | ending
    -------+-------------+------------+------------
    1      | 2026-01-05  | 2026-05-20 | completed
    2      | 2026-01-05  | 2026-05-21 | dropped_out
    3      | 2026-01-05  | 2026-05-22 | dropped_out
    4      | 2026-01-05  | 2026-05-23 | declined
    5      | 2026-01-05  |            |
    6      | 2026-01-05  | 2026-07-01 | completed
"""
CONTACTS = """
    client | starts_at        | status                | kind
    -------+------------------+-----------------------+-----------
    1      | 2026-01-12 10:00 | attended              | assessment
    1      | 2026-02-16 10:00 | attended              | treatment
    1      | 2026-03-16 10:00 | late                  | treatment
    1      | 2026-04-14 10:00 | attended              | both
    1      | 2026-04-20 10:00 | dna                   | treatment
    1      | 2026-05-18 10:00 | attended              | review
    1      | 2026-05-19 10:00 | attended              | treatment
    2      | 2026-02-17 10:00 | attended              | treatment
    2      | 2026-05-19 10:00 | attended              | treatment
    3      | 2026-05-11 10:00 | attended              | treatment
    3      | 2026-05-18 10:00 | late_not_seen         | treatment
    3      | 2026-05-20 10:00 | attended              | follow_up
    4      | 2026-02-02 10:00 | cancelled_by_client   | treatment
    4      | 2026-02-09 10:00 | cancelled_by_provider | treatment
    5      | 2026-05-12 10:00 | attended              | treatment
    6      | 2026-06-30 10:00 | attended              | treatment
    6      | 2026-07-01 10:00 | attended              | treatment
"""


def test_how_referrals_ended():
    """Four ended by June: with five treatment contacts, two, one, none. The end in July has not happened."""
    assert_figures(
        clinic(REFERRALS, CONTACTS),
        """
        figure                      | definition  | share
        ----------------------------+-------------+------
        referrals_ended             | standard    | 4
        ended_before_treatment_rate | standard    | 1 / 4
        one_session_rate            | standard    | 1 / 4
        one_session_rate            | of_treated  | 1 / 3
        finished_course_rate        | standard    | 2 / 4
        finished_course_rate        | of_treated  | 2 / 3
        treatment_contacts_mean     | standard    | 7 / 2
        five_contacts_rate          | standard    | 1 / 2
        dropout_rate                | standard    | 2 / 3
        dropout_rate                | of_finished | 1 / 2
        planned_ending_rate         | standard    | 1 / 3
        """,
    )


def test_waits_for_treatment():
    """From the referral to the first treatment contact: 42, 43, 126, 127 and 176 days.

    The standard counts finished courses in the month they ended, the other all first contacts in their month.
    """
    assert_figures(
        clinic(REFERRALS, CONTACTS),
        """
        figure             | definition         | period  | share
        -------------------+--------------------+---------+--------
        entered_treatment  | standard           | all     | 5
        entered_treatment  | standard           | 2026-02 | 2
        wait_days_mean     | standard           | all     | 514 / 5
        wait_6_weeks_rate  | standard           | all     | 1 / 2
        wait_6_weeks_rate  | standard           | 2026-02 | 0 / 0
        wait_6_weeks_rate  | at_first_treatment | all     | 1 / 5
        wait_6_weeks_rate  | at_first_treatment | 2026-02 | 1 / 2
        wait_18_weeks_rate | standard           | all     | 2 / 2
        wait_18_weeks_rate | at_first_treatment | all     | 3 / 5
        """,
    )


def test_waits_between_treatment_contacts():
    """Client 1: 28, 29, 34 and 1 days; client 2: 91 days. The missed appointment in April shortens nothing."""
    assert_figures(
        clinic(REFERRALS, CONTACTS),
        """
        figure                   | period  | share
        -------------------------+---------+--------
        second_wait_over_28_rate | all     | 1 / 2
        second_wait_over_90_rate | all     | 1 / 2
        second_wait_over_90_rate | 2026-03 | 0 / 1
        contact_gap_days_mean    | all     | 183 / 5
        contact_gap_over_28_rate | all     | 3 / 5
        contact_gap_over_28_rate | 2026-05 | 2 / 3
        """,
    )


def test_attendance():
    """Of those expected: cancelled ones left out. Of all: whose day has come, cancelled ones included."""
    assert_figures(
        clinic(REFERRALS, CONTACTS),
        """
        figure                     | definition  | share
        ---------------------------+-------------+--------
        attendance_rate            | standard    | 12 / 14
        attendance_rate            | of_booked   | 12 / 16
        dna_rate                   | nhs_pdt     | 1 / 16
        dna_rate                   | of_expected | 1 / 14
        cancelled_by_client_rate   | standard    | 1 / 16
        cancelled_by_provider_rate | standard    | 1 / 16
        """,
    )


def test_open_referrals():
    """As they stood at the end of the month: received by then, not ended by then, a quarter like its last month.

    No activity: the last treatment contact of an open referral is more than 90 days old.
    """
    assert_figures(
        clinic(
            """
            client | received_on | ended_on
            1      | 2026-01-31  | 2026-03-31
            2      | 2026-02-01  | 2026-04-01
            3      | 2026-02-10  |
            """,
            """
            client | starts_at
            2      | 2026-02-10 10:00
            3      | 2026-02-20 10:00
            3      | 2026-03-02 10:00
            """,
        ),
        """
        figure                     | period  | share
        ---------------------------+---------+------
        open_referrals             | 2026-01 | 1
        open_referrals             | 2026-02 | 3
        open_referrals             | 2026-03 | 2
        open_referrals             | 2026-04 | 1
        open_referrals             | all     | 1
        open_without_activity_rate | 2026-01 | 0 / 0
        open_without_activity_rate | 2026-03 | 0 / 2
        open_without_activity_rate | 2026-05 | 0 / 1
        open_without_activity_rate | 2026-06 | 1 / 1
        open_without_activity_rate | all     | 1 / 1
        """,
    )


def test_open_referrals_of_the_running_month_stand_as_of_the_date_of_the_figures():
    con = clinic("client | received_on | ended_on\n 1 | 2026-01-31 | 2026-03-20", as_of=date(2026, 3, 19))
    assert_figures(con, "figure | period | share\n open_referrals | 2026-03 | 1\n open_referrals | all | 1")


DUE = "instrument | rater | due_when\n phq_9 | client | all"
FORMS = """
    client | instrument | completed_at     | total
    -------+------------+------------------+------
    1      | phq_9      | 2026-01-12 09:00 | 12
    1      | phq_9      | 2026-03-09 09:00 | 9
    1      | phq_9      | 2026-03-16 09:00 |
"""
WEEKS = "client | starts_at\n" + "\n".join(
    f"1 | 2026-{day} 10:00" for day in ("01-12", "02-02", "02-09", "02-16", "03-09", "03-16")
)


def test_questionnaires_by_session():
    """Sessions 1 to 12 of the contact, as recorded or counted; a form without a score is not completed."""
    assert_figures(
        clinic("client | received_on\n 1 | 2026-01-05", WEEKS, FORMS, DUE),
        """
        figure                              | instrument | period | share
        ------------------------------------+------------+--------+------
        questionnaire_completion_by_session | phq_9      | 1      | 1 / 1
        questionnaire_completion_by_session | phq_9      | 2      | 0 / 1
        questionnaire_completion_by_session | phq_9      | 5      | 1 / 1
        questionnaire_completion_by_session | phq_9      | 6      | 0 / 1
        questionnaire_completion_by_session | phq_9      | 7      | 0 / 0
        """,
    )


@pytest.mark.parametrize(("in_a_row", "share"), [(1, "4 / 6"), (2, "2 / 6"), (3, "1 / 6"), (4, "0 / 6")])
def test_questionnaires_missed_in_a_row(in_a_row, share):
    """Missed at sessions 2, 3, 4 and 6. One that ends a run of the declared length, or makes it longer, counts."""
    rules = Rules(missed_in_a_row=in_a_row)
    con = clinic("client | received_on\n 1 | 2026-01-05", WEEKS, FORMS, DUE, rules)
    assert_figures(
        con, f"figure | instrument | share\n questionnaires_missed_in_a_row_rate | phq_9 | {share}"
    )


@pytest.mark.parametrize(
    ("form", "share"),
    [
        ("wai_sr | client    | 2026-02-09 09:00 |   | 40", "1 / 1"),
        ("wai_sr | client    | 2026-02-02 09:00 | 5 | 40", "1 / 1"),
        ("wai_sr | client    | 2026-02-09 09:00 | 2 | 40", "0 / 1"),
        ("wai_sr | client    | 2026-02-02 09:00 |   | 40", "0 / 1"),
        ("wai_sr | client    | 2026-02-09 09:00 | 3 |   ", "0 / 1"),
        ("wai_sr | therapist | 2026-02-09 09:00 | 3 | 40", "not_applicable"),
    ],
)
def test_alliance_coverage(form, share):
    """A valid score of the client at session 3, 4 or 5: the form's own number, else that of its contact.

    Of referrals that ended after three attended contacts; that of client 2, with two, is in no share.
    """
    con = clinic(
        "client | received_on | ended_on | ending\n"
        "1 | 2026-01-05 | 2026-03-20 | completed\n 2 | 2026-01-05 | 2026-03-20 | completed",
        WEEKS + "\n2 | 2026-02-02 10:00\n2 | 2026-02-09 10:00",
        f"client | instrument | rater | completed_at | session | total\n 1 | {form}",
    )
    instrument = "" if share == "not_applicable" else "wai_sr"
    assert_figures(con, f"figure | instrument | share\n alliance_coverage_rate | {instrument} | {share}")
