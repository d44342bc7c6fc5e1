"""Secondary suppression: hide as little more as it takes that nothing told narrows a protected cell.

For each protected cell there must be a world with one person (or none) in it, and one with threshold - 1, that
fits all that is told. Worlds are looked for that contradict what is told as little as they can
(`suppression_worlds`); what one of them contradicts is hidden. Hiding only ever loosens what is known, so a
world once found stays one, and the worlds found are the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.quantities import Quantities
from warehouse.suppression_block import Block
from warehouse.suppression_relations import Relation, linked, relations
from warehouse.suppression_search import moves
from warehouse.suppression_worlds import DEAR, STEPS, TOLERANCE, Floats, Soft, Worlds, _Lines

PROGRESS = 0.1
"""Share of asks that a world has to meet, for another like it to be tried."""

REWEIGHTED = 1
"""How often a world is asked to be nearer to few contradictions than to small ones."""


@dataclass(frozen=True)
class Ask:
    """A protected cell and how many a world must be able to count in it: sign 1 at least, -1 at most."""

    cell: int
    sign: int
    goal: int
    clinic: int
    kind: tuple[int, ...]


@dataclass
class Account:
    """How it was done: for the record. fallback: blocks where the solver came to its limit of steps."""

    protected: int = 0
    worlds: int = 0
    moved: int = 0
    fallback: int = 0
    unprotected: set[tuple[int, int, int]] = field(default_factory=set)


MOVES = True
UNKNOWNS = 1500
"""Series by clinics by slots that vary in one world at first."""

TOGETHER = 4
"""Clinics that vary in one world; the others are as they are."""


def settle(block: Block, quantities: Quantities, service: Sequence[str], account: Account) -> None:
    """Hide rows of the block until every protected cell has its worlds.

    service: by clinic
    """
    asks = list(_asks(block))
    account.protected += len({ask.cell for ask in asks})
    chunks = _chunks(service)
    everything = [frozenset(range(len(service)))]
    known = [*relations(block.keys, quantities), *_ordered(block, quantities)]
    additive = frozenset(one.id for one in quantities.quantities if one.additive)
    if MOVES:
        ways = moves(
            block, known, additive, service, [(one.cell, one.goal - int(block.x[one.cell])) for one in asks]
        )
        asks = [ask for ask, met in zip(asks, ways, strict=True) if not met]
        account.moved += int(ways.sum())
    near = _near(block, known)
    tied = _tied(block, known, quantities)
    # First with what is told, then hiding; at last with more that varies, for what could not be met otherwise.
    for limit, mend, where in (
        (UNKNOWNS, False, chunks),
        (UNKNOWNS, True, chunks),
        (4 * UNKNOWNS, True, everything),
        (64 * UNKNOWNS, True, everything),
    ):
        for term in sorted({ask.cell // block.square for ask in asks}):
            for clinics in where:
                mine = [ask for ask in asks if ask.cell // block.square == term and ask.clinic in clinics]
                if mine:
                    varied = _as_many(near[term], tied, limit // (len(clinics) * block.slots))
                    search = _Search(block, Worlds(block, known, additive, varied, clinics), account)
                    met = search.run(mine, asks, mend)
                    asks = [ask for ask in asks if ask not in met]
    account.unprotected |= {(int(block.rows.place[0]), ask.cell, ask.sign) for ask in asks}


def _chunks(service: Sequence[str]) -> list[frozenset[int]]:
    """Clinics of a service, a few at a time, as even as can be."""
    order = sorted(range(len(service)), key=lambda clinic: (service[clinic], clinic))
    number = -(-len(order) // TOGETHER)
    return [frozenset(map(int, part)) for part in np.array_split(order, number)]


def _near(block: Block, known: Sequence[Relation]) -> dict[int, frozenset[int]]:
    """By term, the series that vary with it first: itself and what it is a part of, with the other parts."""
    found: dict[int, set[int]] = {number: {number} for number in range(len(block.keys))}
    for relation, members in _members(block, known):
        parts = members if relation.exact else members[: len(relation.parts)]
        for one in parts:
            found[one] |= set(members)
    for term, (part, whole) in block.pairs.items():
        found[term] = found[part] | found[whole]
    return {term: frozenset(one) for term, one in found.items()}


def _tied(block: Block, known: Sequence[Relation], quantities: Quantities) -> dict[int, set[int]]:
    """By series, all that are tied to it, by a relation or a rate."""
    place = {key: number for number, key in enumerate(block.keys)}
    found: dict[int, set[int]] = {number: {number} for number in range(len(block.keys))}
    ties = [(place[one], place[other]) for one, other in linked(block.keys, quantities)]
    for one, other in (*ties, *block.pairs.values()):
        found[one].add(other)
        found[other].add(one)
    return found


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


def _as_many(near: frozenset[int], tied: dict[int, set[int]], most: int) -> frozenset[int]:
    """With all that is tied to these, and to those, as long as it is not too many."""
    while len(more := near.union(*(tied[one] for one in near))) > len(near) and len(more) <= most:
        near = more
    return near


def _members(block: Block, known: Sequence[Relation]) -> Iterator[tuple[Relation, list[int]]]:
    """Relations with the terms of their told series, parts first."""
    place = {key: number for number, key in enumerate(block.keys)}
    for relation in known:
        keys = (*relation.parts, *relation.less, relation.whole)
        yield relation, [place[key] for key in keys if key in place]


def _asks(block: Block) -> Iterator[Ask]:
    """Alike are cells of one side, length and kind of unit, every other clinic or month: the rest can give way."""
    most = block.policy.threshold - 1
    for cell in block.protected():
        term, group, span = (int(one) for one in np.unravel_index(cell, block.shape))
        start, stop = (int(one) for one in block.spans[span])
        clinics = np.flatnonzero(block.contains[group])
        kind = (len(clinics) > 1, stop - start > 1, term in block.pairs, (start + int(clinics[0])) % 2)
        count = int(block.x[cell])
        clinic = _carrier(block, term, clinics, start, stop)
        if count < most:
            yield Ask(int(cell), 1, most, clinic, tuple(map(int, kind)))
        if count > 1:
            yield Ask(int(cell), -1, 1, clinic, tuple(map(int, kind)))


def _carrier(block: Block, term: int, clinics: NDArray[np.int64], start: int, stop: int) -> int:
    """The clinic with most people in the cell."""
    series = block.pairs[term][1] if term in block.pairs else term
    counts = [
        0 if (line := block.running(series, int(one))) is None else line[stop] - line[start]
        for one in clinics
    ]
    return int(clinics[int(np.argmax(counts))])


@dataclass
class _Search:
    block: Block
    worlds: Worlds
    account: Account
    _asked: tuple[Sequence[Ask], Any, Floats] | None = None

    def run(self, mine: list[Ask], asks: list[Ask], mend: bool) -> set[Ask]:
        """Asks that are met: of `mine`, and by the same worlds of others."""
        if mend:
            return self._mended_all(mine, asks)
        found: set[Ask] = set()
        for sign in (1, -1):
            left = [ask for ask in mine if ask.sign == sign and ask not in found]
            while left:
                lines, _ = self.worlds.told()
                world = self._solve(lines, [], left, None)
                met = self._met(asks, world) if world is not None else set()
                found |= met
                rest = [ask for ask in left if ask not in met]
                if len(left) - len(rest) < PROGRESS * len(left):
                    break
                left = rest
        return found

    def _mended_all(self, mine: list[Ask], asks: list[Ask]) -> set[Ask]:
        found: set[Ask] = set()
        for sign in (1, -1):
            for kind in sorted({ask.kind for ask in mine}):
                alike = [ask for ask in mine if (ask.sign, ask.kind) == (sign, kind)]
                # Not all may be met at once: those that are left are asked again, at last each by itself.
                waiting = [alike]
                while waiting:
                    left = [ask for ask in waiting.pop(0) if ask not in found]
                    if not left:
                        continue
                    world = self._mended(left)
                    if world is None:
                        self._give_up()
                        return set(mine)
                    met = self._met(asks, world)
                    found |= met
                    rest = [ask for ask in left if ask not in met]
                    waiting += [rest] if len(rest) < len(left) else [[ask] for ask in rest if len(left) > 1]
        return found

    def _mended(self, asks: list[Ask]) -> Floats | None:
        """A world that meets the asks and contradicts little; what it contradicts is hidden."""
        lines, soft = self.worlds.told()
        cost = np.array([one.cost / one.size for one in soft])
        world, over = None, np.zeros(0)
        for turn in range(1 + REWEIGHTED):
            prices = cost if not turn else cost / (over / np.array([one.size for one in soft]) + 0.2)
            found = self._solve(lines, soft, asks, prices)
            if found is None:
                break
            world = found
            over = _over(lines, world)
        # A world that meets none of them is not worth what it contradicts.
        if world is not None and self._met(asks, world):
            self._hide(soft, over)
        return world

    def _hide(self, soft: Sequence[Soft], over: Floats) -> None:
        broken = [one for one, much in zip(soft, over, strict=True) if much > TOLERANCE * (1 + one.size)]
        self.block.hide(np.array([one.cell for one in broken if one.cell >= 0], dtype=np.int64))
        self.block.hide_rows(np.array([one.row for one in broken if one.row >= 0], dtype=np.int64))

    def _met(self, asks: Sequence[Ask], world: Floats) -> set[Ask]:
        """Asks that a world meets, of those that it could."""
        lines, rest = self._values(asks)
        # An unknown that nothing told or asked bound is none of this world, and its cells are not judged by it.
        unbound = self.worlds.size - len(world)
        filled = np.concatenate([world, np.full(unbound, np.nan)]) if unbound else world
        value = lines.matrix(self.worlds.size) @ filled + rest
        signs, goals = (np.array([getattr(ask, name) for ask in asks]) for name in ("sign", "goal"))
        return {asks[n] for n in np.flatnonzero(signs * (value - goals) > -1e-5)}

    def _values(self, asks: Sequence[Ask]) -> tuple[Any, Floats]:
        if self._asked is None or self._asked[0] is not asks:
            self._asked = (asks, *self.worlds.values([ask.cell for ask in asks]))
        return self._asked[1], self._asked[2]

    def _give_up(self) -> None:
        """The fallback: of a block whose worlds were not found in time nothing more is told."""
        self.account.fallback += 1
        self.block.hide_rows(np.flatnonzero(self.block.shown()))

    def _solve(
        self, told: _Lines, soft: Sequence[Soft], asks: Sequence[Ask], prices: Floats | None
    ) -> Floats | None:
        """A world. Without prices all that is told is hard, and asks come as near as they can."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, hstack, vstack

        self.account.worlds += 1
        worlds, slack = self.worlds, len(told.low) if prices is not None else 0
        wish = _Lines()
        for ask in asks:
            wish.add(worlds.cell(ask.cell), *((ask.goal, np.inf) if ask.sign > 0 else (-np.inf, ask.goal)))
        size = worlds.size
        low = np.concatenate([worlds.hard.low, told.low, wish.low])
        high = np.concatenate([worlds.hard.high, told.high, wish.high])
        base = vstack([worlds.hard.matrix(size), told.matrix(size), wish.matrix(size)]).tocsr()
        hard, n = len(worlds.hard.low), len(low)
        bends = np.r_[
            np.arange(hard, hard + len(told.low)) if slack else np.zeros(0, int), np.arange(n - len(asks), n)
        ]
        give = csr_array((np.ones(len(bends)), (bends, np.arange(len(bends)))), shape=(n, len(bends)))
        equal = (low == high) & ~np.isin(np.arange(n), bends)
        above, below = np.isfinite(high) & ~equal, np.isfinite(low) & ~equal
        whole = hstack([base, give]).tocsr()
        lifted = hstack([base, -give]).tocsr()
        objective = np.concatenate([np.zeros(size), prices if slack else [], np.full(len(asks), DEAR)])
        least = np.concatenate([worlds.least, np.zeros(len(bends))])
        found: Any = linprog(
            objective,
            A_ub=vstack([lifted[above], -whole[below]]),
            b_ub=np.concatenate([high[above], -low[below]]),
            A_eq=whole[equal] if equal.any() else None,
            b_eq=low[equal] if equal.any() else None,
            bounds=np.column_stack([least, np.full(len(least), np.inf)]),
            method="highs",
            options={"maxiter": STEPS},
        )
        return None if found.x is None or found.status else found.x[:size]


def _over(lines: _Lines, world: Floats) -> Floats:
    """How far a world is outside of each told row."""
    value = lines.matrix(len(world)) @ world
    found: Floats = np.maximum(np.maximum(value - lines.high, np.array(lines.low) - value), 0)
    return found
