"""What the declaration of a table promises: its columns, key, required values and vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.instrument import CONSTRUCTS, EVIDENCE
from schemas.instrument_rules import COMPARISONS, THRESHOLD_KINDS
from schemas.instrument_scales import DIRECTIONS
from schemas.policy import GRAINS as PERIOD_GRAINS
from schemas.rules import rules
from schemas.site import KINDS, RATERS, VOCABULARY
from schemas.tables import Column, Table
from warehouse.checks import (
    BATCH,
    CRITICAL,
    Catalogue,
    Check,
    Expectation,
    NoRows,
    NotNull,
    OneOf,
    SomeRows,
    in_words,
    literal,
)

EXACT_STATES = ("value", "zero", "not_applicable", "no_data")
HIDDEN_STATES = ("suppressed", "update_withheld")
GRAINS = (*PERIOD_GRAINS, "session", "stage")
CAUSES = ("", "primary", "within", "secondary", "dominance", "history")
FATES = ("accepted", "quarantined", "excluded", "superseded")
RUN_INPUTS = (
    "run",
    "as_of",
    "released_run",
    "released_as_of",
    "revised_as_of",
    "site_name",
    "timezone",
    "received",
    "accepted",
    "quarantined",
    "excluded",
    "superseded",
    "files",
    "files_refused",
    "registry",
    "site",
    "code",
    "lock",
    "disclosure_policy",
)


def _rule_ids(*levels: str) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules().values() if rule.level in levels)


WORDS: Mapping[tuple[str, str], Sequence[str]] = {
    ("core_due", "rater"): RATERS,
    ("core_due", "due_when"): ("all", "listed", "first_last"),
    ("core_instrument", "construct"): CONSTRUCTS,
    ("core_instrument", "evidence"): EVIDENCE,
    ("core_scale", "direction"): DIRECTIONS,
    ("core_threshold", "kind"): THRESHOLD_KINDS,
    ("core_threshold", "comparison"): COMPARISONS,
    ("core_threshold", "evidence"): EVIDENCE,
    ("core_export", "kind"): KINDS,
    ("core_export", "refused"): _rule_ids("file"),
    ("core_record", "fate"): FATES[1:],
    ("core_quarantine", "rule"): _rule_ids("record", "administration"),
    ("core_remark", "rule"): _rule_ids("warning"),
    ("core_held", "kind"): KINDS,
    ("core_held", "rater"): RATERS,
    ("core_appointment", "kind"): VOCABULARY["kind"],
    ("core_appointment", "status"): VOCABULARY["status"],
    ("core_referral", "ending"): VOCABULARY["ending"],
    ("core_referral", "problem"): VOCABULARY["problem"],
    ("mart_figure", "grain"): GRAINS,
    ("mart_figure", "state"): EXACT_STATES,
    ("mart_disclosed", "grain"): GRAINS,
    ("mart_disclosed", "state"): (*EXACT_STATES, *HIDDEN_STATES),
    ("mart_disclosed", "cause"): CAUSES,
    ("pub_figure", "grain"): GRAINS,
    ("pub_figure", "state"): (*EXACT_STATES, *HIDDEN_STATES),
    ("pub_metric", "theme"): ("engagement", "alliance", "outcome", "quality"),
    ("pub_metric", "kind"): ("count", "rate", "mean"),
    ("pub_metric", "better"): ("higher", "lower", "neither"),
    ("pub_period", "grain"): PERIOD_GRAINS,
    ("pub_instrument", "construct"): CONSTRUCTS,
    ("pub_instrument", "evidence"): EVIDENCE,
    ("pub_quality", "kind"): KINDS,
    ("pub_run", "name"): RUN_INPUTS,
}
"""Columns with a closed vocabulary, beside clinics, services and the columns of administrations."""

NEVER_EMPTY = (
    "core_run",
    "core_clinic",
    "pub_metric",
    "pub_unit",
    "pub_run",
)


@dataclass(frozen=True)
class On:
    """Makes the expectations of one table."""

    database: str
    table: str

    def expect(
        self,
        name: str,
        column: str,
        words: str,
        check: Check,
        severity: str = CRITICAL,
        needs: Iterable[str] = (),
    ) -> Expectation:
        return Expectation(self.database, self.table, name, column, severity, words, check, tuple(needs))

    def never(
        self,
        name: str,
        words: str,
        where: str,
        column: str = "",
        severity: str = CRITICAL,
        needs: Iterable[str] = (),
    ) -> Expectation:
        """No row `t` for which the condition holds."""
        query = NoRows(f"SELECT 1 AS broken FROM {BATCH} WHERE {where}")
        return self.expect(name, column, words, query, severity, needs)

    def known(self, column: str, words: str, other: str, on: str, where: str = "true") -> Expectation:
        """Every row that the condition selects has its row in another table, as `o`."""
        missing = f"{where} AND NOT EXISTS (SELECT 1 FROM {other} AS o WHERE {on})"
        return self.never("known", words, missing, column, needs=(other,))

    def vocabulary(self, column: str, values: Iterable[str], severity: str = CRITICAL) -> Expectation:
        words = tuple(values)
        return self.expect("vocabulary", column, f"{column} is {in_words(words)}", OneOf(words), severity)


def declared(on: On, table: Table) -> Iterator[Expectation]:
    """What a table's declaration says: columns, key, required values, vocabularies, some rows."""
    yield columns(on, table)
    yield _unique(on, table.key)
    for column in table.columns:
        if not column.nullable:
            yield on.expect("not_null", column.name, f"{column.name} is never empty", NotNull())
        if words := WORDS.get((table.name, column.name)):
            yield on.vocabulary(column.name, words)
    if table.name in NEVER_EMPTY:
        yield on.expect("some_rows", "", "the table is not empty", SomeRows())


def columns(on: On, table: Table) -> Expectation:
    types = ", ".join(f"({literal(c.name)}, {literal(_type(c))})" for c in table.columns)
    found = f"SELECT column_name, data_type FROM {{batch}} WHERE table_name = {literal(table.name)}"
    wanted = f"SELECT * FROM (VALUES {types})"
    differ = f"(({found}) EXCEPT ({wanted})) UNION ALL (({wanted}) EXCEPT ({found}))"
    words = "the table has the declared columns, of the declared types, and no others"
    return on.expect("columns", "", words, Catalogue(f"SELECT 1 AS broken FROM ({differ})"))


def _type(column: Column) -> str:
    """An enumeration is a text with a vocabulary, which is checked by itself."""
    return "VARCHAR" if column.type.startswith("ENUM(") else column.type


def _unique(on: On, key: Sequence[str]) -> Expectation:
    columns = ", ".join(f'"{column}"' for column in key)
    query = f"SELECT 1 AS broken FROM {BATCH} GROUP BY {columns} HAVING count(*) > 1"
    words = f"no two rows have the same {', '.join(key)}"
    return on.expect("unique_key", key[0] if len(key) == 1 else "", words, NoRows(query))
