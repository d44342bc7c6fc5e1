"""What must hold of a warehouse before anyone sees what is made of it, as data.

Suites come from `schemas.tables` (columns, keys), the registry (ranges), the site (clinics, feeds)
and the contract (conservation). The cells of a frame were checked at the door; these are promises
about tables after the load.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas import metrics
from schemas.instrument import MISSING_CODES, Instrument, Scale
from schemas.rules import EXCLUDED_REASONS
from schemas.site import Disclosure, Site
from schemas.tables import (
    ADMINISTRATION_VIEW,
    CORE,
    MART_BOUND,
    MART_DISCLOSED,
    MART_FIGURE,
    SCORE_VIEW,
    administration_table,
)
from warehouse.checks import (
    BATCH,
    WAREHOUSE,
    WARNING,
    Between,
    Catalogue,
    Expectation,
    NoRows,
    NotNull,
    OneOf,
    SomeRows,
    in_words,
    listed,
    literal,
)
from warehouse.declared import FATES, On, columns, declared

RECENT_DAYS = 35
"""A monthly export a few days late is no news; a missing one is."""

MOST_QUARANTINED_PERCENT = 20
SCORED = ("scored", "prorated")
SCORE_STATUS = (*SCORED, "too_many_missing", "key_not_confirmed")


@dataclass(frozen=True)
class SiteFacts:
    """What the gate must know of a site. as_of: the run's date."""

    clinics: tuple[str, ...]
    services: tuple[str, ...]
    feeds: tuple[str, ...]
    policy: Disclosure
    as_of: dt.date

    @classmethod
    def of(cls, site: Site, as_of: dt.date) -> SiteFacts:
        return cls(
            clinics=tuple(clinic.id for clinic in site.clinics),
            services=site.services,
            feeds=tuple(feed.id for feed in site.feeds),
            policy=site.disclosure,
            as_of=as_of,
        )


def warehouse_expectations(
    instruments: Sequence[Instrument], facts: SiteFacts, rows: Mapping[str, int]
) -> Iterator[Expectation]:
    """All expectations on a warehouse.

    rows: how many each table has; of an instrument without administrations only the columns are checked
    """
    for table in (*CORE, MART_FIGURE, MART_BOUND, MART_DISCLOSED):
        yield from declared(On(WAREHOUSE, table.name), table)
    for view in (ADMINISTRATION_VIEW, SCORE_VIEW):
        yield columns(On(WAREHOUSE, view.name), view)
    if instruments:
        for cards in ("core_instrument", "core_scale"):
            yield On(WAREHOUSE, cards).expect("some_rows", "", "the table is not empty", SomeRows())
    yield _known_instruments(instruments)
    yield _stored_totals()
    for instrument in instruments:
        yield from _administrations(instrument, facts, rows)
    yield from _exports(instruments, facts)
    yield from _records()
    for table_id, kind in (("core_appointment", "appointments"), ("core_referral", "referrals")):
        yield from _standing(On(WAREHOUSE, table_id), facts)
        yield _stands_once(On(WAREHOUSE, table_id), kind)
    yield from _exact_figures(On(WAREHOUSE, MART_FIGURE.name))
    yield _exact_bounds()
    yield from _disclosed(On(WAREHOUSE, MART_DISCLOSED.name))
    yield from _feeds(facts)


def table_name(instrument: Instrument) -> str:
    return f"administration_{instrument.id}"


def _known_instruments(instruments: Iterable[Instrument]) -> Expectation:
    names = listed(table_name(one) for one in instruments) or "NULL"
    query = (
        "SELECT 1 AS broken FROM {batch} WHERE starts_with(table_name, 'administration_')"
        f" AND (table_name IN ({names})) IS NOT TRUE GROUP BY table_name"
    )
    words = "administrations are of instruments of the registry"
    return On(WAREHOUSE, "").expect("tables", "", words, Catalogue(query))


def _administrations(
    instrument: Instrument, facts: SiteFacts, rows: Mapping[str, int]
) -> Iterator[Expectation]:
    table = administration_table(instrument.id, instrument.n_items, instrument.scale_ids)
    on = On(WAREHOUSE, table.name)
    if rows.get(table.name) == 0:
        yield columns(on, table)
        return
    yield from declared(on, table)
    yield from _standing(on, facts)
    yield on.vocabulary("rater", instrument.raters)
    codes = in_words(MISSING_CODES)
    for number, column in enumerate(instrument.item_columns, start=1):
        steps = instrument.response_of(number).steps
        words = f"{column} is {steps[0]} to {steps[-1]}, or says why there is no answer ({codes})"
        yield on.expect("item_range", column, words, OneOf((*steps, *MISSING_CODES)))
    for scale in instrument.scales:
        yield from _scale(on, scale)


def _stored_totals() -> Expectation:
    return On(WAREHOUSE, "core_total_check").never(
        "stored_total", "scores equal the totals that exports carry", "TRUE", "stored_total", WARNING
    )


def _scale(on: On, scale: Scale) -> Iterator[Expectation]:
    score, status, answered = f"score_{scale.id}", f"status_{scale.id}", f"answered_{scale.id}"
    low, high = scale.range
    yield on.expect("score_range", score, f"{score} is {low} to {high}", Between(low, high))
    yield on.expect("not_null", status, f"{status} is never empty", NotNull())
    yield on.vocabulary(status, SCORE_STATUS)
    yield on.expect("not_null", answered, f"{answered} is never empty", NotNull())
    yield on.expect(
        "answered_range", answered, f"{answered} is 0 to {scale.n_items}", Between(0, scale.n_items)
    )
    yield on.never(
        "score_and_status",
        f"{score} is there exactly when {status} is {in_words(SCORED)}",
        f"(t.{status} IN ({listed(SCORED)})) <> (t.{score} IS NOT NULL)",
        score,
    )


def _standing(on: On, facts: SiteFacts) -> Iterator[Expectation]:
    """Rows that stand come from an accepted record of a delivery of their clinic."""
    yield on.vocabulary("clinic", facts.clinics)
    yield _delivered(on)
    yield on.never(
        "one_fate",
        "no row is of a record that was quarantined, excluded or superseded",
        "EXISTS (SELECT 1 FROM core_record AS o"
        " WHERE o.entry_no = t.entry_no AND o.source_row = t.source_row)",
        "source_row",
        needs=("core_record",),
    )


def _delivered(on: On) -> Expectation:
    """Grouped first: five million rows are of a few deliveries."""
    query = (
        "SELECT 1 AS broken FROM"
        " (SELECT entry_no, clinic, min(source_row) AS first_row, max(source_row) AS last_row"
        f" FROM {BATCH} GROUP BY entry_no, clinic) AS s LEFT JOIN core_export AS o"
        " ON o.entry_no = s.entry_no AND o.clinic = s.clinic AND o.refused IS NULL"
        " WHERE o.entry_no IS NULL OR s.first_row < 1 OR s.last_row > o.received"
    )
    words = "rows are of records that a delivery of their clinic has, and that was not refused"
    return on.expect("known", "entry_no", words, NoRows(query), needs=("core_export",))


def _stands_once(on: On, kind: str) -> Expectation:
    query = (
        "SELECT 1 AS broken FROM core_export AS e LEFT JOIN"
        f" (SELECT entry_no, count(*) AS n FROM {BATCH} GROUP BY entry_no) AS s USING (entry_no)"
        f" WHERE e.kind = {literal(kind)} AND e.accepted <> coalesce(s.n, 0)"
    )
    words = "each delivery has as many rows here as records accepted"
    return on.expect("conservation", "", words, NoRows(query), needs=("core_export",))


def _exports(instruments: Iterable[Instrument], facts: SiteFacts) -> Iterator[Expectation]:
    on = On(WAREHOUSE, "core_export")
    yield on.vocabulary("clinic", facts.clinics)
    yield on.expect("some_rows", "", "there is at least one delivery", SomeRows(), WARNING)
    yield on.never(
        "entry_form",
        "entry is 16 hexadecimal digits",
        "NOT regexp_full_match(t.entry, '[0-9a-f]{{16}}')",
        "entry",
    )
    for column in ("bytes", "received", *FATES, "administrations"):
        yield on.expect("count_range", column, f"{column} is not negative", Between(0))
    yield on.never(
        "conservation",
        f"each delivery: received = {' + '.join(FATES)}",
        f"t.received <> {_columns(FATES, ' + ')}",
        "received",
    )
    yield on.never(
        "refused_whole",
        "a refused delivery has no record with a fate and no administration",
        f"t.refused IS NOT NULL AND greatest({_columns(FATES, ', ')}, t.administrations) <> 0",
        "refused",
    )
    for fate in FATES[1:]:
        yield _records_add_up(on, fate)
    yield _administrations_add_up(on, [table_name(one) for one in instruments])


def _columns(names: Iterable[str], between: str) -> str:
    return between.join(f"t.{name}" for name in names)


def _records_add_up(on: On, fate: str) -> Expectation:
    query = (
        f"SELECT 1 AS broken FROM {BATCH} LEFT JOIN"
        f" (SELECT entry_no, count(*) AS n FROM core_record WHERE fate = {literal(fate)} GROUP BY entry_no)"
        f" AS s USING (entry_no) WHERE t.{fate} <> coalesce(s.n, 0)"
    )
    words = f"each delivery has as many {fate} records listed as counted"
    return on.expect("conservation", fate, words, NoRows(query), needs=("core_record",))


def _administrations_add_up(on: On, tables: Sequence[str]) -> Expectation:
    counts = " UNION ALL ".join(
        f'SELECT entry_no, count(*) AS n FROM "{table}" GROUP BY entry_no' for table in tables
    )
    nothing = "SELECT NULL AS entry_no, 0 AS n"
    query = (
        f"SELECT 1 AS broken FROM {BATCH} LEFT JOIN"
        f" (SELECT entry_no, sum(n) AS n FROM ({counts or nothing}) GROUP BY entry_no) AS s"
        " USING (entry_no) WHERE t.administrations <> coalesce(s.n, 0)"
    )
    words = "each delivery has as many administrations in the tables of the instruments as counted"
    return on.expect("conservation", "administrations", words, NoRows(query), needs=tables)


def _records() -> Iterator[Expectation]:
    record, quarantine = On(WAREHOUSE, "core_record"), On(WAREHOUSE, "core_quarantine")
    delivered = "o.entry_no = t.entry_no AND t.source_row BETWEEN 1 AND o.received"
    for on in (record, quarantine, On(WAREHOUSE, "core_held")):
        yield on.known("entry_no", "every row is a record of a delivery", "core_export", delivered)
    whole = "o.entry_no = t.entry_no AND t.source_row BETWEEN 0 AND o.received"
    yield On(WAREHOUSE, "core_remark").known(
        "entry_no", "every row is a record of a delivery, or the delivery", "core_export", whole
    )
    yield record.never(
        "vocabulary",
        f"the reason of an excluded record is {in_words(EXCLUDED_REASONS)}",
        f"t.fate = 'excluded' AND t.reason NOT IN ({listed(EXCLUDED_REASONS)})",
        "reason",
    )
    yield record.known(
        "source_row",
        "every quarantined record has its problem listed",
        "core_quarantine",
        "o.entry_no = t.entry_no AND o.source_row = t.source_row",
        "t.fate = 'quarantined'",
    )
    yield On(WAREHOUSE, "core_held").known(
        "source_row",
        "everything held has its problem listed",
        "core_quarantine",
        "o.entry_no = t.entry_no AND o.source_row = t.source_row",
    )


def _exact_bounds() -> Expectation:
    keys = " AND ".join(f"f.{name} = t.{name}" for name in MART_FIGURE.key)
    around = (
        f"SELECT 1 FROM mart_figure AS f WHERE {keys} AND f.value BETWEEN t.low_percent AND t.high_percent"
    )
    return On(WAREHOUSE, MART_BOUND.name).never(
        "bounds_hold_the_value",
        "effect bounds are those of a rate, which lies within them, and they within 0 to 100 %",
        f"t.low_percent < 0 OR t.high_percent > 100 OR NOT EXISTS ({around})",
        "low_percent",
        needs=(MART_FIGURE.name,),
    )


def _disclosed(on: On) -> Iterator[Expectation]:
    yield on.known(
        "figure",
        "what may be told is of exact figures",
        MART_FIGURE.name,
        " AND ".join(f"o.{name} = t.{name}" for name in MART_FIGURE.key),
    )
    yield on.never(
        "state_and_cause",
        "what is suppressed has its cause, and what is told has none",
        "t.state <> 'update_withheld' AND (t.state = 'suppressed') <> (t.cause <> '')",
        "cause",
    )


def _exact_figures(on: On) -> Iterator[Expectation]:
    yield on.never(
        "state_and_value",
        "there is a value exactly when the state is value or zero",
        "(t.state IN ('value', 'zero')) <> (t.value IS NOT NULL)",
        "value",
    )
    yield on.never(
        "state_and_value", "a figure in state zero is 0", "t.state = 'zero' AND t.value <> 0", "state"
    )
    share = f"t.unit = '%' AND t.figure NOT IN ({listed(_percent_means())})"
    yield on.never(
        "percent_range", "a share is 0 to 100 %", f"{share} AND t.value NOT BETWEEN 0 AND 100", "value"
    )
    yield on.never(
        "part_of_whole",
        "the numerator of a share is not above its denominator",
        f"{share} AND t.numerator > t.denominator",
        "numerator",
    )


def _percent_means() -> list[str]:
    """Figures in per cent that are no share of anything, such as a change: any number may be right."""
    return sorted({metric.figure for metric in metrics.load() if (metric.kind, metric.unit) == ("mean", "%")})


def _feeds(facts: SiteFacts) -> Iterator[Expectation]:
    """Warnings: they block nothing, a person should look."""
    on = On(WAREHOUSE, "core_export")
    yield on.vocabulary("feed", facts.feeds, WARNING)
    days, most = RECENT_DAYS, MOST_QUARANTINED_PERCENT
    for feed in facts.feeds:
        first = literal(facts.as_of - dt.timedelta(days=days))
        its = f"FROM {BATCH} WHERE t.feed = {literal(feed)} AND t.arrived_at >= {first}"
        for name, words, query in (
            (
                "feed_silent",
                f"{feed} delivered in the {days} days before the date of the run",
                f"WHERE NOT EXISTS (SELECT 1 {its})",
            ),
            (
                "feed_refused",
                f"no file of {feed} was refused in those {days} days",
                f"{its} AND t.refused IS NOT NULL",
            ),
            (
                "feed_quarantined",
                f"at most {most} % of the records of {feed} in those {days} days are quarantined",
                f"{its} HAVING sum(t.quarantined) * 100 > sum(t.received) * {most}",
            ),
        ):
            yield on.expect(name, "feed", words, NoRows(f"SELECT 1 AS broken {query}"), WARNING)
