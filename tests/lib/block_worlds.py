"""Worlds of a block, read one number at a time: what they count, and which rule or statement they contradict.

Written apart from the linear programme: loops over series, clinics, slots and rows, in plain numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, pairwise

import numpy as np

from tests.lib.attacker import RANGES
from tests.lib.blocks import ADDITIVE, known_of
from warehouse.suppression_block import UNBOUND, Block
from warehouse.suppression_programme import Programme
from warehouse.suppression_relations import Key, Relation
from warehouse.suppression_unknowns import Unknowns
from warehouse.suppression_worlds import World

NEAR = 1e-4


class PlainWorld:
    """Counts by series, clinic and slot: the base of each unknown, and what it differs by."""

    def __init__(self, block: Block, unknowns: Unknowns, floor: np.ndarray, by: np.ndarray) -> None:
        self.block, self.unknowns = block, unknowns
        self.known = known_of(block)
        self._value = np.where(np.isfinite(floor), -floor, 0.0) + by
        self._by = by
        self.clinics = range(block.contains.shape[1])

    def single(self, key: Key, clinic: int) -> list[float] | None:
        """What a series that adds up counts in each slot; None where it has nothing there."""
        start = int(self.unknowns.start[self.unknowns.series[key], clinic])
        if start < 0:
            return None
        running = [0.0, *(float(self._value[start + n]) for n in range(self.block.slots))]
        return [b - a for a, b in pairwise(running)]

    def own(self, number: int, clinic: int) -> dict[tuple[int, int], float]:
        """Cells of a series that does not add up, in one clinic, by start and stop."""
        places = self.unknowns.own[number][clinic]
        return {
            tuple(self.block.spans[span]): float(self._value[place])
            for span, place in enumerate(places)
            if place >= 0
        }

    def sums(self, figure: str, clinic: int) -> list[float] | None:
        """The sum behind a mean in each slot."""
        truth = self.block.running_sum(figure, clinic)
        if truth is None:
            return None
        start = self.unknowns.of_sum[figure, clinic]
        running = [0.0, *(float(truth[n + 1] + self._by[start + n]) for n in range(self.block.slots))]
        return [b - a for a, b in pairwise(running)]

    def count(self, term: int, group: int, span: int) -> float:
        """What a cell counts."""
        if term in self.block.pairs:
            part, whole = self.block.pairs[term]
            return self.count(whole, group, span) - self.count(part, group, span)
        key, (start, stop) = self.block.keys[term], self.block.spans[span].tolist()
        total = 0.0
        for clinic in np.flatnonzero(self.block.contains[group]).tolist():
            if key[0] in ADDITIVE:
                total += sum((self.single(key, clinic) or [])[start:stop])
            else:
                total += self.own(term, clinic).get((start, stop), 0.0)
        return total

    def cell(self, cell: int) -> float:
        term, rest = divmod(int(cell), self.block.square)
        return self.count(term, *divmod(rest, self.block.shape[2]))

    def mean_of(self, row: int) -> tuple[float, float]:
        """Sum and number of cases of a row of a mean."""
        rows = self.block.rows
        start, stop = self.block.spans[rows.span[row]].tolist()
        figure = str(rows.figure[row])
        clinics = np.flatnonzero(self.block.contains[rows.group[row]]).tolist()
        total = sum(sum((self.sums(figure, clinic) or [])[start:stop]) for clinic in clinics)
        return total, self.count(int(rows.term_d[row]), int(rows.group[row]), int(rows.span[row]))


def world_of(
    block: Block, unknowns: Unknowns, programme: Programme, world: World | None = None
) -> PlainWorld:
    """A world that was found; the true one where none is given."""
    by = np.zeros(unknowns.size)
    if world is not None:
        by[world.columns] = world.by
    return PlainWorld(block, unknowns, programme.floor, by)


# -- what everybody knows --------------------------------------------------------------------------


def impossible(world: PlainWorld) -> Iterator[str]:
    """Rules that hold in every world and that this one breaks."""
    yield from _nobody_less_than_none(world)
    for relation in world.known:
        for clinic in world.clinics:
            yield from _relation(world, relation, clinic)
    yield from _apart(world)
    yield from _least(world)
    yield from _earlier(world)
    yield from _scores(world)


def _nobody_less_than_none(world: PlainWorld) -> Iterator[str]:
    for key, number in world.unknowns.series.items():
        for clinic in world.clinics:
            if key[0] in ADDITIVE:
                counts: Sequence[float] = world.single(key, clinic) or []
            else:
                counts = list(world.own(number, clinic).values())
            if counts and min(counts) < -NEAR:
                yield f"{key} is below zero"


def _relation(world: PlainWorld, relation: Relation, clinic: int) -> Iterator[str]:
    members = (*relation.parts, *relation.less, relation.whole)
    if not all(key[0] in ADDITIVE for key in members):
        return
    told = [number for number, key in enumerate(world.block.keys) if key in members]
    lines = [world.block.running(number, clinic) for number in told]
    if any(line is None for line in lines):
        return
    single = {key: world.single(key, clinic) or [] for key in members}
    last = min([world.block.slots, *(len(line) - 1 for line in lines if line is not None)])

    def total(key: Key, slot: int) -> float:
        if relation.over == "all":
            return sum(single[key])
        # A stock is what its own month says; what came and went is counted up to it.
        up_to = relation.over == "running" and key != relation.whole
        return sum(single[key][: slot + 1]) if up_to else single[key][slot]

    for slot in range(1 if relation.over == "all" else last):
        less = sum(total(key, slot) for key in (*relation.less, relation.whole))
        over = sum(total(key, slot) for key in relation.parts) - less
        if over > NEAR or (relation.exact and over < -NEAR):
            yield f"{relation}: {over} too many in clinic {clinic}, slot {slot}"


def _apart(world: PlainWorld) -> Iterator[str]:
    """Clients: fewer than what they had, no fewer in a longer time, no more than in its months together."""
    block = world.block
    for number in world.unknowns.own:
        for clinic in world.clinics:
            cells = world.own(number, clinic)
            for relation in world.known:
                if relation.parts == (block.keys[number],) and relation.whole in block.keys:
                    whole = world.single(relation.whole, clinic)
                    for (start, stop), count in cells.items():
                        if whole is not None and count > sum(whole[start:stop]) + NEAR:
                            yield f"{relation}: too many in clinic {clinic}, {start} to {stop}"
            for (a, b), count in cells.items():
                for (c, d), more in cells.items():
                    if c <= a and b <= d and count > more + NEAR:
                        yield f"{block.keys[number]}: {a} to {b} above {c} to {d}"
                months = [cells.get((one, one + 1)) for one in range(a, b)]
                if None not in months and count > sum(filter(None, months)) + NEAR:
                    yield f"{block.keys[number]}: {a} to {b} above its months"


def _least(world: PlainWorld) -> Iterator[str]:
    """Somebody is where somebody was, unless nothing at all is told of the place."""
    block = world.block
    for cell in np.flatnonzero(block.exists & (block.x > 0) & ~block.inside).tolist():
        if cell < len(block.keys) * block.square and world.cell(cell) < 1 - NEAR:
            yield f"cell {cell} would have been shown as zero"


def _earlier(world: PlainWorld) -> Iterator[str]:
    block = world.block
    for cell in np.flatnonzero((block.low > 0) | (block.high < UNBOUND)).tolist():
        if block.exists[cell] and not block.low[cell] - NEAR <= world.cell(cell) <= block.high[cell] + NEAR:
            yield f"cell {cell} is not as an earlier release told it"
    for row in np.flatnonzero(block.rows.mean_told & block.rows.mean & (block.rows.denominator > 0)).tolist():
        if not _mean_is(world, row):
            yield f"mean of row {row} is not as an earlier release told it"


def _scores(world: PlainWorld) -> Iterator[str]:
    rows = world.block.rows
    for figure in dict.fromkeys(rows.figure[rows.mean].tolist()):
        name, _, rest = figure.partition(":")
        (term,) = set(rows.term_d[rows.mean & (rows.figure == figure)].tolist())
        for clinic in world.clinics:
            sums = world.sums(figure, clinic)
            cases = world.single(world.block.keys[term], clinic)
            for total, number in zip(sums or [], cases or [], strict=True):
                if total < RANGES.get(name, (-np.inf,))[0] * number - NEAR:
                    yield f"{figure}: less than the least of each case"
            if name == "outcome_mean_change":
                first, last = (world.sums(f"outcome_mean_{one}:{rest}", clinic) for one in ("first", "last"))
                for a, b, change in zip(first or [], last or [], sums or [], strict=False):
                    if abs(a + change - b) > NEAR:
                        yield f"{figure}: not the last less the first"


# -- what is told ----------------------------------------------------------------------------------


def contradicted(world: PlainWorld, cells: Collection[int] = (), rows: Collection[int] = ()) -> list[str]:
    """Told rows that the world contradicts, but for statements of these cells and means of these rows."""
    block = world.block
    shown = np.flatnonzero(block.shown()).tolist()
    return list(chain.from_iterable(_told_row(world, row, cells, rows) for row in shown))


def _told_row(world: PlainWorld, row: int, cells: Collection[int], rows: Collection[int]) -> Iterator[str]:
    block, given = world.block, block_numbers(world.block, row)
    part, whole, rest = (int(one) for one in block.cells[:, row])
    is_mean = bool(block.rows.mean[row]) and given[1] > 0
    for cell, count, least in (
        (part, given[0], 0),
        (whole, given[1], block.policy.mean_cases if is_mean else 0),
    ):
        if cell >= 0 and cell not in cells:
            low, high = interval(block, count)
            if not max(low, least) - NEAR <= world.cell(cell) <= high + NEAR:
                yield f"row {row}: {world.cell(cell)} is not shown as {count} is"
    if rest >= 0 and rest not in cells:
        found = world.cell(rest)
        if found > NEAR if given[1] == given[0] else found < block.policy.threshold - NEAR:
            yield f"row {row}: the rest is {found}"
    if is_mean and row not in rows and not _mean_is(world, row):
        yield f"row {row}: another mean"


def block_numbers(block: Block, row: int) -> tuple[int, int]:
    return int(block.rows.numerator[row]), int(block.rows.denominator[row])


def interval(block: Block, count: int) -> tuple[int, int]:
    """The counts that are shown by the same number, found by trying."""
    step, least = block.policy.round_to, block.policy.threshold
    if count == 0:
        return 0, 0

    def shown(one: int) -> int:
        return (one + step / 2) // step

    alike = [one for one in range(max(least, count - step), count + step + 1) if shown(one) == shown(count)]
    return min(alike), max(alike)


def _mean_is(world: PlainWorld, row: int) -> bool:
    total, cases = world.mean_of(row)
    mean = world.block.rows.tenths[row] / 10
    return abs(total - mean * cases) <= 0.05 * cases + NEAR
