"""What must hold of the published file: no person in it, and no number that disclosure control hides."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.published import PUBLISHED
from warehouse.checks import (
    BATCH,
    PUBLISHED_FILE,
    WARNING,
    Catalogue,
    Expectation,
    NoRows,
    SomeRows,
    listed,
    literal,
)
from warehouse.declared import FATES, HIDDEN_STATES, On, declared
from warehouse.disclosure import MEAN_CASES, RATE_DENOMINATOR
from warehouse.effect_bounds import high_of_rounded, low_of_rounded
from warehouse.expectations import SiteFacts

FIGURES = On(PUBLISHED_FILE, "pub_figure")
COUNTS = ("numerator", "denominator", "n", "held", "value")
"""Columns of pub_figure that are counts; value only in figures of kind count."""


NUMBERS = (*COUNTS, "bound_low", "bound_high")
"""Columns of pub_figure that a hidden figure has nothing in."""


def publication_expectations(facts: SiteFacts, run: str) -> Iterator[Expectation]:
    """All expectations on a published file. run: the run that made it."""
    for table in PUBLISHED:
        yield from declared(On(PUBLISHED_FILE, table.name), table)
    yield _only_published()
    yield FIGURES.expect("some_rows", "", "there is at least one figure", SomeRows(), WARNING)
    yield from _known()
    yield from _states()
    for column in COUNTS:
        kinds = "= 'count'" if column == "value" else "<> 'mean'" if column == "numerator" else "IS NOT NULL"
        yield from _counts(FIGURES, column, facts, f"(SELECT m.kind {kinds} {_METRIC})", ("pub_metric",))
    for column in ("received", *FATES, "totals_compared", "totals_differing"):
        yield from _counts(On(PUBLISHED_FILE, "pub_quality"), column, facts)
    yield from _rates(facts)
    yield from _bounds(facts)
    yield from _means()
    yield from _site(facts, run)


def _only_published() -> Expectation:
    names = listed(table.name for table in PUBLISHED)
    query = (
        "SELECT 1 AS broken FROM {batch}"
        f" WHERE table_name NOT IN ({names}) OR schema_name <> 'main' GROUP BY schema_name, table_name"
    )
    words = "the file holds the declared tables and no others: none of them has a row per person"
    return On(PUBLISHED_FILE, "").expect("tables", "", words, Catalogue(query))


_METRIC = "FROM pub_metric AS m WHERE m.figure = t.figure AND m.definition = t.definition"


def _of_kind(kind: str) -> str:
    return f"EXISTS (SELECT 1 {_METRIC} AND m.kind = '{kind}')"


def _known() -> Iterator[Expectation]:
    yield FIGURES.known(
        "figure",
        "every figure is of the metric dictionary",
        "pub_metric",
        "o.figure = t.figure AND o.definition = t.definition",
    )
    yield FIGURES.known(
        "clinic",
        "every unit is a published unit",
        "pub_unit",
        "o.service = t.service AND o.clinic = t.clinic",
    )
    yield FIGURES.known(
        "period",
        "every period is a published period",
        "pub_period",
        "o.grain = t.grain AND o.period = t.period",
        "t.grain NOT IN ('session', 'stage')",
    )
    yield FIGURES.known(
        "instrument",
        "every instrument is a published instrument",
        "pub_instrument",
        "o.instrument = t.instrument",
        "t.instrument <> ''",
    )


def _states() -> Iterator[Expectation]:
    hidden = f"t.state IN ({listed(HIDDEN_STATES)})"
    yield FIGURES.never(
        "hidden_number",
        "a suppressed or withheld figure carries no number at all",
        f"{hidden} AND coalesce({', '.join(f't.{name}' for name in NUMBERS)}) IS NOT NULL",
        "state",
    )
    yield FIGURES.never(
        "state_and_value",
        "there is a value exactly when the state is value or zero",
        "(t.state IN ('value', 'zero')) <> (t.value IS NOT NULL)",
        "value",
    )
    yield FIGURES.never(
        "state_and_value", "a figure in state zero is 0", "t.state = 'zero' AND t.value <> 0", "state"
    )


def _counts(
    on: On, column: str, facts: SiteFacts, where: str = "true", needs: tuple[str, ...] = ()
) -> Iterator[Expectation]:
    """Counts are rounded, and none is small; a figure unknown to the dictionary is taken for a count."""
    shown = f"coalesce({where}, true) AND t.{column}"
    least = (2 * facts.threshold + facts.round_to) // (2 * facts.round_to) * facts.round_to
    yield on.never(
        "rounded_count",
        f"{column} is a multiple of {facts.round_to}",
        f"{shown} % {facts.round_to} <> 0",
        column,
        needs=needs,
    )
    yield on.never(
        "small_count",
        f"{column} is 0 or at least {least}",
        f"{shown} <> 0 AND t.{column} < {least}",
        column,
        needs=needs,
    )


def _rates(facts: SiteFacts) -> Iterator[Expectation]:
    rate, shown = _of_kind("rate"), "t.value IS NOT NULL"
    # Both ends are rounded, each by itself: the rest may lose what threshold has beyond whole steps.
    least = facts.threshold // facts.round_to * facts.round_to
    for name, words, where, column in (
        (
            "rate_denominator",
            f"a rate has a denominator of at least {RATE_DENOMINATOR}",
            f"coalesce(t.denominator, 0) < {RATE_DENOMINATOR}",
            "denominator",
        ),
        (
            "small_count",
            f"the rest of a rate, denominator less numerator, is 0 or at least {least}",
            f"t.denominator - t.numerator <> 0 AND t.denominator - t.numerator < {least}",
            "numerator",
        ),
        ("percent_range", "a rate is 0 to 100 %", "t.value NOT BETWEEN 0 AND 100", "value"),
        (
            "rate_of_rounded",
            "a rate is that of its rounded counts",
            "(t.numerator IS NULL OR abs(t.value * t.denominator - 100 * t.numerator) > 0.5 * t.denominator)",
            "value",
        ),
    ):
        yield FIGURES.never(name, words, f"{shown} AND {where} AND {rate}", column, needs=("pub_metric",))


def _bounds(facts: SiteFacts) -> Iterator[Expectation]:
    """Effect bounds say no more than the counts beside them."""
    rate = f"(t.value IS NOT NULL AND {_of_kind('rate')})"
    counts = ("t.numerator::BIGINT", "t.denominator", "t.held", facts.round_to)
    low, high, there = low_of_rounded(*counts), high_of_rounded(*counts), "t.bound_low IS NOT NULL"
    for name, words, where, column in (
        (
            "bounds_of_rates",
            "there are both effect bounds, exactly where a rate is shown that held records could move",
            f"({there} <> (t.bound_high IS NOT NULL) OR {there} <> ({rate} AND t.held IS DISTINCT FROM 0))",
            "bound_low",
        ),
        (
            "bounds_of_rates",
            "cases that held records could touch are told of shown rates only",
            f"t.held IS NOT NULL AND NOT {rate}",
            "held",
        ),
        (
            "bounds_hold_the_value",
            "a rate lies within its effect bounds, and these within 0 to 100 %",
            f"{there} AND NOT (t.bound_low BETWEEN 0 AND t.value AND t.bound_high BETWEEN t.value AND 100)",
            "value",
        ),
        (
            "bounds_of_published",
            "the effect bounds are those of the rounded counts",
            f"{there} AND (t.bound_low <> {low} OR t.bound_high <> {high})",
            "bound_low",
        ),
    ):
        yield FIGURES.never(name, words, where, column, needs=("pub_metric",))


def _means() -> Iterator[Expectation]:
    mean, shown = _of_kind("mean"), "t.value IS NOT NULL"
    for name, words, where, column in (
        (
            "mean_cases",
            f"a mean is of at least {MEAN_CASES} cases",
            f"coalesce(t.n, 0) < {MEAN_CASES}",
            "n",
        ),
        ("mean_sum", "a mean comes without its sum", "t.numerator IS NOT NULL", "numerator"),
        ("mean_decimals", "a mean has one decimal", "t.value <> round(t.value, 1)", "value"),
    ):
        yield FIGURES.never(name, words, f"{shown} AND {where} AND {mean}", column, needs=("pub_metric",))


def _site(facts: SiteFacts, run: str) -> Iterator[Expectation]:
    unit = On(PUBLISHED_FILE, "pub_unit")
    yield unit.vocabulary("clinic", ("all", *facts.clinics))
    yield unit.vocabulary("service", ("all", *facts.services))
    yield On(PUBLISHED_FILE, "pub_quality").vocabulary("clinic", facts.clinics)
    its_row = f"SELECT 1 FROM {BATCH} WHERE t.name = 'run' AND t.value = {literal(run)}"
    query = f"SELECT 1 AS broken WHERE NOT EXISTS ({its_row})"
    yield On(PUBLISHED_FILE, "pub_run").expect(
        "this_run", "value", "the file says that this run made it", NoRows(query)
    )
