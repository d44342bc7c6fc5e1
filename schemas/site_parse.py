"""site.toml to `Site`: every key of the contract, all errors of a file in one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from schemas.dialect import Dialect, load_dialects
from schemas.errors import ConfigError
from schemas.policy import read_disclosure
from schemas.raw_table import RawTable
from schemas.site import (
    COLUMNS,
    KINDS,
    RATERS,
    VOCABULARY,
    Attention,
    Clinic,
    Due,
    Feed,
    FeedInstrument,
    Rules,
    Site,
    fold,
)
from schemas.site_checks import Form, check_feed, check_site, is_time_zone

_T = TypeVar("_T")

_CODE_LISTS = ("missing", "refused", "not_shown", "not_applicable")


def parse_site(
    raw: Mapping[str, Any],
    file: str,
    instruments: Mapping[str, Form],
    dialects: Mapping[str, Dialect] | None = None,
) -> Site:
    """The site that the parsed TOML of `file` describes.

    instruments: by id, what the checks need of each: raters, n_items, scale_ids, variant_ids
    dialects: those that can be read; without, all that are shipped
    raises: ConfigError with one line per problem: file, table, key, the nearest right key
    """
    problems: list[str] = []
    top = RawTable(raw, f"{file}:", problems)
    readable = load_dialects() if dialects is None else dialects
    site = _site(top, instruments, readable)
    top.close()
    check_site(top, site)
    if problems:
        many = f"{len(problems)} problems in {file}\n" if len(problems) > 1 else ""
        raise ConfigError(many + "\n".join(problems))
    return site


def _site(top: RawTable, instruments: Mapping[str, Form], dialects: Mapping[str, Dialect]) -> Site:
    head = top.table("site", "[site]")
    name, timezone = head.text("name"), head.text("timezone")
    if timezone and not is_time_zone(timezone):
        head.problem("timezone", f"{timezone!r} is no IANA time zone, such as Europe/London")
    confirmed = head.texts("confirmed_instruments")
    for instrument in confirmed:
        head.known("confirmed_instruments", instrument, instruments)
    shared_ids = head.flag("shared_ids")
    head.close()
    clinics = _all(top, "clinics", "id", _clinic)
    services = {clinic.service for clinic in clinics}
    return Site(
        name=name,
        timezone=timezone,
        confirmed_instruments=frozenset(confirmed),
        shared_ids=shared_ids,
        disclosure=read_disclosure(top.table("disclosure", "[disclosure]")),
        rules=_rules(top.table("rules", "[rules]")),
        clinics=clinics,
        due=_all(top, "due", "instrument", lambda table: _due(table, services, instruments)),
        feeds=_all(top, "feeds", "id", lambda table: _feed(table, clinics, instruments, dialects)),
    )


def _all(top: RawTable, key: str, name: str, read: Callable[[RawTable], _T]) -> tuple[_T, ...]:
    return tuple(read(table) for table in top.tables(key, f"[[{key}]]", name))


def _rules(table: RawTable) -> Rules:
    first, last = _day(table, "baseline_from"), _day(table, "baseline_to")
    for one, other in (("baseline_from", "baseline_to"), ("baseline_to", "baseline_from")):
        if one in table and other not in table:
            table.problem(other, "is missing: a window has two ends")
    if first > last > "":
        table.problem("baseline_to", "must not be before baseline_from")
    least = {"process_from_session": 2, "change_from_session": 3, "repair_within_sessions": 1}
    numbers = {
        name: table.whole(name, getattr(Rules, name), least.get(name, 1))
        for name in (*least, "termination_sessions", "missed_in_a_row")
    }
    if numbers["process_from_session"] >= numbers["change_from_session"]:
        table.problem("change_from_session", "must be after process_from_session")
    table.close()
    return Rules(baseline_from=first, baseline_to=last, **numbers)


def _day(table: RawTable, key: str) -> str:
    """A TOML date as ISO text; empty where the key is not there."""
    value = table.value(key)
    if value is None:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    table.problem(key, "must be a date, written without quotes: 2026-01-31")
    return ""


def _clinic(table: RawTable) -> Clinic:
    clinic = Clinic(table.text("id"), table.text("name"), table.text("service"))
    table.close()
    return clinic


def _due(table: RawTable, services: set[str], instruments: Mapping[str, Form]) -> Due:
    service = table.choice("service", services)
    instrument = table.choice("instrument", instruments)
    rater = table.choice("rater", RATERS)
    _check_rater(table, "rater", rater, instrument, instruments)
    due = Due(service, instrument, rater, _sessions(table))
    table.close()
    return due


def _sessions(table: RawTable) -> str | tuple[int, ...]:
    value = table.value("sessions")
    if value in ("all", "first_last"):
        return str(value)
    numbers = value if isinstance(value, list) else []
    if numbers and all(type(number) is int and number > 0 for number in numbers):
        return tuple(sorted(set(numbers)))
    table.problem("sessions", 'must be "all", "first_last" or a list of session numbers')
    return "all"


def _check_rater(
    table: RawTable, key: str, rater: str | None, instrument: str, instruments: Mapping[str, Form]
) -> None:
    if rater in RATERS and instrument in instruments and rater not in instruments[instrument].raters:
        allowed = " or ".join(instruments[instrument].raters)
        table.problem(key, f"{instrument} is answered by {allowed}, not by {rater}")


def _feed(
    table: RawTable,
    clinics: tuple[Clinic, ...],
    instruments: Mapping[str, Form],
    dialects: Mapping[str, Dialect],
) -> Feed:
    feed = Feed(
        id=table.text("id"),
        clinic=table.choice("clinic", [clinic.id for clinic in clinics]),
        kind=table.choice("kind", KINDS),
        path=table.text("path"),
        dialect=table.text("dialect"),
        delivery=table.choice("delivery", ("increment", "snapshot"), "increment"),
        partials=table.choice("partials", ("exclude", "keep"), "exclude"),
        drop=table.texts("drop"),
        undated=table.flag("undated"),
        missing=table.texts("missing"),
        timezone=table.optional_text("timezone"),
        encoding=table.optional_text("encoding"),
        delimiter=table.character("delimiter"),
        decimal=table.choice("decimal", (".", ",")) if "decimal" in table else table.value("decimal"),
        date_format=table.optional_text("date_format"),
        sheet=table.optional_text("sheet"),
        dictionary=table.optional_text("dictionary"),
        questionnaire=table.optional_text("questionnaire"),
        columns=_columns(table),
        instruments=tuple(
            _instrument(part, instruments)
            for part in table.tables("instruments", "[[feeds.instruments]]", "id")
        ),
        attention=tuple(
            _attention(part) for part in table.tables("attention", "[[feeds.attention]]", "column")
        ),
        values=_values(table),
    )
    table.close()
    check_feed(table, feed, instruments, dialects)
    return _own_words(feed)


def _columns(table: RawTable) -> dict[str, str | tuple[str, ...]]:
    columns = table.table("columns", "[feeds.columns]")
    allowed = COLUMNS.get(str(table.value("kind")), tuple(dict.fromkeys(sum(COLUMNS.values(), ()))))
    found = {ours: columns.texts(ours) for ours in allowed if ours in columns}
    for ours in allowed:
        columns.value(ours)
    columns.close()
    return {ours: theirs[0] if len(theirs) == 1 else theirs for ours, theirs in found.items() if theirs}


def _values(table: RawTable) -> dict[str, dict[str, str]]:
    tables = table.table("values", "[feeds.values]")
    found = {}
    for ours, words in VOCABULARY.items():
        given = tables.table(ours, f"[feeds.values.{ours}]")
        if ours in tables:
            texts = given.keys()
            found[ours] = _folded(given, {text: given.choice(text, words) for text in texts})
    tables.close()
    return found


def _own_words(feed: Feed) -> Feed:
    """Without a table the words of a vocabulary stand for themselves; a status needs its table."""
    named = set(feed.columns) - {"status"}
    if any(instrument.rater_column for instrument in feed.instruments):
        named.add("rater")
    own = {ours: {word: word for word in VOCABULARY[ours]} for ours in sorted(named & VOCABULARY.keys())}
    return replace(feed, values={**own, **feed.values})


def _instrument(table: RawTable, instruments: Mapping[str, Form]) -> FeedInstrument:
    instrument = table.choice("id", instruments)
    rater = table.choice("rater", RATERS) if "rater" in table else table.value("rater")
    _check_rater(table, "rater", rater, instrument, instruments)
    codes = {key: table.texts(key) for key in _CODE_LISTS}
    found = FeedInstrument(
        id=instrument,
        rater=rater,
        rater_column=table.optional_text("rater_column"),
        items=_items(table),
        labels=_labels(table.table("labels", "labels")),
        missing=codes["missing"],
        refused=codes["refused"],
        not_shown=codes["not_shown"],
        not_applicable=codes["not_applicable"],
        stored_total=_stored_total(table),
        already_keyed=table.flag("already_keyed"),
        variant=table.optional_text("variant"),
        session=_session(table),
        completed_at=table.optional_text("completed_at"),
    )
    table.close()
    return found


def _items(table: RawTable) -> str | tuple[str, ...]:
    if isinstance(table.value("items"), list):
        return table.texts("items")
    return table.text("items")


def _labels(table: RawTable) -> dict[str, int]:
    labels: dict[str, int] = {}
    texts = table.keys()
    for text in texts:
        answer = table.value(text)
        if type(answer) is int:
            labels[text] = answer
        else:
            table.problem(text, "must be a whole number: the answer this text stands for")
    return _folded(table, labels)


def _folded(table: RawTable, given: Mapping[str, _T]) -> dict[str, _T]:
    """The same under folded texts; texts that differ only in case or blanks must agree."""
    folded: dict[str, _T] = {}
    for text, meaning in given.items():
        if folded.setdefault(fold(text), meaning) != meaning:
            table.problem(text, "the same text in other case or blanks has another meaning")
    return folded


def _stored_total(table: RawTable) -> str | dict[str, str] | None:
    if not isinstance(table.value("stored_total"), Mapping):
        return table.optional_text("stored_total")
    by_scale = table.table("stored_total", "stored_total")
    scales = by_scale.keys()
    return {scale: by_scale.text(scale) for scale in scales}


def _session(table: RawTable) -> int | str | None:
    value = table.value("session")
    if type(value) is int:
        if value < 0:
            table.problem("session", "must not be negative")
        return value
    return table.optional_text("session")


def _attention(table: RawTable) -> Attention:
    attention = Attention(table.text("column"), table.texts("pass"))
    if not attention.accept:
        table.problem("pass", "must list the answers that pass")
    table.close()
    return attention
