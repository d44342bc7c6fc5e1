"""What must hold between the parts of a site.toml: ids, references, columns, values, formats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol, TypeVar
from zoneinfo import available_timezones

from schemas.dialect import DIALECT_NAMES, OPEN_KEYS, Dialect
from schemas.identifiers import KEYED
from schemas.raw_table import RawTable, nearest
from schemas.site import EACH_ROW, ITEM_NUMBER, KINDS, REQUIRED_COLUMNS, Feed, FeedInstrument, Site, fold

OWN_FOLDERS = ("archive", "parts", "runs", "warehouse", "published", "quality", "instruments")

OWN_NAMES = frozenset((*OWN_FOLDERS, "site.toml", "secret.key", "ledger"))
"""What Accord itself keeps at the top of a site: no feed reads from there."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_OTHER_MEANING = re.compile(r"%[cxXZ]|(?<!\.)%f")
"""Directives that depend on the machine, pass over what they read, or take fractions for nanoseconds."""

ROW_NUMBER = "source_row"
"""What Accord calls a row's number beside the export's own columns."""

_T = TypeVar("_T")

_SAMPLE = datetime(2001, 2, 3, 16, 5, 6, tzinfo=UTC)


class Form(Protocol):
    """What the checks need to know of an instrument."""

    @property
    def raters(self) -> Iterable[str]: ...
    @property
    def n_items(self) -> int: ...
    @property
    def scale_ids(self) -> Iterable[str]: ...
    @property
    def variant_ids(self) -> Collection[str]: ...


def is_time_zone(name: str) -> bool:
    return name in available_timezones()


def check_site(top: RawTable, site: Site) -> None:
    """Ids are unique and usable; there is a clinic; nothing is due twice; a form has one response scale."""
    if not site.clinics:
        top.problem("[[clinics]]", "a site needs at least one")
    for title, ids in (
        ("[[clinics]] id", [clinic.id for clinic in site.clinics]),
        ("[[feeds]] id", [feed.id for feed in site.feeds]),
    ):
        _check_ids(top, title, ids)
        for twice in _twice(ids):
            top.problem(title, f"{twice!r} is used twice")
    _check_ids(top, "[[clinics]] service", sorted({clinic.service for clinic in site.clinics}))
    for instrument, variants in sorted(_variants(site).items()):
        if len(variants) > 1:
            words = " and ".join(repr(one) if one else "the form's own" for one in sorted(variants))
            top.problem(
                "[[feeds.instruments]] variant",
                f"{instrument} is read as {words}: scores of two response scales cannot be compared",
            )
    for service, instrument, rater in _twice((due.service, due.instrument, due.rater) for due in site.due):
        top.problem("[[due]]", f"{instrument} of the {rater} is due twice in service {service!r}")


def _variants(site: Site) -> dict[str, set[str]]:
    """Response scales that the feeds ask for, by instrument; empty text for the form's own."""
    found: dict[str, set[str]] = {}
    for feed in site.feeds:
        for one in feed.instruments:
            found.setdefault(one.id, set()).add(one.variant or "")
    return found


def _check_ids(top: RawTable, title: str, ids: Iterable[str]) -> None:
    for id_ in filter(None, ids):
        if id_ == "all":
            top.problem(title, "'all' stands for all of them in figures; take another id")
        elif not _ID.fullmatch(id_):
            top.problem(title, f"{id_!r} may hold only letters, digits, dot, dash and underscore")


def _twice(values: Iterable[_T]) -> list[_T]:
    return [value for value, times in Counter(values).items() if times > 1 and value]


def check_feed(
    table: RawTable, feed: Feed, instruments: Mapping[str, Form], dialects: Mapping[str, Dialect]
) -> None:
    """One feed against itself, its dialect and the instruments it names."""
    _check_path(table, "path", feed.path)
    for key, aside in (("dictionary", feed.dictionary), ("questionnaire", feed.questionnaire)):
        _check_path(table, key, aside or "")
    _check_formats(table, feed)
    _check_columns(table, feed)
    if feed.kind == "responses":
        _check_instruments(table, feed, instruments)
    elif feed.kind in KINDS and (feed.instruments or feed.attention):
        table.problem("instruments", f"a feed of {feed.kind} holds no questionnaires")
    dialect = dialects.get(feed.dialect)
    if dialect is None:
        _report_dialect(table, feed.dialect, dialects)
    elif feed.kind in REQUIRED_COLUMNS:
        _check_dialect(table, feed, dialect)


def _check_path(table: RawTable, key: str, path: str) -> None:
    parts = PurePosixPath(path).parts
    outside = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or ".." in parts
    if outside or "\\" in path:
        table.problem(key, "must be relative to the site and stay inside it, with forward slashes")
    elif any("**" in part and part != "**" for part in parts):
        table.problem(key, "** stands for whole folders: write it as **/")
    elif parts and parts[0] in OWN_NAMES:
        table.problem(key, f"{parts[0]} is Accord's own; put exports into inbox/")


def _check_formats(table: RawTable, feed: Feed) -> None:
    if feed.timezone and not is_time_zone(feed.timezone):
        table.problem("timezone", f"{feed.timezone!r} is no IANA time zone, such as Europe/London")
    if feed.encoding and not _is_encoding(feed.encoding):
        table.problem("encoding", f"{feed.encoding!r} is no text encoding Python knows, such as cp1252")
    if feed.delimiter == '"':
        table.problem("delimiter", "is the quote")
    if feed.date_format and not _is_date_format(feed.date_format):
        table.problem("date_format", "must name day, month and year as strptime does, e.g. %d/%m/%Y %H:%M")


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _is_date_format(pattern: str) -> bool:
    """A day written with it is read back as the same day, and an hour as the same hour."""
    if _OTHER_MEANING.search(pattern):
        return False
    try:
        read = datetime.strptime(_SAMPLE.strftime(pattern), pattern).replace(tzinfo=UTC)
    except ValueError:
        return False
    return read.date() == _SAMPLE.date() and read.hour in (0, _SAMPLE.hour)


def _check_columns(table: RawTable, feed: Feed) -> None:
    for ours in REQUIRED_COLUMNS.get(feed.kind, ()):
        if ours not in feed.columns:
            table.problem("[feeds.columns]", f"{ours} is missing: {feed.kind} need it")
    for ours, theirs in feed.columns.items():
        if EACH_ROW in ((theirs,) if isinstance(theirs, str) else theirs) and (
            (ours, theirs) != ("client", EACH_ROW) or feed.kind != "responses"
        ):
            table.problem(f"[feeds.columns] {ours}", '"@row" is for client in a feed of responses only')
    _check_values(table, feed)
    for column in sorted(set(feed.drop) & _used(feed)):
        table.problem("drop", f"{column!r} is also used by the feed")
    if ROW_NUMBER in _used(feed):
        table.problem("[feeds.columns]", f"{ROW_NUMBER!r} is Accord's own name: rename the export's column")


def _check_values(table: RawTable, feed: Feed) -> None:
    """Values belong to a column the feed maps; a status is always spelled out."""
    if "status" in feed.columns and not feed.values.get("status"):
        table.problem("[feeds.values.status]", "is missing: it says what each status of the export means")
    by_column = any(instrument.rater_column for instrument in feed.instruments)
    for ours in feed.values:
        if ours not in feed.columns and not (ours == "rater" and by_column):
            owner = "rater_column" if ours == "rater" else f"{ours} in [feeds.columns]"
            table.problem(f"[feeds.values.{ours}]", f"the feed names no {owner}")


def _used(feed: Feed) -> set[str]:
    used = {attention.column for attention in feed.attention}
    for theirs in feed.columns.values():
        used.update((theirs,) if isinstance(theirs, str) else theirs)
    for instrument in feed.instruments:
        used.update(() if isinstance(instrument.items, str) else instrument.items)
        used.update(filter(None, (instrument.rater_column, instrument.completed_at)))
        stored, session = instrument.stored_total, instrument.session
        used.update(stored.values() if isinstance(stored, Mapping) else filter(None, (stored,)))
        used.update((session,) if isinstance(session, str) else ())
    return used


def _check_instruments(table: RawTable, feed: Feed, instruments: Mapping[str, Form]) -> None:
    if not feed.instruments:
        table.problem("[[feeds.instruments]]", "a feed of responses needs at least one")
    for instrument in feed.instruments:
        part = RawTable({}, f"{table.place}, [[feeds.instruments]] {instrument.id}", table.problems)
        _check_instrument(part, instrument, instruments.get(instrument.id))
    same = (
        (part.id, part.rater, part.rater_column, part.items, part.session, part.completed_at)
        for part in feed.instruments
    )
    for twice in _twice(same):
        table.problem("[[feeds.instruments]]", f"{twice[0]!r} is described twice in the same way")


def _check_instrument(part: RawTable, instrument: FeedInstrument, form: Form | None) -> None:
    if (instrument.rater is None) == (instrument.rater_column is None):
        part.problem("rater", "give either rater or rater_column")
    _check_codes(part, instrument)
    if form and instrument.variant:
        _check_variant(part, instrument.variant, form)
    if isinstance(instrument.items, str):
        _check_pattern(part, instrument.items)
    elif form and len(instrument.items) != form.n_items:
        part.problem("items", f"{len(instrument.items)} columns, but the form has {form.n_items} items")
    if form and isinstance(instrument.stored_total, Mapping):
        for scale in instrument.stored_total:
            part.known("stored_total", scale, tuple(form.scale_ids))


def _check_variant(part: RawTable, variant: str, form: Form) -> None:
    if form.variant_ids:
        part.known("variant", variant, form.variant_ids)
    else:
        part.problem("variant", "the form has one response scale only; leave it out")


def _check_pattern(part: RawTable, pattern: str) -> None:
    if pattern and len(ITEM_NUMBER.findall(pattern)) != 1:
        part.problem("items", "a pattern holds {n} or {n:02} once; else list the columns in the form's order")


def _check_codes(part: RawTable, instrument: FeedInstrument) -> None:
    """A code has one meaning: one kind of no answer, or a label."""
    lists = (instrument.missing, instrument.refused, instrument.not_shown, instrument.not_applicable)
    for code in _twice(fold(code) for codes in lists for code in codes):
        part.problem("missing", f"{code!r} stands in two of missing, refused, not_shown and not_applicable")
    folded = {fold(code) for codes in lists for code in codes}
    for label in sorted(folded & instrument.labels.keys()):
        part.problem("labels", f"{label!r} is also a code for no answer")


def _report_dialect(table: RawTable, name: str, dialects: Mapping[str, Dialect]) -> None:
    available = ", ".join(sorted(dialects))
    if name in DIALECT_NAMES:
        table.problem("dialect", f"{name!r} is not available yet; available are {available}")
    elif name:
        guess = nearest(name, DIALECT_NAMES)
        table.problem("dialect", f"{name!r} is not known; nearest is {guess!r}; available are {available}")


def _check_dialect(table: RawTable, feed: Feed, dialect: Dialect) -> None:
    for key in OPEN_KEYS:
        if getattr(feed, key) is not None and key not in dialect.open:
            table.problem(key, f"dialect {dialect.name!r} does not leave this open")
    columns = dialect.columns_of(feed)
    dated = feed.undated or "completed_at" in columns or all(part.completed_at for part in feed.instruments)
    if feed.kind == "responses" and not dated:
        table.problem("[feeds.columns]", "completed_at is missing; a file without dates is undated = true")
    if feed.undated and "completed_at" in feed.columns:
        table.problem("undated", "true, but [feeds.columns] completed_at is given")
    if "withdrawn" in feed.columns and "response" not in columns:
        table.problem("[feeds.columns] withdrawn", "needs response: the id of what is withdrawn")
    for ours in sorted(columns.keys() - set(KEYED)):
        for theirs in columns[ours]:
            if theirs in dialect.drop:
                table.problem(f"[feeds.columns] {ours}", f"{theirs!r} identifies a person and is dropped")
