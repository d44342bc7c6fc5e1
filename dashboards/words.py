"""What the pages say: numbers, states, dates and names in words. Formats, and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from schemas import registry
from warehouse.read import Figure, Period

SHOWN_STATES = ("value", "zero")
"""States that come with a number; `update_withheld` may come with that of an earlier release."""

EARLIER = "earlier value"

PROTECTED_STATES = ("suppressed", "update_withheld")
"""States in which there is a number, and it is kept back."""

GRAINS: Mapping[str, str] = {
    "rolling_12_months": "Twelve months",
    "year": "Year",
    "quarter": "Quarter",
    "month": "Month",
}
"""Period lengths a reader can choose, longest first; the first that is published is the default."""

RUN_STATES: Mapping[str, str] = {
    "published": "Published",
    "idle": "Idle",
    "refused": "Refused",
    "failed": "Failed",
}
RUN_STATES_EXPLAINED: Mapping[str, str] = {
    "published": "Its figures were published.",
    "idle": "Nothing new had arrived; the figures stay as they were.",
    "refused": "Its figures failed a critical check and were not published.",
    "failed": "It ended before its figures were complete; nothing was published.",
}
VERDICTS: Mapping[str, str] = {"passed": "Passed", "failed": "Failed", "not_run": "Not run"}
EVIDENCE: Mapping[str, str] = {
    "verified": "key checked against its publisher's source",
    "derived": "key derived from its publisher's source",
    "unconfirmed": "key confirmed by this site only",
    "licensed": "licensed form",
    "site_key": "key supplied by this site",
}
FATES = ("received", "accepted", "quarantined", "excluded", "superseded")
SCALES: Mapping[str, str] = {"total": "Total", "goal": "Goal", "task": "Task", "bond": "Bond"}
COMPONENTS = ("goal", "task", "bond")
SHORT_NAMES: Mapping[str, str] = {
    "core_10": "CORE-10",
    "gad_7": "GAD-7",
    "phq_9": "PHQ-9",
    "srs": "SRS",
    "wai_36": "WAI",
    "wai_sr": "WAI-SR",
}


@dataclass(frozen=True)
class StateWords:
    """Headline in place of a number, the reason under it, and the sign in a table."""

    headline: str
    reason: str
    sign: str


STATES: Mapping[str, StateWords] = {
    "suppressed": StateWords("Hidden", "Too few people to show without risk of recognising them", "hidden"),
    "update_withheld": StateWords(
        "Update withheld",
        "Beside what was published before, the new figure would reveal a small number",
        "update withheld",
    ),
    "not_applicable": StateWords(
        "Not applicable", "This unit delivers no data that the figure could be made of", "not applicable"
    ),
    "no_data": StateWords("No data", "Nothing of the kind was recorded in this period", "no data"),
    "unpublished": StateWords("Not published", "Not published for this unit and period", "not published"),
}
"""Every state without a number; `unpublished` where there is no such cell at all."""


def state_words(figure: Figure | None) -> StateWords | None:
    """Words in place of the number; None where there is a number."""
    if figure is None:
        return STATES["unpublished"]
    return None if has_number(figure) else STATES[figure.state]


def has_number(figure: Figure | None) -> bool:
    return figure is not None and (figure.state in SHOWN_STATES or is_earlier(figure))


def is_earlier(figure: Figure) -> bool:
    """Whether the number is that of an earlier release, and what came since is withheld."""
    return figure.state == "update_withheld" and figure.value is not None


def number(value: Decimal, unit: str) -> str:
    """Whole counts with thousands separators; per cent and points to one decimal, as published."""
    if unit not in ("%", "points") and value == value.to_integral_value():
        return f"{value:,.0f}"
    return f"{value:,.1f}"


def quantity(figure: Figure | None) -> str:
    """Number and unit, or the sign of the state: "78.3 %", "190 referrals", "70.0 % (earlier value)"."""
    words = state_words(figure)
    if words or figure is None or figure.value is None:
        return words.sign if words else STATES["no_data"].sign
    shown = f"{number(figure.value, figure.unit)} {figure.unit}"
    return f"{shown} ({EARLIER})" if is_earlier(figure) else shown


def short(figure: Figure | None) -> str:
    """As `quantity`, without the unit."""
    if state_words(figure) or figure is None or figure.value is None:
        return quantity(figure)
    return number(figure.value, figure.unit)


def basis(figure: Figure | None) -> str:
    """What the number rests on: "1,245 of 1,590", or "n = 420"; empty without a number, and for a count.

    Of an earlier value, that it is one, too.
    """
    if figure is None or not has_number(figure):
        return ""
    rests_on = _rests_on(figure)
    if not is_earlier(figure):
        return rests_on
    return "; ".join(filter(None, (rests_on, f"{EARLIER}, {STATES['update_withheld'].sign}")))


def _rests_on(figure: Figure) -> str:
    if figure.numerator is None:
        return f"n = {figure.n:,}" if figure.n is not None else ""
    return "" if figure.denominator is None else f"{figure.numerator:,.0f} of {figure.denominator:,}"


def bounds(figure: Figure | None) -> str:
    """Between what the records in quarantine could move a rate: "70 to 84 %"; empty where they could not."""
    if figure is None or figure.bound_low is None or figure.bound_high is None:
        return ""
    return f"{figure.bound_low} to {figure.bound_high} {figure.unit}"


def count(value: int | None) -> str:
    return "not counted" if value is None else f"{value:,}"


def day(value: date | None) -> str:
    return "unknown" if value is None else f"{value.day} {value:%b %Y}"


def iso_day(text: str) -> str:
    return day(date.fromisoformat(text))


def moment(value: datetime, timezone: str) -> str:
    """Local time with the zone's name at that time: "1 Nov 2026, 02:03 GMT"."""
    local = value.astimezone(ZoneInfo(timezone))
    return f"{day(local.date())}, {local:%H:%M %Z}"


def lower_first(title: str) -> str:
    """A title inside a sentence; abbreviations keep their capitals."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def in_sentence(period: Period) -> str:
    """A period's title inside a sentence: names of months keep their capitals."""
    return lower_first(period.title) if period.grain == "rolling_12_months" else period.title


def rater(definition: str) -> str:
    """Who rated, for a definition of its own; empty for the client's, which is the standard."""
    return definition.removesuffix("_rated") if definition.endswith("_rated") else ""


def scale_name(scale: str) -> str:
    return SCALES.get(scale, scale.replace("_", " ").capitalize())


def scale_range(instrument: str, scale: str) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest possible score of a shipped form; None for a site's own."""
    return _ranges().get((instrument, scale))


@cache
def _ranges() -> Mapping[tuple[str, str], tuple[Decimal, Decimal]]:
    return {
        (form.id, scale.id): (scale.minimum, scale.maximum)
        for form in registry.load().instruments
        for scale in form.scales
    }
