"""A table as data: name, grain, key, columns with type, unit and comment; and the DDL that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PACKED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "DECIMAL", "DATE", "TIMESTAMP", "ENUM")
"""Types stored bit-packed: DuckDB else tries every compression on every column, a quarter of the load."""


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, what it holds, its unit where it has one."""

    name: str
    type: str
    comment: str
    unit: str = ""
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """One table: what one row is, and the columns that tell rows apart, in digest order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def ddl(self) -> Iterator[str]:
        """CREATE TABLE and its comments, one statement each."""
        body = ", ".join(_column_ddl(column) for column in self.columns)
        yield f'CREATE TABLE "{self.name}" ({body})'
        yield f'COMMENT ON TABLE "{self.name}" IS {_literal("One row: " + self.grain)}'
        for column in self.columns:
            text = f"{column.comment} [{column.unit}]" if column.unit else column.comment
            yield f'COMMENT ON COLUMN "{self.name}"."{column.name}" IS {_literal(text)}'


def _column_ddl(column: Column) -> str:
    packed = " USING COMPRESSION bitpacking" if column.type.startswith(PACKED) else ""
    return f'"{column.name}" {column.type}{packed}{"" if column.nullable else " NOT NULL"}'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
