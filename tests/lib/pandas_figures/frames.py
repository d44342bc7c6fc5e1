"""The core tables of a warehouse as plain frames, with scores in ten-thousandths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from numpy import ma

ONE = 10_000
"""A point, a case, a day: everything counts in ten-thousandths."""

ATTENDED = ("attended", "late")
TREATING = ("treatment", "both", "review")
PERSON = ["clinic", "client_key"]


@dataclass(frozen=True, eq=False)
class Core:
    """What a warehouse was loaded with, up to as_of.

    folder: of the site's own instruments; clinics: clinic, service; feeds: clinic, kind; due: service, instrument, rater, rule_no, due_when, session
    referrals, appointments: as loaded, in order of delivery
    administrations: as loaded, with the answers; scores: as loaded, `score` in ten-thousandths or missing
    """

    as_of: date
    folder: Path | None
    rules: dict[str, str]
    clinics: pd.DataFrame
    feeds: pd.DataFrame
    due: pd.DataFrame
    instruments: pd.DataFrame
    scales: pd.DataFrame
    thresholds: pd.DataFrame
    referrals: pd.DataFrame
    appointments: pd.DataFrame
    administrations: pd.DataFrame
    scores: pd.DataFrame

    def rule(self, name: str) -> int:
        return int(self.rules[name])

    @cached_property
    def baseline(self) -> tuple[date, date] | None:
        """The declared window, once it is over."""
        ends = [self.rules.get(name) for name in ("baseline_from", "baseline_to")]
        if not all(ends):
            return None
        first, last = (date.fromisoformat(str(end)[:10]) for end in ends)
        return (first, last) if last < self.as_of else None

    def outcome_scale(self, instrument: str) -> str:
        return str(self.instruments.set_index("instrument").loc[instrument, "outcome_scale"])

    @cached_property
    def valid(self) -> pd.DataFrame:
        """Scores there are, of a day that has come, in the order in which they happened."""
        return where(self.with_undated, (day is not None for day in self.with_undated.completed_on))

    @cached_property
    def with_undated(self) -> pd.DataFrame:
        """The same, and scores of which nobody knows the day."""
        there = self.scores[self.scores.score.notna()]
        there = where(there, (day is None or day <= self.as_of for day in there.completed_on))
        return there.sort_values(EVENT_ORDER, kind="stable").reset_index(drop=True)

    @cached_property
    def outcome_scores(self) -> pd.DataFrame:
        """Of `valid`, those of the scale that stands for its instrument."""
        named = self.valid.merge(
            self.instruments[["instrument", "outcome_scale", "construct"]], on="instrument"
        )
        named = named[named.scale == named.outcome_scale]
        return named.sort_values(EVENT_ORDER, kind="stable").reset_index(drop=True)


DAYS = ("received_on", "ended_on", "starts_on", "completed_on", "recorded")
EVENT_ORDER = ["completed_at", "entry_no", "source_row", "form_no"]


def read_core(path: Path, own_cards: Path | None = None) -> Core:
    """raises: duckdb.Error for a file that is no warehouse"""
    with duckdb.connect(str(path), read_only=True) as con:

        def frame(query: str) -> pd.DataFrame:
            return _days(con.sql(query).df())

        said = dict(con.sql("SELECT name, value FROM core_run").fetchall())
        scaled = "CAST(round(score * 10000) AS BIGINT)"
        return Core(
            as_of=date.fromisoformat(said["as_of"]),
            folder=own_cards,
            rules=said,
            clinics=frame("SELECT clinic, service FROM core_clinic ORDER BY ALL"),
            feeds=frame("SELECT DISTINCT clinic, kind FROM core_export ORDER BY ALL"),
            due=frame("SELECT * FROM core_due ORDER BY ALL"),
            instruments=frame("SELECT * FROM core_instrument ORDER BY ALL"),
            scales=frame("SELECT * FROM core_scale ORDER BY ALL"),
            thresholds=frame("SELECT * FROM core_threshold ORDER BY ALL"),
            referrals=frame("SELECT * FROM core_referral ORDER BY entry_no, source_row"),
            appointments=frame("SELECT * FROM core_appointment ORDER BY entry_no, source_row"),
            administrations=frame("SELECT * FROM core_administration ORDER BY entry_no, source_row, form_no"),
            scores=frame(
                f"SELECT * REPLACE ({scaled} AS score) FROM core_score ORDER BY entry_no, source_row, form_no, scale"
            ),
        )


def _days(frame: pd.DataFrame) -> pd.DataFrame:
    """Dates as dates, whole numbers that may be missing as such, words as words."""
    for name in frame.columns:
        if name in DAYS:
            frame[name] = [None if pd.isna(day) else pd.Timestamp(day).date() for day in frame[name]]
            frame[name] = frame[name].astype(object)
        elif name == "answers":
            frame[name] = [tuple(None if code is ma.masked else code for code in row) for row in frame[name]]
        elif name in ("score", "session"):
            frame[name] = frame[name].astype("Int64")
        elif isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(object)
    return frame


def where(frame: pd.DataFrame, met: Iterable[object]) -> pd.DataFrame:
    """The rows that meet it; an empty list is no choice of columns here."""
    return frame[pd.Series(list(met), index=frame.index, dtype=bool)]


def counted(value: Any) -> int:
    """A decimal of the database, in ten-thousandths."""
    return round(float(value) * ONE)
