"""Which numbers of the count lines by feed are hidden, so that small ones do not follow from the others.

A line says received = accepted + quarantined + excluded + superseded, and the sums over all feeds are told
exactly. So one hidden number follows from its line, and a hidden line from the sums. A number of 1 to
threshold - 1 is protected: there must be other numbers that agree with all that is told, in which it is 1,
and others in which it is threshold - 1 (or the whole site's, where that is less: the site's is told).

Other numbers are made by moving records between hidden lines, or between fates of a hidden line, such that
no sum changes; nothing that is told is moved. Where too few could be moved, one more line is hidden, the
smallest first. With every line hidden no more is told than the site's sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHOWN, FATES_HIDDEN, ALL_HIDDEN = 0, 1, 2
"""Levels of a line. FATES_HIDDEN: all but received; what scores were compared is hidden with them."""


@dataclass(frozen=True)
class Line:
    """A count line: its fates; received is their sum.

    known: whether all its files were refused, which tells that no record counts
    """

    fates: tuple[int, ...]
    known: bool = False

    @property
    def received(self) -> int:
        return sum(self.fates)


def hidden_levels(lines: Sequence[Line], threshold: int) -> list[int]:
    """The level of each line, in order; equal lines are hidden in their order. Pure."""
    table = _Lines(lines, threshold)
    while (place := next(table.wanting(), None)) is not None:
        table.level[place] += 1
    return table.level


class _Lines:
    """Lines and their levels, while more are hidden."""

    def __init__(self, lines: Sequence[Line], threshold: int) -> None:
        self.lines = lines
        self.most = threshold - 1
        self.level = [self._own_level(line) for line in lines]
        # What is known to be nothing gives no line to move records to.
        live = [place for place, line in enumerate(lines) if not line.known]
        self.by_size = sorted(live, key=lambda place: lines[place].received)
        self.received = sum(line.received for line in lines)
        self.sums = [sum(column) for column in zip(*(line.fates for line in lines), strict=True)]

    def _small(self, count: int) -> bool:
        return 1 <= count <= self.most

    def _own_level(self, line: Line) -> int:
        if self._small(line.received):
            return ALL_HIDDEN
        return FATES_HIDDEN if any(map(self._small, line.fates)) else SHOWN

    def wanting(self) -> Iterator[int]:
        """Lines of which more is to be hidden, the first of them before all others; none once all holds."""
        for place in self._others(-1, FATES_HIDDEN):
            line = self.lines[place]
            if self._small(line.received):
                yield from self._received(place)
            for fate, count in enumerate(line.fates):
                if self._small(count):
                    yield from self._more(place, fate)
                    yield from self._fewer(place, fate)

    def _others(self, place: int, level: int) -> list[int]:
        """Other lines of this level at least, by size."""
        return [one for one in self.by_size if one != place and self.level[one] >= level]

    def _below(self, place: int, level: int, fate: int | None = None) -> Iterator[int]:
        """Other lines that are not of this level yet, by size; of a fate, those that have it."""
        for one in self.by_size:
            if one != place and self.level[one] < level and (fate is None or self.lines[one].fates[fate]):
                yield one

    def _received(self, place: int) -> Iterator[int]:
        """All of a line: another line takes what it has more than one of, and gives what it lacks."""
        count = self.lines[place].received
        givers = self._others(place, ALL_HIDDEN)
        lacks = min(self.most, self.received) - count
        if sum(self.lines[one].received for one in givers) < lacks or (count > 1 and not givers):
            yield from self._below(place, ALL_HIDDEN)

    def _more(self, place: int, fate: int) -> Iterator[int]:
        """A fate of a line, raised: others give of it, for another fate or for the line's received."""
        line = self.lines[place]
        lacks = min(self.most, self.sums[fate]) - line.fates[fate]
        if sum(self.lines[one].fates[fate] for one in self._others(place, FATES_HIDDEN)) < lacks:
            yield from self._below(place, FATES_HIDDEN, fate)
        if line.received - line.fates[fate] < lacks:
            yield from self._freed(place, lacks)

    def _fewer(self, place: int, fate: int) -> Iterator[int]:
        """A fate of a line, lowered: others take of it, and give of another fate, or grow as a whole."""
        surplus = self.lines[place].fates[fate] - 1
        if surplus <= self._elsewhere(self._others(place, FATES_HIDDEN), fate):
            return
        if surplus > 0 and not (self.level[place] == ALL_HIDDEN and self._others(place, ALL_HIDDEN)):
            yield from (one for one in self._below(place, FATES_HIDDEN) if self._elsewhere([one], fate))
            yield from self._freed(place, 0)

    def _elsewhere(self, places: Sequence[int], fate: int) -> int:
        """Records of these lines that have another fate."""
        return sum(self.lines[one].received - self.lines[one].fates[fate] for one in places)

    def _freed(self, place: int, lacks: int) -> Iterator[int]:
        """What to hide for the line's received to vary, by so many more; an only line is the site's."""
        if len(self.by_size) == 1:
            return
        if self.level[place] < ALL_HIDDEN:
            yield place
        givers = self._others(place, ALL_HIDDEN)
        if not givers or sum(self.lines[one].received for one in givers) < lacks:
            yield from self._below(place, ALL_HIDDEN)
