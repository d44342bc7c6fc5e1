"""Marts to the published file: the one place where small numbers are hidden and counts are rounded.

By the site's policy (`schemas.policy`), for every figure of every unit and period that it publishes:
- not applicable and no data are said; a period that is not over yet is held back;
- a count of 1 to threshold - 1 is suppressed, every other one is rounded to round_to; zero is zero;
- a rate is taken from rounded counts, and suppressed where its rounded denominator is below rate_denominator
  or its numerator or its complement is a count of 1 to threshold - 1: 98 % of 102 tells of two people;
- a shown rate that held records could move has its effect bounds, in whole per cent, computed from what is
  shown and from the number of cases they could touch, rounded up, and to threshold at least;
- a mean is taken from exact sums, to one decimal, and suppressed where fewer than mean_cases are behind it;
- what would tell of something suppressed is suppressed, too (`warehouse.disclosed`);
- what is suppressed or held back carries no number at all;
- estimates of models are not published: no rule here covers curves and coefficients.
Source: NHS Talking Therapies and NHS mental health publications (below 5 hidden, else nearest 5,
rates blank where numerator or denominator is hidden), with complement and minimum sizes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from duckdb import DuckDBPyConnection

from schemas import quantities
from schemas.errors import ConfigError, WarehouseError
from schemas.metrics import Metric
from schemas.published import PUBLISHED
from schemas.site import Disclosure
from warehouse.disclosed import KINDS, disclose_figures, write_none
from warehouse.disclosed_alone import settle_alone
from warehouse.effect_bounds import high_of_rounded, low_of_rounded
from warehouse.policy_rows import QUARTER_ENDS
from warehouse.quality_disclosure import Line, hidden_levels
from warehouse.release_rows import RELEASED, SETTLED, after_release, rows_in_force
from warehouse.releases import FIRST, NO_HISTORY, WORDS, History, Plan

TABLES = {table.name: table for table in PUBLISHED}


class Card(Protocol):
    """What is published of an instrument: any `schemas.instrument.Instrument`."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def construct(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def licence(self) -> str: ...


def publish_tables(
    con: DuckDBPyConnection,
    out: Path,
    policy: Disclosure,
    run: Mapping[str, str],
    metrics: Iterable[Metric],
    instruments: Iterable[Card],
    history: History = NO_HISTORY,
    plan: Plan = FIRST,
) -> None:
    """Write the published tables, with comments and in key order, to the new DuckDB file `out`.

    con: warehouse with its marts committed, open for writing (DuckDB attaches nothing to read-only ones)
    run: rows of pub_run except the whole-site counts and the policy, which come from here
    history, plan: what was released before, and what may be told after it: see `warehouse.releases`. A run
        that is no release publishes the figures in force and the words for them; its mart_disclosed is empty
    raises: ConfigError for a policy that would round a shown count to zero; WarehouseError where out exists
    """
    check_policy(policy)
    if out.exists():
        raise WarehouseError(f"{out.name}: is there already; a publication is always a new file")
    # A connection of its own: USE and the temporary macros end with it.
    with con.cursor() as publisher:
        for statement in _macros(policy):
            publisher.execute(statement)
        if plan.is_release:
            stays = rows_in_force(con, history, plan, policy)
            account = disclose_figures(con, policy, quantities.load(), history, stays.filter("kept"))
            if history.releases and account.unprotected:
                settle_alone(con, policy, quantities.load())
            _create_tables(publisher, out)
            _insert_figures(publisher, stays)
            for name, select in _worded(policy).items():
                _insert_select(publisher, name, select)
            _insert_rows(publisher, "pub_metric", _metric_rows(metrics))
            _insert_rows(publisher, "pub_instrument", _instrument_rows(publisher, instruments))
        else:
            write_none(con)
            _create_tables(publisher, out)
            _insert_in_force(publisher, history)
        _rate_lines(publisher, policy)
        _insert_select(publisher, "pub_quality", QUALITY)
        _insert_rows(publisher, "pub_run", _run_rows(publisher, run, policy))
        publisher.execute("DETACH published")


def check_policy(policy: Disclosure) -> None:
    """ConfigError where a count that is shown could be rounded to zero, and so read as nobody."""
    if 2 * policy.threshold < policy.round_to:
        raise ConfigError(
            "site.toml: [disclosure], threshold: must be at least half of round_to, "
            "else a count that is shown would be rounded to zero"
        )


def _macros(policy: Disclosure) -> tuple[str, ...]:
    """protected: too small to show. rounded: half up. tenths: factor * a / b with one decimal.

    rounded_up: of cases that held records could touch, so that a small number of them is not told.
    """
    bound = ("numerator", "denominator", "held", policy.round_to)
    return (
        "CREATE TEMP MACRO rounded_up(cases) AS (CASE WHEN cases > 0 THEN "
        f"(greatest(cases, {policy.threshold}) + {policy.round_to - 1}) // {policy.round_to} "
        f"* {policy.round_to} ELSE cases END)::BIGINT",
        f"CREATE TEMP MACRO low_shown(numerator, denominator, held) AS ({low_of_rounded(*bound)})",
        f"CREATE TEMP MACRO high_shown(numerator, denominator, held) AS ({high_of_rounded(*bound)})",
        f"CREATE TEMP MACRO protected(cases) AS (cases BETWEEN 1 AND {policy.threshold - 1})",
        f"CREATE TEMP MACRO rounded(cases) AS "
        f"((2 * cases + {policy.round_to})::BIGINT // {2 * policy.round_to} * {policy.round_to})::BIGINT",
        "CREATE TEMP MACRO tenths(a, b, factor) AS (sign(a) * "
        "((20 * factor * abs((a * 10000)::HUGEINT) + 10000 * b) // nullif(20000 * b::HUGEINT, 0))"
        ")::DECIMAL(17, 0) * 0.1",
    )


FIGURES = f"""
WITH decided AS (
    SELECT
        figure.* REPLACE (disclosed.state AS state),
        kind
    FROM mart_figure AS figure
    JOIN mart_metric AS metric USING (figure, definition)
    JOIN mart_disclosed AS disclosed
        USING (figure, definition, service, clinic, grain, period, instrument, scale)
    WHERE metric.kind IN {KINDS}
),
shown AS (
    SELECT
        *,
        state IN ('value', 'zero', 'no_data') AS visible,
        kind = 'rate' AND state IN ('value', 'zero') AS bounded,
        bounded AND held IS DISTINCT FROM 0 AS moved
    FROM decided
    LEFT JOIN mart_bound USING (figure, definition, service, clinic, grain, period, instrument, scale)
)
SELECT
    figure, definition, service, clinic, grain, period, instrument, scale,
    CASE WHEN visible AND kind <> 'mean' THEN rounded(numerator) END AS numerator,
    CASE WHEN visible THEN rounded(denominator) END AS denominator,
    CASE
        WHEN NOT visible THEN NULL
        WHEN kind = 'count' THEN rounded(numerator)
        WHEN kind = 'rate' THEN tenths(rounded(numerator), rounded(denominator), 100)
        WHEN kind = 'mean' THEN tenths(numerator, denominator, 1)
    END AS value,
    unit,
    CASE WHEN visible THEN rounded(n) END AS n,
    state,
    CASE WHEN bounded THEN rounded_up(held) END AS held,
    CASE WHEN moved THEN low_shown(rounded(numerator), rounded(denominator), rounded_up(held)) END
        AS bound_low,
    CASE WHEN moved THEN high_shown(rounded(numerator), rounded(denominator), rounded_up(held)) END
        AS bound_high
FROM shown
"""

QUALITY = """
SELECT
    clinic, feed, kind, files, files_refused,
    CASE WHEN level < 2 THEN rounded(received) END AS received,
    CASE WHEN level < 1 THEN rounded(accepted) END AS accepted,
    CASE WHEN level < 1 THEN rounded(quarantined) END AS quarantined,
    CASE WHEN level < 1 THEN rounded(excluded) END AS excluded,
    CASE WHEN level < 1 THEN rounded(superseded) END AS superseded,
    CASE WHEN told AND NOT protected(totals_compared) THEN rounded(totals_compared) END AS totals_compared,
    CASE
        WHEN told
            AND NOT (
                protected(totals_compared)
                OR protected(totals_differing)
                OR protected(totals_compared - totals_differing)
            )
            THEN rounded(totals_differing)
    END AS totals_differing,
    newest_arrival
FROM (
    -- As many scores as are compared, so many records are accepted, or a fixed part of that.
    SELECT *, level < 1 OR totals_compared = 0 AS told
    FROM mart_quality
    JOIN quality_level USING (clinic, feed, kind)
)
"""


def _worded(policy: Disclosure) -> dict[str, str]:
    """SQL of words for figures, as they stand in the marts, by published table.

    Units and periods that the policy tells nothing of are not offered.
    """
    grains = ", ".join(f"'{grain}'" for grain in policy.grains)
    return {
        "pub_unit": (
            f"SELECT service, clinic, title FROM mart_unit WHERE clinic = 'all' OR {policy.by_clinic}"
        ),
        "pub_period": (
            "SELECT grain, period, title, first_day, last_day, closed FROM mart_period "
            f"WHERE scaffold = 'period' AND grain IN ({grains}) "
            f"AND (grain <> 'rolling_12_months' OR right(period, 2) IN {QUARTER_ENDS})"
        ),
    }


def _rate_lines(publisher: DuckDBPyConnection, policy: Disclosure) -> None:
    """quality_level: what is hidden of each row of mart_quality, by `hidden_levels`."""
    columns = ", ".join(FATES)
    found = _rows(
        publisher,
        f"SELECT clinic, feed, kind, files = files_refused, {columns} FROM mart_quality ORDER BY ALL",
    )
    levels = hidden_levels([Line(tuple(fates), known) for _, _, _, known, *fates in found], policy.threshold)
    publisher.execute(
        "CREATE TEMP TABLE quality_level (clinic VARCHAR, feed VARCHAR, kind VARCHAR, level TINYINT)"
    )
    for (clinic, feed, kind, *_), level in zip(found, levels, strict=True):
        publisher.execute("INSERT INTO quality_level VALUES (?, ?, ?, ?)", [clinic, feed, kind, level])


FATES = ("accepted", "quarantined", "excluded", "superseded")
RUN_COUNTS = ("received", *FATES, "files", "files_refused")
"""Exact, because the conservation line of a whole site tells of nobody."""


def _create_tables(publisher: DuckDBPyConnection, out: Path) -> None:
    warehouse = _rows(publisher, "SELECT current_database()")[0][0]
    path = str(out).replace("'", "''")
    publisher.execute(f"ATTACH '{path}' AS published")
    publisher.execute("USE published")
    for table in PUBLISHED:
        for statement in table.ddl():
            publisher.execute(statement)
    publisher.execute(f'USE "{warehouse}"')


def _insert_figures(publisher: DuckDBPyConnection, stays: pl.DataFrame) -> None:
    """Today's figures, with those that stay as they were released; mart_disclosed says so, too."""
    if not len(stays):
        _insert_select(publisher, "pub_figure", FIGURES)
        return
    publisher.register(RELEASED, stays.to_arrow())
    _insert_select(publisher, "pub_figure", after_release(FIGURES))
    publisher.execute(SETTLED)
    publisher.unregister(RELEASED)


def _insert_in_force(publisher: DuckDBPyConnection, history: History) -> None:
    """The figures of the release in force, row for row, and the words for them."""
    last = history.last
    if last is None:
        raise WarehouseError("nothing was released before: the first publication is a release")
    path = str(last.rows).replace("'", "''")
    _insert_select(publisher, "pub_figure", f"FROM read_parquet('{path}')")
    for name in WORDS:
        _insert_rows(publisher, name, last.words[name])


def _insert_select(publisher: DuckDBPyConnection, name: str, select: str) -> None:
    table = TABLES[name]
    columns, key = ", ".join(table.column_names), ", ".join(table.key)
    publisher.execute(
        f"INSERT INTO published.{name} ({columns}) SELECT {columns} FROM ({select}) ORDER BY {key}"
    )


def _insert_rows(publisher: DuckDBPyConnection, name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Each of these tables begins with its key, so that sorted rows are in key order."""
    marks = ", ".join("?" * len(TABLES[name].columns))
    for row in sorted(rows, key=tuple):
        publisher.execute(f"INSERT INTO published.{name} VALUES ({marks})", list(row))


def _metric_rows(metrics: Iterable[Metric]) -> Iterator[tuple[str, ...]]:
    for metric in metrics:
        if metric.kind in KINDS:
            yield tuple(getattr(metric, column) for column in TABLES["pub_metric"].column_names)


def _instrument_rows(publisher: DuckDBPyConnection, instruments: Iterable[Card]) -> Iterator[tuple[str, ...]]:
    """Only instruments that figures are given for: what a site does not use is not shown."""
    used = {row[0] for row in _rows(publisher, "SELECT DISTINCT instrument FROM mart_disclosed")}
    for card in instruments:
        if card.id in used:
            yield card.id, card.title, card.construct, card.evidence, card.licence


def _run_rows(
    publisher: DuckDBPyConnection, run: Mapping[str, str], policy: Disclosure
) -> Iterator[tuple[str, ...]]:
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in RUN_COUNTS)
    counts = _rows(publisher, f"SELECT {sums} FROM mart_quality")[0]
    exact = {name: str(count) for name, count in zip(RUN_COUNTS, counts, strict=True)}
    rule = f"counts below {policy.threshold} hidden, others rounded to {policy.round_to}"
    yield from {**run, **exact, "disclosure_policy": rule}.items()


def _rows(publisher: DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return publisher.execute(query).fetchall()
