"""What must hold of the published file: no person in it, and no number that disclosure control hides."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.published import PUBLISHED
from schemas.site import Disclosure
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
from warehouse.declared import FATES, On, declared
from warehouse.effect_bounds import high_of_rounded, low_of_rounded
from warehouse.expectations import SiteFacts
from warehouse.policy_rows import QUARTER_ENDS

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
    yield from _told()
    yield from _crossed(facts.policy)
    for column in COUNTS:
        kinds = "= 'count'" if column == "value" else "<> 'mean'" if column == "numerator" else "IS NOT NULL"
        yield from _counts(
            FIGURES, column, facts.policy, f"(SELECT m.kind {kinds} {_METRIC})", ("pub_metric",)
        )
    for column in ("received", *FATES, "totals_compared", "totals_differing"):
        yield from _counts(On(PUBLISHED_FILE, "pub_quality"), column, facts.policy)
    yield _hidden_lines()
    yield from _rates(facts.policy)
    yield from _bounds(facts.policy)
    yield from _means(facts.policy)
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


_ANY_NUMBER = f"coalesce({', '.join(f't.{name}' for name in NUMBERS)}) IS NOT NULL"


def _states() -> Iterator[Expectation]:
    """A withheld update may have the numbers of an earlier release: a whole figure, or that of no cases."""
    some = " OR ".join(f"t.{name} <> 0" for name in COUNTS)
    for name, words, where, column in (
        (
            "hidden_number",
            "a suppressed figure carries no number at all",
            f"t.state = 'suppressed' AND {_ANY_NUMBER}",
            "state",
        ),
        (
            "state_and_value",
            "there is a value exactly when the state is value or zero, or an earlier value stays",
            "t.state <> 'update_withheld' AND (t.state IN ('value', 'zero')) <> (t.value IS NOT NULL)",
            "value",
        ),
        (
            "withheld_number",
            "a withheld update without an earlier value has no other number",
            f"t.state = 'update_withheld' AND t.value IS NULL AND ({some} OR t.bound_low IS NOT NULL)",
            "state",
        ),
        ("state_and_value", "a figure in state zero is 0", "t.state = 'zero' AND t.value <> 0", "state"),
    ):
        yield FIGURES.never(name, words, where, column)
    for column, kind in (("numerator", "<> 'mean'"), ("denominator", "<> 'count'"), ("n", "IS NOT NULL")):
        yield FIGURES.never(
            "whole_figure",
            f"a value comes with its {column}",
            f"t.value IS NOT NULL AND t.{column} IS NULL AND (SELECT m.kind {kind} {_METRIC})",
            column,
            needs=("pub_metric",),
        )


def _told() -> Iterator[Expectation]:
    """One thing is told once: not before its period is over, and not in two ways."""
    open_period = (
        "SELECT 1 FROM pub_period AS p WHERE p.grain = t.grain AND p.period = t.period AND NOT p.closed"
    )
    yield FIGURES.never(
        "open_period",
        "a period that is not over has no number",
        f"{_ANY_NUMBER} AND EXISTS ({open_period})",
        "period",
        needs=("pub_period",),
    )
    told = "t.state, t.numerator, t.denominator, t.value, t.n"
    query = (
        f"SELECT 1 AS broken FROM {BATCH} JOIN ({_CLINICS}) AS unit USING (service, clinic)"
        " LEFT JOIN pub_period AS p USING (grain, period)"
        " WHERE t.state <> 'update_withheld'"
        " GROUP BY t.figure, t.definition, t.instrument, t.scale, unit.clinics,"
        " coalesce(p.first_day::VARCHAR || p.last_day::VARCHAR, grain || period)"
        f" HAVING count(DISTINCT ({told})) > 1"
    )
    words = "the same clinics and days are told the same, whatever the unit or the period is called"
    yield FIGURES.expect("told_twice", "value", words, NoRows(query), needs=("pub_unit", "pub_period"))


_CLINICS = (
    "SELECT u.service, u.clinic, list_sort(list(o.service || ' ' || o.clinic)) AS clinics FROM pub_unit AS u"
    " JOIN pub_unit AS o ON u.service IN ('all', o.service) AND u.clinic IN ('all', o.clinic)"
    " AND (o.clinic <> 'all' OR o.service <> 'all'"
    " AND NOT EXISTS (SELECT 1 FROM pub_unit AS c WHERE c.clinic <> 'all'))"
    " GROUP BY u.service, u.clinic"
)
"""Clinics of each unit, or services where clinics are left out; a service of one clinic is that clinic."""


def _crossed(policy: Disclosure) -> Iterator[Expectation]:
    """Only dimensions that the policy crosses; what it leaves out has no rows."""
    crossed = (("session", policy.by_session), ("stage", policy.by_stage))
    grains = (*policy.grains, *(grain for grain, is_told in crossed if is_told))
    yield FIGURES.never(
        "policy", "only periods of the site's policy are told", f"t.grain NOT IN ({listed(grains)})", "grain"
    )
    between = f"t.grain = 'rolling_12_months' AND right(t.period, 2) NOT IN {QUARTER_ENDS}"
    yield FIGURES.never("policy", "rolling years are told to the ends of quarters", between, "period")
    if not policy.by_clinic:
        yield FIGURES.never("policy", "no single clinic is told of", "t.clinic <> 'all'", "clinic")


def _rounded(cases: int, policy: Disclosure) -> int:
    """The least that a published count can be, where the exact one is at least so many."""
    return (2 * cases + policy.round_to) // (2 * policy.round_to) * policy.round_to


def _counts(
    on: On, column: str, policy: Disclosure, where: str = "true", needs: tuple[str, ...] = ()
) -> Iterator[Expectation]:
    """Counts are rounded, and none is small; a figure unknown to the dictionary is taken for a count."""
    shown = f"coalesce({where}, true) AND t.{column}"
    least = _rounded(policy.threshold, policy)
    yield on.never(
        "rounded_count",
        f"{column} is a multiple of {policy.round_to}",
        f"{shown} % {policy.round_to} <> 0",
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


def _hidden_lines() -> Expectation:
    fates = " + ".join(f"(t.{fate} IS NULL)::INTEGER" for fate in FATES)
    return On(PUBLISHED_FILE, "pub_quality").never(
        "hidden_line",
        "what becomes of a feed's records is told all or not at all, and not beside a hidden sum",
        f"{fates} NOT IN (0, {len(FATES)}) OR t.received IS NULL AND t.accepted IS NOT NULL"
        f" OR t.accepted IS NULL AND coalesce(t.totals_compared, 0) <> 0",
        "accepted",
    )


def _rates(policy: Disclosure) -> Iterator[Expectation]:
    rate, shown = _of_kind("rate"), "t.value IS NOT NULL"
    # Both ends are rounded, each by itself: the rest may lose what threshold has beyond whole steps.
    least = policy.threshold // policy.round_to * policy.round_to
    for name, words, where, column in (
        (
            "rate_denominator",
            f"a rate has a denominator of at least {policy.rate_denominator}",
            f"coalesce(t.denominator, 0) < {policy.rate_denominator}",
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


def _bounds(policy: Disclosure) -> Iterator[Expectation]:
    """Effect bounds say no more than the counts beside them; a rate of an earlier release may have none."""
    rate = f"(t.value IS NOT NULL AND {_of_kind('rate')})"
    counts = ("t.numerator::BIGINT", "t.denominator", "t.held", policy.round_to)
    low, high, there = low_of_rounded(*counts), high_of_rounded(*counts), "t.bound_low IS NOT NULL"
    for name, words, where, column in (
        (
            "bounds_of_rates",
            "there are both effect bounds, exactly where a rate is shown that held records could move",
            f"({there} <> (t.bound_high IS NOT NULL) OR {there} <> ({rate} AND t.held IS DISTINCT FROM 0)"
            f" AND ({there} OR t.state <> 'update_withheld'))",
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


def _means(policy: Disclosure) -> Iterator[Expectation]:
    mean, shown, least = _of_kind("mean"), "t.value IS NOT NULL", _rounded(policy.mean_cases, policy)
    for name, words, where, column in (
        (
            "mean_cases",
            f"a mean is of at least {least} cases",
            f"coalesce(t.n, 0) < {least}",
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
