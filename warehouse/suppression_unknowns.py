"""What is unknown of a block: running totals of each series and clinic, and of the sums behind means.

All is counted from a world that is known, the true one: an unknown is how far a running total is from the
truth. A cell is the difference of two of them, summed over its clinics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warehouse.suppression_block import Block
from warehouse.suppression_lines import Floats, Index, Lines
from warehouse.suppression_relations import Key, Relation


class Unknowns:
    """Numbers of the unknowns of a block.

    size: how many; floor: by unknown, how far it can fall below the truth
    start: by series and clinic, the first unknown of its running totals, by slot; -1 where it has none
    own: by series that does not add up, its unknowns by clinic and span
    of_sum: by figure and clinic, the first of a sum; first_sum: from here on unknowns are of sums, in scores
    untold: unknowns of series that no figure tells of, the last of `series`; their truth is not known
    truth, length: by series and clinic, the true running totals over all slots, and up to where figures go
    known: relations of the block; additive: quantities that add up over clinics and months
    """

    def __init__(self, block: Block, known: Sequence[Relation], additive: frozenset[str]) -> None:
        self.block, self.additive = block, additive
        self.slots = block.slots
        self.clinics = block.contains.shape[1]
        told = {key: number for number, key in enumerate(block.keys)}
        members = (key for one in known for key in (*one.parts, *one.less, one.whole))
        self.untold_keys = tuple(dict.fromkeys(key for key in members if key not in told))
        self.series: dict[Key, int] = told | {
            key: len(told) + number for number, key in enumerate(self.untold_keys)
        }
        self.size = 0
        self._floor: list[Floats] = []
        self._lines(len(told))
        self._apart()
        self.first_sum = self.size
        self._sums()
        self.floor = np.concatenate([*self._floor, np.zeros(0)])

    def _more(self, floor: Floats) -> int:
        self._floor.append(floor)
        self.size += len(floor)
        return self.size - len(floor)

    def _lines(self, told: int) -> None:
        self.start = np.full((len(self.series), self.clinics), -1, dtype=np.int64)
        self.truth: dict[tuple[int, int], Floats] = {}
        self.length: dict[tuple[int, int], int] = {}
        for key, number in self.series.items():
            for clinic in range(self.clinics) if number < told else ():
                line = self.block.running(number, clinic)
                if line is not None:
                    whole = np.concatenate([line, np.full(self.slots + 1 - len(line), line[-1])])
                    self.truth[number, clinic] = whole
                    self.length[number, clinic] = len(line) - 1
                    if key[0] in self.additive:
                        self.start[number, clinic] = self._more(-whole[1:])
        first = self.size
        for key in self.untold_keys:
            for clinic in range(self.clinics):
                self.start[self.series[key], clinic] = self._more(np.zeros(self.slots))
        self.untold = np.arange(first, self.size)

    def _apart(self) -> None:
        """What does not add up over time has an unknown for each cell of a clinic."""
        block, there = self.block, self.block.exists.reshape(self.block.shape)
        self.own: dict[int, Index] = {}
        for number, key in enumerate(block.keys):
            if key[0] in self.additive:
                continue
            places = np.full((self.clinics, block.shape[2]), -1, dtype=np.int64)
            for clinic in range(self.clinics):
                if (number, clinic) not in self.truth:
                    continue
                spans = np.flatnonzero(there[number, block.contains[:, clinic]].any(axis=0))
                counts = block.x.reshape(block.shape)[number, block.alone(clinic), spans].astype(np.float64)
                places[clinic, spans] = self._more(-counts) + np.arange(len(spans))
            self.own[number] = places

    def _sums(self) -> None:
        """By figure of means and clinic, where the running totals of its sum begin."""
        block, rows = self.block, self.block.rows
        self.of_sum: dict[tuple[str, int], int] = {}
        self.term_of_sum: dict[str, int] = {}
        for row in np.flatnonzero(rows.mean):
            self.term_of_sum.setdefault(str(rows.figure[row]), int(rows.term_d[row]))
        for figure in self.term_of_sum:
            for clinic in range(self.clinics):
                if block.running_sum(figure, clinic) is not None:
                    self.of_sum[figure, clinic] = self._more(np.full(self.slots, -np.inf))

    # -- cells -------------------------------------------------------------------------------------

    def put_cells(self, lines: Lines, rows: Index, cells: Index, factor: Floats | float = 1.0) -> None:
        """Into each row how far a cell is from its base; of a complement that of whole less part."""
        block = self.block
        factors = np.broadcast_to(np.asarray(factor, dtype=np.float64), len(rows))
        term, rest = np.divmod(cells, block.square)
        group, span = np.divmod(rest, block.shape[2])
        for complement, (part, whole) in block.pairs.items():
            mine = term == complement
            if mine.any():
                at = rest[mine]
                self.put_cells(lines, rows[mine], whole * block.square + at, factors[mine])
                self.put_cells(lines, rows[mine], part * block.square + at, -factors[mine])
        told = term < len(block.keys)
        rows, term, group, span = (one[told] for one in (rows, term, group, span))
        factors = factors[told]
        for clinic in range(self.clinics):
            mine = block.contains[group, clinic]
            if mine.any():
                self._put_clinic(lines, clinic, rows[mine], term[mine], span[mine], factors[mine])

    def _put_clinic(
        self, lines: Lines, clinic: int, rows: Index, term: Index, span: Index, factors: Floats
    ) -> None:
        start = self.start[term, clinic]
        self.put_spans(lines, rows, start, self.block.spans[span, 0], self.block.spans[span, 1], factors)
        for number, places in self.own.items():
            mine = term == number
            lines.put(rows[mine], places[clinic, span[mine]], factors[mine])

    def put_spans(
        self, lines: Lines, rows: Index, start: Index | int, a: Index, b: Index, factor: Floats | float
    ) -> None:
        """Into each row what came between two slots, of running totals that begin at start; -1 is none."""
        factors = np.broadcast_to(np.asarray(factor, dtype=np.float64), len(rows))
        lines.put(rows, np.where(start >= 0, start + b - 1, -1), factors)
        lines.put(rows, np.where((start >= 0) & (a > 0), start + a - 1, -1), -factors)
