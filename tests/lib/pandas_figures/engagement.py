"""Engagement: referrals, waits, attendance, endings, gaps, open referrals, questionnaires due and returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pandas as pd

from tests.lib.pandas_figures.courses import ANSWERED, EPISODE, Courses
from tests.lib.pandas_figures.frames import ATTENDED, ONE, Core, where
from tests.lib.pandas_figures.grid import facts, iterate, last_day

Found = Mapping[tuple[str, str], pd.DataFrame]
"""Facts by figure and definition."""

STANDARD = "standard"
RATERS = {"client": STANDARD, **{rater: f"{rater}_rated" for rater in ("therapist", "observer", "caregiver")}}
SHORT, LONG = 42, 126


def engagement(core: Core, known: Courses, spans: list[str]) -> Found:
    return {
        **_referrals(known),
        **_waits(known),
        **_contacts(core),
        **_gaps(known),
        **_open(core, known, spans),
        **_due(core, known),
        **_coverage(core, known),
    }


def referred(known: Courses) -> pd.DataFrame:
    return known.episodes[known.episodes.origin == "referral"].copy()


def ended(known: Courses) -> pd.DataFrame:
    whole = referred(known)
    return whole[whole.ended_on.notna()].copy()


def finished(known: Courses) -> pd.DataFrame:
    whole = ended(known)
    return whole[whole.tc >= 2].copy()


def share(rows: pd.DataFrame, met: pd.Series, at: str = "ended_on") -> pd.DataFrame:
    """A rate: of these rows, those that meet it."""
    return facts(rows.assign(met=met.astype(int)), at, numerator="met")


def _referrals(known: Courses) -> Found:
    whole, end, done = referred(known), ended(known), finished(known)
    treated = end[end.tc >= 1]
    return {
        ("referrals_received", STANDARD): facts(whole, "received_on"),
        ("referrals_ended", STANDARD): facts(end, "ended_on"),
        ("entered_treatment", STANDARD): facts(whole, "first_tc"),
        ("ended_before_treatment_rate", STANDARD): share(end, end.tc == 0),
        ("one_session_rate", STANDARD): share(end, end.tc == 1),
        ("one_session_rate", "of_treated"): share(treated, treated.tc == 1),
        ("finished_course_rate", STANDARD): share(end, end.tc >= 2),
        ("finished_course_rate", "of_treated"): share(treated, treated.tc >= 2),
        ("treatment_contacts_mean", STANDARD): facts(done.assign(sum=done.tc * ONE), "ended_on", "sum"),
        ("five_contacts_rate", STANDARD): share(done, done.tc >= 5),
        ("dropout_rate", STANDARD): share(treated, treated.ending == "dropped_out"),
        ("dropout_rate", "of_finished"): share(done, done.ending == "dropped_out"),
        ("planned_ending_rate", STANDARD): share(treated, treated.ending == "completed"),
    }


def days_between(rows: pd.DataFrame, first: str, second: str) -> pd.Series:
    pairs = zip(rows[first], rows[second], strict=True)
    return pd.Series([(later - earlier).days for earlier, later in pairs], index=rows.index, dtype="int64")


def _waits(known: Courses) -> Found:
    done, whole = finished(known), referred(known)
    begun = whole[whole.first_tc.notna()]
    again = whole[whole.second_tc.notna()]
    waited, waited_done = (
        days_between(begun, "received_on", "first_tc"),
        days_between(done, "received_on", "first_tc"),
    )
    between = days_between(again, "first_tc", "second_tc")
    found: dict[tuple[str, str], pd.DataFrame] = {
        ("wait_days_mean", STANDARD): facts(begun.assign(sum=waited * ONE), "first_tc", "sum"),
    }
    for name, days in (("wait_6_weeks_rate", SHORT), ("wait_18_weeks_rate", LONG)):
        found[name, STANDARD] = share(done, waited_done <= days)
        found[name, "at_first_treatment"] = share(begun, waited <= days, "first_tc")
    for days in (28, 90):
        found[f"second_wait_over_{days}_rate", STANDARD] = share(again, between > days, "second_tc")
    return found


def _contacts(core: Core) -> Found:
    booked = core.appointments
    come = where(booked, (day <= core.as_of for day in booked.starts_on))
    held = come.status.isin(ATTENDED)
    expected = held | come.status.isin(["dna", "late_not_seen"])

    def of(which: pd.Series, met: pd.Series) -> pd.DataFrame:
        return share(come[which], met[which], "starts_on")

    every = held | ~held
    return {
        ("appointments_held", STANDARD): facts(come[held], "starts_on"),
        ("clients_seen", STANDARD): facts(come[held], "starts_on").assign(client_key=come[held].client_key),
        ("attendance_rate", STANDARD): of(expected, held),
        ("attendance_rate", "of_booked"): of(every, held),
        ("dna_rate", "nhs_pdt"): of(every, come.status == "dna"),
        ("dna_rate", "of_expected"): of(expected, come.status == "dna"),
        ("cancelled_by_client_rate", STANDARD): of(every, come.status == "cancelled_by_client"),
        ("cancelled_by_provider_rate", STANDARD): of(every, come.status == "cancelled_by_provider"),
    }


def _gaps(known: Courses) -> Found:
    treated = known.contacts[known.contacts.treatment].copy()
    treated["earlier"] = treated.groupby(EPISODE).starts_on.shift()
    gaps = treated[treated.earlier.notna()].copy()
    gaps = gaps.merge(referred(known)[EPISODE], on=EPISODE)
    gaps["days"] = days_between(gaps, "earlier", "starts_on")
    return {
        ("contact_gap_days_mean", STANDARD): facts(gaps.assign(sum=gaps.days * ONE), "starts_on", "sum"),
        ("contact_gap_over_28_rate", STANDARD): share(gaps, gaps.days > 28, "starts_on"),
    }


def _open(core: Core, known: Courses, spans: list[str]) -> Found:
    """As it stood on the last day of each month; today, in the running one."""
    there, idle = [], []
    for month in spans:
        day = min(last_day(month), core.as_of)
        for row in referred(known).itertuples():
            if row.received_on > day or (row.ended_on is not None and row.ended_on <= day):
                continue
            there.append((row.clinic, month))
            if treated := [one for one in row.tc_days if one <= day]:
                idle.append((row.clinic, month, int(treated[-1] < day - timedelta(days=90))))
    open_ = pd.DataFrame(there, columns=["clinic", "month"])
    return {
        ("open_referrals", STANDARD): facts(open_, "month"),
        ("open_without_activity_rate", STANDARD): facts(
            pd.DataFrame(idle, columns=["clinic", "month", "idle"]), "month", "idle"
        ),
    }


def due_forms(core: Core, known: Courses) -> pd.DataFrame:
    """One row for each questionnaire due: EPISODE, place, session_no, starts_on, instrument, rater, completed."""
    rules = core.due.merge(core.clinics, on="service")
    asked = known.contacts.merge(rules, on="clinic", suffixes=("", "_listed"))
    asked = asked.merge(known.episodes[[*EPISODE, "ended_on"]], on=EPISODE)
    plain = asked[~asked.follow_up].groupby(EPISODE).place.agg(["min", "max"]).reset_index()
    asked = asked.merge(plain, on=EPISODE, how="left")
    first = asked.place == asked["min"]
    last = (asked.place == asked["max"]) & asked.ended_on.notna()
    listed = (asked.session_no == asked.session_listed).fillna(False)
    due = asked[
        (asked.due_when == "all")
        | ((asked.due_when == "listed") & listed)
        | ((asked.due_when == "first_last") & (first | last))
    ]
    key = [*EPISODE, "place", "instrument", "rater"]
    due = due[[*key, "session_no", "starts_on"]].drop_duplicates(key)
    returned = core.outcome_scores.merge(known.belongs, on=ANSWERED)[key].drop_duplicates().dropna()
    due = due.merge(returned.astype({"place": "int64"}), on=key, how="left", indicator="returned")
    due["completed"] = (due.returned == "both").astype(int)
    return due.sort_values(key, kind="stable").reset_index(drop=True)


def _due(core: Core, known: Courses) -> Found:
    due = due_forms(core, known)
    found: dict[tuple[str, str], pd.DataFrame] = {}
    run = core.rule("missed_in_a_row")
    groups = due.groupby([*EPISODE, "instrument", "rater"])
    in_a_row = due.completed == 0
    for back in range(1, run):
        in_a_row &= groups.completed.shift(back) == 0
    due["run"] = in_a_row.astype(int)
    due["session"] = [str(number) for number in due.session_no]
    for rater, definition in RATERS.items():
        rows = due[due.rater == rater]
        found["questionnaires_due", definition] = facts(rows, "starts_on")
        found["questionnaires_completed", definition] = facts(rows[rows.completed == 1], "starts_on")
        found["questionnaire_completion_rate", definition] = facts(rows, "starts_on", "completed")
        found["questionnaire_completion_by_session", definition] = facts(rows, "session", "completed")
        found["questionnaires_missed_in_a_row_rate", definition] = facts(rows, "starts_on", "run")
    return found


def early_scores(core: Core, known: Courses) -> pd.DataFrame:
    """Scores of alliance forms, by their outcome scale, with the session number they count for."""
    scores = core.outcome_scores[core.outcome_scores.construct == "alliance"]
    placed = scores.drop(columns="session").merge(known.belongs, on=ANSWERED, how="left")
    return placed.reset_index(drop=True)


def _coverage(core: Core, known: Courses) -> Found:
    end = ended(known)
    seen = end[end.contacts >= 3]
    scores = early_scores(core, known)
    early = scores[(scores.rater == "client") & scores.session_no.between(3, 5).fillna(False)]

    def parts() -> Iterator[pd.DataFrame]:
        for instrument in sorted(scores.instrument.unique()):
            has = (
                early[early.instrument == instrument][EPISODE]
                .drop_duplicates()
                .astype({"episode_no": "int64"})
            )
            rows = seen.merge(has, on=EPISODE, how="left", indicator="has")
            rows = rows.assign(instrument=instrument, scale=core.outcome_scale(instrument))
            yield share(rows, rows.has == "both")

    return {("alliance_coverage_rate", STANDARD): iterate(parts())}
