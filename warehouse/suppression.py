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

from warehouse.suppression_block import Block
from warehouse.suppression_moves import Carried, Move, cells_at, graphs, price, sign_at, signs
from warehouse.suppression_network import Cover, Matrix, Need, columns, cover, met, shortest

PARTNERS = 3
"""Clinics of the same service that are tried as the other side of a move."""

SOLVED = 400
"""Covers of one publication that the solver is asked for; later ones are the fallback's."""


@dataclass(frozen=True)
class Small:
    """One protected cell, and what worlds must be able to do with it."""

    cell: int
    term: int
    group: int
    start: int
    stop: int
    up: int
    down: int


@dataclass
class Account:
    """How it was done: for the record, and so that limits are steps and not seconds."""

    protected: int = 0
    covers: int = 0
    solved: int = 0
    unprotected: list[int] = field(default_factory=list)


@dataclass
class Search:
    """Settles the protected cells of one block, term by term and clinic by clinic."""

    block: Block
    service: NDArray[np.int64]
    account: Account

    def __post_init__(self) -> None:
        self.carried = Carried(self.block)
        counts = self.block.x.reshape(self.block.shape)
        self.counts = counts
        self.few = (
            self.block.exists.reshape(self.block.shape) & self.block.policy.small(counts)
        ).sum(axis=(2, 3))

    def run(self) -> None:
        waiting: dict[tuple[int, int], list[Small]] = {}
        for small in self._protected():
            waiting.setdefault((small.term, self._carrier(small)), []).append(small)
        for (term, clinic), cells in sorted(waiting.items()):
            self._settle(term, clinic, cells)

    def _protected(self) -> Iterator[Small]:
        block = self.block
        for cell in block.protected():
            term, group, start, stop = (int(one) for one in np.unravel_index(cell, block.shape))
            count = int(block.x[cell])
            up = max(block.policy.threshold - 1 - count, 0)
            if block.asks_mean[cell]:
                # A mean must not be told by others: there is a world with one person more here.
                up = max(up, 1)
            down = count - 1 if count < block.policy.threshold else 0
            if up or down:
                self.account.protected += 1
                yield Small(int(cell), term, group, start, stop, up, down)

    def _carrier(self, small: Small) -> int:
        """The clinic of the group with most people in the cell."""
        clinics = np.flatnonzero(self.block.contains[small.group])

        def people(clinic: int) -> int:
            alone = self.block.alone(clinic)
            return -1 if alone is None else int(self.counts[small.term, alone, small.start, small.stop])

        return int(max(clinics, key=lambda clinic: (people(clinic), -clinic)))

    # -- one term of one clinic --------------------------------------------------------------------

    def _settle(self, term: int, clinic: int, cells: list[Small]) -> None:
        left, tried = cells, []
        for move in self._moves(term, clinic):
            now, freed = graphs(self.block, move)
            left = [small for small, done in zip(left, self._met(move, now, left), strict=True) if not done]
            if not left:
                return
            tried.append((move, now, freed))
        for _ in range(len(left)):
            left = self._mend(left, tried)
            if not left:
                return
        raise AssertionError("each round settles a cell")

    def _moves(self, term: int, clinic: int) -> Iterator[Move]:
        for coefficients in self.carried.variants(term):
            for partner in self._partners(term, clinic):
                yield Move(coefficients, clinic, partner)

    def _partners(self, term: int, clinic: int) -> list[int | None]:
        """Clinics with most hidden themselves, of the same service first; and nobody."""

        def rank(other: int) -> tuple[int, int]:
            alone = self.block.alone(other)
            return (-1 if alone is None else -int(self.few[term, alone]), other)

        others = [
            other
            for other in range(self.block.contains.shape[1])
            if other != clinic and self.block.alone(other) is not None
            and self.block.atoms(self._series(term), other) is not None
        ]
        near = sorted((one for one in others if self.service[one] == self.service[clinic]), key=rank)
        far = sorted((one for one in others if self.service[one] != self.service[clinic]), key=rank)
        return [*near[:PARTNERS], *far[: 1 if near else PARTNERS], None]

    def _series(self, term: int) -> int:
        return self.block.pairs[term][0] if term in self.block.pairs else term

    def _needs(self, move: Move, cells: list[Small]) -> list[Need | None]:
        """What D must be able to do for each cell; None where the move does not change it."""
        found: list[Need | None] = []
        by_group = signs(self.block, move)
        whole = {small.term: sign_at(self.block, Move(move.coefficients, move.clinic, None), small.term,
                                     self.block.alone(move.clinic) or 0) for small in cells}
        for small in cells:
            sign = whole[small.term] * int(by_group[small.group])
            up, down = (small.up, small.down) if sign > 0 else (small.down, small.up)
            found.append(Need(small.start, small.stop, up, down) if abs(sign) == 1 else None)
        return found

    def _met(self, move: Move, graph: Matrix, cells: list[Small]) -> list[bool]:
        needs = self._needs(move, cells)
        real = [need for need in needs if need is not None]
        if not real:
            return [False] * len(cells)
        answers = iter(met(shortest(graph), columns(real)))
        return [need is not None and bool(next(answers)) for need in needs]

    def _mend(self, cells: list[Small], tried: list[tuple[Move, Matrix, Matrix]]) -> list[Small]:
        """Hide what stands in the way of the move that settles most cells, at the least cost each."""
        best: tuple[float, int, Move, Cover, list[bool]] | None = None
        for number, (move, _, freed) in enumerate(tried):
            can = self._met(move, freed, cells)
            if not any(can):
                continue
            now, freed = graphs(self.block, move)
            its = [small for small, able in zip(cells, can, strict=True) if able]
            needs = [need for need in self._needs(move, its) if need is not None]
            found = cover(now, freed, price(self.block, move), needs, False)
            if found and (best is None or found.cost / len(its) < best[0]):
                best = (found.cost / len(its), number, move, found, can)
        if best is None:
            self.account.unprotected += [small.cell for small in cells]
            return []
        _, _, move, chosen, can = best
        its = [small for small, able in zip(cells, can, strict=True) if able]
        self._hide(move, chosen, its)
        return [small for small, able in zip(cells, can, strict=True) if not able]

    def _hide(self, move: Move, chosen: Cover, its: list[Small]) -> None:
        """Hide the cover; the solver is asked for a better one as long as its steps last."""
        self.account.covers += 1
        if chosen.edges and self.account.covers <= SOLVED:
            now, freed = graphs(self.block, move)
            needs = [need for need in self._needs(move, its) if need is not None]
            better = cover(now, freed, price(self.block, move), needs, True)
            if better is not None:
                self.account.solved += better.solved
                chosen = better
        self.block.hide(cells_at(self.block, move, sorted(chosen.edges)))


def settle(block: Block, service: NDArray[np.int64], account: Account) -> None:
    """Hide rows of the block until every protected cell has its worlds."""
    Search(block, service, account).run()
