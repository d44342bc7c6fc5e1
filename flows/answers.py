"""Answer texts to item codes, by one rule for each distinct text.

Codes: the answer in the form's smallest step; null missing; REFUSED, NOT_SHOWN and
NOT_APPLICABLE kept apart; NOT_AN_ANSWER and TOO_FAR never pass validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from schemas.dialect import Dialect
from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN, REFUSED, Instrument
from schemas.site import Feed, FeedInstrument

NOT_AN_ANSWER, TOO_FAR = -128, -127
LOWEST, HIGHEST = -100, 127
"""Codes an Int8 can hold beside the marks above; a wider answer is TOO_FAR."""

_NUMBER = {mark: re.compile(rf"([+-]?)(\d+)(?:{re.escape(mark)}(\d*))?", re.ASCII) for mark in (".", ",")}
_LONGEST = 6
"""Digits of a number that is turned into an int; a longer one is too far anyway."""


def normalise(text: str, mark: str = ".") -> str:
    """The reading under which codes are compared: trimmed, case-folded, numbers in their shortest form.

    mark: what stands before decimals, "." or ","
    """
    trimmed = text.replace("\u00a0", " ").strip()
    match = _NUMBER[mark].fullmatch(trimmed)
    if match is None:
        return trimmed.casefold()
    whole, fraction = match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    size = f"{whole}{mark}{fraction}" if fraction else whole
    return f"-{size}" if match[1] == "-" and size != "0" else size


@dataclass(frozen=True)
class AnswerKey:
    """How one feed writes the answers of one instrument.

    texts:    normalised text to code, missing codes included (None is missing)
    closed:   whether only listed texts are answers, because a label is itself an integer
    plain:    whether no listed text reads as a number, so that numbers can be cast at once
    decimals: digits an answer may have after the mark; its code counts in the smallest step
    """

    texts: Mapping[str, int | None]
    closed: bool
    plain: bool
    decimals: int
    decimal_mark: str

    @property
    def whole_numbers(self) -> bool:
        """Whether a cell that reads as a whole number is that answer, whatever else is listed."""
        return self.plain and not self.decimals

    def code(self, text: str) -> int | None:
        """Code of one cell's text."""
        normal = normalise(text, self.decimal_mark)
        if normal == "":
            return None
        if normal in self.texts:
            return self.texts[normal]
        if self.closed or not _reads_as_number(normal, self.decimal_mark):
            return NOT_AN_ANSWER
        return self._steps(normal)

    def _steps(self, number: str) -> int:
        whole, _, fraction = number.partition(self.decimal_mark)
        if len(fraction) > self.decimals:
            return NOT_AN_ANSWER
        digits = whole + fraction.ljust(self.decimals, "0")
        return _fit(int(digits)) if len(digits) <= _LONGEST else TOO_FAR


def _fit(number: int) -> int:
    return number if LOWEST <= number <= HIGHEST else TOO_FAR


def answer_key(feed: Feed, asked: FeedInstrument, instrument: Instrument, dialect: Dialect) -> AnswerKey:
    """The key of one [[feeds.instruments]] table; a listed label wins over a missing code."""
    mark = feed.decimal or dialect.decimal
    texts: dict[str, int | None] = {}
    for listed, code in (
        ((*dialect.missing, *feed.missing, *asked.missing), None),
        ((*asked.not_shown, *dialect.not_shown), NOT_SHOWN),
        (asked.not_applicable, NOT_APPLICABLE),
        (asked.refused, REFUSED),
    ):
        texts |= {normalise(text, mark): code for text in listed}
    step = 10**instrument.response.decimals
    labels = {normalise(text, mark): _fit(code * step) for text, code in asked.labels.items()}
    return AnswerKey(
        texts=texts | labels,
        closed=any(_reads_as_number(text, mark) and mark not in text for text in labels),
        plain=not any(_reads_as_number(text, mark) for text in (*texts, *labels)),
        decimals=instrument.response.decimals,
        decimal_mark=mark,
    )


def _reads_as_number(normal: str, mark: str) -> bool:
    return _NUMBER[mark].fullmatch(normal) is not None


def codes(cells: pl.Series, key: AnswerKey) -> pl.Series:
    """Int8 codes of a column of cells (String, or Int16 of a plain key; blank is null).

    Whole numbers are cast at once where no listed text can be one; every other distinct text
    is read by `AnswerKey.code`, once.
    """
    if cells.dtype == pl.Int16:
        return _narrow(cells)
    if key.whole_numbers:
        numbers = cells.cast(pl.Int16, strict=False)
        if numbers.null_count() == cells.null_count():
            return _narrow(numbers)
        rest = cells.filter(numbers.is_null() & cells.is_not_null())
        return (
            pl.select(pl.coalesce(_narrow(numbers), _by_text(cells, rest, key)))
            .to_series()
            .rename(cells.name)
        )
    return _by_text(cells, cells, key)


def _narrow(numbers: pl.Series) -> pl.Series:
    fits = (numbers >= LOWEST) & (numbers <= HIGHEST)
    if not fits.all():
        numbers = pl.select(pl.when(fits | numbers.is_null()).then(numbers).otherwise(TOO_FAR)).to_series()
    return numbers.cast(pl.Int8)


def _by_text(cells: pl.Series, texts: pl.Series, key: AnswerKey) -> pl.Series:
    distinct = [text for text in texts.unique().to_list() if text is not None]
    table = {text: key.code(text) for text in distinct}
    return cells.replace_strict(table, default=None, return_dtype=pl.Int8)
