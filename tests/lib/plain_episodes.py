"""What belongs to which referral and contact, once more, in plain Python: row by row, no SQL, no shared code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.lib.small_warehouse import Row, Site, instruments

HELD = ("attended", "late")
MISSED = ("dna", "late_not_seen")
DOSE = ("treatment", "both", "review")
OUTCOME = ("core_10", "gad_7", "phq_9")
ALLIANCE = ("srs", "wai_sr")

Series = tuple[str, str, str, str]
"""figure, definition, instrument, scale"""


@dataclass(frozen=True)
class Event:
    """A share of a figure. when: a day, or a session number."""

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

    @property
    def treatment(self) -> bool:
        return (self.row.get("kind") or "treatment") in DOSE


@dataclass
class Response:
    number: int
    row: Row
    completed_at: datetime | None
    session: int | None
    rater: str
    score: Decimal | None
    contact: Contact | None = None

    @property
    def instrument(self) -> str:
        return self.row["instrument"]


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
    def treatments(self) -> list[date]:
        """Days of the treatment contacts, in order."""
        return [contact.day for contact in self.contacts if contact.treatment and self.within(contact.day)]

    def within(self, when: date) -> bool:
        """Whether a day lies in the course of the referral."""
        begun = not self.referral or day(self.referral["received_on"]) <= when
        return begun and (self.ended_on is None or when <= self.ended_on)

    @property
    def dose(self) -> int:
        return len(self.treatments)

    def valid(self, instrument: str) -> list[Response]:
        """Valid scores of the client in order, those of follow-ups left out."""
        valid = [
            r for r in self.responses
            if r.instrument == instrument and r.rater == "client" and r.score is not None
            and not (r.contact and r.contact.follow_up)
            and self.within(r.contact.day if r.contact else r.completed_at.date())
        ]  # fmt: skip
        return sorted(valid, key=lambda r: (r.completed_at, r.number))

    def pair(self, instrument: str) -> tuple[Decimal, Decimal, bool] | None:
        """First and last valid score, and whether they are of two days."""
        valid = self.valid(instrument)
        if not valid:
            return None
        first, last = valid[0], valid[-1]
        return first.score, last.score, first.completed_at.date() < last.completed_at.date()


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def definition(rater: str) -> str:
    return "standard" if rater == "client" else f"{rater}_rated"


class Records:
    """The rows of a site with their numbers, and the episodes they make up to as_of."""

    def __init__(self, site: Site, as_of: date) -> None:
        self.site, self.as_of = site, as_of
        outcome_scale = {card.id: card.outcome_scale for card in instruments()}
        start, middle = 1 + len(site.referrals), 1 + len(site.referrals) + len(site.appointments)
        self.appointments = list(enumerate(site.appointments, start))
        self.responses = [
            Response(
                number, row, moment(row.get("completed_at")),
                int(row["session"]) if row.get("session") else None,
                row.get("rater") or "client", decimal(row.get(outcome_scale[row["instrument"]])),
            )
            for number, row in enumerate(site.scores, middle)
        ]  # fmt: skip
        self.clients = self._episodes()

    def episodes(self) -> Iterator[Episode]:
        for episodes in self.clients.values():
            yield from episodes

    def _episodes(self) -> dict[tuple[str, str], list[Episode]]:
        clients = self._referrals()
        for _, row in (*self.appointments, *((r.number, r.row) for r in self.responses)):
            if (row["clinic"], row["client"]) not in clients:
                clients[row["clinic"], row["client"]].append(Episode(row["clinic"], None))
        for number, row in self.appointments:
            starts_at = moment(row["starts_at"])
            if row["status"] in HELD and starts_at.date() <= self.as_of:
                session = int(row["session"]) if row.get("session") else None
                contact = Contact(number, row, starts_at, session)
                self._at(clients, row, starts_at.date()).contacts.append(contact)
        for episodes in clients.values():
            for episode in episodes:
                episode.number_contacts()
        for response in self.responses:
            at = response.completed_at
            if at and at.date() <= self.as_of:
                episode = self._at(clients, response.row, at.date())
                episode.place(response)
                episode.responses.append(response)
        return clients

    def _referrals(self) -> dict[tuple[str, str], list[Episode]]:
        clients: dict[tuple[str, str], list[Episode]] = defaultdict(list)
        for row in sorted(self.site.referrals, key=lambda row: row["received_on"]):
            if day(row["received_on"]) <= self.as_of:
                episode = Episode(row["clinic"], row)
                ended = day(row.get("ended_on"))
                if ended and ended <= self.as_of:
                    episode.ended_on, episode.ending = ended, row["ending"]
                clients[row["clinic"], row["client"]].append(episode)
        return clients

    def _at(self, clients: Mapping[tuple[str, str], list[Episode]], row: Row, when: date) -> Episode:
        episodes = clients[row["clinic"], row["client"]]
        begun = [e for e in episodes if e.referral and day(e.referral["received_on"]) <= when]
        return begun[-1] if begun else episodes[0]


def decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None
