"""One batch of an appointments or referrals feed: rows that stand, problems, records not accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from flows.administrations import keyed
from flows.cells import PROBLEM, RECORD, held_rows, joined, mapped, not_accepted, problems, whole_numbers
from flows.moments import local_dates, read_moments
from flows.plan import Plan
from flows.pseudonyms import Pseudonymiser


@dataclass
class TableOutcome:
    """What became of a batch. rows: as the parts hold them, for the records that are accepted.

    held: HELD rows, of the records that are quarantined
    """

    rows: pl.DataFrame
    problems: pl.DataFrame
    records: pl.DataFrame
    held: pl.DataFrame


@dataclass
class _Reading:
    """Cells of one batch being read, and the problems met on the way."""

    rows: pl.DataFrame
    plan: Plan
    people: Pseudonymiser
    found: list[pl.DataFrame] = field(default_factory=lambda: [pl.DataFrame(schema=PROBLEM)])

    def text(self, ours: str) -> pl.Series:
        """Trimmed text; null where blank, where it means none, and where the feed has no such column."""
        if ours not in self.plan.columns:
            return self.empty(pl.String())
        no_date = self.plan.dialect.no_date if ours.endswith("_at") else ()
        return joined(self.rows, self.plan.columns[ours], (*self.plan.feed.missing, *no_date))

    def empty(self, dtype: pl.DataType) -> pl.Series:
        return pl.Series([None], dtype=dtype).new_from_index(0, self.rows.height)

    def key(self, ours: str) -> pl.Series:
        keys = keyed(self.rows, self.plan, ours, self.people)
        return keys if keys is not None else self.empty(pl.UInt64())

    def problem(self, mask: pl.Series, ours: str, rule: str) -> None:
        if mask.any():
            column = "/".join(self.plan.columns.get(ours, ()))
            self.found.append(problems(self.rows["source_row"].filter(mask), "", column, rule))

    def checked(self, ours: str, rule: str, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
        """A reading of the text; a text that is there and cannot be read is a problem."""
        text = self.text(ours)
        value = read(text)
        self.problem(text.is_not_null() & value.is_null(), ours, rule)
        return value

    def moment(self, ours: str) -> pl.Series:
        """UTC instants."""
        zone = self.plan.zone or self.people.zone
        return self.checked(
            ours, "invalid_date", lambda text: read_moments(text, self.plan.date_formats, zone)
        )

    def word(self, ours: str) -> pl.Series:
        """Our word by the feed's values; a text that is not listed is a problem."""
        return self.checked(
            ours, "unknown_code", lambda text: mapped(text, dict(self.plan.feed.values.get(ours, {})))
        )

    def required(self, values: pl.Series, ours: str, rule: str) -> None:
        self.problem(values.is_null(), ours, rule)

    def outcome(self, columns: dict[str, pl.Series], at: pl.Series, on: pl.Series) -> TableOutcome:
        """Split the batch: records with a problem, wholly blank ones, and those that stand.

        at, on: when each record is about, UTC and as a local date
        """
        table = pl.DataFrame({"source_row": self.rows["source_row"], **columns})
        blank = self.rows.select(
            pl.all_horizontal(pl.exclude("source_row").str.strip_chars().fill_null("") == "")
        )
        empty = blank.to_series()
        found = pl.concat(self.found).filter(
            ~pl.col("source_row").is_in(table["source_row"].filter(empty).implode())
        )
        bad = table["source_row"].is_in(found["source_row"].unique().implode()) & ~empty
        reasons = pl.Series(["problems"]).new_from_index(0, int(bad.sum()))
        empties = pl.Series(["empty"]).new_from_index(0, int(empty.sum()))
        records = pl.concat(
            [
                pl.DataFrame(schema=RECORD),
                not_accepted(table["source_row"].filter(bad), "quarantined", reasons),
                not_accepted(table["source_row"].filter(empty), "excluded", empties),
            ]
        )
        about = held_rows(table, completed_at=at, completed_on=on, has_key=self._has_key(table, on))
        return TableOutcome(table.filter(~bad & ~empty), found, records, about.filter(bad))

    def _has_key(self, table: pl.DataFrame, on: pl.Series) -> pl.Series:
        """Whether it can be read who and when a record is about."""
        occasion = on.is_not_null()
        if "session" in table.columns:
            occasion |= table["session"].is_not_null()
            occasion &= self.text("session").is_null() | table["session"].is_not_null()
        if "episode" in table.columns:
            occasion |= table["episode"].is_not_null()
        return table["client_key"].is_not_null() & occasion


def process_appointments(rows: pl.DataFrame, plan: Plan, people: Pseudonymiser) -> TableOutcome:
    """Appointments: client, clinician, session, starts_at (UTC), starts_on, kind, status."""
    reading = _Reading(rows, plan, people)
    client, starts = reading.key("client"), reading.moment("starts_at")
    reading.required(client, "client", "missing_client")
    reading.required(reading.text("starts_at"), "starts_at", "missing_date")
    starts_at, starts_on = starts.dt.replace_time_zone(None), local_dates(starts, people.zone)
    kind = reading.word("kind") if "kind" in plan.columns else reading.empty(pl.String())
    status = reading.word("status")
    reading.required(reading.text("status"), "status", "unknown_code")
    return reading.outcome(
        {
            "client_key": client,
            "clinician_key": reading.key("clinician"),
            "session": reading.checked(
                "session", "invalid_session", lambda text: whole_numbers(text, 0, 9999)
            ),
            "starts_at": starts_at,
            "starts_on": starts_on,
            "kind": kind.fill_null("treatment"),
            "status": status,
        },
        starts_at,
        starts_on,
    )


def process_referrals(rows: pl.DataFrame, plan: Plan, people: Pseudonymiser) -> TableOutcome:
    """Referrals: client, episode, received_on, ended_on, ending, problem and the client's groups."""
    reading = _Reading(rows, plan, people)
    client, received = reading.key("client"), reading.moment("received_at")
    reading.required(client, "client", "missing_client")
    reading.required(reading.text("received_at"), "received_at", "missing_date")
    received_at, received_on = received.dt.replace_time_zone(None), local_dates(received, people.zone)
    ended, ending = reading.moment("ended_at"), reading.word("ending")
    return reading.outcome(
        {
            "client_key": client,
            "episode": reading.key("episode").cast(pl.String),
            "received_on": received_on,
            "ended_on": local_dates(ended, people.zone),
            "ending": ending.set(ended.is_not_null() & ending.is_null(), "unknown"),
            "problem": reading.word("problem"),
            "modality": reading.text("modality"),
            "age_years": reading.checked(
                "age_years", "invalid_age", lambda text: whole_numbers(text, 0, 130)
            ),
            "age_band": reading.text("age_band"),
            "sex": reading.text("sex"),
            "ethnicity": reading.text("ethnicity"),
        },
        received_at,
        received_on,
    )
