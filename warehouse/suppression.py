"""Secondary suppression: hide as little more as it takes that nothing told narrows a protected cell.

For each protected cell there must be a world with one person (or none) in it, and one with threshold - 1, that
fits all that is told. Of each the nearest to the truth is looked for that contradicts what is told as little as can
be (`suppression_worlds`); what it contradicts is hidden. Hiding only ever loosens what is known, so a world once
found stays one, and the worlds found are the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np

from schemas.quantities import Quantities
from warehouse.suppression_block import Block
from warehouse.suppression_lines import Floats, Index, Lines
from warehouse.suppression_programme import Programme, programme
from warehouse.suppression_relations import Relation, relations
from warehouse.suppression_unknowns import Unknowns
from warehouse.suppression_worlds import TOLERANCE, World, Worlds

REWEIGHTED = 0.2
"""A second look for a world makes cheaper what the first one contradicts much: fewer contradictions, not smaller."""

FIRST, LONG, NEAR = (0.5, 300), (0.5, 8_000), (50.0, 200_000)
"""How a world is looked for: what it costs to be one person away from the truth, beside what is hidden, and how many
steps it may take. The less it may be away the sooner it is found, and the more is hidden."""

STEPS = 50_000_000
"""Steps that a block may take in all for each of the other ways."""

LONG_STEPS, OF_EACH = 400_000, 150
"""Steps that the long looks of a block may take in all, and for each protected cell; after that come the near ones."""


@dataclass
class Account:
    """How it was done: for the record.

    protected: cells; worlds: looked for; steps: iterations of the solver; near: worlds left to the near look, past the
        limit of steps; fallback: blocks of which nothing is told
    unprotected: block, cell and sign of what no hiding can bring about, since it was told before
    """

    protected: int = 0
    worlds: int = 0
    steps: int = 0
    near: int = 0
    fallback: int = 0
    unprotected: set[tuple[int, int, int]] = field(default_factory=set)


def settle(block: Block, quantities: Quantities, account: Account) -> None:
    """Hide rows of the block until every protected cell has its worlds."""
    cells = block.protected()
    account.protected += len(cells)
    if not len(cells):
        return
    known = [*relations(block.keys, quantities), *_ordered(block, quantities)]
    additive = frozenset(one.id for one in quantities.quantities if one.additive)
    unknowns = Unknowns(block, known, additive)
    _Search(block, programme(block, unknowns, known), _matrix(unknowns, cells), cells, account).run()


def _ordered(block: Block, quantities: Quantities) -> Iterator[Relation]:
    """Of quantities that have an order of size the one that is so in truth."""
    place = {key: number for number, key in enumerate(block.keys)}
    for order in quantities.ordered:
        keys = [key for key in block.keys if key[0] in order.quantities]
        for one, other in permutations(keys, 2):
            if one[1:] == other[1:] and _never_more(block, place[one], place[other]):
                yield Relation((one,), (), other, False)


def _never_more(block: Block, part: int, whole: int) -> bool:
    for clinic in range(block.contains.shape[1]):
        one, other = block.running(part, clinic), block.running(whole, clinic)
        if one is not None and other is not None and (np.diff(one) > np.diff(other)).any():
            return False
    return True


def _matrix(unknowns: Unknowns, cells: Index) -> Any:
    """Cells as rows of unknowns."""
    lines = Lines()
    unknowns.put_cells(lines, lines.more(-np.inf, np.inf, len(cells)), cells)
    return lines.matrix(unknowns.size)


class _Search:
    """cells: those that are protected; asked: their rows, as scipy CSR array."""

    def __init__(
        self, block: Block, programme: Programme, asked: Any, cells: Index, account: Account
    ) -> None:
        self.block, self.programme, self.account, self.cells = block, programme, account, cells
        self.worlds = Worlds(programme)
        self.asked = asked
        self.asked_by_column = asked.tocsc()
        count, most = block.x[cells].astype(np.float64), block.policy.threshold - 1
        # How many more are asked for, and how many fewer.
        self.more, self.fewer = most - count, count - 1
        self.has_more, self.has_fewer = self.more <= 0, self.fewer <= 0

    def run(self) -> None:
        """First all that is soon found, then what takes longer; past the limit of steps the near worlds, that hide more."""
        late = [(number, sign) for number in range(len(self.cells)) for sign in (1.0, -1.0)]
        late = self._look(FIRST, late, STEPS)
        late = self._look(LONG, late, min(LONG_STEPS, OF_EACH * len(self.cells)))
        self.account.near += len(late)
        if self._look(NEAR, late, STEPS):
            self._give_up()
        self.account.steps += self.worlds.steps

    def _look(self, how: tuple[float, int], asks: list[tuple[int, float]], steps: int) -> list[tuple[int, float]]:
        """Asks that are not met after all were looked for in this way, or so many steps taken."""
        self.worlds.look(*how)
        end, late = self.worlds.steps + steps, []
        for number, sign in asks:
            if self.worlds.steps >= end or not self._meet(number, sign):
                late.append((number, sign))
        return late

    def _meet(self, number: int, sign: float) -> bool:
        """Whether it is known by now if there is a world for a cell."""
        has, by = (self.has_more, self.more) if sign > 0 else (self.has_fewer, self.fewer)
        if has[number]:
            return True
        row = self.asked[[number]]
        self.worlds.ask(row.indices.astype(np.int64), sign * row.data, float(by[number]))
        world = self._world()
        if world is None:
            return False
        if self._is_met(number, sign, world):
            self._hide(world)
            self._mark(world)
        else:
            # What is hard, as what earlier releases told, leaves no such world, whatever is hidden.
            self.account.unprotected.add((int(self.block.rows.place[0]), int(self.cells[number]), int(sign)))
        return True

    def _is_met(self, number: int, sign: float, world: World) -> bool:
        value = (self.asked_by_column[:, world.columns] @ world.by)[number]
        by = (self.more if sign > 0 else self.fewer)[number]
        return bool(sign * value >= by - 10 * TOLERANCE)

    def _world(self) -> World | None:
        """The best world for what is asked, at the present distance and limit of steps."""
        price, weight = self._prices(), self.programme.weight
        self.account.worlds += 1
        world = self.worlds.world(price / weight)
        if world is None or len(world.broken) < 2:
            return world
        dear = price / weight / REWEIGHTED
        much = world.much / weight[world.broken]
        dear[world.broken] = price[world.broken] / weight[world.broken] / (much + REWEIGHTED)
        self.account.worlds += 1
        again = self.worlds.world(dear, again=True)
        if again is None:
            return world
        return min((world, again), key=lambda one: float(price[one.broken].sum()))

    def _prices(self) -> Floats:
        """What is lost with each of what is told."""
        block, cell, row = self.block, self.programme.cell, self.programme.row
        return np.where(cell >= 0, block.cost[cell], block.rows.weight[row]).astype(np.float64)

    def _hide(self, world: World) -> None:
        if not len(world.broken):
            return
        block, cell, row = self.block, self.programme.cell, self.programme.row
        block.hide(cell[world.broken][cell[world.broken] >= 0])
        block.hide_rows(row[world.broken][row[world.broken] >= 0])
        self.worlds.told = np.where(cell >= 0, block.rounds[cell] > 0, block.shown()[row])

    def _mark(self, world: World) -> None:
        """All cells that this world is one for have theirs."""
        value = self.asked_by_column[:, world.columns] @ world.by
        self.has_more |= value >= self.more - 10 * TOLERANCE
        self.has_fewer |= -value >= self.fewer - 10 * TOLERANCE

    def _give_up(self) -> None:
        """The fallback: of a block whose worlds were not found in time nothing more is told."""
        self.account.fallback += 1
        self.block.hide_rows(np.flatnonzero(self.block.shown()))
