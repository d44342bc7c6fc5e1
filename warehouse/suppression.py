"""Secondary suppression: hide as little more as it takes that nothing told narrows a protected cell.

For each protected cell there must be a world with one person (or none) in it, and one with threshold - 1,
that fits all that is told. Of each the nearest to the truth is looked for that contradicts what is told as
little as can be (`suppression_worlds`); what it contradicts is hidden. Hiding only ever loosens what is
known, so a world once found stays one, and the worlds found are the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import NamedTuple

import numpy as np

from schemas.quantities import Quantities
from warehouse.suppression_block import Block
from warehouse.suppression_lines import Floats, Index, Lines, Matrix
from warehouse.suppression_programme import Programme, programme
from warehouse.suppression_relations import Relation, relations
from warehouse.suppression_unknowns import Unknowns
from warehouse.suppression_worlds import TOLERANCE, World, Worlds

REWEIGHTED = 0.2
"""A second look for a world makes cheaper what the first one contradicts much: fewer contradictions, not
smaller."""

FIRST, LONG, NEAR = (0.1, 150), (0.1, 8_000), (50.0, 200_000)
"""How a world is looked for: what it costs to be one person away from the truth, beside what is hidden, and
how many steps it may take. The less it may be away the sooner it is found, and the more is hidden."""

LONG_STEPS, OF_EACH = 50_000, 150
"""Steps that the long looks of a block may take in all, and for each protected cell; then come the near
ones."""

STEPS = 50_000_000
"""Steps that a block may take for each of the other two."""


@dataclass
class Account:
    """How it was done: for the record.

    protected: cells; worlds: looked for; steps: iterations of the solver; near: worlds left to the near look,
        past the limit of steps; fallback: blocks of which nothing is told
    unprotected: block, cell and sign of what no hiding can bring about, since it was told before
    """

    protected: int = 0
    worlds: int = 0
    steps: int = 0
    near: int = 0
    fallback: int = 0
    unprotected: set[tuple[int, int, int]] = field(default_factory=set)

    def words(self) -> str:
        return (
            f"{self.protected} protected cells, {self.worlds} worlds looked for in {self.steps} steps; "
            f"past the limit of steps {self.near}, "
            f"groups of figures of which nothing is told: {self.fallback}"
        )


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


def _matrix(unknowns: Unknowns, cells: Index) -> Matrix:
    """Cells as rows of unknowns."""
    lines = Lines()
    unknowns.put_cells(lines, lines.more(-np.inf, np.inf, len(cells)), cells)
    return lines.matrix(unknowns.size)


class Ask(NamedTuple):
    """A protected cell, by its number, and whether a world is to count more in it (1) or fewer (-1)."""

    number: int
    sign: int


class _Search:
    """cells: those that are protected; asked: their rows, as scipy CSR array."""

    def __init__(
        self, block: Block, programme: Programme, asked: Matrix, cells: Index, account: Account
    ) -> None:
        self.block, self.programme, self.account, self.cells = block, programme, account, cells
        self.worlds = Worlds(programme)
        self.asked = asked
        self.asked_by_column = asked.tocsc()
        count, most = block.x[cells].astype(np.float64), block.policy.threshold - 1
        # How many more are asked for, and how many fewer.
        self.more, self.fewer = most - count, count - 1
        self.has_more, self.has_fewer = self.more <= 0, self.fewer <= 0
        self.missed: list[Ask] = []

    def run(self) -> None:
        """First what is soon found, then what takes longer, and past the limit of steps what is near."""
        late = [Ask(number, sign) for number in range(len(self.cells)) for sign in (1, -1)]
        late = self._look(FIRST, late, STEPS)
        late = self._look(LONG, late, min(LONG_STEPS, OF_EACH * len(self.cells)))
        self.account.near += len(late)
        late = self._look(NEAR, late, STEPS)
        if late or (self.missed and not self.block.has_history()):
            self._hide_all()
        elif self.missed:
            place = int(self.block.rows.place[0])
            self.account.unprotected |= {
                (place, int(self.cells[ask.number]), ask.sign) for ask in self.missed
            }
        self.account.steps += self.worlds.steps

    def _look(self, how: tuple[float, int], asks: Sequence[Ask], steps: int) -> list[Ask]:
        """Asks that are not answered after all were looked for in this way, or so many steps were taken."""
        self.worlds.look(*how)
        end, late = self.worlds.steps + steps, []
        for ask in asks:
            if not self._has(ask) and (self.worlds.steps >= end or not self._answer(ask)):
                late.append(ask)
        return late

    def _has(self, ask: Ask) -> bool:
        return bool((self.has_more if ask.sign > 0 else self.has_fewer)[ask.number])

    def _answer(self, ask: Ask) -> bool:
        """Look for a world for a cell; whether the look came to an end."""
        row = self.asked[[ask.number]]
        by = (self.more if ask.sign > 0 else self.fewer)[ask.number]
        self.worlds.ask(row.indices.astype(np.int64), ask.sign * row.data, float(by))
        world = self._world()
        if world is None:
            return False
        # Where what was told before leaves no world, that which comes nearest is kept open.
        self._hide(world)
        self._mark(world)
        if not self._has(ask):
            self.missed.append(ask)
        return True

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

    def _hide_all(self) -> None:
        """The fallback: of a block whose worlds were not found nothing more is told."""
        self.account.fallback += 1
        self.block.hide_rows(np.flatnonzero(self.block.shown()))
