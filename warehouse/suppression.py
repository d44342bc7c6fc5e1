"""Secondary suppression: hide as little more as it takes that nothing told narrows a protected cell.

For each protected cell there must be a world with one person in it and one with threshold - 1, in which
all that is told is just as it is. Worlds are looked for as moves (`suppression_moves`); where none is
found, the cheapest cells that stand in the way of one are hidden (`suppression_network.cover`).
Hiding only ever loosens what is known, so that a world once found stays one: each cell is settled once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_block import Block, Saved
from warehouse.suppression_moves import (
    Carried,
    Effect,
    Entangled,
    Move,
    cells_at,
    effect,
    graph,
    price,
    take,
)
from warehouse.suppression_network import FREE, Cover, Matrix, Need, columns, cover, met, shortest

PARTNERS = 2
"""Clinics of the same service that are tried as the other side of a move; and as many of others."""

SOLVED = 40
"""Covers of one publication that the solver is asked for; later ones are the fallback's."""


Way = tuple[int, Entangled]
"""A clinic that moves, and the series that move with it."""

Step = tuple[Move, Effect, NDArray[np.int32], int]
"""A move, what it changes, its world, and by how much the asked cell comes nearer."""


@dataclass(frozen=True)
class Ask:
    """A world that must be: a protected cell with `amount` more (less, where negative) than it counts."""

    cell: int
    term: int
    group: int
    start: int
    stop: int
    amount: int


@dataclass
class Account:
    """How it was done: for the record, and so that limits are steps and not seconds."""

    protected: int = 0
    covers: int = 0
    solved: int = 0
    unprotected: set[int] = field(default_factory=set)


@dataclass
class Search:
    """Settles the protected cells of one block."""

    block: Block
    service: NDArray[np.int64]
    account: Account

    def __post_init__(self) -> None:
        self.carried = Carried(self.block)
        self.counts = self.block.x.reshape(self.block.shape)
        small = self.block.exists.reshape(self.block.shape) & self.block.policy.small(self.counts)
        self.few = small.sum(axis=(2, 3))

    def run(self) -> None:
        """First what needs nothing hidden and one move; then, one by one, the rest."""
        left = [(ask, self._ways(ask, ask.amount)) for ask in self._asks()]
        for turn in range(max((len(ways) for _, ways in left), default=0)):
            left = self._turn(left, turn)
        for ask, _ in sorted(left, key=lambda one: (-(one[0].stop - one[0].start), one[0].cell, one[0].amount)):
            self._climb(ask)

    def _climb(self, ask: Ask) -> None:
        """Reach the amount by one move after another; where none is left, hide what stands in the way."""
        taken: list[Saved] = []
        hidden: list[NDArray[np.int64]] = []
        left = ask.amount
        while left:
            step = self._step(ask, left) or self._forced(ask, left, hidden)
            if step is None:
                self.account.unprotected.add(ask.cell)
                break
            move, changed, world, done = step
            taken.append(take(self.block, move, changed, world))
            left -= done
        for saved in reversed(taken):
            self.block.give_back(saved)
        for cells in hidden:
            self.block.hide(cells)

    def _step(self, ask: Ask, left: int) -> Step | None:
        """The move that comes furthest as it is."""
        best: Step | None = None
        for move in self._choices(ask, left):
            changed = effect(self.block, move)
            paths = shortest(graph(self.block, move, changed))
            step = self._world(ask, left, move, changed, paths)
            if step and (best is None or abs(step[3]) > abs(best[3])):
                best = step
            if best and best[3] == left:
                break
        return best

    def _choices(self, ask: Ask, left: int) -> Iterator[Move]:
        """Moves to try: what must move with one more, and with all of them."""
        one = 1 if left > 0 else -1
        ways = list(dict.fromkeys([*self._ways(ask, left), *self._ways(ask, one)]))
        for way in ways:
            yield from self._moves(way)

    def _world(self, ask: Ask, left: int, move: Move, changed: Effect, paths: Matrix) -> Step | None:
        """A world of the move in which the cell comes as near to the amount as it can."""
        sign = changed.at(ask.term, ask.group)
        if abs(sign) != 1:
            return None
        more = left * sign
        source, target = (ask.start, ask.stop) if more > 0 else (ask.stop, ask.start)
        reach = min(int(paths[source, target]), abs(more))
        if not reach:
            return None
        # From source the shortest paths, cut at what is wanted: every bound holds, and D(source) is 0.
        world = np.minimum(paths[source], paths[target] + reach).astype(np.int32)
        world = np.minimum(world, FREE // 4)
        return move, changed, world - world[0], reach if left > 0 else -reach

    def _forced(self, ask: Ask, left: int, hidden: list[NDArray[np.int64]]) -> Step | None:
        """The move that costs least for each person it brings, and what it costs hidden."""
        best: tuple[float, Move, Effect, Need, Cover] | None = None
        for move in self._choices(ask, left):
            changed = effect(self.block, move)
            sign = changed.at(ask.term, ask.group)
            if abs(sign) != 1:
                continue
            freed = graph(self.block, move, changed, freed=True)
            more = left * sign
            ends = (ask.start, ask.stop) if more > 0 else (ask.stop, ask.start)
            reach = min(int(shortest(freed)[ends]), abs(more))
            for amount in {reach, 1} if reach else ():
                need = Need(ask.start, ask.stop, amount if more > 0 else 0, 0 if more > 0 else amount)
                found = self._cover(move, changed, freed, need, False)
                if found and (best is None or found.cost / amount < best[0]):
                    best = (found.cost / amount, move, changed, need, found)
        if best is None:
            return None
        _, move, changed, need, found = best
        self.account.covers += 1
        if self.account.covers <= SOLVED:
            freed = graph(self.block, move, changed, freed=True)
            better = self._cover(move, changed, freed, need, True)
            found = better or found
            self.account.solved += found.solved
        cells = cells_at(self.block, changed, sorted(found.edges))
        hidden.append(cells)
        self._loosen(cells)
        paths = shortest(graph(self.block, move, changed))
        return self._world(ask, left, move, changed, paths)

    def _loosen(self, cells: NDArray[np.int64]) -> None:
        """Bounds of hidden cells, until the moves taken are given back and the cells are hidden for good."""
        self.block.up[cells] = self.block.up_freed[cells]
        self.block.down[cells] = self.block.down_freed[cells]

    def _cover(self, move: Move, changed: Effect, freed: Matrix, need: Need, solve: bool) -> Cover | None:
        now = graph(self.block, move, changed)
        return cover(now, freed, price(self.block, changed), [need], solve)

    def _turn(self, asks: list[tuple[Ask, list[Way]]], turn: int) -> list[tuple[Ask, list[Way]]]:
        together: dict[Way, list[tuple[Ask, list[Way]]]] = {}
        left = []
        for ask, ways in asks:
            if turn < len(ways):
                together.setdefault(ways[turn], []).append((ask, ways))
            else:
                left.append((ask, ways))
        for way, group in sorted(together.items(), key=lambda one: one[0]):
            done = self._free(way, [ask for ask, _ in group])
            left += [one for one in group if one[0] not in done]
        return left

    def _asks(self) -> Iterator[Ask]:
        block = self.block
        most = block.policy.threshold - 1
        for cell in block.protected():
            term, group, start, stop = (int(one) for one in np.unravel_index(cell, block.shape))
            count = int(block.x[cell])
            # A mean must not be told by others: there is a world with one person more here.
            up = max(most - count, int(block.asks_mean[cell]))
            self.account.protected += 1
            for amount in (up, 1 - count if count <= most else 0):
                if amount:
                    yield Ask(int(cell), term, group, start, stop, amount)

    def _ways(self, ask: Ask, amount: int) -> list[Way]:
        """Ways to move with the clinic that moves: the two of the group with most people in the cell."""
        clinics = [int(one) for one in np.flatnonzero(self.block.contains[ask.group])]
        term = self._series(ask.term)
        known = [one for one in clinics if self.block.alone(one) is not None]
        ranked = sorted(known, key=lambda one: (-self.carried.count(term, one, ask.start, ask.stop), one))
        return [
            (clinic, way)
            for clinic in ranked[:2]
            for way in self.carried.closures(ask.term, clinic, ask.start, ask.stop, amount)
        ]

    def _series(self, term: int) -> int:
        return self.block.pairs[term][0] if term in self.block.pairs else term

    # -- asks that move alike ----------------------------------------------------------------------

    def _free(self, way: Way, asks: list[Ask]) -> set[Ask]:
        """Asks that are met as it is."""
        done: set[Ask] = set()
        for move in self._moves(way):
            changed = effect(self.block, move)
            now = graph(self.block, move, changed)
            done |= self._met(changed, now, [ask for ask in asks if ask not in done])
            if len(done) == len(asks):
                break
        return done

    def _moves(self, way: Way) -> Iterator[Move]:
        clinic, coefficients = way
        for partner in self._partners(coefficients, clinic):
            yield Move(coefficients, clinic, partner)

    def _partners(self, coefficients: Entangled, clinic: int) -> list[int | None]:
        """Clinics with most hidden themselves, of the same service first; and nobody."""
        block, term = self.block, coefficients[0][0]
        others = [
            (-int(self.few[term, alone]), other)
            for other in range(block.contains.shape[1])
            if other != clinic
            and (alone := block.alone(other)) is not None
            and block.line(term, other) is not None
        ]
        near = [one for _, one in sorted(others) if self.service[one] == self.service[clinic]]
        far = [one for _, one in sorted(others) if self.service[one] != self.service[clinic]]
        return [*near[:PARTNERS], *far[:PARTNERS], None]

    def _met(self, changed: Effect, now: Matrix, asks: list[Ask]) -> set[Ask]:
        """Asks that one move meets as it is."""
        pairs = []
        for ask in asks:
            sign = changed.at(ask.term, ask.group)
            if abs(sign) == 1:
                more = ask.amount * sign
                pairs.append((ask, Need(ask.start, ask.stop, max(more, 0), max(-more, 0))))
        if not pairs:
            return set()
        answers = met(shortest(now), columns([need for _, need in pairs]))
        return {ask for (ask, _), answer in zip(pairs, answers, strict=True) if answer}


def settle(block: Block, service: NDArray[np.int64], account: Account) -> None:
    """Hide rows of the block until every protected cell has its worlds."""
    Search(block, service, account).run()
