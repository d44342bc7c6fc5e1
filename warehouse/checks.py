"""Kinds of expectation on a table, as data, and each as one of Great Expectations.

Great Expectations takes seconds to import: `great_expectations_of` does so when called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any

CRITICAL, WARNING = "critical", "warning"
WAREHOUSE, PUBLISHED_FILE = "warehouse", "published"

BATCH = "(SELECT * FROM {batch}) AS t"
"""The table in a query, as t, whether or not Great Expectations gives it an alias of its own."""

COLUMNS_OF_DATABASE = (
    "SELECT schema_name, table_name, column_name,"
    " if(starts_with(data_type, 'ENUM('), 'VARCHAR', data_type) AS data_type FROM duckdb_columns()"
    " WHERE NOT internal AND database_name = current_database()"
)


@dataclass(frozen=True)
class NotNull:
    """Every row has a value."""


@dataclass(frozen=True)
class OneOf:
    """Every value, where there is one, is listed."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Between:
    """Every value, where there is one, lies in the range; None: open above."""

    low: Decimal | int
    high: Decimal | int | None = None


@dataclass(frozen=True)
class SomeRows:
    """The table is not empty."""


@dataclass(frozen=True)
class NoRows:
    """The query gives no row. {batch} stands for the table; the query selects constants only, so
    that no value of the data ever leaves the database."""

    sql: str


@dataclass(frozen=True)
class Catalogue(NoRows):
    """As NoRows, with COLUMNS_OF_DATABASE as {batch}."""


Check = NotNull | OneOf | Between | SomeRows | NoRows


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold of one table of one database.

    name:  what kind of expectation, the same word in every table
    words: the expectation as a sentence; never a value of the data
    needs: further tables that the query reads
    """

    database: str
    table: str
    name: str
    column: str
    severity: str
    words: str
    check: Check
    needs: tuple[str, ...] = ()


def literal(value: str | dt.date) -> str:
    """A value as an SQL literal that neither the formatter nor the statement's parameters touch."""
    text = str(value).replace("'", "''").replace("{", "{{").replace("}", "}}").replace(":", "\\:")
    return f"DATE '{text}'" if isinstance(value, dt.date) else f"'{text}'"


def listed(values: Iterable[str]) -> str:
    """Values as the inside of an SQL IN list."""
    return ", ".join(literal(value) for value in values)


def in_words(values: Sequence[object]) -> str:
    """a, b or c."""
    texts = [str(value) or "empty" for value in values]
    return " or ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:]))) if texts else "nothing"


def counting_query(expectation: Expectation) -> str:
    """SQL a person can run on the refused file: how many rows break the expectation."""
    column, table = f'"{expectation.column}"', f'"{expectation.table}"'
    match expectation.check:
        case NotNull():
            where = f"{column} IS NULL"
        case OneOf(values):
            where = f"{column} NOT IN ({', '.join(_plain(value) for value in values)})"
        case Between(low, high):
            where = f"{column} < {low}" + (f" OR {column} > {high}" if high is not None else "")
        case SomeRows():
            return f"SELECT count(*) FROM {table}"
        case Catalogue(sql):
            return _counted(sql, f"({COLUMNS_OF_DATABASE})")
        case NoRows(sql):
            return _counted(sql, table)
    return f"SELECT count(*) FROM {table} WHERE {where}"


def _plain(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _counted(sql: str, batch: str) -> str:
    return f"SELECT count(*) FROM ({sql.format(batch=batch)})".replace("\\:", ":")


def great_expectations_of(expectations: Sequence[Expectation]) -> list[Any]:
    """The same for Great Expectations, in order; meta["place"] is the place in the sequence."""
    gxe = import_module("great_expectations.expectations")

    def one(place: int, expectation: Expectation) -> object:
        common = {
            "severity": expectation.severity,
            "meta": {"place": place, "severity": expectation.severity},
        }
        column = expectation.column
        match expectation.check:
            case NotNull():
                return gxe.ExpectColumnValuesToNotBeNull(column=column, **common)
            case OneOf(values):
                return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values), **common)
            case Between(low, high):
                ends = {"min_value": _number(low), "max_value": None if high is None else _number(high)}
                return gxe.ExpectColumnValuesToBeBetween(column=column, **ends, **common)
            case SomeRows():
                return gxe.ExpectTableRowCountToBeBetween(min_value=1, **common)
            case NoRows(sql):
                return gxe.UnexpectedRowsExpectation(unexpected_rows_query=sql, **common)

    return [one(place, expectation) for place, expectation in enumerate(expectations)]


def _number(value: Decimal | int) -> int | float:
    return int(value) if value == int(value) else float(value)
