# ruff: noqa: A005 - schemas/ itself is never on the module path, and site is loaded at start-up
"""A site as its site.toml says: clinics, what is due, feeds. Frozen; `schemas.site_parse` makes it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace

from schemas.policy import Disclosure as Disclosure

RATERS = ("client", "therapist", "observer", "caregiver")

KINDS = ("responses", "appointments", "referrals")

VOCABULARY: Mapping[str, tuple[str, ...]] = {
    "rater": RATERS,
    "status": (
        "booked",
        "attended",
        "late",
        "late_not_seen",
        "dna",
        "cancelled_by_client",
        "cancelled_by_provider",
    ),
    "kind": ("assessment", "treatment", "both", "review", "follow_up", "other"),
    "ending": ("completed", "dropped_out", "declined", "referred_on", "deceased", "unknown"),
    "problem": (
        "depression",
        "gad",
        "mixed",
        "social_anxiety",
        "ptsd",
        "agoraphobia",
        "ocd",
        "panic",
        "health_anxiety",
        "other",
    ),
    "withdrawn": ("withdrawn", "kept"),
}
"""Columns with a closed vocabulary, and its words: the targets of [feeds.values]."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "responses": (
        "client",
        "response",
        "session",
        "completed_at",
        "clinician",
        "started_at",
        "rater_id",
        "segment",
        "episode",
        "withdrawn",
    ),
    "appointments": ("client", "clinician", "starts_at", "kind", "status", "session", "episode"),
    "referrals": (
        "client",
        "received_at",
        "ended_at",
        "ending",
        "problem",
        "modality",
        "age_years",
        "age_band",
        "sex",
        "ethnicity",
        "episode",
    ),
}
"""Our columns of [feeds.columns], by kind of feed."""

REQUIRED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "responses": ("client",),
    "appointments": ("client", "starts_at", "status"),
    "referrals": ("client", "received_at"),
}

EACH_ROW = "@row"
"""As columns.client: no id in the file, each row its own anonymous person."""

ITEM_NUMBER = re.compile(r"\{n(?::0([1-9]))?\}")
"""The place of the item number in a pattern of item columns; {n:02} pads with zeros."""


@dataclass(frozen=True)
class Rules:
    """What the site declares of figures whose definition leaves it open: [rules].

    baseline_from, baseline_to:  first and last day of a closed window, ISO dates; the service's own standard
        deviations come from it, so that no class moves from night to night. Empty: no such figures
    process_from_session, change_from_session: first sessions of two stages of the relationship, after
        commitment; the last termination_sessions contacts of a referral that has ended are termination
    repair_within_sessions: how many sessions a drop of alliance has to be made good
    missed_in_a_row: how many questionnaires due and not returned one after another are a run of them
    """

    baseline_from: str = ""
    baseline_to: str = ""
    process_from_session: int = 4
    change_from_session: int = 9
    termination_sessions: int = 1
    repair_within_sessions: int = 3
    missed_in_a_row: int = 2


@dataclass(frozen=True)
class Clinic:
    id: str
    name: str
    service: str


@dataclass(frozen=True)
class Due:
    """What should have been answered when. sessions: "all", "first_last" or session numbers."""

    service: str
    instrument: str
    rater: str
    sessions: str | tuple[int, ...]


@dataclass(frozen=True)
class Attention:
    """A column that shows whether the respondent read the questions; other answers exclude the record.

    accept: the answers that pass, compared as answers are: trimmed, whatever the case, 3.0 as 3
    """

    column: str
    accept: tuple[str, ...]


@dataclass(frozen=True)
class FeedInstrument:
    """Where one questionnaire lies in the rows of a feed.

    items: pattern with {n}, or the columns in the form's own order (see item_columns)
    labels: answer text, folded, to answer; a listed label wins over the same text as a number
    missing, refused, not_shown, not_applicable: codes in the export's own spelling
    stored_total: column of the total, or columns by scale; compared, never used
    session: a session number, or the column of one; completed_at: a column; both win over the feed's
    """

    id: str
    rater: str | None
    rater_column: str | None
    items: str | tuple[str, ...]
    labels: Mapping[str, int] = field(default_factory=dict, hash=False)
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    stored_total: str | Mapping[str, str] | None = field(default=None, hash=False)
    already_keyed: bool = False
    variant: str | None = None
    session: int | str | None = None
    completed_at: str | None = None


@dataclass(frozen=True)
class Feed:
    """One stream of export files. columns: ours to theirs; several of theirs are joined with "/".

    values: our column to (text of the export, folded, to our word).
    aside: text of the file that dictionary or questionnaire names: what the cells mean depends on it
    """

    id: str
    clinic: str
    kind: str
    path: str
    dialect: str
    delivery: str = "increment"
    partials: str = "exclude"
    drop: tuple[str, ...] = ()
    undated: bool = False
    missing: tuple[str, ...] = ()
    timezone: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    sheet: str | None = None
    dictionary: str | None = None
    questionnaire: str | None = None
    aside: str | None = None
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    instruments: tuple[FeedInstrument, ...] = ()
    attention: tuple[Attention, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Site:
    name: str
    timezone: str
    confirmed_instruments: frozenset[str]
    shared_ids: bool
    disclosure: Disclosure
    rules: Rules
    clinics: tuple[Clinic, ...]
    due: tuple[Due, ...]
    feeds: tuple[Feed, ...]

    def clinic(self, id: str) -> Clinic:  # noqa: A002 - the word of site.toml
        return next(clinic for clinic in self.clinics if clinic.id == id)

    def feed(self, id: str) -> Feed:  # noqa: A002 - the word of site.toml
        return next(feed for feed in self.feeds if feed.id == id)

    @property
    def variants(self) -> dict[str, str]:
        """Instrument to the response scale its feeds ask for, where that is not the form's own."""
        asked = [one for feed in self.feeds for one in feed.instruments]
        return {one.id: one.variant for one in asked if one.variant}

    @property
    def asides(self) -> tuple[str, ...]:
        """Paths of the files that feeds name as dictionary or questionnaire, relative to the site."""
        named = {name for feed in self.feeds for name in (feed.dictionary, feed.questionnaire) if name}
        return tuple(sorted(named))

    def with_asides(self, texts: Mapping[str, str]) -> Site:
        """The same site with each feed's dictionary or questionnaire read."""
        return replace(
            self,
            feeds=tuple(
                replace(feed, aside=texts.get(feed.dictionary or feed.questionnaire or ""))
                for feed in self.feeds
            ),
        )

    @property
    def services(self) -> tuple[str, ...]:
        """Services of the clinics, each once, in alphabetical order."""
        return tuple(sorted({clinic.service for clinic in self.clinics}))

    def canonical(self, feed: Feed) -> dict[str, object]:
        """All that the processing of one file of this feed depends on, ready for JSON.

        Where the file lies and whether it replaces earlier ones is settled after processing: a
        changed path, delivery or feed name makes no part anew.
        """
        table = _plain(feed)
        assert isinstance(table, dict)
        for key in ("id", "path", "delivery"):
            del table[key]
        used = {instrument.id for instrument in feed.instruments}
        table["confirmed_instruments"] = sorted(used & self.confirmed_instruments)
        table["site_timezone"] = self.timezone
        table["shared_ids"] = self.shared_ids
        return table

    @property
    def digest(self) -> str:
        """SHA-256 of the whole configuration, whatever its layout and comments."""
        return hashlib.sha256(json.dumps(_plain(self), sort_keys=True).encode()).hexdigest()


def fold(text: str) -> str:
    """Trimmed and case-folded: how labels and values are compared."""
    return text.strip().casefold()


def item_columns(instrument: FeedInstrument, n_items: int) -> tuple[str, ...]:
    """The export's columns of items 1 to n_items, in the form's own order."""
    pattern = instrument.items
    if not isinstance(pattern, str):
        return pattern
    before, width, after = ITEM_NUMBER.split(pattern, maxsplit=1)
    return tuple(f"{before}{n:0{width or 1}}{after}" for n in range(1, n_items + 1))


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
