"""The figures of a small warehouse once more, in plain Python: event by event, no SQL, no shared code.

A figure is a bag of events: a day (or a session number), a clinic, a share of the numerator and of the
denominator. Clients seen are sets. Periods are walked day by day, so nothing is rolled up twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from tests.lib.plain_change import Criteria, outcome
from tests.lib.plain_engagement import engagement
from tests.lib.plain_episodes import ALLIANCE, Event, Records, Series, definition
from tests.lib.small_warehouse import Site, instruments

RATE_OF_BOTH = ("paired_outcomes", "paired_outcome_rate", "reliable_improvement_rate",
                "reliable_deterioration_rate", "recovery_rate", "reliable_recovery_rate")  # fmt: skip
OF_INSTRUMENT = ("outcome_mean", "instrument", "days_between", "scores_per", "percent_change", "cutoff")
OF_REFERRALS = ("referrals_received", "referrals_ended", "open_referrals")
OF_APPOINTMENTS = ("appointments_held", "clients_seen", "attendance_rate", "dna_rate",
                   "cancelled_by_client_rate", "cancelled_by_provider_rate")  # fmt: skip
BY_CRITERION = ("instrument_improved_rate", "instrument_deteriorated_rate", "instrument_unchanged_rate",
                "instrument_recovered_rate")  # fmt: skip
BY_SESSION = ("alliance_by_session", "questionnaire_completion_by_session")
STOCK = ("open_referrals", "open_without_activity_rate")
MEANS = ("alliance_mean", "alliance_by_session", "outcome_mean_first", "outcome_mean_last",
         "outcome_mean_change")  # fmt: skip

Key = tuple[str, str, str, str, str, str, str, str]
"""figure, definition, service, clinic, grain, period, instrument, scale"""


class Figures:
    def __init__(self, site: Site, as_of: date) -> None:
        self.site, self.as_of = site, as_of
        self.records = Records(site, as_of)
        self.scales = {card.id: card.scale_ids for card in instruments()}

    def events(self) -> Iterator[Event]:
        yield from engagement(self.records)
        yield from outcome(self.records)
        yield from self._alliance()

    def _alliance(self) -> Iterator[Event]:
        for response in self.records.responses:
            row, at = response.row, response.completed_at
            if row["instrument"] not in ALLIANCE or (at and at.date() > self.as_of):
                continue
            session = response.session
            if session is None and response.contact:
                session = response.contact.session_no
            for scale in self.scales[row["instrument"]]:
                if row.get(scale):
                    key = (definition(response.rater), row["instrument"], scale)
                    if at:
                        yield Event(("alliance_mean", *key), row["clinic"], at.date(), Decimal(row[scale]), 1)
                    if session and session <= 12:
                        yield Event(
                            ("alliance_by_session", *key), row["clinic"], session, Decimal(row[scale]), 1
                        )

    # ---- units, periods, states

    def units(self) -> dict[tuple[str, str], set[str]]:
        """Unit -> its clinics."""
        clinics = self.site.clinics
        units = {("all", "all"): set(clinics)}
        for clinic, service in clinics.items():
            units.setdefault((service, "all"), set()).add(clinic)
            units[service, clinic] = {clinic}
        return units

    def days(self) -> Iterator[date]:
        rows = [*self.site.referrals, *self.site.appointments, *self.site.scores]
        columns = ("received_on", "ended_on", "starts_at", "completed_at")
        first = min(row[c][:10] for row in rows for c in columns if row.get(c))
        start = date.fromisoformat(first).replace(day=1)
        for number in range((self.as_of - start).days + 1):
            yield start + timedelta(number)

    def periods_of(self, when: date) -> Iterator[tuple[str, str]]:
        """The periods a day belongs to, as far as the figures go."""
        yield "month", f"{when:%Y-%m}"
        yield "quarter", f"{when.year}-Q{(when.month + 2) // 3}"
        yield "year", f"{when.year}"
        yield "all", "all"
        year, month = when.year, when.month
        for _ in range(12):
            if (year, month) <= (self.as_of.year, self.as_of.month):
                yield "rolling_12_months", f"{year}-{month:02}"
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def ended_by(self, when: date) -> Iterator[tuple[str, str]]:
        """The periods whose last month, or the running one, a day is in."""
        later = {period for one in self.days() if (one.year, one.month) > (when.year, when.month)
                 for period in self._calendar(one)}  # fmt: skip
        yield from (period for period in self._calendar(when) if period not in later)
        yield "rolling_12_months", f"{when:%Y-%m}"

    def _calendar(self, when: date) -> Iterator[tuple[str, str]]:
        return (period for period in self.periods_of(when) if period[0] != "rolling_12_months")

    def periods(self) -> set[tuple[str, str]]:
        days = list(self.days())
        periods = {period for when in days for period in self.periods_of(when)}
        return {
            (grain, name)
            for grain, name in periods
            if grain != "rolling_12_months" or name >= f"{days[0]:%Y-%m}"
        }

    @cached_property
    def criteria(self) -> Criteria:
        return Criteria(self.records)

    @cached_property
    def answered(self) -> set[tuple[str, str, str]]:
        return {(r["clinic"], r["instrument"], r.get("rater") or "client") for r in self.site.scores}

    def has(self, clinic: str, series: Series) -> bool:
        """Whether a figure applies to a clinic."""
        figure, made, instrument, _ = series
        rater = made.removesuffix("_rated") if made.endswith("_rated") else "client"
        feeds = {k for k in ("referrals", "appointments") if (clinic, k) not in self.site.lacks}
        answers = (clinic, instrument, rater) in self.answered
        if figure in OF_REFERRALS:
            return "referrals" in feeds
        if figure in OF_APPOINTMENTS:
            return "appointments" in feeds
        if figure.startswith("questionnaire"):
            service = self.site.clinics[clinic]
            due = {(d["instrument"], d["rater"]) for d in self.site.due if d["service"] == service}
            return "appointments" in feeds and (instrument, rater) in due
        if figure in ("alliance_mean", "alliance_by_session"):
            return answers
        if len(feeds) < 2:
            return False
        if figure in RATE_OF_BOTH:
            return {(clinic, "phq_9", "client"), (clinic, "gad_7", "client")} <= self.answered
        if figure in BY_CRITERION and (instrument, made) not in self.criteria.of:
            return False
        return answers if figure.startswith((*OF_INSTRUMENT, "alliance_coverage")) else True

    def table(self, all_series: set[Series]) -> dict[Key, tuple[object, ...]]:
        """Every figure of every unit and period: numerator, denominator, state."""
        sums: dict[Key, list] = defaultdict(lambda: [Decimal(0), 0])
        units, seen = self.units(), defaultdict(set)
        for event in self.events():
            if not self.has(event.clinic, event.series):
                continue
            for key in self._keys(event.series, event.clinic, event.when):
                sums[key][0] += event.numerator
                sums[key][1] += event.denominator or 0
        for client, episodes in self.records.clients.items():
            for contact in (c for e in episodes for c in e.contacts):
                for key in self._keys(("clients_seen", "standard", "", ""), client[0], contact.day):
                    seen[key].add(client[1])
        for key, clients in seen.items():
            sums[key][0] = Decimal(len(clients))
        sessions = {("session", str(number)) for number in range(1, 13)}
        periods = self.periods()
        table: dict[Key, tuple[object, ...]] = {}
        for series in all_series:
            figure, made, instrument, scale = series
            for unit, clinics in units.items():
                applies = any(self.has(clinic, series) for clinic in clinics)
                for period in sessions if figure in BY_SESSION else periods:
                    key = (figure, made, *unit, *period, instrument, scale)
                    table[key] = self._cell(figure, sums.get(key, (Decimal(0), 0)), applies)
        return table

    def _keys(self, series: Series, clinic: str, when: date | int) -> Iterator[Key]:
        figure, made, instrument, scale = series
        service = self.site.clinics[clinic]
        for period in self._periods_for(figure, when):
            for unit in (("all", "all"), (service, "all"), (service, clinic)):
                yield (figure, made, *unit, *period, instrument, scale)

    def _periods_for(self, figure: str, when: date | int) -> list[tuple[str, str]]:
        if isinstance(when, int):
            return [("session", str(when))]
        if figure in STOCK:
            return self._stock_periods[when]
        return list(self.periods_of(when))

    @cached_property
    def _stock_periods(self) -> dict[date, list[tuple[str, str]]]:
        return {when: list(self.ended_by(when)) for when in self.days() if is_month_end(when, self.as_of)}

    def _cell(self, figure: str, sums: tuple[Decimal, int], applies: bool) -> tuple[object, ...]:
        numerator, denominator = sums
        if not applies:
            return None, None, "not_applicable"
        mean = figure in MEANS or figure.endswith("_mean")
        rate = figure.endswith("_rate") or figure == "questionnaire_completion_by_session"
        if not rate and not mean:
            return numerator, None, "value" if numerator else "zero"
        if denominator == 0:
            return numerator, 0, "no_data"
        return numerator, denominator, "zero" if rate and numerator == 0 else "value"


def is_month_end(when: date, as_of: date) -> bool:
    return when == as_of or (when + timedelta(1)).month != when.month
