"""Outcome rules

A course of treatment is finished when its referral has ended after at least two attended treatment contacts.
Two scores make a pair when they are of two days. NHS Talking Therapies lets two measures decide together:
PHQ-9, and GAD-7 or the anxiety measure of the problem. A case is 10 or more on PHQ-9, 8 or more on GAD-7; a
reliable change is 6 or more on PHQ-9, 4 or more on GAD-7.
"""

from __future__ import annotations

import pytest

from schemas.site import Rules
from tests.lib.figure_spec import assert_figures, clinic
from tests.lib.tables import rows

CASES = """
    case | D first | D last | A first | A last
    -----+---------+--------+---------+-------
    1    | 15      | 8      | 12      | 6
    2    | 11      | 9      | 7       | 7
    3    | 18      | 11     | 10      | 15
    4    | 9       | 3      | 7       | 2
    5    | 12      | 6      | 9       | 8
"""


def courses(cases: str, second: str = "2026-03-16 10:00", problem: str = "", anxiety: str = "gad_7", **more):
    """Clients with two treatment contacts, and the scores of both measures at the first and at the last."""
    referrals, appointments, scores = [], [], []
    for row in rows(cases):
        who = row["case"]
        referrals.append(f"{who} | 2026-01-05 | 2026-03-20 | completed | {problem}")
        appointments += [f"{who} | 2026-01-12 10:00", f"{who} | {second}"]
        for day, part in (("2026-01-12", "first"), ("2026-03-16", "last")):
            scores.append(f"{who} | phq_9 | {day} 09:50 | {row[f'D {part}']}")
            scores.append(f"{who} | {anxiety} | {day} 09:50 | {row[f'A {part}']}")
            # Where the problem has its own measure, GAD-7 is given too and says the contrary.
            scores += [f"{who} | gad_7 | {day} 09:50 | {more.get('gad_7', 20)}"] * (anxiety != "gad_7")
    return {
        "referrals": "\n".join(["client | received_on | ended_on | ending | problem", *referrals]),
        "appointments": "\n".join(["client | starts_at", *appointments]),
        "scores": "\n".join(["client | instrument | completed_at | total", *scores]),
    }


def test_what_came_before_the_referral_or_after_its_end_is_no_part_of_the_course():
    """February 2025 lies before the referral, and June 2026 after its end: a form mailed then is not the last
    score. The form of the second session was filled in the day after the end, and counts with its contact.
    """
    con = clinic(
        referrals="""
            client | received_on | ended_on   | ending
            1      | 2026-01-05  | 2026-03-16 | completed
        """,
        appointments="""
            client | session | starts_at
            1      | 8       | 2025-02-03 10:00
            1      | 1       | 2026-01-12 10:00
            1      | 2       | 2026-03-16 10:00
            1      | 9       | 2026-06-16 10:00
        """,
        scores="""
            client | session | instrument | completed_at     | total
            1      | 8       | phq_9      | 2025-02-03 09:50 | 27
            1      |         | gad_7      | 2025-02-04 09:50 | 21
            1      | 1       | phq_9      | 2026-01-12 09:50 | 15
            1      | 1       | gad_7      | 2026-01-12 09:50 | 12
            1      | 2       | phq_9      | 2026-03-17 09:50 | 8
            1      | 2       | gad_7      | 2026-03-17 09:50 | 6
            1      | 9       | phq_9      | 2026-06-16 09:50 | 27
            1      |         | gad_7      | 2026-06-20 09:50 | 21
        """,
    )
    assert_figures(
        con,
        """
        figure                   | share  | instrument
        recovery_rate            | 1 / 1  |
        treatment_contacts_mean  | 2 / 1  |
        wait_days_mean           | 7 / 1  |
        contact_gap_days_mean    | 63 / 1 |
        days_between_scores_mean | 64 / 1 | phq_9
        days_between_scores_mean | 64 / 1 | gad_7
        """,
    )


WORKED = """
    case | caseness | recovery | improvement | deterioration | reliable recovery
    -----+----------+----------+-------------+---------------+------------------
    1    | yes      | yes      | yes         | no            | yes
    2    | yes      | yes      | no          | no            | no
    3    | yes      | no       | no          | no            | no
    4    | no       | no       | yes         | no            | no
    5    | yes      | no       | yes         | no            | no
"""


def test_two_measures_decide_together():
    """Either measure is enough for caseness, both must be below the cut-off to recover.

    Improved on one and worse on the other is no reliable change (case 3).
    """
    con = clinic(**courses(CASES))
    found = con.execute("""
        SELECT client_key::VARCHAR, NOT not_at_caseness, recovered, reliably_improved, reliably_deteriorated,
            reliably_recovered
        FROM mart_outcome ORDER BY client_key
    """).fetchall()
    assert [[case, *("yes" if cell else "no" for cell in cells)] for case, *cells in found] == [
        list(row.values()) for row in rows(WORKED)
    ]


def test_denominators():
    """Improvement is of all finished courses; recovery leaves out those below both cut-offs at the first (case 4)."""
    assert_figures(
        clinic(**courses(CASES)),
        """
        figure                      | share
        ----------------------------+------
        finished_course             | 5
        paired_outcome_rate         | 5 / 5
        reliable_improvement_rate   | 3 / 5
        reliable_deterioration_rate | 0 / 5
        recovery_rate               | 2 / 4
        reliable_recovery_rate      | 1 / 4
        """,
    )


def test_a_course_without_a_pair_is_no_success():
    """It stays in the denominators of the convention and of intention to treat; completers leave it out."""
    assert_figures(
        clinic(**courses(CASES + "6 | 20 | | 15 |")),
        """
        figure                      | definition         | share
        ----------------------------+--------------------+------
        paired_outcome_rate         | standard           | 5 / 6
        recovery_rate               | standard           | 2 / 5
        recovery_rate               | completers         | 2 / 4
        recovery_rate               | intention_to_treat | 2 / 5
        reliable_recovery_rate      | completers         | 1 / 4
        reliable_improvement_rate   | standard           | 3 / 6
        reliable_improvement_rate   | completers         | 3 / 5
        reliable_improvement_rate   | intention_to_treat | 3 / 6
        reliable_deterioration_rate | completers         | 0 / 5
        """,
    )


def test_intention_to_treat_takes_in_courses_of_one_contact():
    """One treatment contact, and a pair all the same: no finished course, but treated."""
    assert_figures(
        clinic(**courses(CASES, second="2026-07-16 10:00")),
        """
        figure                      | definition         | share
        ----------------------------+--------------------+------
        finished_course             | standard           | 0
        recovery_rate               | standard           | 0 / 0
        recovery_rate               | completers         | 0 / 0
        recovery_rate               | intention_to_treat | 2 / 4
        reliable_recovery_rate      | intention_to_treat | 1 / 4
        reliable_improvement_rate   | intention_to_treat | 3 / 5
        reliable_deterioration_rate | intention_to_treat | 0 / 5
        """,
    )


OWN_MEASURE = """
    instrument | scale | kind            | name                  | value | comparison | evidence | is_on
    core_10    | total | caseness        | nhs_talking_therapies | 8     | >=         | derived  | true
    core_10    | total | reliable_change | nhs_talking_therapies | 4     | >=         | derived  | true
"""


@pytest.mark.parametrize(
    ("problem", "measure_for", "thresholds", "recovered"),
    [
        ("ptsd", "ocd,ptsd", OWN_MEASURE, "2 / 4"),
        ("panic", "ocd,ptsd", OWN_MEASURE, "0 / 5"),
        ("", "ocd,ptsd", OWN_MEASURE, "0 / 5"),
        ("ptsd", "", OWN_MEASURE, "0 / 5"),
        ("ptsd", "ocd,ptsd", OWN_MEASURE.replace("true", "false"), "0 / 5"),
    ],
)
def test_the_problem_chooses_the_anxiety_measure(problem, measure_for, thresholds, recovered):
    """Only where the measure is of the problem and its thresholds are in use; else GAD-7, here a case throughout."""
    con = clinic(
        **courses(CASES, problem=problem, anxiety="core_10"),
        thresholds=thresholds,
        measure_for={"core_10": measure_for},
    )
    assert_figures(con, f"figure | share\n recovery_rate | {recovered}")


def test_the_anxiety_measure_of_the_problem_must_have_given_a_pair():
    """With one score of it GAD-7 decides, for the first score and the last alike."""
    con = clinic(
        **courses("case | D first | D last | A first | A last\n 1 | 15 | 8 | 12 |", "2026-03-16 10:00", "ptsd", "core_10", gad_7=7),
        thresholds=OWN_MEASURE,
        measure_for={"core_10": "ptsd"},
    )  # fmt: skip
    assert con.execute("SELECT anxiety_measure FROM mart_outcome").fetchall() == [("gad_7",)]
    assert_figures(con, "figure | share\n recovery_rate | 1 / 1")


CHANGES = """
    case | D first | D last | A first | A last
    -----+---------+--------+---------+-------
    1    | 16      | 9      | 12      | 6
    2    | 16      | 10     | 12      | 6
    3    | 10      | 5      | 12      | 6
    4    | 8       | 14     | 12      | 6
    5    | 0       | 3      | 12      | 6
"""


def test_change_of_one_instrument():
    """First and last valid score of finished courses, days and scores between them, change in per cent.

    An improvement is positive whichever way the scale runs; a first score of 0 has no change in per cent.
    """
    assert_figures(
        clinic(**courses(CHANGES)),
        """
        figure                   | instrument | share
        -------------------------+------------+---------
        instrument_paired_rate   | phq_9      | 5 / 5
        outcome_mean_change      | phq_9      | -9 / 5
        days_between_scores_mean | phq_9      | 315 / 5
        scores_per_course_mean   | phq_9      | 10 / 5
        percent_change_mean      | phq_9      | 56.25 / 4
        """,
    )


def test_classes_by_the_card():
    """A change of just the criterion, 6, is reliable. Recovered: reliably improved, and from 10 or more to less."""
    con = clinic(**courses(CHANGES))
    assert con.execute(
        "SELECT client_key, class_standard FROM mart_change WHERE instrument = 'phq_9' ORDER BY client_key"
    ).fetchall() == [
        (1, "recovered"),
        (2, "improved"),
        (3, "unchanged"),
        (4, "deteriorated"),
        (5, "unchanged"),
    ]
    assert_figures(
        con,
        """
        figure                       | instrument | share
        -----------------------------+------------+------
        instrument_improved_rate     | phq_9      | 2 / 5
        instrument_deteriorated_rate | phq_9      | 1 / 5
        instrument_unchanged_rate    | phq_9      | 2 / 5
        cutoff_crossed_rate          | phq_9      | 2 / 3
        instrument_recovered_rate    | phq_9      | 1 / 3
        """,
    )


def test_classes_by_jacobson_and_truax():
    """From SD and reliability of the card, where a source gives them: 1.96 * sqrt(2) * SD * sqrt(1 - reliability).

    Off or on does not matter, a known source does: the unconfirmed entry is not taken. The change must exceed the
    criterion: with an SD of 7.5 and a reliability of .80 it is 9.2971.
    """
    con = clinic(
        **courses("""
            case | D first | D last | A first | A last
            1    | 20      | 10     | 12      | 6
            2    | 20      | 11     | 12      | 6
            3    | 20      | 9      | 12      | 6
        """),
        thresholds="""
            instrument | scale | kind            | name   | value | comparison | evidence    | is_on | sd  | reliability
            phq_9      | total | reliable_change | first  | 1     | >=         | unconfirmed | true  | 1   | 0.9
            phq_9      | total | reliable_change | second | 10    | >=         | derived     | false | 7.5 | 0.8
        """,
    )
    assert con.execute(
        "SELECT criterion::VARCHAR, comparison, evidence FROM mart_criterion"
        " WHERE instrument = 'phq_9' AND definition = 'jacobson_truax'"
    ).fetchall() == [("9.2971", ">", "derived")]
    assert_figures(
        con,
        """
        figure                    | definition     | instrument | share
        --------------------------+----------------+------------+---------------
        instrument_improved_rate  | jacobson_truax | phq_9      | 2 / 3
        instrument_recovered_rate | jacobson_truax | phq_9      | 1 / 3
        instrument_improved_rate  | own_baseline   | phq_9      | not_applicable
        """,
    )


def baseline(clients: int) -> str:
    """First forms of a window: everybody answers eight items alike and the ninth one more; later forms, all 3."""
    lines = []
    for number in range(clients):
        answers = [number % 4] * 8 + [(number % 4 + 1) % 4]
        for day, form in ((f"2025-03-0{1 + number % 9}", answers), ("2025-04-01", [3] * 9)):
            shown = " ".join(map(str, form))
            lines.append(f"{100 + number} | phq_9 | {day} 09:00 | {sum(form)} | {shown}")
    return "\n".join(["client | instrument | completed_at | total | answers", *lines])


@pytest.mark.parametrize(
    ("clients", "until", "known"),
    [(40, "2026-06-29", True), (29, "2026-06-29", False), (40, "2026-06-30", False), (40, "", False)],
)
def test_classes_by_the_own_baseline(clients, until, known):
    """SD and alpha of 30 clients or more whose first form of all lies in a declared window that is over."""
    rules = Rules("2025-03-01", until) if until else Rules()
    con = clinic(scores=baseline(clients), rules=rules)
    found = con.execute(
        "SELECT sd::VARCHAR, reliability::VARCHAR, criterion::VARCHAR, n FROM mart_criterion"
        " WHERE definition = 'own_baseline'"
    ).fetchall()
    # Totals 1, 10, 19 and 24, ten of each: variance 77.25 * 40 / 39; an item's is 1.25 * 40 / 39.
    # alpha = 9 / 8 * (1 - 9 * 1.25 / 77.25), criterion = 1.96 * sqrt(2) * 8.9012 * sqrt(1 - 0.9612).
    assert found == ([("8.9012", "0.9612", "4.8600", 40)] if known else [])
