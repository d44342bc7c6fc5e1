"""In which format a column writes its dates: told by what the texts prove, never by where one lives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_UNREADABLE = 0.2
"""Texts of a date column that may be no dates: there are mistyped ones."""

_NUMERIC = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
    r"(?:(?P<between>[ T])(?P<hour>\d{1,2}):\d{2}(?P<seconds>:\d{2})?(?P<fraction>\.\d{1,9})?"
    r"(?P<half> ?[AaPp][Mm])?)?(?P<zone> ?(?:[Zz]|[+-]\d{2}:?\d{2}))?"
)
_NAMED = re.compile(
    r"(?P<day>\d{1,2})(?P<mark>[- ])(?P<month>[A-Z][a-z]{2,8})(?P=mark)(?P<year>\d{4}|\d{2})"
    r"(?P<clock> \d{1,2}:\d{2}(?P<seconds>:\d{2})?)?"
)
_SHORT_MONTHS = frozenset("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())  # noqa: SIM905 - a list of words
_LAST_MONTH = 12
_YEAR_DIGITS = 4


@dataclass(frozen=True)
class Dates:
    """formats: strptime, one where the texts decide, two where day and month could be either.

    sure: whether the texts prove it; zoned: whether each has an offset
    """

    formats: tuple[str, ...]
    why: str
    sure: bool
    zoned: bool = False

    @property
    def ambiguous(self) -> bool:
        return len(self.formats) > 1


def read_dates(texts: Mapping[str, int]) -> Dates | None:
    """The format of a column's distinct texts with their counts; None where they are no dates."""
    total = sum(texts.values())
    shapes: Counter[str] = Counter()
    found: dict[str, list[tuple[re.Match[str], int]]] = {}
    for text, n in texts.items():
        if match := _NUMERIC.fullmatch(text) or _NAMED.fullmatch(text):
            shape = _shape(match)
            shapes[shape] += n
            found.setdefault(shape, []).append((match, n))
    if not total or shapes.total() < (1 - MOST_UNREADABLE) * total:
        return None
    shape, n = max(shapes.items(), key=lambda pair: (pair[1], pair[0]))
    if n < (1 - MOST_UNREADABLE) * total:
        return None
    zoned = shape.endswith("%z")
    if "{" not in shape:
        return Dates((shape,), "the year or the name of the month tells the order", True, zoned)
    return _ordered(shape, [match for match, _ in found[shape]], zoned)


def _shape(match: re.Match[str]) -> str:
    """strptime format with {a} and {b} where day and month are open."""
    part = match.groupdict()
    if "month" in part:
        month = "%b" if part["month"] in _SHORT_MONTHS else "%B"
        year = "%Y" if len(part["year"]) == _YEAR_DIGITS else "%y"
        clock = (" %H:%M:%S" if part["seconds"] else " %H:%M") if part["clock"] else ""
        return f"%d{part['mark']}{month}{part['mark']}{year}{clock}"
    mark = part["mark"]
    if len(part["a"]) == _YEAR_DIGITS:
        day = f"%Y{mark}%m{mark}%d"
    else:
        day = f"{{a}}{mark}{{b}}{mark}{'%Y' if len(part['c']) == _YEAR_DIGITS else '%y'}"
    return day + _clock(part)


def _clock(part: Mapping[str, str | None]) -> str:
    if not part["hour"]:
        return ""
    clock = ("%I" if part["half"] else "%H") + ":%M"
    clock += (":%S" if part["seconds"] else "") + (".%f" if part["fraction"] else "")
    if half := part["half"]:
        clock += " %p" if half.startswith(" ") else "%p"
    zone = part["zone"] or ""
    return f"{part['between']}{clock}" + ((" " if zone.startswith(" ") else "") + "%z" if zone else "")


def _ordered(shape: str, matches: Iterable[re.Match[str]], zoned: bool) -> Dates:
    """Day before month or after it, as the numbers above 12 prove."""
    pairs = [(int(match["a"]), int(match["b"])) for match in matches]
    first = sum(a > _LAST_MONTH >= b for a, b in pairs)
    second = sum(b > _LAST_MONTH >= a for a, b in pairs)
    day_first, month_first = shape.format(a="%d", b="%m"), shape.format(a="%m", b="%d")
    if first > 10 * second:
        return Dates(
            (day_first,), f"the first number is above 12 in {first} of {len(pairs)} dates", True, zoned
        )
    if second > 10 * first:
        why = f"the second number is above 12 in {second} of {len(pairs)} dates"
        return Dates((month_first,), why, True, zoned)
    if first or second:
        why = "some dates have the day first and some the month: ask who wrote the file"
    else:
        why = "no number is above 12, so day and month could be either"
    return Dates((day_first, month_first), why, False, zoned)
