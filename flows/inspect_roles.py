"""Which columns of a file of questionnaires are ours: client, session, clinician, rater, dates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flows.inspect_columns import (
    REPEATED,
    Column,
    Found,
    by_name,
    find_client,
    find_clinician,
    find_date,
    find_session,
    named_exactly,
)
from flows.inspect_drop import is_personal
from flows.inspect_forms import Match
from schemas.dialect import Dialect, as_columns
from schemas.recognition import systems, vocabulary
from schemas.site import EACH_ROW, fold

MOST_RATERS = 4


@dataclass(frozen=True)
class DateColumn:
    """A column of dates: why it is one, the formats of its texts; own: the dialect reads it anyhow."""

    name: str
    why: str
    formats: tuple[str, ...]
    proof: str
    sure: bool
    own: bool = False


@dataclass(frozen=True)
class Roles:
    """Our columns in one file. completed: by match, in their order; None where there is no date."""

    found: tuple[Found, ...]
    completed: tuple[DateColumn | None, ...] = ()
    sessions: tuple[Found | None, ...] = ()
    started: DateColumn | None = None
    rater: Found | None = None
    raters: dict[str, str] = field(default_factory=dict)


def own_columns(dialect: Dialect) -> set[str]:
    """Folded names of the columns that the system itself adds."""
    marks = {name for mark in systems().get(dialect.name, ()) for name in mark.names | mark.first_name}
    mapped = {name for theirs in dialect.columns.values() for name in as_columns(theirs)}
    return marks | {fold(name) for name in (*dialect.drop, *mapped, *dialect.fate_columns)}


def roles_of(
    columns: Sequence[Column], matches: Sequence[Match], dialect: Dialect, positions: Mapping[str, int]
) -> Roles:
    """Our columns of a file that holds these questionnaires.

    positions: of every name that a column goes by
    """
    rows = len(columns[0].cells) if columns else 0
    used = {column.at for match in matches for column in (*match.block.columns, *match.attention)}
    free = [one for one in columns if one.at not in used]
    own = own_columns(dialect)
    theirs = [one for one in free if fold(one.name) not in own and not is_personal(one)]
    header = [column.name for column in columns]
    grouped = bool(dialect.form_end)
    sessions = tuple(_of_form(match, theirs, header, dialect) if grouped else None for match in matches)
    session = None if any(sessions) else find_session(theirs)
    found = [_client(columns, free, theirs, rows, dialect), session, find_clinician(theirs)]
    if "response" not in dialect.columns:
        found.append(_response(theirs))
    rater, raters = _rater(theirs, matches)
    return Roles(
        tuple(one for one in found if one),
        tuple(
            _completed(match, [one for one in free if not is_personal(one)], positions, dialect)
            for match in matches
        ),
        sessions,
        None if "started_at" in dialect.columns else _dated("started_at", theirs),
        rater,
        raters,
    )


def _client(
    columns: Sequence[Column], free: Sequence[Column], theirs: Sequence[Column], rows: int, dialect: Dialect
) -> Found:
    if dialect.containers == ("fhir",) and any(one.name == "subject" for one in columns):
        return Found("client", ("subject",), "the person whom the resource is about", True)
    if dialect.form_end and columns:
        return Found("client", (columns[0].name,), "the record id, which is the first column", True)
    found = find_client(theirs, rows)
    if found:
        return found
    given = [one for one in by_name("client", free) if one.filled >= 0.5 * rows and not one.dates]
    own_ids = [one for one in given if not one.all_different]
    if own_ids:
        why = "the only id; check that it is the client's own and the same in every session"
        return Found("client", (own_ids[0].name,), why, False)
    why = "no column holds a client's id: each row is a person of its own, so there is no change to be seen"
    return Found("client", (EACH_ROW,), why, False)


def _response(columns: Sequence[Column]) -> Found | None:
    able = [one for one in by_name("response", columns) if one.all_different]
    return Found("response", (able[0].name,), "its name, and no text twice", True) if able else None


def _of_form(
    match: Match, columns: Sequence[Column], header: Sequence[str], dialect: Dialect
) -> Found | None:
    """The session column among the columns of the form that holds these items."""
    names = _form_columns(match, header, dialect)
    return find_session([one for one in columns if one.name in names])


def _form_columns(match: Match, header: Sequence[str], dialect: Dialect) -> set[str]:
    """Names from behind the end of the form before to the end of this one."""
    items = [column.name for column in match.block.columns]
    last = max(header.index(item) for item in items)
    ends = [at for at, name in enumerate(header) if name.endswith(dialect.form_end)]
    before = max((at for at in ends if at < last), default=-1)
    after = min((at for at in ends if at >= last), default=len(header))
    return set(header[before + 1 : after])


def _completed(
    match: Match, columns: Sequence[Column], positions: Mapping[str, int], dialect: Dialect
) -> DateColumn | None:
    items, header = [column.name for column in match.block.columns], list(positions)
    for theirs in as_columns(dialect.columns.get("completed_at", ())):
        name = dialect.column(theirs, header, items)
        there = [one for one in columns if name is not None and one.at == positions[name]]
        if there:
            return _as_dates(there[0], "the dialect's own column", own=True)
    among = columns
    if dialect.form_end:
        names = _form_columns(match, header, dialect)
        among = [one for one in columns if one.name in names]
    return _dated("completed_at", among, only=True)


def _dated(ours: str, columns: Sequence[Column], only: bool = False) -> DateColumn | None:
    column = find_date(ours, columns, only)
    if column is None:
        return None
    named = named_exactly(ours, column.name)
    return _as_dates(
        column, "its name, and dates" if named else "dates, and the likeliest of them", sure=named
    )


def _as_dates(column: Column, why: str, own: bool = False, sure: bool = True) -> DateColumn:
    dates = column.dates
    if dates is None:
        return DateColumn(column.name, why, (), "", sure, own)
    return DateColumn(column.name, why, dates.formats, dates.why, sure, own)


def _rater(columns: Sequence[Column], matches: Sequence[Match]) -> tuple[Found | None, dict[str, str]]:
    """A column that says who rated, with what its texts mean."""
    if not any(len(match.instrument.raters) > 1 for match in matches):
        return None, {}
    known = vocabulary().words["rater"]
    for column in by_name("rater", columns):
        texts = [text for text, n in column.texts.items() if n >= REPEATED or fold(text) in known]
        meant = {text: known[fold(text)] for text in sorted(texts) if fold(text) in known}
        if meant and len(texts) <= MOST_RATERS:
            return Found("rater", (column.name,), "its name and texts", len(meant) == len(texts)), meant
    return None, {}


def unused(columns: Iterable[Column], names: Collection[str]) -> list[Column]:
    """Columns that nothing of the proposal names."""
    return [one for one in columns if one.name not in names]
