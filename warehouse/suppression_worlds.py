"""Worlds by linear programming: those nearest to the truth in which one cell counts what it is asked to.

A world changes little, so few rows bind it. A programme begins with no row but what is asked; each row that
its answer breaks is added, with its unknowns, and it is solved again from where it was. What it ends with
breaks no row of the whole programme that is not paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from warehouse.suppression_block import Flags
from warehouse.suppression_lines import Floats, Index
from warehouse.suppression_programme import Programme

TOLERANCE = 1e-6

DEAR = 1e6
"""What it costs not to count what is asked: more than anything that can be hidden."""

SCORES = 20
"""So many scores away from the truth are like one person."""

IN_HAND = 600
"""Rows beyond which a programme is begun anew."""

DUAL, PRIMAL = 1, 4
"""Ways of the solver: after rows have come, and after prices have changed."""


@dataclass(frozen=True)
class World:
    """How far unknowns are from the truth, of those that are; and what is contradicted.

    columns, by: unknowns and differences; broken, much: numbers of what is told (from 0), and by how much
    """

    columns: Index
    by: Floats
    broken: Index
    much: Floats


class Worlds:
    """A programme of which few rows are in hand.

    told: by number of what is told, whether it is still; steps: iterations so far; limit: for one world
    """

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.told: Flags = np.ones(len(programme.cell), dtype=bool)
        self.steps = 0
        self._matrix, self._by_column = programme.matrix, programme.matrix.tocsc()
        self._value = np.zeros(programme.matrix.shape[0])
        self.look(0.0, 0)

    def look(self, far: float, limit: int) -> None:
        """From now on: the price of being one person away from the truth, and the steps a world may take."""
        self._far, self.limit = far, limit
        self._begin()

    def _begin(self) -> None:
        from highspy import Highs

        self._highs: Any = Highs()
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("presolve", "off"),
            ("random_seed", 0),
        ):
            self._highs.setOptionValue(name, value)
        self._local = np.full(len(self.programme.floor), -1, dtype=np.int64)
        self._unknowns: Index = np.zeros(0, dtype=np.int64)
        self._places: Index = np.zeros(0, dtype=np.int64)
        self._row = np.full(self._matrix.shape[0], -1, dtype=np.int64)
        self._slack: dict[int, int] = {}
        self._rows = self._columns = 0
        self._asked = -1

    # -- rows in hand ------------------------------------------------------------------------------

    def _take(self, unknowns: Index) -> None:
        """Unknowns as two columns each: how far above the truth, and how far below."""
        new = np.unique(unknowns[self._local[unknowns] < 0])
        if not len(new):
            return
        cost = np.repeat(np.where(new >= self.programme.sums, self._far / SCORES, self._far), 2)
        high = np.stack([np.full(len(new), np.inf), -self.programme.floor[new]], axis=1).reshape(-1)
        none = np.zeros(0, dtype=np.int32)
        self._highs.addCols(len(cost), cost, np.zeros(len(cost)), high, 0, none, none, np.zeros(0))
        self._local[new] = self._columns + 2 * np.arange(len(new))
        self._columns += len(cost)
        self._places = np.append(self._places, self._local[new])
        self._unknowns = np.append(self._unknowns, new)

    def _add(self, low: Floats, high: Floats, ends: Index, unknowns: Index, factors: Floats) -> int:
        """Rows at the end; the number of the first."""
        self._take(unknowns)
        places = self._local[unknowns]
        both = np.stack([places, places + 1], axis=1).reshape(-1).astype(np.int32)
        signed = np.stack([factors, -factors], axis=1).reshape(-1)
        starts = (2 * ends[:-1]).astype(np.int32)
        self._highs.addRows(len(low), low, high, len(both), starts, both, signed)
        self._rows += len(low)
        return self._rows - len(low)

    def _add_rows(self, rows: Index, price: Floats) -> None:
        part = self._matrix[rows]
        low, high = self.programme.low[rows], self.programme.high[rows]
        first = self._add(low, high, part.indptr, part.indices, part.data)
        self._row[rows] = first + np.arange(len(rows))
        for row in rows[rows >= self.programme.soft]:
            self._give(int(self._row[row]), float(price[row - self.programme.soft]), int(row))

    def _give(self, place: int, cost: float, row: int = -1) -> None:
        """Two columns by which a row in hand may be missed, above and below."""
        for sign in (1.0, -1.0):
            at = np.array([place], dtype=np.int32)
            self._highs.addCol(cost, 0.0, np.inf, 1, at, np.array([sign]))
        if row >= 0:
            self._slack[row] = self._columns
        self._columns += 2

    def _set_prices(self, price: Floats) -> None:
        soft = self.programme.soft
        rows = np.array(list(self._slack), dtype=np.int64)
        if len(rows):
            # What is told no longer binds nothing.
            first = np.array(list(self._slack.values()), dtype=np.int32)
            places = np.concatenate([first, first + 1]).astype(np.int32)
            cost = np.where(self.told[rows - soft], price[rows - soft], 0.0)
            self._highs.changeColsCost(len(places), places, np.concatenate([cost, cost]))

    # -- asking ------------------------------------------------------------------------------------

    def ask(self, unknowns: Index, factors: Floats, least: float) -> None:
        """From now on: the sum of these unknowns by these factors is at least so much, if it can be."""
        if self._rows > IN_HAND:
            self._begin()
        if self._asked >= 0:
            self._highs.changeRowBounds(self._asked, -np.inf, np.inf)
        ends = np.array([0, len(unknowns)])
        self._asked = self._add(np.array([least]), np.array([np.inf]), ends, unknowns, factors)
        self._give(self._asked, DEAR)

    def world(self, price: Floats, again: bool = False) -> World | None:
        """The world that counts what is asked at the least cost; None where it takes more steps than it may.

        price: of each that is told, for a violation of one
        again: the same was asked just now at other prices
        """
        self._set_prices(price)
        if not again:
            self._highs.clearSolver()
        self._highs.setOptionValue("simplex_strategy", PRIMAL if again else DUAL)
        end = self.steps + self.limit
        while True:
            if not self._run(end - self.steps):
                return None
            columns, by = self._solution()
            touched = self._touch(columns, by)
            over = np.maximum(
                self._value[touched] - self.programme.high[touched],
                self.programme.low[touched] - self._value[touched],
            )
            self._value[touched] = 0.0
            broken = touched[over > TOLERANCE]
            much = over[over > TOLERANCE]
            told = np.ones(len(broken), dtype=bool)
            said = broken >= self.programme.soft
            told[said] = self.told[broken[said] - self.programme.soft]
            broken, much = broken[told], much[told]
            missing = broken[self._row[broken] < 0]
            if not len(missing):
                soft = broken >= self.programme.soft
                return World(columns, by, broken[soft] - self.programme.soft, much[soft])
            self._add_rows(missing, price)
            self._highs.setOptionValue("simplex_strategy", DUAL)

    def _run(self, limit: int) -> bool:
        from highspy import HighsModelStatus

        if limit <= 0:
            return False
        self._highs.setOptionValue("simplex_iteration_limit", limit)
        self._highs.run()
        self.steps += int(self._highs.getInfo().simplex_iteration_count)
        return bool(self._highs.getModelStatus() == HighsModelStatus.kOptimal)

    def _solution(self) -> tuple[Index, Floats]:
        values = np.array(self._highs.getSolution().col_value)
        by = values[self._places] - values[self._places + 1]
        moved = np.abs(by) > TOLERANCE / 10
        return self._unknowns[moved], by[moved]

    def _touch(self, columns: Index, by: Floats) -> Index:
        """Rows of these unknowns, with the value of each in `_value`."""
        starts, ends = self._by_column.indptr[columns], self._by_column.indptr[columns + 1]
        length = ends - starts
        at = np.repeat(starts - np.concatenate([[0], np.cumsum(length)[:-1]]), length) + np.arange(
            length.sum()
        )
        rows = self._by_column.indices[at].astype(np.int64)
        np.add.at(self._value, rows, self._by_column.data[at] * np.repeat(by, length))
        return np.unique(rows)
