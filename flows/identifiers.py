"""What identifies people, at the door: by the names of an export's columns and by a look at its first cells.

A column that says what it holds, or that the feed drops, is simply not read. One that holds the like and
does not say so refuses the file: nobody knows what else of it nobody knows. No value is ever told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from flows.identifying import (
    are_births,
    are_identifiers,
    are_ids_of_people,
    are_places,
    are_sentences,
    years_of,
)
from flows.plan import Plan, unkeyed_names
from flows.read import Export
from schemas.errors import ExportRefused
from schemas.identifiers import FREE_TEXT, KEYED, holds_address, kind_of

LOOKED_AT = 2000
"""Records whose cells are looked at, of a file of any length."""

MOST_NAMED = 8
"""Columns that one warning names."""

MOST_WORDS = 4
"""Of a column's name with an address in it: a question may well say whom to write to."""


@dataclass(frozen=True)
class _Column:
    """A column by what is done with it. kind: what its name says of people; texts: its different cells.

    keyed, read: whether it is stored under a key, or read for anything else
    """

    name: str
    number: int
    kind: str | None
    keyed: bool
    read: bool
    dropped: bool
    dated: bool
    texts: frozenset[str]

    @property
    def shown(self) -> str:
        """Its name, or its number where the name itself would tell of somebody."""
        return f"no. {self.number}" if holds_address(self.name) or not self.name else self.name

    @property
    def ignored(self) -> bool:
        """Whether it is known to be unwanted, and left alone."""
        return not self.read and (self.dropped or self.keyed or self.kind is not None)

    @property
    def is_free_text(self) -> bool:
        """Whether people write in it, and the feed neither reads nor drops it."""
        if self.read or self.keyed or self.dropped:
            return False
        named = self.kind == FREE_TEXT and bool(self.texts)
        return named or (self.kind is None and are_sentences(self.texts))


def look(export: Export, plan: Plan) -> tuple[str, ...]:
    """Warnings, each a rule and the columns it is about, after a blank.

    raises ExportRefused: identifier_in_header, identifier_mapped, identifier_column
    """
    _refuse_addresses_in_header(export.names)
    columns = _columns(export, plan)
    for column in columns:
        if column.read and (column.dropped or column.kind):
            raise ExportRefused("identifier_mapped", column.name)
    if found := next(_unnamed(columns), None):
        raise ExportRefused("identifier_column", found.shown)
    return tuple(_warnings(plan, columns))


def _refuse_addresses_in_header(names: Sequence[str]) -> None:
    for number, name in enumerate(names, 1):
        if holds_address(name) and len(name.split()) <= MOST_WORDS:
            raise ExportRefused("identifier_in_header", f"no. {number}")


def _columns(export: Export, plan: Plan) -> list[_Column]:
    names = {export.positions[name]: name for name in reversed(export.names)}
    keyed = _places(export, (name for ours in KEYED for name in plan.columns.get(ours, ())))
    read = _places(export, unkeyed_names(plan))
    dropped = _places(export, plan.dialect.dropped(plan.feed)) | export.hidden
    dated = _places(export, _dates(plan))
    texts = _texts(export, names)
    return [
        _Column(name, at + 1, kind_of(name), at in keyed, at in read, at in dropped, at in dated, texts[at])
        for at, name in sorted(names.items())
    ]


def _places(export: Export, names: Iterator[str] | Sequence[str]) -> set[int]:
    return {export.position(name) for name in names if export.has(name)}


def _dates(plan: Plan) -> list[str]:
    """Columns that the feed says are dates of what was done."""
    names = [name for ours, theirs in plan.columns.items() if ours.endswith("_at") for name in theirs]
    return [*names, *(name for asked in plan.asked for name in asked.completed)]


def _texts(export: Export, places: Collection[int]) -> Mapping[int, frozenset[str]]:
    found = dict.fromkeys(places, frozenset[str]())
    for at, cells in enumerate(zip_longest(*export.sample(LOOKED_AT))):
        found[at] = frozenset(text.strip() for text in set(cells) if text) - {""}
    return found


def _unnamed(columns: Sequence[_Column]) -> Iterator[_Column]:
    """Columns that hold what identifies people and neither say so nor are dropped."""
    known = [column for column in columns if not column.ignored]
    newest = max((year for column in known for year in years_of(column.texts)), default=0)
    for number, column in enumerate(columns):
        if column.ignored or column.keyed:
            continue
        after = columns[number + 1].texts if number + 1 < len(columns) else ()
        born = not column.dated and are_births(column.texts, newest)
        if born or are_identifiers(column.texts) or are_places(column.texts, after):
            yield column


def _warnings(plan: Plan, columns: Sequence[_Column]) -> Iterator[str]:
    clients = [column for column in columns if column.name in plan.columns.get("client", ())]
    if numbered := [column.shown for column in clients if are_ids_of_people(column.texts)]:
        yield f"client_id_is_identifier {_listed(numbered)}"
    if told := [column.shown for column in columns if column.is_free_text]:
        yield f"free_text_column {_listed(told)}"


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], *([f"and {rest} more"] if rest > 0 else [])])
