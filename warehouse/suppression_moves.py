"""Moves: people that a world adds to one clinic and takes from another, and all that must move with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_block import Block
from warehouse.suppression_network import FREE, Edge, Matrix

Coefficients = Mapping[int, int]


@dataclass(frozen=True)
class Move:
    """D(t) more people counted up to t in `clinic`, as many less in `partner` (None: nowhere less).

    coefficients: by series, how a person of the move counts: 1, -1; others stay as they are
    """

    coefficients: tuple[tuple[int, int], ...]
    clinic: int
    partner: int | None


def signs(block: Block, move: Move) -> NDArray[np.int8]:
    """By group: 1 where it gains, -1 where it loses, 0 where it does not change."""
    gains = block.contains[:, move.clinic].astype(np.int8)
    if move.partner is not None:
        gains -= block.contains[:, move.partner].astype(np.int8)
    return gains


def effects(block: Block, move: Move) -> Iterator[tuple[int, int, int]]:
    """Term, group and sign of all that a move changes, complements of rates among them."""
    coefficients = dict(move.coefficients)
    for term, (numerator, denominator) in block.pairs.items():
        coefficients[term] = coefficients.get(denominator, 0) - coefficients.get(numerator, 0)
    by_group = signs(block, move)
    for term, coefficient in sorted(coefficients.items()):
        for group in np.flatnonzero(by_group):
            sign = coefficient * int(by_group[group])
            if sign:
                yield term, int(group), sign


def sign_at(block: Block, move: Move, term: int, group: int) -> int:
    """How often a person of the move counts in a cell."""
    return next((sign for one, at, sign in effects(block, move) if (one, at) == (term, group)), 0)


def graphs(block: Block, move: Move) -> tuple[Matrix, Matrix]:
    """What bounds D now, and what would bound it were nothing told in this release."""
    now = np.full((block.times, block.times), FREE, dtype=np.int32)
    freed = now.copy()
    for term, group, sign in effects(block, move):
        for graph, up, down in ((now, block.up, block.down), (freed, block.up_freed, block.down_freed)):
            more, less = block.grid(up, term, group), block.grid(down, term, group)
            if sign < 0:
                more, less = less, more
            if abs(sign) > 1:
                more, less = more // abs(sign), less // abs(sign)
            np.minimum(graph, more, out=graph, casting="unsafe")
            np.minimum(graph, less.T, out=graph, casting="unsafe")
    for graph in (now, freed):
        _keep_inclusions(block, move, graph)
    return now, freed


def _keep_inclusions(block: Block, move: Move, graph: Matrix) -> None:
    """What is within another must stay so, in each clinic and slot."""
    coefficients = dict(move.coefficients)
    slot = np.arange(block.times - 1)
    for part, whole in block.within:
        lead = coefficients.get(whole, 0) - coefficients.get(part, 0)
        if not lead:
            continue
        for clinic, side in ((move.clinic, 1), (move.partner, -1)):
            if clinic is None or (gap := _gap(block, part, whole, clinic)) is None:
                continue
            room = gap // abs(lead)
            if lead * side > 0:
                graph[slot + 1, slot] = np.minimum(graph[slot + 1, slot], room)
            else:
                graph[slot, slot + 1] = np.minimum(graph[slot, slot + 1], room)


def _gap(block: Block, part: int, whole: int, clinic: int) -> NDArray[Any] | None:
    inner, outer = block.atoms(part, clinic), block.atoms(whole, clinic)
    if outer is None or inner is None:
        return None
    return np.maximum(outer - inner, 0)


def price(block: Block, move: Move) -> NDArray[np.float64]:
    """By edge (a, b): what hiding all that bounds it costs."""
    cost = np.zeros((block.times, block.times))
    for term, group, _ in effects(block, move):
        cost += block.grid(block.cost, term, group)
    return cost


def cells_at(block: Block, move: Move, edges: list[Edge]) -> NDArray[np.int64]:
    """The cells of these edges that the move changes."""
    found = [
        ((term * block.shape[1] + group) * block.times + a) * block.times + b
        for term, group, _ in effects(block, move)
        for a, b in edges
    ]
    return np.array(sorted(found), dtype=np.int64)


class Carried:
    """Which series move with one: itself; what it is part of; what is part of it; and wholes stay wholes."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.above: dict[int, set[int]] = {}
        self.below: dict[int, set[int]] = {}
        for part, whole in block.within:
            self.above.setdefault(part, set()).add(whole)
            self.below.setdefault(whole, set()).add(part)
        shape = block.x.reshape(block.shape)
        self.size = shape.max(axis=(1, 2, 3))

    def variants(self, term: int) -> list[tuple[tuple[int, int], ...]]:
        """Ways in which a term can count one more, the least entangled first, each once."""
        block = self.block
        if term in block.pairs:
            numerator, denominator = block.pairs[term]
            bases = [{numerator: -1}, {denominator: 1}]
        else:
            bases = [{term: 1}]
        found = []
        for base in bases:
            found += [self._closed(base, False), self._closed(base, True)]
            found += [self._closed(self._with(base, which), True) for which in ("above", "below", "both")]
        return list(dict.fromkeys(tuple(sorted(one.items())) for one in found if one))

    def _with(self, base: dict[int, int], which: str) -> dict[int, int]:
        found = dict(base)
        for links in ("above", "below") if which == "both" else (which,):
            waiting = list(base)
            while waiting:
                one = waiting.pop()
                for other in sorted(getattr(self, links).get(one, ())):
                    if other not in found and self._joins(links, found, other):
                        found[other] = found[one]
                        waiting.append(other)
        return found

    def _joins(self, links: str, found: dict[int, int], other: int) -> bool:
        """Of the parts of a whole a person is in one only: the largest."""
        if links == "above":
            return True
        for _, parts in self.block.partitions:
            if other in parts:
                return other == max(parts, key=lambda part: (self.size[part], -part)) and not (
                    set(parts) & set(found)
                )
        return True

    def _closed(self, base: dict[int, int], carry: bool) -> dict[int, int]:
        """Wholes stay the sum of their parts: the whole moves too (carry), or another part the other way."""
        found = dict(base)
        for _ in range(2 * len(self.block.partitions) + 1):
            if not any(self._balance(found, whole, parts, carry) for whole, parts in self.block.partitions):
                return {term: sign for term, sign in found.items() if sign}
        return {}

    def _balance(self, found: dict[int, int], whole: int, parts: tuple[int, ...], carry: bool) -> bool:
        lacking = found.get(whole, 0) - sum(found.get(part, 0) for part in parts)
        if not lacking:
            return False
        if whole not in found and carry:
            found[whole] = sum(found.get(part, 0) for part in parts)
        else:
            free = [part for part in parts if part not in found] or list(parts)
            largest = max(free, key=lambda part: (self.size[part], -part))
            found[largest] = found.get(largest, 0) + lacking
        return True
