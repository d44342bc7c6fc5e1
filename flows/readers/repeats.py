"""Groups of questions asked several times, exported as a sheet of their own beneath that of the forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.readers.cell_text import Texts
from flows.readers.sheet_records import Row
from flows.readers.table import Broken
from schemas.dialect import REPEAT_NUMBER, Repeats
from schemas.errors import ExportRefused

DEEPEST = 10
"""Sheets beneath each other; more is a circle."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. rows: behind its header, all as wide as names; aliases: further names to positions.

    header: all header rows, as texts
    """

    names: list[str]
    aliases: Mapping[str, int]
    rows: Iterable[Row | Broken]
    header: Sequence[Sequence[str]] = ()


def with_parents(
    sheet: Sheet, repeats: Repeats, open_sheet: Callable[[str], Sheet], texts: Texts, depth: int = 0
) -> Sheet:
    """A sheet of repeats with the columns of the form that each belongs to; another sheet as it is.

    A name of both is the repeat's; the form's are also "parent/NAME". The last column, REPEAT_NUMBER, counts
    the repeats of one form from 1, in file order.

    open_sheet: a sheet by name; of "" the first
    raises ExportRefused: no_such_sheet, damaged_workbook for sheets beneath each other in a circle
    """
    if repeats.parent not in sheet.names:
        return sheet
    if depth > DEEPEST:
        raise ExportRefused("damaged_workbook")
    rows = list(sheet.rows)
    parent = with_parents(
        open_sheet(_parent_name(sheet, rows, repeats, texts)), repeats, open_sheet, texts, depth + 1
    )
    width = len(sheet.names)
    aliases = {name: at + width for name, at in parent.aliases.items()}
    aliases |= {f"parent/{name}": at + width for name, at in {**parent.aliases, **_places(parent)}.items()}
    return Sheet(
        [*sheet.names, *parent.names, REPEAT_NUMBER],
        {**aliases, **sheet.aliases},
        _joined(rows, sheet.names.index(repeats.parent), _by_index(parent, repeats, texts), texts),
    )


def _places(sheet: Sheet) -> dict[str, int]:
    return {name: at for at, name in reversed(list(enumerate(sheet.names)))}


def _parent_name(sheet: Sheet, rows: list[Row | Broken], repeats: Repeats, texts: Texts) -> str:
    """The sheet that the first row belongs to: all of a sheet belong to the same. "" where no row is."""
    at = _places(sheet).get(repeats.table)
    named = (texts.of(row[at]) for row in rows if not isinstance(row, Broken) and at is not None)
    return next((name for name in named if name), "")


def _by_index(parent: Sheet, repeats: Repeats, texts: Texts) -> dict[str, Row]:
    at = _places(parent).get(repeats.index)
    if at is None:
        raise ExportRefused("not_this_dialect")
    found = [row for row in parent.rows if not isinstance(row, Broken)]
    times = Counter(texts.of(row[at]) for row in found)
    return {index: row for row in found if (index := texts.of(row[at])) and times[index] == 1}


def _joined(
    rows: Iterable[Row | Broken], at: int, parents: Mapping[str, Row], texts: Texts
) -> Iterator[Row | Broken]:
    numbers: Counter[str] = Counter()
    for row in rows:
        index = "" if isinstance(row, Broken) else texts.of(row[at]) or ""
        if isinstance(row, Broken) or index not in parents:
            yield row if isinstance(row, Broken) else Broken("missing_parent")
        else:
            numbers[index] += 1
            yield [*row, *parents[index], numbers[index]]
