"""Moves: people that a world adds to one clinic and takes from another, and all that must move with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_block import Block, Saved
from warehouse.suppression_network import FREE, Edge, Matrix

Entangled = tuple[tuple[int, int], ...]
"""Series that move together, and how a person of the move counts in each."""


@dataclass(frozen=True)
class Move:
    """D(t) more people counted up to t in `clinic`, as many less in `partner` (None: nowhere less).

    coefficients: by series, how a person of the move counts: 1, -1; others stay as they are
    """

    coefficients: Entangled
    clinic: int
    partner: int | None


@dataclass(frozen=True)
class Effect:
    """All squares (term, group) that a move changes, and how often a person of it counts in each."""

    terms: NDArray[np.int64]
    groups: NDArray[np.int64]
    signs: NDArray[np.int64]

    def at(self, term: int, group: int) -> int:
        found = self.signs[(self.terms == term) & (self.groups == group)]
        return int(found[0]) if len(found) else 0


def effect(block: Block, move: Move) -> Effect:
    """Series, and the complements of rates that change with them, in every group that does not keep its sum."""
    by_term = np.zeros(block.terms, dtype=np.int64)
    for term, coefficient in move.coefficients:
        by_term[term] = coefficient
    if block.pairs:
        numerators, denominators = np.array(list(block.pairs.values())).T
        by_term[list(block.pairs)] = by_term[denominators] - by_term[numerators]
    by_group = block.contains[:, move.clinic].astype(np.int64)
    if move.partner is not None:
        by_group -= block.contains[:, move.partner]
    signs = by_term[:, None] * by_group[None, :]
    terms, groups = np.nonzero(signs)
    return Effect(terms, groups, signs[terms, groups])


def graph(block: Block, move: Move, changed: Effect, freed: bool = False) -> Matrix:
    """What bounds D now; freed: what would bound it were nothing told in this release."""
    up = (block.up_freed if freed else block.up).reshape(block.shape)
    down = (block.down_freed if freed else block.down).reshape(block.shape)
    found = np.full((block.times, block.times), FREE, dtype=np.int32)
    for size in np.unique(np.abs(changed.signs)):
        for sign, more, less in ((size, up, down), (-size, down, up)):
            which = changed.signs == sign
            if which.any():
                terms, groups = changed.terms[which], changed.groups[which]
                ahead, back = more[terms, groups].min(axis=0), less[terms, groups].min(axis=0)
                found = np.minimum(found, np.minimum(ahead // size, (back // size).T))
    _keep_inclusions(block, move, found)
    return found.astype(np.int32)


def _keep_inclusions(block: Block, move: Move, graph: Matrix) -> None:
    """What is within another must stay so, in each clinic and slot."""
    coefficients = dict(move.coefficients)
    slot = np.arange(block.times - 1)
    for parts, whole in block.within:
        lead = coefficients.get(whole, 0) - sum(coefficients.get(part, 0) for part in parts)
        if not lead:
            continue
        for clinic, side in ((move.clinic, 1), (move.partner, -1)):
            if clinic is None or (gap := _gap(block, parts, whole, clinic)) is None:
                continue
            room = gap // abs(lead)
            if lead * side > 0:
                graph[slot + 1, slot] = np.minimum(graph[slot + 1, slot], room)
            else:
                graph[slot, slot + 1] = np.minimum(graph[slot, slot + 1], room)


def _gap(block: Block, parts: tuple[int, ...], whole: int, clinic: int) -> NDArray[Any] | None:
    outer = block.line(whole, clinic)
    if outer is None:
        return None
    inner = [found for part in parts if (found := block.line(part, clinic)) is not None]
    return np.maximum(outer - sum(inner), 0)


def price(block: Block, changed: Effect) -> NDArray[np.float64]:
    """By edge (a, b): what hiding all that bounds it costs."""
    found: NDArray[np.float64] = block.cost.reshape(block.shape)[changed.terms, changed.groups].sum(
        axis=0, dtype=np.float64
    )
    return found


def cells_at(block: Block, changed: Effect, edges: list[Edge]) -> NDArray[np.int64]:
    """The cells of these edges that the move changes."""
    a, b = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    squares = changed.terms * block.shape[1] + changed.groups
    found: NDArray[np.int64] = (squares[:, None] * block.times + a) * block.times + b
    return found.reshape(-1)


def take(block: Block, move: Move, changed: Effect, world: NDArray[np.int32]) -> Saved:
    """Take a world of the move for what is; what was."""
    saved = block.shift(changed.terms, changed.groups, changed.signs, world)
    step = np.diff(world)
    for term, coefficient in move.coefficients:
        for clinic, side in ((move.clinic, 1), (move.partner, -1)):
            if clinic is not None:
                block.shift_line(term, clinic, coefficient * side * step)
    return saved


class Carried:
    """Which series move with one: only those that could not otherwise stay within, or be a whole of, others."""

    def __init__(self, block: Block) -> None:
        self.block = block

    def closures(self, term: int, clinic: int, start: int, stop: int, amount: int) -> list[Entangled]:
        """Ways in which a term can count `amount` more (or less) from start to stop, the least entangled first.

        Of a whole with parts another part gives way, or else the whole moves too.
        """
        sign = 1 if amount > 0 else -1
        if term in self.block.pairs:
            numerator, denominator = self.block.pairs[term]
            bases = [{numerator: -sign}, {denominator: sign}]
        else:
            bases = [{term: sign}]
        found = []
        for base in bases:
            for carry in (False, True):
                closed = self._closed(dict(base), clinic, start, stop, abs(amount), carry)
                if closed is not None:
                    found.append(tuple(sorted((one, by) for one, by in closed.items() if by)))
        return list(dict.fromkeys(found))

    def count(self, term: int, clinic: int, start: int, stop: int) -> int:
        """People of a clinic in a term from start to stop, by its single slots."""
        line = self.block.line(term, clinic)
        return 0 if line is None else int(line[start:stop].sum())

    def _closed(
        self, found: dict[int, int], clinic: int, start: int, stop: int, amount: int, carry: bool
    ) -> dict[int, int] | None:
        def count(term: int) -> int:
            return self.count(term, clinic, start, stop)

        for _ in range(40):
            if not (self._loosen(found, count, amount) or self._balance(found, count, amount, carry)):
                return found
        return None

    def _loosen(self, found: dict[int, int], count: Callable[[int], int], amount: int) -> bool:
        """Move what is tight: the whole that a part would outgrow, the part that would outgrow its whole."""
        for parts, whole in self.block.within:
            lead = found.get(whole, 0) - sum(found.get(part, 0) for part in parts)
            if lead >= 0 or count(whole) - sum(map(count, parts)) >= -lead * amount:
                continue
            if found.get(whole, 0) < 0:
                part = max(parts, key=lambda one: (found.get(one, 0) == 0, count(one), -one))
                found[part] = found.get(part, 0) - 1
            else:
                found[whole] = found.get(whole, 0) + 1
            return True
        return False

    def _balance(self, found: dict[int, int], count: Callable[[int], int], amount: int, carry: bool) -> bool:
        """Wholes stay the sums of their parts."""
        for whole, parts in self.block.partitions:
            lacking = found.get(whole, 0) - sum(found.get(part, 0) for part in parts)
            if not lacking:
                continue
            free = [part for part in parts if part not in found]
            able = [part for part in free if lacking > 0 or count(part) >= amount]
            if whole not in found and (carry or not able):
                found[whole] = -lacking
            else:
                part = max(able or free or parts, key=lambda one: (count(one), -one))
                found[part] = found.get(part, 0) + lacking
            return True
        return False
