"""Figures of engagement once more, in plain Python: referral by referral, contact by contact."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from tests.lib.plain_episodes import ALLIANCE, HELD, MISSED, Contact, Episode, Event, Records, day, definition


def engagement(records: Records) -> Iterator[Event]:
    for episode in records.episodes():
        if episode.referral:
            yield from of_referral(episode)
            yield from of_stock(episode, records)
            yield from of_coverage(episode, records)
        yield from of_due(episode, records)
    yield from of_contacts(records)


def of_contacts(records: Records) -> Iterator[Event]:
    for _, row in records.appointments:
        when, clinic, status = date.fromisoformat(row["starts_at"][:10]), row["clinic"], row["status"]
        if when > records.as_of:
            continue
        held, expected = status in HELD, status in HELD + MISSED
        for figure, made, numerator, counted in (
            ("dna_rate", "nhs_pdt", status == "dna", True),
            ("dna_rate", "of_expected", status == "dna", expected),
            ("attendance_rate", "standard", held, expected),
            ("attendance_rate", "of_booked", held, True),
            ("cancelled_by_client_rate", "standard", status == "cancelled_by_client", True),
            ("cancelled_by_provider_rate", "standard", status == "cancelled_by_provider", True),
        ):
            if counted:
                yield Event((figure, made, "", ""), clinic, when, int(numerator), 1)
        if held:
            yield Event(("appointments_held", "standard", "", ""), clinic, when, 1)


def of_referral(episode: Episode) -> Iterator[Event]:
    def whole(
        figure: str, when: date, numerator: int, denominator: int | None = None, made: str = "standard"
    ) -> Event:
        return Event((figure, made, "", ""), episode.clinic, when, int(numerator), denominator)

    received, days = day(episode.referral["received_on"]), episode.treatments
    yield whole("referrals_received", received, 1)
    if days:
        wait = (days[0] - received).days
        yield whole("entered_treatment", days[0], 1)
        yield whole("wait_days_mean", days[0], wait, 1)
        yield whole("wait_6_weeks_rate", days[0], wait <= 42, 1, "at_first_treatment")
        yield whole("wait_18_weeks_rate", days[0], wait <= 126, 1, "at_first_treatment")
    for place, (earlier, later) in enumerate(pairwise(days)):
        gap = (later - earlier).days
        yield whole("contact_gap_days_mean", later, gap, 1)
        yield whole("contact_gap_over_28_rate", later, gap > 28, 1)
        if place == 0:
            yield whole("second_wait_over_28_rate", later, gap > 28, 1)
            yield whole("second_wait_over_90_rate", later, gap > 90, 1)
    ended = episode.ended_on
    if not ended:
        return
    yield whole("referrals_ended", ended, 1)
    yield whole("ended_before_treatment_rate", ended, not days, 1)
    yield whole("one_session_rate", ended, len(days) == 1, 1)
    yield whole("finished_course_rate", ended, len(days) >= 2, 1)
    if days:
        yield whole("dropout_rate", ended, episode.ending == "dropped_out", 1)
        yield whole("planned_ending_rate", ended, episode.ending == "completed", 1)
        yield whole("one_session_rate", ended, len(days) == 1, 1, "of_treated")
        yield whole("finished_course_rate", ended, len(days) >= 2, 1, "of_treated")
    if len(days) >= 2:
        yield whole("treatment_contacts_mean", ended, len(days), 1)
        yield whole("five_contacts_rate", ended, len(days) >= 5, 1)
        yield whole("dropout_rate", ended, episode.ending == "dropped_out", 1, "of_finished")
        yield whole("wait_6_weeks_rate", ended, wait <= 42, 1)
        yield whole("wait_18_weeks_rate", ended, wait <= 126, 1)


def month_ends(first: date, as_of: date) -> Iterator[date]:
    """Last days of the months from that of `first`; as_of for the running one."""
    year, month = first.year, first.month
    while (year, month) <= (as_of.year, as_of.month):
        yield min(date(year, month, monthrange(year, month)[1]), as_of)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def of_stock(episode: Episode, records: Records) -> Iterator[Event]:
    received = day(episode.referral["received_on"])
    for when in month_ends(received, records.as_of):
        if episode.ended_on and episode.ended_on <= when:
            continue
        yield Event(("open_referrals", "standard", "", ""), episode.clinic, when, 1)
        until = [treated for treated in episode.treatments if treated <= when]
        if until:
            series = ("open_without_activity_rate", "standard", "", "")
            yield Event(series, episode.clinic, when, int((when - max(until)).days > 90), 1)


def of_coverage(episode: Episode, records: Records) -> Iterator[Event]:
    if not episode.ended_on or len(episode.contacts) < 3:
        return
    for instrument in ALLIANCE:
        sessions = {
            r.session or (r.contact and r.contact.session_no)
            for r in episode.responses
            if r.instrument == instrument and r.rater == "client" and r.score is not None
        }
        series = ("alliance_coverage_rate", "standard", instrument, "total")
        yield Event(series, episode.clinic, episode.ended_on, int(bool(sessions & {3, 4, 5})), 1)


def of_due(episode: Episode, records: Records) -> Iterator[Event]:
    returned = {
        (r.contact.number, r.instrument, r.rater)
        for r in episode.responses if r.contact and r.score is not None
    }  # fmt: skip
    missed_before: dict[tuple[str, str], int] = defaultdict(int)
    least = records.site.rules.missed_in_a_row
    for contact in episode.contacts:
        for instrument, rater in due_at(contact, episode, records):
            done = int((contact.number, instrument, rater) in returned)
            missed_before[instrument, rater] = 0 if done else missed_before[instrument, rater] + 1
            run = int(missed_before[instrument, rater] >= least)
            for figure, when, numerator, denominator in (
                ("questionnaires_due", contact.day, 1, None),
                ("questionnaires_completed", contact.day, done, None),
                ("questionnaire_completion_rate", contact.day, done, 1),
                ("questionnaires_missed_in_a_row_rate", contact.day, run, 1),
                ("questionnaire_completion_by_session", contact.session_no, done, 1),
            ):
                if when != contact.session_no or contact.session_no <= 12:
                    series = (figure, definition(rater), instrument, "")
                    yield Event(series, episode.clinic, when, numerator, denominator)


def due_at(contact: Contact, episode: Episode, records: Records) -> set[tuple[str, str]]:
    """Instruments and raters due at a contact."""
    course = [one for one in episode.contacts if not one.follow_up]
    ends = course and (contact is course[0] or (contact is course[-1] and episode.ended_on))
    return {
        (rule["instrument"], rule["rater"])
        for rule in records.site.due
        if records.site.clinics[episode.clinic] == rule["service"]
        and (
            rule["due_when"] == "all"
            or (rule["due_when"] == "listed" and int(rule["session"]) == contact.session_no)
            or (rule["due_when"] == "first_last" and ends)
        )
    }
