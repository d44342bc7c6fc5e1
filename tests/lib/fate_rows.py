"""The second implementation of fates, one row of one file by itself: left out, with problems, or accepted.

A feed is described by `PlainFeed`, a file by its rows as dictionaries of text; a row that is a string is
a broken one, and the string is the rule that it breaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tests.lib.plain_answers import plain_answer, plain_number, same

ORDER = (
    "preview", "test", "spam", "not_finished", "no_consent",
    "attention_check", "outside_period", "empty", "withdrawn", "exact_duplicate",
)  # fmt: skip

RATERS = ("client", "therapist", "observer", "caregiver")

Row = Mapping[str, str] | str


@dataclass(frozen=True)
class PlainForm:
    """One questionnaire of a feed. finished: column and values, of this form alone."""

    instrument: str
    items: tuple[str, ...]
    rater: str | None = None
    rater_column: str | None = None
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    session: int | str | None = None
    completed: str | None = None
    excluded: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    finished: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class PlainFeed:
    """excluded: (column, reason, values) of the whole record; finished: (column, values or None for filled)."""

    id: str
    clinic: str
    forms: tuple[PlainForm, ...]
    client: tuple[str, ...] = ("PID",)
    snapshot: bool = False
    each_row: bool = False
    dated: bool = True
    completed: str | None = None
    last_touch: str | None = None
    no_date: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    session: str | None = None
    rater_id: str | None = None
    segment: str | None = None
    episode: str | None = None
    clinician: str | None = None
    raters: Mapping[str, str] = field(default_factory=dict)
    form_raters: tuple[str, ...] = ("client", "therapist", "observer")
    missing: tuple[str, ...] = ()
    excluded: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    finished: tuple[str, tuple[str, ...] | None] | None = None
    attention: tuple[tuple[str, tuple[str, ...]], ...] = ()
    highest: int = 3


@dataclass(frozen=True)
class Administration:
    """An administration that its file's own rules accept. person: who, as far as ids tell."""

    entry: int
    row: int
    form: int
    feed: PlainFeed
    instrument: str
    person: tuple[object, ...]
    rater: str
    rater_id: str | None
    segment: str | None
    episode: str | None
    session: int | None
    completed: datetime | None
    response: str | None
    clinician: str | None
    answers: tuple[object, ...]

    @property
    def key(self) -> tuple[object, ...] | None:
        """Administrations of one key tell the same thing; None tells nothing twice."""
        occasion = next(
            (
                (kind, value)
                for kind, value in (
                    ("session", self.session), ("completed", self.completed), ("response", self.response),
                )
                if value is not None
            ),
            None,
        )  # fmt: skip
        if self.feed.each_row or occasion is None:
            return None
        who = (self.feed.clinic, self.person, self.instrument, self.rater, self.rater_id)
        return (*who, self.episode, self.segment, occasion)

    @property
    def content(self) -> tuple[object, ...]:
        """All that a correction may change."""
        return (
            self.answers, self.session, self.completed, self.clinician, self.segment, self.episode,
            self.rater_id, self.person,
        )  # fmt: skip

    @property
    def place(self) -> tuple[int, int, int]:
        return self.entry, self.row, self.form


@dataclass
class Record:
    """One row of one file by itself. problems: (form, instrument, column, rule), form 0 for the whole row.

    held: (form, key) of what is quarantined; no key where it cannot be read who and when it is about
    days: of what is quarantined, where they can be read; blind: where one cannot
    """

    entry: int
    row: int
    feed: PlainFeed
    response: str | None = None
    excluded: str | None = None
    problems: list[tuple[int, str, str, str]] = field(default_factory=list)
    accepted: list[Administration] = field(default_factory=list)
    held: list[tuple[int, tuple[object, ...] | None]] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    blind: bool = False


def record_of(feed: PlainFeed, entry: int, number: int, row: Row) -> Record:
    record = Record(entry, number, feed)
    if isinstance(row, str):
        record.problems, record.held, record.blind = [(0, "", "", row)], [(0, None)], True
        return record
    record.response = joined(feed, row, feed.response)
    reasons = list(record_reasons(feed, row))
    if not any(cell.strip() for cell in row.values()):
        record.excluded = "empty"
    elif reasons:
        record.excluded = min(reasons, key=ORDER.index)
    else:
        settle_forms(record, row)
    return record


def record_reasons(feed: PlainFeed, row: Mapping[str, str]) -> Iterator[str]:
    for column, reason, values in feed.excluded:
        if row[column].strip() in values:
            yield reason
    if feed.finished and not is_finished(row[feed.finished[0]], feed.finished[1]):
        yield "not_finished"
    for column, values in feed.attention:
        if not any(same(row[column], value, ".") for value in values):
            yield "attention_check"


def is_finished(cell: str, values: tuple[str, ...] | None) -> bool:
    return bool(cell.strip()) if values is None else cell.strip() in values


def settle_forms(record: Record, row: Mapping[str, str]) -> None:
    """Each questionnaire of the row: left out, with problems, or accepted."""
    feed, reasons = record.feed, []
    person = (record.entry, record.row) if feed.each_row else joined(feed, row, feed.client, whole=True)
    for number, form in enumerate(feed.forms, 1):
        answers = tuple(answer(feed, form, row[column]) for column in form.items)
        if reason := form_reason(form, row, answers):
            reasons.append(reason)
            continue
        administration, problems = read_form(record, number, form, row, answers, person)
        record.problems += [(number, *problem) for problem in problems]
        if not problems and person is not None:
            record.accepted.append(administration)
            continue
        record.held.append((number, held_key(administration, problems)))
        if administration.completed:
            record.days.add(administration.completed.date())
        else:
            record.blind = True
        if person is None:
            reasons.append("quarantined")
    if record.accepted or not reasons or record.problems or "quarantined" in reasons:
        if person is None and "quarantined" in reasons and not record.accepted:
            record.problems.append((0, "", "/".join(feed.client), "missing_client"))
        return
    record.excluded = min(reasons, key=ORDER.index)


def held_key(one: Administration, problems: Sequence[tuple[str, str, str]]) -> tuple[object, ...] | None:
    """The key of a quarantined form; the response alone is none, and one without its session neither."""
    unread = any(rule in ("unknown_rater", "invalid_session") for *_, rule in problems)
    if unread or one.person == (None,) or (one.session is None and one.completed is None):
        return None
    return one.key


def form_reason(form: PlainForm, row: Mapping[str, str], answers: Sequence[object]) -> str | None:
    if all(one in (None, "not_shown", "not_applicable") for one in answers):
        return "empty"
    reasons = [reason for column, reason, values in form.excluded if row[column].strip() in values]
    if form.finished and row[form.finished[0]].strip() not in form.finished[1]:
        reasons.append("not_finished")
    return min(reasons, key=ORDER.index) if reasons else None


def answer(feed: PlainFeed, form: PlainForm, cell: str) -> object:
    codes = {**form.codes, "missing": (*form.codes.get("missing", ()), *feed.missing)}
    read = plain_answer(cell, form.labels, codes)
    return None if read == "missing" else read


def read_form(
    record: Record,
    number: int,
    form: PlainForm,
    row: Mapping[str, str],
    answers: tuple[object, ...],
    person: object,
) -> tuple[Administration, list[tuple[str, str, str]]]:
    """The administration, and (instrument, column, rule) of all that is wrong with it."""
    feed, problems = record.feed, []
    rater = form.rater
    if form.rater_column:
        said = text(feed, row[form.rater_column])
        rater = {**{word: word for word in RATERS}, **feed.raters}.get((said or "").casefold())
        if rater not in feed.form_raters:
            rater = None
            problems.append((form.instrument, form.rater_column, "unknown_rater"))
    session, bad_session = session_of(feed, form, row)
    problems += [(form.instrument, bad_session, "invalid_session")] if bad_session else []
    completed, date_column, date_rule = moment_of(feed, form, row)
    problems += [(form.instrument, date_column, date_rule)] if date_rule else []
    if person is not None and rater:
        for column, one in zip(form.items, answers, strict=True):
            if one == "no answer":
                problems.append((form.instrument, column, "not_an_answer"))
            elif one == "too far" or (isinstance(one, int) and not 0 <= one <= feed.highest):
                problems.append((form.instrument, column, "out_of_range"))
    administration = Administration(
        record.entry, record.row, number, feed, form.instrument, (person,), rater or "",
        optional(feed, row, feed.rater_id), optional(feed, row, feed.segment), optional(feed, row, feed.episode),
        session, completed, record.response, optional(feed, row, feed.clinician), answers,
    )  # fmt: skip
    return administration, problems


def session_of(feed: PlainFeed, form: PlainForm, row: Mapping[str, str]) -> tuple[int | None, str]:
    """The session, and the column that cannot be read."""
    if isinstance(form.session, int):
        return form.session, ""
    column = form.session or feed.session
    said = text(feed, row[column]) if column else None
    if said is None:
        return None, ""
    number = plain_number(said)
    if number is None or number != int(number) or not 0 <= number <= 9999:
        return None, str(column)
    return int(number), ""


def moment_of(feed: PlainFeed, form: PlainForm, row: Mapping[str, str]) -> tuple[datetime | None, str, str]:
    """The time of completion, or the column and rule that it breaks."""
    column = form.completed or feed.completed
    if not feed.dated or column is None:
        return None, "", ""
    said = next(
        (
            found
            for name in (column, feed.last_touch)
            if name and (found := text(feed, row[name], feed.no_date))
        ),
        None,
    )
    if said is None:
        return None, column, "missing_date"
    try:
        local = datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Europe/London"))
    except ValueError:
        return None, column, "invalid_date"
    moment = local.astimezone(UTC)
    exists = moment.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
    return (moment, "", "") if exists else (None, column, "invalid_date")


def text(feed: PlainFeed, cell: str, more: Iterable[str] = ()) -> str | None:
    """Trimmed text; None where blank or a code of the feed for no answer."""
    read = plain_answer(cell, {}, {"missing": (*feed.missing, *more)})
    return None if read == "missing" else cell.strip()


def optional(feed: PlainFeed, row: Mapping[str, str], column: str | None) -> str | None:
    return text(feed, row[column]) if column else None


def joined(
    feed: PlainFeed, row: Mapping[str, str], columns: Sequence[str], whole: bool = False
) -> str | None:
    parts = [text(feed, row[column]) for column in columns]
    if not any(parts) or (whole and not all(parts)):
        return None
    return "/".join(part or "" for part in parts)
