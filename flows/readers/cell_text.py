"""Typed cells of workbooks as the text a person would read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

BLANK_ERRORS = frozenset({"#N/A", "#NULL!"})
"""Errors that stand for a missing value; the others say that a formula is wrong."""

INEXACT = "\0"
"""Instead of a number that a workbook cannot keep: it is not the one that was meant."""

MOST_EXACT = 2**53
"""From here on a workbook's numbers lose their last digits."""

_DIGITS = 15
"""Of a number, as many as a workbook shows."""

_HALF_SECOND = timedelta(microseconds=500_000)


class Texts:
    """Text of each cell of one file. mark: what stands before decimals."""

    def __init__(self, mark: str) -> None:
        self._numbers = _Numbers(mark)

    def of(self, value: object) -> str | None:
        """Text of one cell; INEXACT for a number that is too long."""
        if isinstance(value, str):
            return None if value in BLANK_ERRORS else value
        if isinstance(value, bool):
            return str(value)
        return self._numbers[value] if isinstance(value, float | int) else moment_text(value)

    def column(self, values: Sequence[object]) -> list[str | None]:
        """The same of many cells, those of BLANK_ERRORS as they are."""
        if set(map(type, values)) <= {str, float}:
            numbers = self._numbers
            return [v if type(v) is str else numbers[v] for v in values]  # type: ignore[index]  # what is no text here is a float
        return [self.of(value) for value in values]


class _Numbers(dict[float, str]):
    """Texts of numbers, each made once."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark

    def __missing__(self, value: float) -> str:
        text = self[value] = number_text(value, self._mark)
        return text


def number_text(value: float, mark: str) -> str:
    """Shortest text of a number, without exponent: 7, 0.3, -0.0000001."""
    if not abs(value) < MOST_EXACT:
        return INEXACT
    if value == int(value):
        return str(int(value))
    text = f"{value:.{_DIGITS}g}"
    if "e" in text:
        text = f"{value:.{_DIGITS - 1 - int(text.partition('e')[2])}f}".rstrip("0")
    return text.replace(".", mark)


def moment_text(value: object) -> str | None:
    """Dates and times as ISO 8601, to the second; a duration as hours, minutes and seconds."""
    if isinstance(value, datetime):
        return (value + _HALF_SECOND).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return None if value is None else str(value)
