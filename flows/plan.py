"""Where each of our columns stands in one opened export, decided once per file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flows.answers import AnswerKey, answer_key
from flows.read import Export
from schemas.dialect import Dialect, ExcludeRule, FinishedRule
from schemas.errors import ExportRefused
from schemas.identifiers import KEYED
from schemas.instrument import Instrument
from schemas.registry import Registry
from schemas.site import EACH_ROW, Feed, FeedInstrument, item_columns

TYPED_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%z")
"""How readers write cells that are dates by their type."""

FIRST_DATES = 50
"""Records whose dates show how a file writes them, where its system leaves that to the account."""


@dataclass(frozen=True)
class Asked:
    """One questionnaire of a feed's rows, with its columns by their names in the header.

    form_no: its place in the feed, from 1: a row may hold the same questionnaire twice
    completed, session: header names, or None; fixed_session wins over session.
    last_touch: header name that dates a kept partial.
    exclude, finished: rules that are about this questionnaire alone (its own form's columns).
    stored: scale to header name.
    """

    form_no: int
    feed_instrument: FeedInstrument
    instrument: Instrument
    items: tuple[str, ...]
    key: AnswerKey
    confirmed: bool
    completed: tuple[str, ...]
    last_touch: str | None
    session: str | None
    fixed_session: int | None
    exclude: tuple[ExcludeRule, ...]
    finished: FinishedRule | None
    stored: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """All a batch needs to know: our column to header names, and what to ask of each row.

    columns: our column to the header names that are there, joined with "/" when several.
    exclude, finished: rules about the whole record, with columns by their header names.
    positions: header name to position, of the columns that are read; no others are.
    """

    feed: Feed
    dialect: Dialect
    columns: Mapping[str, tuple[str, ...]]
    each_row: bool
    exclude: tuple[ExcludeRule, ...]
    finished: FinishedRule | None
    asked: tuple[Asked, ...]
    positions: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def zone(self) -> str | None:
        return self.feed.timezone

    @property
    def numbers(self) -> frozenset[str]:
        """Header names of item cells that may be read as whole numbers at once, and are nothing else."""
        items = [(name, asked) for asked in self.asked for name in asked.items]
        names = [*(name for name, _ in items), *_other_names(self)]
        used = Counter(self.positions[name] for name in names)
        return frozenset(
            name for name, asked in items if asked.key.whole_numbers and used[self.positions[name]] == 1
        )

    @property
    def date_formats(self) -> tuple[str, ...]:
        own = self.feed.date_format
        if not own:
            return self.dialect.date_formats
        return (own, *(TYPED_DATES if self.dialect.typed and own not in TYPED_DATES else ()))


def make_plan(
    export: Export, feed: Feed, dialect: Dialect, registry: Registry, confirmed: frozenset[str]
) -> Plan:
    """The plan of one file.

    raises ExportRefused: missing_column for a column that the feed maps and the header has not;
    columns that only the dialect names may be absent.
    """
    header = list(export.positions)
    columns = _columns(export, feed, dialect)
    exclude = tuple(rule for rule in dialect.exclude if _counts(rule, feed) and export.has(rule.column))
    finished = dialect.finished if feed.partials == "exclude" else None
    record_finished = finished if finished and export.has(finished.column) else None
    asked = tuple(
        _asked(export, header, feed, form_no, dialect, registry, confirmed)
        for form_no in range(1, len(feed.instruments) + 1)
    )
    plan = Plan(
        feed,
        dialect,
        columns,
        feed.columns.get("client") == EACH_ROW,
        exclude,
        record_finished,
        asked,
        {},
        (*export.warnings, *_warnings(export, feed, dialect, header)),
    )
    names = _names(plan)
    return Plan(**{**vars(plan), "positions": {name: export.position(name) for name in names}})


def _counts(rule: ExcludeRule, feed: Feed) -> bool:
    return rule.reason != "not_finished" or feed.partials == "exclude"


def _columns(export: Export, feed: Feed, dialect: Dialect) -> dict[str, tuple[str, ...]]:
    """Header names of our columns; the feed's own must be there, the dialect's may be absent."""
    found: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for ours, theirs in dialect.columns_of(feed).items():
        if ours in feed.columns:
            missing += [name for name in theirs if not export.has(name)]
            found[ours] = theirs
        else:
            there = (dialect.column(name, list(export.positions)) for name in theirs)
            found[ours] = tuple(name for name in there if name is not None)
    if missing:
        raise ExportRefused("missing_column", ", ".join(missing))
    return {ours: theirs for ours, theirs in found.items() if theirs}


def _asked(
    export: Export,
    header: list[str],
    feed: Feed,
    form_no: int,
    dialect: Dialect,
    registry: Registry,
    confirmed: frozenset[str],
) -> Asked:
    one = feed.instruments[form_no - 1]
    instrument = registry[one.id]
    items = item_columns(one, instrument.n_items)
    if missing := [name for name in items if not export.has(name)]:
        raise ExportRefused("missing_column", ", ".join(missing))
    own = [rule for rule in dialect.exclude if "{" in rule.column and _counts(rule, feed)]
    return Asked(
        form_no=form_no,
        feed_instrument=one,
        instrument=instrument,
        items=items,
        key=answer_key(feed, one, instrument, dialect),
        confirmed=instrument.id in confirmed,
        completed=_completed(header, feed, one, dialect, items),
        last_touch=_last_touch(export, feed, dialect),
        session=one.session if isinstance(one.session, str) else None,
        fixed_session=one.session if isinstance(one.session, int) else None,
        exclude=tuple(
            ExcludeRule(name, rule.reason, rule.values)
            for rule in own
            if (name := dialect.column(rule.column, header, items)) is not None
        ),
        finished=_own_finished(header, feed, dialect, items),
        stored=_stored(one, instrument),
    )


def _own_finished(
    header: list[str], feed: Feed, dialect: Dialect, items: tuple[str, ...]
) -> FinishedRule | None:
    rule = dialect.finished
    if rule is None or "{" not in rule.column or feed.partials == "keep":
        return None
    name = dialect.column(rule.column, header, items)
    return FinishedRule(name, rule.values, rule.filled) if name else None


def _completed(
    header: list[str], feed: Feed, one: FeedInstrument, dialect: Dialect, items: tuple[str, ...]
) -> tuple[str, ...]:
    """Header names of the completion date: the questionnaire's own, the feed's, the dialect's."""
    if feed.undated:
        return ()
    if one.completed_at:
        return (one.completed_at,)
    if "completed_at" in feed.columns:
        return dialect.columns_of(feed)["completed_at"]
    theirs = dialect.columns_of(feed).get("completed_at", ())
    found = tuple(name for name in (dialect.column(name, header, items) for name in theirs) if name)
    if not found:
        raise ExportRefused("missing_column", ", ".join(theirs))
    return found


def _last_touch(export: Export, feed: Feed, dialect: Dialect) -> str | None:
    kept = feed.partials == "keep" and not feed.undated
    return dialect.last_touch if kept and dialect.last_touch and export.has(dialect.last_touch) else None


def _stored(one: FeedInstrument, instrument: Instrument) -> dict[str, str]:
    if one.stored_total is None:
        return {}
    if isinstance(one.stored_total, str):
        return {instrument.outcome_scale: one.stored_total}
    return dict(one.stored_total)


def _warnings(export: Export, feed: Feed, dialect: Dialect, header: list[str]) -> tuple[str, ...]:
    found = ("assumed_date_order",) if _assumes_order(export, feed, dialect) else ()
    if feed.kind != "responses":
        return found
    plain = [name for name in dialect.fate_columns if "{" not in name]
    return (*found, "no_status_column") if any(not export.has(name) for name in plain) else found


def _assumes_order(export: Export, feed: Feed, dialect: Dialect) -> bool:
    """Whether some of the first dates do not begin with their year, and the feed does not say how they go."""
    if not dialect.assumed_order or feed.date_format or feed.undated:
        return False
    columns = dialect.columns_of(feed)
    names = [name for ours in columns if ours.endswith("_at") for name in columns[ours]]
    names += [one.completed_at for one in feed.instruments if one.completed_at]
    places = {export.position(name) for name in names if export.has(name)}
    dates = (row[at] for row in export.sample(FIRST_DATES) for at in places)
    return any(date and not date.strip()[:4].isdigit() for date in dates)


def _names(plan: Plan) -> list[str]:
    """Header names of all cells that are read, each once, in a fixed order."""
    items = [name for asked in plan.asked for name in asked.items]
    return list(dict.fromkeys([*_other_names(plan), *items]))


def unkeyed_names(plan: Plan) -> list[str]:
    """Header names of cells that are read for anything else than an id that is stored under a key."""
    names = [name for ours, theirs in plan.columns.items() if ours not in KEYED for name in theirs]
    return [*names, *_deciding_names(plan), *(name for asked in plan.asked for name in asked.items)]


def _other_names(plan: Plan) -> list[str]:
    """Header names of cells that are read and are not items."""
    return [*(name for theirs in plan.columns.values() for name in theirs), *_deciding_names(plan)]


def _deciding_names(plan: Plan) -> list[str]:
    """Header names of cells that decide on a record or a form beside our columns."""
    names = [rule.column for rule in plan.exclude]
    names += [plan.finished.column] if plan.finished else []
    names += [check.column for check in plan.feed.attention]
    for asked in plan.asked:
        names += [*asked.completed, *asked.stored.values()]
        others = (asked.session, asked.feed_instrument.rater_column, asked.last_touch)
        names += [name for name in others if name]
        names += [rule.column for rule in asked.exclude]
        names += [asked.finished.column] if asked.finished else []
    return names
