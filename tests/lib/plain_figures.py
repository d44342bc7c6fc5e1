"""The figures of a small warehouse once more, in plain Python: event by event, no SQL, no shared code.

A figure is a bag of events: a day (or a session number), a clinic, a share of the numerator and of the
denominator. Clients seen are sets. Periods are walked day by day, so nothing is rolled up twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.lib.small_warehouse import Row, Site, instruments

HELD = ("attended", "late")
MISSED = ("dna", "late_not_seen")
DOSE = ("treatment", "both", "review")
CASENESS = {"phq_9": 10, "gad_7": 8}
RELIABLE = {"phq_9": 6, "gad_7": 4}
OUTCOME = ("core_10", "gad_7", "phq_9")
ALLIANCE = ("srs", "wai_sr")
RATE_OF_BOTH = ("paired_outcome_rate", "reliable_improvement_rate", "reliable_deterioration_rate",
                "recovery_rate", "reliable_recovery_rate")  # fmt: skip

Series = tuple[str, str, str, str]
"""figure, definition, instrument, scale"""
Key = tuple[str, str, str, str, str, str, str, str]
"""figure, definition, service, clinic, grain, period, instrument, scale"""


@dataclass(frozen=True)
class Event:
    series: Series
    clinic: str
    when: date | int
    numerator: Decimal | int
    denominator: int | None = None


@dataclass
class Contact:
    number: int
    row: Row
    starts_at: datetime
    session: int | None
    session_no: int = 0

    @property
    def day(self) -> date:
        return self.starts_at.date()

    @property
    def follow_up(self) -> bool:
        return self.row.get("kind") == "follow_up"


@dataclass
class Response:
    number: int
    row: Row
    completed_at: datetime | None
    session: int | None
    rater: str
    score: Decimal | None
    contact: Contact | None = None


class Episode:
    """What belongs to one referral, or to a client who has none."""

    def __init__(self, clinic: str, referral: Row | None) -> None:
        self.clinic = clinic
        self.referral = referral
        self.ended_on: date | None = None
        self.ending: str | None = None
        self.contacts: list[Contact] = []
        self.responses: list[Response] = []

    def number_contacts(self) -> None:
        self.contacts.sort(key=lambda contact: (contact.starts_at, contact.number))
        for place, contact in enumerate(self.contacts, 1):
            contact.session_no = contact.session or place

    def place(self, response: Response) -> None:
        same_session = [c for c in self.contacts if response.session and c.session == response.session]
        same_day = [c for c in self.contacts if c.day == response.completed_at.date()]
        same_day.sort(key=lambda c: c.follow_up)
        response.contact = next(iter([*same_session, *same_day]), None)

    @property
    def dose(self) -> int:
        return sum((contact.row.get("kind") or "treatment") in DOSE for contact in self.contacts)

    def pair(self, instrument: str) -> tuple[Decimal, Decimal, bool] | None:
        """First and last valid score, and whether they are of two days."""
        valid = [
            r for r in self.responses
            if r.row["instrument"] == instrument and r.rater == "client" and r.score is not None
            and not (r.contact and r.contact.follow_up)
        ]  # fmt: skip
        valid.sort(key=lambda r: (r.completed_at, r.number))
        if not valid:
            return None
        first, last = valid[0], valid[-1]
        return first.score, last.score, first.completed_at.date() < last.completed_at.date()


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class Figures:
    def __init__(self, site: Site, as_of: date) -> None:
        self.site, self.as_of = site, as_of
        self.outcome_scale = {card.id: card.outcome_scale for card in instruments()}
        self.scales = {card.id: card.scale_ids for card in instruments()}
        start, middle = 1 + len(site.referrals), 1 + len(site.referrals) + len(site.appointments)
        self.appointments = list(enumerate(site.appointments, start))
        self.scores = list(enumerate(site.scores, middle))
        self.episodes = self._episodes()

    def _episodes(self) -> dict[tuple[str, str], list[Episode]]:
        episodes: dict[tuple[str, str], list[Episode]] = defaultdict(list)
        for row in sorted(self.site.referrals, key=lambda row: row["received_on"]):
            if day(row["received_on"]) <= self.as_of:
                episode = Episode(row["clinic"], row)
                ended = day(row.get("ended_on"))
                if ended and ended <= self.as_of:
                    episode.ended_on, episode.ending = ended, row["ending"]
                episodes[row["clinic"], row["client"]].append(episode)
        for _, row in (*self.appointments, *self.scores):
            if (row["clinic"], row["client"]) not in episodes:
                episodes[row["clinic"], row["client"]].append(Episode(row["clinic"], None))
        for number, row in self.appointments:
            starts_at = moment(row["starts_at"])
            if row["status"] in HELD and starts_at.date() <= self.as_of:
                session = int(row["session"]) if row.get("session") else None
                contact = Contact(number, row, starts_at, session)
                self._at(episodes, row, starts_at.date()).contacts.append(contact)
        for client in episodes.values():
            for episode in client:
                episode.number_contacts()
        for response in map(self._response, self.scores):
            at = response.completed_at
            if at and at.date() <= self.as_of:
                episode = self._at(episodes, response.row, at.date())
                episode.place(response)
                episode.responses.append(response)
        return episodes

    def _at(self, episodes: Mapping[tuple[str, str], list[Episode]], row: Row, when: date) -> Episode:
        client = episodes[row["clinic"], row["client"]]
        begun = [e for e in client if e.referral and day(e.referral["received_on"]) <= when]
        return begun[-1] if begun else client[0]

    def _response(self, numbered: tuple[int, Row]) -> Response:
        number, row = numbered
        score = row.get(self.outcome_scale[row["instrument"]])
        return Response(
            number, row, moment(row.get("completed_at")),
            int(row["session"]) if row.get("session") else None,
            row.get("rater") or "client", Decimal(score) if score else None,
        )  # fmt: skip

    # ---- events

    def events(self) -> Iterator[Event]:
        for client in self.episodes.values():
            for episode in client:
                if episode.referral:
                    yield from self._referral(episode)
                yield from self._due(episode)
        yield from self._contacts()
        yield from self._alliance()

    def _contacts(self) -> Iterator[Event]:
        for _, row in self.appointments:
            when, clinic, status = moment(row["starts_at"]).date(), row["clinic"], row["status"]
            if when > self.as_of:
                continue
            yield Event(("dna_rate", "nhs_pdt", "", ""), clinic, when, int(status == "dna"), 1)
            if status in HELD:
                yield Event(("appointments_held", "standard", "", ""), clinic, when, 1)
            if status in HELD + MISSED:
                yield Event(("attendance_rate", "standard", "", ""), clinic, when, int(status in HELD), 1)

    def _referral(self, episode: Episode) -> Iterator[Event]:
        def whole(figure: str, when: date, numerator: bool, denominator: int | None = None) -> Event:
            return Event((figure, "standard", "", ""), episode.clinic, when, int(numerator), denominator)

        yield whole("referrals_received", day(episode.referral["received_on"]), True)
        ended = episode.ended_on
        if not ended:
            return
        yield whole("referrals_ended", ended, True)
        if episode.dose >= 1:
            yield whole("dropout_rate", ended, episode.ending == "dropped_out", 1)
        if episode.dose < 2:
            return
        yield whole("finished_course", ended, True)
        for figure, numerator, denominator in self._outcome(episode):
            yield whole(figure, ended, numerator, denominator)
        for instrument in OUTCOME:
            pair = episode.pair(instrument)
            if pair and pair[2]:
                first, last, _ = pair
                for figure, total in (("first", first), ("last", last), ("change", last - first)):
                    series = (f"outcome_mean_{figure}", "standard", instrument, "total")
                    yield Event(series, episode.clinic, ended, total, 1)

    def _outcome(self, episode: Episode) -> Iterator[tuple[str, bool, int | None]]:
        pairs = {name: episode.pair(name) for name in CASENESS}
        known = [name for name, pair in pairs.items() if pair]
        paired = len(known) == 2 and all(pairs[name][2] for name in known)
        below_first = len(known) == 2 and all(pairs[n][0] < CASENESS[n] for n in known)
        better = paired and any(pairs[n][0] - pairs[n][1] >= RELIABLE[n] for n in known)
        worse = paired and any(pairs[n][1] - pairs[n][0] >= RELIABLE[n] for n in known)
        recovered = paired and not below_first and all(pairs[n][1] < CASENESS[n] for n in known)
        yield "paired_outcomes", paired, None
        yield "paired_outcome_rate", paired, 1
        yield "reliable_improvement_rate", better and not worse, 1
        yield "reliable_deterioration_rate", worse and not better, 1
        if not below_first:
            yield "recovery_rate", recovered, 1
            yield "reliable_recovery_rate", recovered and better and not worse, 1

    def _due(self, episode: Episode) -> Iterator[Event]:
        returned = {
            (r.contact.number, r.row["instrument"], r.rater)
            for r in episode.responses if r.contact and r.score is not None
        }  # fmt: skip
        course = [contact for contact in episode.contacts if not contact.follow_up]
        for contact in episode.contacts:
            due = set()
            for rule in self.site.due:
                ends = course and (contact is course[0] or (contact is course[-1] and episode.ended_on))
                if self.site.clinics[episode.clinic] == rule["service"] and (
                    rule["due_when"] == "all"
                    or (rule["due_when"] == "listed" and int(rule["session"]) == contact.session_no)
                    or (rule["due_when"] == "first_last" and ends)
                ):
                    due.add((rule["instrument"], rule["rater"]))
            for instrument, rater in due:
                done = int((contact.number, instrument, rater) in returned)
                for figure, numerator, denominator in (
                    ("questionnaires_due", 1, None),
                    ("questionnaires_completed", done, None),
                    ("questionnaire_completion_rate", done, 1),
                ):
                    series = (figure, definition(rater), instrument, "")
                    yield Event(series, episode.clinic, contact.day, numerator, denominator)

    def _alliance(self) -> Iterator[Event]:
        placed = {r.number: r for client in self.episodes.values() for e in client for r in e.responses}
        for response in map(self._response, self.scores):
            row, at = response.row, response.completed_at
            if row["instrument"] not in ALLIANCE or (at and at.date() > self.as_of):
                continue
            session = response.session
            if session is None and response.number in placed and placed[response.number].contact:
                session = placed[response.number].contact.session_no
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

    def periods(self) -> set[tuple[str, str]]:
        days = list(self.days())
        periods = {period for when in days for period in self.periods_of(when)}
        return {
            (grain, name)
            for grain, name in periods
            if grain != "rolling_12_months" or name >= f"{days[0]:%Y-%m}"
        }

    def has(self, clinic: str, series: Series) -> bool:
        """Whether a figure applies to a clinic."""
        figure, made, instrument, _ = series
        rater = "client" if made == "standard" else made.removesuffix("_rated")
        answered = {
            (r["instrument"], r.get("rater") or "client") for r in self.site.scores if r["clinic"] == clinic
        }
        due = {
            (d["instrument"], d["rater"]) for d in self.site.due if d["service"] == self.site.clinics[clinic]
        }
        feeds = {k for k in ("referrals", "appointments") if (clinic, k) not in self.site.lacks}
        if figure.startswith("alliance"):
            return (instrument, rater) in answered
        if figure.startswith("questionnaire"):
            return "appointments" in feeds and (instrument, rater) in due
        if figure.startswith("outcome_mean"):
            return len(feeds) == 2 and (instrument, "client") in answered
        if figure in RATE_OF_BOTH or figure == "paired_outcomes":
            return len(feeds) == 2 and {("phq_9", "client"), ("gad_7", "client")} <= answered
        if figure.startswith("referrals"):
            return "referrals" in feeds
        if figure in ("dropout_rate", "finished_course"):
            return len(feeds) == 2
        return "appointments" in feeds

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
        for client, episodes in self.episodes.items():
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
                for period in sessions if figure == "alliance_by_session" else periods:
                    key = (figure, made, *unit, *period, instrument, scale)
                    table[key] = self._cell(figure, sums.get(key, (Decimal(0), 0)), applies)
        return table

    def _keys(self, series: Series, clinic: str, when: date | int) -> Iterator[Key]:
        figure, made, instrument, scale = series
        service = self.site.clinics[clinic]
        periods = [("session", str(when))] if isinstance(when, int) else self.periods_of(when)
        for period in periods:
            for unit in (("all", "all"), (service, "all"), (service, clinic)):
                yield (figure, made, *unit, *period, instrument, scale)

    def _cell(self, figure: str, sums: tuple[Decimal, int], applies: bool) -> tuple[object, ...]:
        numerator, denominator = sums
        if not applies:
            return None, None, "not_applicable"
        rate, mean = figure.endswith("_rate"), figure.startswith(("alliance", "outcome_mean"))
        if not rate and not mean:
            return numerator, None, "value" if numerator else "zero"
        if denominator == 0:
            return numerator, 0, "no_data"
        return numerator, denominator, "zero" if rate and numerator == 0 else "value"


def definition(rater: str) -> str:
    return "standard" if rater == "client" else f"{rater}_rated"
