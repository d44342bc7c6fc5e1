"""What a site lets out of its figures: [disclosure] of site.toml, and how it is read.

Two things are always on and have no key: the rest of a rate, denominator less numerator, is protected as its
numerator is, and what is suppressed is kept from being derived from what is shown.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

from schemas.raw_table import RawTable

METHOD = "3"
"""How the policy is applied; another one where the same policy and figures would give another publication."""

GRAINS = ("month", "quarter", "year", "rolling_12_months", "all")
"""Lengths of periods; all: everything up to as_of."""

REVISIONS = ("monthly", "quarterly", "yearly")

_CROSSED = ("by_clinic", "by_session", "by_stage")


@dataclass(frozen=True)
class Disclosure:
    """Counts of 1 to threshold - 1 are not shown, others are rounded to round_to.

    rate_denominator: smallest rounded denominator of a rate; below 20 one person is more than 5 %
    mean_cases: fewest cases behind a mean
    grains: lengths of periods that are published, in the order of GRAINS
    by_clinic: rows of single clinics, not only of services and of the whole site
    by_session, by_stage: figures by session number, and by stage of the relationship
    revisions: when closed periods that were published before are told anew: monthly, quarterly, yearly, or
        declared days, ISO dates in order; none: never
    dominance_percent: a clinic that is not told, with more than this share of a unit's cases, hides the
        unit's figure; 100: off
    clinician_rows, clinician_approver, clinician_cases: whether figures by clinician may be published, who
        approved it, and of how many cases at least. No figure is given by clinician yet
    """

    threshold: int = 5
    round_to: int = 5
    rate_denominator: int = 20
    mean_cases: int = 10
    grains: tuple[str, ...] = GRAINS
    by_clinic: bool = True
    by_session: bool = True
    by_stage: bool = True
    revisions: str | tuple[str, ...] = "monthly"
    dominance_percent: int = 100
    clinician_rows: bool = False
    clinician_approver: str = ""
    clinician_cases: int = 30

    def version(self) -> str:
        """The policy's id: eight hexadecimal digits of its SHA-256, METHOD included."""
        policy = json.dumps({"method": METHOD, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(policy.encode()).hexdigest()[:8]

    def words(self) -> str:
        """The policy in one line, for people; what is off is left out."""
        crossed = [name.removeprefix("by_") for name in _CROSSED if getattr(self, name)]
        said = [
            f"counts below {self.threshold} hidden, others rounded to {self.round_to}",
            f"rates of at least {self.rate_denominator}, means of at least {self.mean_cases}",
            f"periods: {', '.join(self.grains).replace('_', ' ')}",
            f"by {', '.join(['service', *crossed])}",
            f"revised {self._revised()}",
        ]
        if self.dominance_percent < 100:
            said.append(f"dominance above {self.dominance_percent} %")
        if self.clinician_rows:
            said.append(
                f"rows by clinician of at least {self.clinician_cases}, approved by {self.clinician_approver}"
            )
        return "; ".join(said)

    def record(self) -> dict[str, str]:
        """What a run's manifest says of the policy."""
        return {"policy": self.version(), "method": METHOD, "words": self.words()}

    def _revised(self) -> str:
        if isinstance(self.revisions, str):
            return self.revisions
        return f"on {', '.join(self.revisions)}" if self.revisions else "never"


def read_disclosure(table: RawTable) -> Disclosure:
    """The policy of [disclosure]; every key has its default, and none can be set below its least."""
    disclosure = Disclosure(
        # A threshold of 2 would show every group of two people; no rule in use goes below 3.
        threshold=table.whole("threshold", Disclosure.threshold, least=3),
        round_to=table.whole("round_to", Disclosure.round_to, least=1),
        rate_denominator=table.whole("rate_denominator", Disclosure.rate_denominator, least=20),
        mean_cases=table.whole("mean_cases", Disclosure.mean_cases, least=10),
        grains=_grains(table),
        **{name: table.flag(name, default=True) for name in _CROSSED},
        revisions=_revisions(table),
        dominance_percent=table.whole("dominance_percent", Disclosure.dominance_percent, least=50, most=100),
        clinician_rows=table.flag("clinician_rows"),
        clinician_approver=_approver(table),
        clinician_cases=table.whole("clinician_cases", Disclosure.clinician_cases, least=30),
    )
    if disclosure.round_to > 2 * disclosure.threshold:
        table.problem(
            "round_to", "must be at most twice threshold, else a count that is told would be told as 0"
        )
    table.close()
    return disclosure


def _grains(table: RawTable) -> tuple[str, ...]:
    if "grains" not in table:
        table.value("grains")
        return GRAINS
    given = table.texts("grains")
    for grain in given:
        table.known("grains", grain, GRAINS)
    if table.value("grains") == []:
        table.problem("grains", "must name one length of period at least")
    return tuple(grain for grain in GRAINS if grain in given)


def _revisions(table: RawTable) -> str | tuple[str, ...]:
    given = table.value("revisions")
    if not isinstance(given, list):
        return table.choice("revisions", REVISIONS, REVISIONS[0])
    days = [_day(day) for day in given]
    if "" in days:
        table.problem("revisions", "must be days such as 2026-01-31")
    elif len(set(days)) < len(days):
        table.problem("revisions", "names the same day twice")
    return tuple(sorted(days))


def _day(value: object) -> str:
    """A TOML date, or the same in quotes, as ISO text; empty for anything else."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        return value if isinstance(value, str) and date.fromisoformat(value).isoformat() == value else ""
    except ValueError:
        return ""


def _approver(table: RawTable) -> str:
    """Empty where nobody is named, which is right only without rows by clinician."""
    named = table.value("clinician_approver") not in (None, "")
    if not named and table.value("clinician_rows") is True:
        table.problem("clinician_approver", "is missing: say who approved of rows by clinician")
    return table.text("clinician_approver") if named else ""
