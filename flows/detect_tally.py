"""What the answers of one form in one file add up to: whole numbers.

Gathered batch by batch, merged in file order, kept in a part's counts: later files are compared with them
without any answer being read again. Of a small file they are as confidential as the answers beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.instrument import Instrument

Integers = npt.NDArray[np.int64]

CODES = 256
"""Codes an Int8 column can hold, the marks of missing and unreadable answers among them."""
LOWEST_ANSWER = -100
"""Marks lie below it: see flows.answers."""
CLIENTS_FROM = 5_000
"""Clients are counted among so many forms of each batch: a verdict needs no more."""
EXACT_FLOAT32 = 2**24
"""Whole numbers up to here are exact in single precision, and so are their sums."""


@dataclass(frozen=True)
class Tally:
    """Answers as given, not yet turned, in the form's smallest step.

    forms:    complete ones that would be scored; all that follows but `values` is about these
    clients:  different ones among them
    sums:     of each item
    products: [i][j], sums over forms of item i times item j
    values:   by item, how often each answer was given by any form that was read, out of range or not
    lines:    answer to the number of forms that give it to every item
    mirrors:  the same of forms that give it to every item but its opposite to every reversed one
    repeats:  forms equal to the one before, of another client, and no straight line
    """

    form_no: int
    instrument: str
    forms: int
    clients: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]
    values: tuple[Mapping[int, int], ...]
    lines: Mapping[int, int]
    mirrors: Mapping[int, int]
    repeats: int

    def as_json(self) -> dict[str, Any]:
        """The products are symmetric: from the diagonal on, they say all."""
        return {**vars(self), "products": [row[at:] for at, row in enumerate(self.products)]}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Tally:
        """The tally that `as_json` wrote."""
        upper = [[0] * at + list(row) for at, row in enumerate(raw["products"])]
        places = range(len(upper))
        return cls(
            **{
                **raw,
                "sums": tuple(raw["sums"]),
                "products": tuple(tuple(upper[min(i, j)][max(i, j)] for j in places) for i in places),
                "values": tuple(_numbered(counts) for counts in raw["values"]),
                "lines": _numbered(raw["lines"]),
                "mirrors": _numbered(raw["mirrors"]),
            }
        )

    def without_lines(self, instrument: Instrument) -> Tally:
        """The same forms but those that are one line, as marked or as scored."""
        sums, products = np.array(self.sums, dtype=object), np.array(self.products, dtype=object)
        left = self.forms
        for counts, mirrored in ((self.lines, False), (self.mirrors, True)):
            for answer, n in counts.items():
                form = np.array(_line(instrument, answer, mirrored), dtype=object)
                sums, products, left = sums - n * form, products - n * np.outer(form, form), left - n
        return Tally(
            **{
                **vars(self),
                "forms": left,
                "clients": min(left, self.clients),
                "sums": tuple(sums.tolist()),
                "products": tuple(map(tuple, products.tolist())),
                "lines": {},
                "mirrors": {},
            }
        )


def _line(instrument: Instrument, answer: int, mirrored: bool) -> list[int]:
    """A form that gives one answer to every item, or its opposite to the reversed ones."""
    turned = instrument.reverse if mirrored else ()
    return [opposite(instrument, item, answer) if item in turned else answer for item in instrument.items]


def opposite(instrument: Instrument, item: int, answer: int) -> int:
    """What an answer to an item is turned to."""
    response = instrument.response_of(item)
    return response.step_min + response.step_max - answer


def _numbered(counts: Mapping[Any, int]) -> dict[int, int]:
    """JSON writes numbers that are keys as texts."""
    return {int(code): n for code, n in counts.items()}


def pooled(tallies: Sequence[Tally]) -> Tally:
    """The same form in several files as if it were one. Clients are counted file by file."""
    first = tallies[0]
    return Tally(
        form_no=first.form_no,
        instrument=first.instrument,
        forms=sum(one.forms for one in tallies),
        clients=sum(one.clients for one in tallies),
        sums=_added(one.sums for one in tallies),
        products=tuple(_added(rows) for rows in zip(*(one.products for one in tallies), strict=True)),
        values=tuple(_counted(counts) for counts in zip(*(one.values for one in tallies), strict=True)),
        lines=_counted([one.lines for one in tallies]),
        mirrors=_counted([one.mirrors for one in tallies]),
        repeats=sum(one.repeats for one in tallies),
    )


def _added(rows: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _counted(counts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for one in counts:
        for code, n in one.items():
            total[code] = total.get(code, 0) + n
    return dict(sorted(total.items()))


@dataclass
class Gathered:
    """A tally on its way, with what merging needs: the keys of clients, and the first and the last form."""

    form_no: int
    instrument: str
    forms: int
    keys: npt.NDArray[np.uint64]
    sums: Integers
    products: Integers
    values: Integers
    lines: Integers
    mirrors: Integers
    repeats: int
    ends: tuple[tuple[int, ...], tuple[int, ...]] | None

    def merge(self, later: Gathered) -> Gathered:
        """This and the next batch of the same file."""
        ends = self.ends or later.ends
        across = 0
        if self.ends and later.ends:
            across = int(_repeats(self.ends[1], later.ends[0]))
            ends = (self.ends[0], later.ends[1])
        return Gathered(
            self.form_no,
            self.instrument,
            self.forms + later.forms,
            np.union1d(self.keys, later.keys),
            self.sums + later.sums,
            self.products + later.products,
            self.values + later.values,
            self.lines + later.lines,
            self.mirrors + later.mirrors,
            self.repeats + later.repeats + across,
            ends,
        )

    def tally(self) -> Tally:
        return Tally(
            form_no=self.form_no,
            instrument=self.instrument,
            forms=self.forms,
            clients=len(self.keys),
            sums=tuple(self.sums.tolist()),
            products=tuple(map(tuple, self.products.tolist())),
            values=tuple(_sparse(counts) for counts in self.values),
            lines=_sparse(self.lines),
            mirrors=_sparse(self.mirrors),
            repeats=self.repeats,
        )


def _repeats(before: tuple[int, ...], form: tuple[int, ...]) -> bool:
    """Rows are answers and, at the end, the client."""
    return before[:-1] == form[:-1] and before[-1] != form[-1] and len(set(form[:-1])) > 1


def _sparse(counts: Integers) -> dict[int, int]:
    """Answer to its count; marks are no answers."""
    codes = (code for code in range(LOWEST_ANSWER, CODES // 2) if counts[code])
    return {code: int(counts[code]) for code in codes}


def gather(form_no: int, instrument: Instrument, read: pl.DataFrame, good: pl.DataFrame) -> Gathered:
    """One batch of one form.

    read: forms that were read, whatever their answers; good: those that will be scored.
    Both have client_key and the item columns, Int8 codes.
    """
    forms = _complete(good, instrument)
    answers = [forms[column].to_numpy() for column in instrument.item_columns]
    clients = forms["client_key"].to_numpy()
    matrix: npt.NDArray[Any] = np.array(answers, dtype=_precision(instrument, forms.height))
    line = _all([column == answers[0] for column in answers[1:]], forms.height)
    scored = _scored(instrument, answers)
    mirror = ~line & _all([column == scored[0] for column in scored[1:]], forms.height)
    same = _all([column[1:] == column[:-1] for column in answers], max(forms.height - 1, 0))
    return Gathered(
        form_no=form_no,
        instrument=instrument.id,
        forms=forms.height,
        keys=np.unique(clients[:CLIENTS_FROM]),
        sums=matrix.sum(axis=1, dtype=np.float64).astype(np.int64),
        products=(matrix @ matrix.T).astype(np.int64),
        values=np.stack([_codes(read[column].drop_nulls()) for column in instrument.item_columns]),
        lines=_codes(pl.Series(answers[0][line])),
        mirrors=_codes(pl.Series(scored[0][mirror])),
        repeats=int((same & ~line[1:] & (clients[1:] != clients[:-1])).sum()),
        ends=(_row(answers, clients, 0), _row(answers, clients, -1)) if forms.height else None,
    )


def _scored(instrument: Instrument, answers: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """The answers as a key turns them."""
    return [
        opposite(instrument, item, 0) - column if item in instrument.reverse else column
        for item, column in zip(instrument.items, answers, strict=True)
    ]


def _complete(good: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    """Forms with an answer to every item; marks of missing answers lie below any answer."""
    items = good.select("client_key", *instrument.item_columns)
    answered = items.select(
        pl.all_horizontal(pl.col(column) >= LOWEST_ANSWER for column in instrument.item_columns).fill_null(
            False
        )
    ).to_series()
    return items if answered.all() else items.filter(answered)


def _precision(instrument: Instrument, forms: int) -> type[np.float32 | np.float64]:
    """The narrowest type in which all sums of products are exact."""
    largest = max(abs(instrument.step_min), abs(instrument.step_max))
    return np.float32 if forms * largest**2 < EXACT_FLOAT32 else np.float64


def _all(masks: Sequence[npt.NDArray[np.bool_]], height: int) -> npt.NDArray[np.bool_]:
    found = np.ones(height, dtype=bool)
    for mask in masks:
        found &= mask
    return found


def _codes(cells: pl.Series) -> Integers:
    """Counts by code; negative codes count from the end, as Python's indices do."""
    return np.bincount(cells.to_numpy().view(np.uint8), minlength=CODES).astype(np.int64)


def _row(answers: Sequence[npt.NDArray[Any]], clients: npt.NDArray[Any], at: int) -> tuple[int, ...]:
    return (*(int(column[at]) for column in answers), int(clients[at]))
