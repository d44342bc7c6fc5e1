"""The feed that an unknown file asks for: tables of site.toml, each line with its reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from flows.inspect_bytes import Guess
from flows.inspect_columns import Column, Found
from flows.inspect_drop import dropped
from flows.inspect_forms import Match
from flows.inspect_roles import DateColumn, Roles
from flows.inspect_system import Opened
from flows.inspect_tables import Meaning, TableFound
from flows.inspect_toml import Line, TomlTable, Value
from flows.plan import TYPED_DATES
from schemas.dialect import Dialect
from schemas.recognition import vocabulary, words_of
from schemas.site import EACH_ROW, VOCABULARY

MANY_PARTIALS = 0.2
"""Share of unfinished records that is told."""
CODES = "what no answer looks like; the kinds stay apart, none of them counts as an answer"


@dataclass(frozen=True)
class Place:
    """Where the feed would stand: its id, clinic and path, each with what is to be said of it."""

    id: str
    clinic: str
    clinic_sure: bool
    path: str
    path_sure: bool


def response_tables(
    place: Place, opened: Opened, columns: Sequence[Column], matches: Sequence[Match], roles: Roles
) -> list[TomlTable]:
    """[[feeds]] of a file of questionnaires with all its tables."""
    dialect = opened.dialect
    dates = _deciding([one for one in (*roles.completed, roles.started) if one])
    head = [*_head(place, "responses", opened), *_partials(opened, columns)]
    if all(one is None for one in roles.completed):
        head.append(
            Line("undated", True, "no column of dates: scored, and in no figure by period", sure=False)
        )
    head += _date_format(dates, dialect)
    listed = [_found_line(one) for one in roles.found]
    shared = _shared_date(roles)
    if shared and not shared.own:
        listed.append(Line("completed_at", shared.name, shared.why, shared.sure))
    if roles.started and _same_format(roles.started, dates, dialect):
        listed.append(Line("started_at", roles.started.name, roles.started.why, roles.started.sure))
    forms = [table for at, match in enumerate(matches) for table in _form_tables(match, at, roles, shared)]
    checks = [_attention(column) for match in matches for column in match.attention]
    raters = [TomlTable("[feeds.values.rater]", tuple(_rater_lines(roles)))] if roles.raters else []
    named = _named_of(roles, matches, shared)
    head += _drop(columns, named, dialect)
    return [
        TomlTable("[[feeds]]", tuple(head)),
        TomlTable("[feeds.columns]", tuple(listed)),
        *forms,
        *checks,
        *raters,
    ]


def table_tables(
    place: Place, opened: Opened, columns: Sequence[Column], table: TableFound
) -> list[TomlTable]:
    """[[feeds]] of a file of appointments or referrals."""
    dialect = opened.dialect
    head = [*_head(place, table.kind, opened)]
    if table.kind == "referrals":
        why = 'referrals are mostly sent whole each time; "increment" if files hold only what is new'
        head.append(Line("delivery", "snapshot", why, sure=False))
    dates = [date for _, date in table.dates]
    head += _date_format(_deciding(dates), dialect)
    listed = [_found_line(one) for one in table.found]
    listed += [Line(ours, date.name, date.why, date.sure) for ours, date in table.dates]
    named = {name for one in table.found for name in one.names} | {date.name for date in dates}
    head += _drop(columns, named, dialect)
    meanings = [_values(meaning) for meaning in table.meanings]
    return [TomlTable("[[feeds]]", tuple(head)), TomlTable("[feeds.columns]", tuple(listed)), *meanings]


def _head(place: Place, kind: str, opened: Opened) -> Iterator[Line]:
    best, runner_up = opened.candidates[0], opened.runner_up
    close = f"; {runner_up.dialect} comes near: {runner_up.evidence[0]}" if runner_up else ""
    yield Line("id", place.id, "any name that no other feed has")
    yield Line("clinic", place.clinic, "" if place.clinic_sure else "name the clinic", place.clinic_sure)
    yield Line("kind", kind, "by its columns")
    why = "" if place.path_sure else "put the exports there; * stands for what differs from file to file"
    yield Line("path", place.path, why, place.path_sure)
    yield Line("dialect", opened.dialect.name, "; ".join(best.evidence) + close, sure=not runner_up)
    for key in ("encoding", "delimiter", "decimal", "sheet"):
        value: str | None = getattr(opened.feed, key)
        if value is not None:
            guess: Guess | None = getattr(opened.seen, key, None)
            yield Line(key, value, guess.why if guess else _WHY[key], guess.sure if guess else True)


_WHY = {
    "decimal": "numbers with decimals are written so",
    "sheet": "the sheet that was looked at",
}


def _date_format(date: DateColumn | None, dialect: Dialect) -> Iterator[Line]:
    """date_format where the dialect would not read the column's texts by itself."""
    if date is None or not date.formats or _reads(dialect, date.formats):
        return
    if "date_format" not in dialect.open:
        return
    told = f"{date.name}: {date.proof}"
    if len(date.formats) > 1:
        yield Line("date_format", date.formats[0], told, sure=False, choices=date.formats)
    else:
        yield Line("date_format", date.formats[0], told)


def _reads(dialect: Dialect, formats: Sequence[str]) -> bool:
    """Whether the dialect reads the only format by itself, taking no order of day and month for granted."""
    known = (*dialect.date_formats, *(TYPED_DATES if dialect.typed else ()))
    granted = dialect.assumed_order and not formats[0].startswith("%Y")
    return len(formats) == 1 and formats[0] in known and not granted


def _partials(opened: Opened, columns: Sequence[Column]) -> Iterator[Line]:
    """What becomes of unfinished records, where there are many of them."""
    rule, positions = opened.dialect.finished, opened.export.positions
    at = positions.get(rule.column) if rule else None
    if rule is None or at is None:
        return
    cells = next((column.cells for column in columns if column.at == at), ())
    done = sum(
        bool(cell) and cell not in opened.dialect.no_date if rule.filled else cell in rule.values
        for cell in cells
    )
    if len(cells) - done > MANY_PARTIALS * len(cells):
        why = f'{len(cells) - done:,} of {len(cells):,} records are not finished; "keep" reads them too'
        yield Line("partials", "exclude", why, sure=False)


def _deciding(dates: Sequence[DateColumn]) -> DateColumn | None:
    """The first date column; where its texts could be either, another that proves one of the two."""
    if not dates:
        return None
    proven = [one for one in dates if len(one.formats) == 1 and one.formats[0] in dates[0].formats]
    return (proven or list(dates))[0]


def _shared_date(roles: Roles) -> DateColumn | None:
    """The date column that all forms have in common."""
    names = {one.name if one else None for one in roles.completed}
    return roles.completed[0] if len(names) == 1 and roles.completed else None


def _same_format(date: DateColumn, other: DateColumn | None, dialect: Dialect) -> bool:
    return other is not None and (date.formats == other.formats or _reads(dialect, date.formats))


def _found_line(found: Found) -> Line:
    value: Value = found.names[0] if len(found.names) == 1 else found.names
    return Line(found.ours, value, found.why, found.sure)


def _form_tables(match: Match, at: int, roles: Roles, shared: DateColumn | None) -> list[TomlTable]:
    """The form's table; where a person must choose among forms, one for each of them, as comments."""
    one, *others = (_form_table(form, at, roles, shared) for form in (match, *match.others))
    if not match.open:
        return [replace(one, why=match.instrument.title)]
    return [replace(one, why=_which(match), open=True), *(replace(other, open=True) for other in others)]


def _form_table(match: Match, at: int, roles: Roles, shared: DateColumn | None) -> TomlTable:
    lines = [Line("id", match.instrument.id, "; ".join(match.evidence), match.sure)]
    lines.append(_rater_line(match, roles))
    lines.append(_items_line(match))
    if match.variant:
        lines.append(
            Line("variant", match.variant, "its answers are those of this response scale", sure=False)
        )
    reading = match.reading
    if reading.labels:
        lines.append(Line("labels", dict(reading.labels), reading.why, reading.sure))
    for kind, texts in reading.no_answer.items():
        lines.append(Line(kind, texts, CODES, sure=False))
    if session := roles.sessions[at]:
        lines.append(Line("session", session.names[0], f"of the form's own columns; {session.why}"))
    completed = roles.completed[at]
    if completed and not shared and not completed.own:
        lines.append(Line("completed_at", completed.name, completed.why, completed.sure))
    lines += _totals(match)
    return TomlTable("[[feeds.instruments]]", tuple(lines))


def _which(match: Match) -> str:
    several = ", ".join((match.instrument.id, *(other.instrument.id for other in match.others)))
    names = f"{match.block.columns[0].name} and on"
    return (
        f"{names}: {match.block.size} items, which could be {several}; remove the # of the right one, if any"
    )


def _rater_line(match: Match, roles: Roles) -> Line:
    raters = match.instrument.raters
    if roles.rater and len(raters) > 1:
        return Line("rater_column", roles.rater.names[0], roles.rater.why, roles.rater.sure)
    if len(raters) == 1:
        return Line("rater", raters[0], "the form has this rater only")
    known = vocabulary().words["rater"]
    told = [(known[word], word) for word in words_of(match.block.names) if known.get(word) in raters]
    if not told:
        return Line("rater", raters[0], f"{' or '.join(raters)}: the file does not say", sure=False)
    rater, word = told[-1]
    return Line("rater", rater, f"the items' names have {word} in them", sure=len(word) > 1)


def _items_line(match: Match) -> Line:
    block = match.block
    if block.pattern:
        return Line("items", block.pattern, "")
    names = tuple(column.name for column in block.columns)
    if block.by == "words":
        return Line("items", names, "in the form's order, by words or codes of the questions")
    sure = block.by == "number"
    return Line(
        "items", names, "" if sure else "in the order of the file: compare with the printed form", sure
    )


def _totals(match: Match) -> Iterator[Line]:
    totals = match.totals
    if not totals:
        return
    outcome = [one for one in totals if one.scale == match.instrument.outcome_scale]
    told = "; ".join(f"{one.column}: equal in {one.equal:,} of {one.compared:,} rows" for one in totals)
    value: Value = (
        outcome[0].column if len(totals) == 1 and outcome else {one.scale: one.column for one in totals}
    )
    yield Line("stored_total", value, f"compared, never used; {told}", sure=all(one.sure for one in totals))
    if all(one.unturned for one in totals):
        why = "the stored total is the sum without turning an item: were they turned at capture?"
        yield Line("already_keyed", True, why, sure=False, choices=(True,))


def _attention(column: Column) -> TomlTable:
    text, n = max(column.texts.items(), key=lambda pair: (pair[1], pair[0]))
    why = f"given in {n:,} of {column.filled:,} rows; other answers exclude the record"
    lines = (
        Line("column", column.name, "a check whether the questions were read, by its name and place"),
        Line("pass", (text,), why, sure=False),
    )
    return TomlTable("[[feeds.attention]]", lines)


def _rater_lines(roles: Roles) -> Iterator[Line]:
    for text, rater in roles.raters.items():
        yield Line(text, rater, "")


def _values(meaning: Meaning) -> TomlTable:
    words = " ".join(VOCABULARY[meaning.ours])
    lines = [
        Line(
            text,
            word,
            "an abbreviation: check it" if text in meaning.doubtful else "",
            text not in meaning.doubtful,
        )
        for text, word in sorted(
            meaning.known.items(), key=lambda pair: (_place(meaning.ours, pair[1]), pair[0])
        )
    ]
    lines += [Line(text, "?", f"one of: {words}", choices=("?",)) for text in meaning.unknown]
    return TomlTable(f"[feeds.values.{meaning.ours}]", tuple(lines), "theirs = ours")


def _place(ours: str, word: str) -> int:
    return VOCABULARY[ours].index(word)


def _named_of(roles: Roles, matches: Sequence[Match], shared: DateColumn | None) -> set[str]:
    named = {name for one in roles.found for name in one.names if name != EACH_ROW}
    for match in matches:
        named |= {column.name for column in (*match.block.columns, *match.attention, *match.difficulty)}
        named |= {total.column for total in match.totals}
    named |= {name for one in (*roles.sessions, roles.rater) if one for name in one.names}
    named |= {one.name for one in (*roles.completed, roles.started, shared) if one}
    return named


def _drop(columns: Sequence[Column], named: Collection[str], dialect: Dialect) -> Iterator[Line]:
    mapped = {*named, *dialect.drop}
    found = dropped([one for one in columns if one.name and one.name not in mapped])
    if found:
        why = "; ".join(sorted({one.why for one in found}))
        yield Line("drop", tuple(one.name for one in found), f"{why}: never read")


def with_decimal(opened: Opened, columns: Sequence[Column]) -> Opened:
    """With decimal = "," where numbers are written so and never with a point."""
    if "decimal" not in opened.dialect.open:
        return opened
    texts = [text for column in columns for text in column.texts]
    comma = sum(bool(re.fullmatch(r"-?\d+,\d+", text)) for text in texts)
    point = sum(bool(re.fullmatch(r"-?\d+\.\d+", text)) for text in texts)
    if comma < 3 or comma < 10 * point or opened.dialect.decimal == ",":
        return opened
    return replace(opened, feed=replace(opened.feed, decimal=","))
