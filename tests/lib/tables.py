"""ASCII tables, as a manual prints them, to rows."""

from __future__ import annotations


def rows(table: str) -> list[dict[str, str]]:
    """Rows of a table whose first line names the columns and whose cells are parted by `|`."""
    head, *lines = [line for line in table.splitlines() if line.strip() and set(line) - set(" -+|")]
    names = cells(head)
    return [dict(zip(names, cells(line), strict=True)) for line in lines]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
