"""Effect bounds: how far the records in quarantine could move a rate, once they are mended.

A rate is N cases of D. Held records, once mended, change at most h cases of it: each of these moves between
"not counted", "counted, no" and "counted, yes", in whatever way. Then the rate lies between

    low  = max(0, N - h) / D        high = min(D, N + h) / D

Proof for high (low is the same for the share of "no"). Let a cases come in as "yes", r "no" cases leave, and
f "no" cases turn to "yes"; every other move lowers the rate. a + r + f <= h, and the rate becomes
(N + a + f) / (D + a - r). A case that turns does more than one that comes in: the numerator is the same, the
denominator smaller. It does more than one that leaves: numerator and denominator both grow by one, which
raises a share. So the rate is highest with a = r = 0 and f = h; with f = D - N every case is "yes", and more
is not possible. A rate that loses all its cases is no rate.

Mending a record leaves what could be read of it (clinic, form, client, day), gives any valid value to the
rest, and puts it in its place or behind all others; or it is dropped. Nothing else changes, as_of neither.
Two ways to count h:

- of records alone (attendance; how a form was filled in): the record is a case, or takes the place of one.
  It counts in the periods of its own day and of what its client has already, for that may be replaced; in
  every period where client or day is not known, or where `core_held.elsewhere` says so.
- of clients (all else): which cases a client has depends on the client's own records and nobody else's, so
  only clients with a held record have cases that may change. Of a client with d cases now and e then, at most
  the larger of the two have changed, for "yes" and "no" move by as many at most; and neither is larger than
  the records that could be a case, standing and held. Where one record can change only so many cases, no more
  than that for each. h is the sum of these; held records of unknown clients add as much as they would
  if they were of the clients with whom they change most.

A rate has no bound (0 to 100 %) where a refused file cannot be counted, where a snapshot that would replace
all before it is held or refused, where a clinic would first be counted by what is held, and where its
criterion comes from a baseline window that held records still reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from schemas.metrics import Metric


@dataclass(frozen=True)
class Touched:
    """Which held records may change a figure, and what its cases come from.

    cases:     appointment, contact, contact_number (by session number), ended_referral, open_referral, form
    responses: forms that matter: none, series (those of the figure's own instrument) or pair (those that
               PHQ-9 and the anxiety measure are taken from); appointments and referrals by `cases`
    alone:     each record is a case by itself
    by_form, by_contact: how many cases one form or contact can change at most; 0 for all of its client's
    baseline:  the criterion comes from the site's baseline window
    """

    cases: str
    responses: str = "none"
    alone: bool = False
    by_form: int = 0
    by_contact: int = 0
    baseline: bool = False


# A form or contact lies in one referral, and may take the place of one that lay in another.
_ENDED = Touched("ended_referral", by_contact=2)
_PAIR = Touched("ended_referral", "pair", by_form=2, by_contact=2)
_CHANGE = Touched("ended_referral", "series", by_form=2, by_contact=2)
_OWN_BASELINE = Touched("ended_referral", "series", by_form=2, by_contact=2, baseline=True)
_APPOINTMENT = Touched("appointment", alone=True)
# Of each referral one contact is the first, and one the second.
_CONTACT = Touched("contact", by_contact=2)
# A contact more or less changes its own gap and the next.
_GAP = Touched("contact", by_contact=4)
# A form is returned at one contact, and may no longer be at another.
_DUE = Touched("contact", "series", by_form=2)
_DUE_BY_NUMBER = Touched("contact_number", "series", by_form=2)
_FORM = Touched("form", "series", alone=True)
_MARKER = Touched("form", "series")

FIGURES = {
    "attendance_rate": _APPOINTMENT,
    "dna_rate": _APPOINTMENT,
    "cancelled_by_client_rate": _APPOINTMENT,
    "cancelled_by_provider_rate": _APPOINTMENT,
    "ended_before_treatment_rate": _ENDED,
    "one_session_rate": _ENDED,
    "finished_course_rate": _ENDED,
    "five_contacts_rate": _ENDED,
    "dropout_rate": _ENDED,
    "planned_ending_rate": _ENDED,
    "wait_6_weeks_rate": _ENDED,
    "wait_18_weeks_rate": _ENDED,
    "open_without_activity_rate": Touched("open_referral", by_contact=2),
    "second_wait_over_28_rate": _CONTACT,
    "second_wait_over_90_rate": _CONTACT,
    "contact_gap_over_28_rate": _GAP,
    "questionnaire_completion_rate": _DUE,
    "questionnaire_completion_by_session": _DUE_BY_NUMBER,
    "questionnaires_missed_in_a_row_rate": Touched("contact", "series"),
    "alliance_coverage_rate": _CHANGE,
    "paired_outcome_rate": _PAIR,
    "recovery_rate": _PAIR,
    "reliable_recovery_rate": _PAIR,
    "reliable_improvement_rate": _PAIR,
    "reliable_deterioration_rate": _PAIR,
    "instrument_paired_rate": _CHANGE,
    "instrument_improved_rate": _CHANGE,
    "instrument_deteriorated_rate": _CHANGE,
    "instrument_unchanged_rate": _CHANGE,
    "instrument_recovered_rate": _CHANGE,
    "cutoff_crossed_rate": _CHANGE,
    "alliance_ceiling_rate": _FORM,
    "straight_lining_rate": _FORM,
    "completed_under_20_seconds_rate": _FORM,
    "rupture_marker_rate": _MARKER,
    "rupture_repair_rate": _MARKER,
}
"""By figure. A rate that is not here has no bound."""

DEFINITIONS = {
    ("wait_6_weeks_rate", "at_first_treatment"): _CONTACT,
    ("wait_18_weeks_rate", "at_first_treatment"): _CONTACT,
    **{(figure, "own_baseline"): _OWN_BASELINE for figure in FIGURES if figure.startswith("instrument_")},
    **{
        (figure, definition): Touched("form", "series", baseline=True)
        for figure in ("rupture_marker_rate", "rupture_repair_rate")
        for definition in ("sd_1", "sd_2")
    },
}
"""Definitions that come from something else than the others of their figure."""


def touched(figure: str, definition: str) -> Touched | None:
    """What may change a rate; None for one that nothing is known of."""
    return DEFINITIONS.get((figure, definition)) or FIGURES.get(figure)


EXACT = (
    "CREATE OR REPLACE MACRO bound_low(numerator, denominator, held) AS "
    "(coalesce(1000000::HUGEINT * greatest(numerator - held, 0) // denominator, 0)::DECIMAL(12, 0) * 0.0001)"
    "::DECIMAL(7, 4)",
    "CREATE OR REPLACE MACRO bound_high(numerator, denominator, held) AS "
    "(coalesce((1000000::HUGEINT * least(numerator + held, denominator) + denominator - 1) // denominator, "
    "1000000)::DECIMAL(12, 0) * 0.0001)::DECIMAL(7, 4)",
)
"""SQL: per cent with four decimals, rounded outwards; held is empty where there is no bound."""


def low_of_rounded(numerator: str, denominator: str, held: str, round_to: int) -> str:
    """SQL: the lowest whole per cent of a published rate, from its rounded counts alone; 0 without a bound.

    held: rounded up. Numerator and denominator may each be half of round_to off, and either may be rounded to
    the next step once held records are mended, so that the exact rate and the next published one are both
    within. Proof: the exact numerator is at least n - half, the denominator at most d + half; a published
    numerator falls by no more than held, and a denominator that grew by a step took a case that could have
    turned.
    """
    least = f"greatest({numerator} - {held} - {round_to // 2}, 0)"
    return f"coalesce(100 * {least} // ({denominator} + {round_to}), 0)::SMALLINT"


def high_of_rounded(numerator: str, denominator: str, held: str, round_to: int) -> str:
    """SQL: the highest whole per cent, likewise; 100 without a bound."""
    whole = f"greatest({denominator} - {round_to}, 1)"
    most = f"least({numerator} + {held} + {round_to // 2}, {whole})"
    return f"coalesce((100 * {most} + {whole} - 1) // {whole}, 100)::SMALLINT"


def create_touched(con: DuckDBPyConnection, metrics: Iterable[Metric]) -> None:
    """mart_touched: rates with what may change them, cases empty where nothing is known. And the macros."""
    for macro in EXACT:
        con.execute(macro)
    con.execute(
        "CREATE TABLE mart_touched (figure VARCHAR, definition VARCHAR, cases VARCHAR, responses VARCHAR, "
        "alone BOOLEAN, by_form INTEGER, by_contact INTEGER, baseline BOOLEAN)"
    )
    rates = [
        [one.figure, one.definition, *_columns(touched(one.figure, _own_definition(one)))]
        for one in metrics
        if one.kind == "rate"
    ]
    if rates:
        con.executemany("INSERT INTO mart_touched VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rates)


def _own_definition(metric: Metric) -> str:
    """Definitions by rater come from the same cases as the client's."""
    return metric.definition if metric.rater == "client" else "standard"


def _columns(one: Touched | None) -> tuple[str | bool | int | None, ...]:
    if one is None:
        return None, "none", False, 0, 0, False
    return one.cases, one.responses, one.alone, one.by_form, one.by_contact, one.baseline
