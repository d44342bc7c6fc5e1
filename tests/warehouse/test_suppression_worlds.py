"""Worlds that are found: what they count, held against all that is known and told, number by number."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.lib.block_worlds import contradicted, impossible, interval, world_of
from tests.lib.blocks import EXACT, POLICY, RECEIVED, block_of, blocks_of, cell_of, figures_of, programme_of
from tests.lib.small_services import Service, given, small_service
from warehouse.suppression_block import Block, Policy
from warehouse.suppression_lines import Lines
from warehouse.suppression_worlds import World, Worlds

NEAR = 1e-4
ENOUGH = 100_000


class Asking:
    """A block with its programme, of which worlds are asked."""

    def __init__(self, block: Block, limit: int = ENOUGH) -> None:
        self.block = block
        self.unknowns, self.made = programme_of(block)
        self.worlds = Worlds(self.made)
        self.limit(limit)

    def limit(self, steps: int) -> None:
        self.worlds.look(0.1, steps)

    def prices(self) -> np.ndarray:
        cell, row = self.made.cell, self.made.row
        worth = np.where(cell >= 0, self.block.cost[cell], self.block.rows.weight[row])
        return (worth / self.made.weight).astype(np.float64)

    def for_cell(self, cell: int, goal: int, price: np.ndarray | None = None) -> World | None:
        """The world found where a cell is to count this many, or more so."""
        count = int(self.block.x[cell])
        sign = 1.0 if goal >= count else -1.0
        lines = Lines()
        rows = lines.more(0.0, 0.0, 1)
        self.unknowns.put_cells(lines, rows, np.array([cell], dtype=np.int64))
        row = lines.matrix(self.unknowns.size)
        self.worlds.ask(row.indices.astype(np.int64), sign * row.data, abs(goal - count))
        return self.worlds.world(self.prices() if price is None else price)

    def plain(self, world: World | None):
        assert world is not None
        return world_of(self.block, self.unknowns, self.made, world)

    def broken(self, world: World) -> tuple[set[int], set[int]]:
        """Cells, and rows of means, that the world says it contradicts."""
        cell, row = self.made.cell[world.broken], self.made.row[world.broken]
        return set(cell[cell >= 0].tolist()), set(row[row >= 0].tolist())

    def hide(self, world: World) -> None:
        cells, rows = self.broken(world)
        self.block.hide(np.array(sorted(cells), dtype=np.int64))
        self.block.hide_rows(np.array(sorted(rows), dtype=np.int64))
        cell, row = self.made.cell, self.made.row
        self.worlds.told = np.where(cell >= 0, self.block.rounds[cell] > 0, self.block.shown()[row])


def received(*clinics: list[int], policy: Policy = POLICY) -> Asking:
    return Asking(block_of(given({"received": clinics}, [RECEIVED]), policy))


def asks(block: Block, most: int, seed: int = 0) -> list[tuple[int, int]]:
    """Some protected cells, with one or with the most that is small, where they are not that already."""
    goals = (1, block.policy.threshold - 1)
    both = [(int(cell), goal) for cell in block.protected() for goal in goals if goal != block.x[cell]]
    draw = np.random.default_rng(seed)
    return [both[n] for n in draw.permutation(len(both))[:most]]


# -- worlds fit ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [*range(3), *range(4, 16)])
def test_a_world_breaks_no_rule_and_nothing_told_but_what_it_names(seed: int):
    """Each world counts what is asked, is possible, and contradicts no figure that it does not say it contradicts."""
    for block in blocks_of(small_service(seed, 2, 4)):
        asking = Asking(block)
        for cell, goal in asks(block, 6, seed):
            world = asking.for_cell(cell, goal)
            plain = asking.plain(world)
            assert not list(impossible(plain))
            assert not contradicted(plain, *asking.broken(world))


@pytest.mark.parametrize("seed", [*range(2), *range(4, 16)])
def test_asks_are_reached(seed: int):
    """Without history there is always a world in which a protected cell is one, and one in which it is four."""
    for block in blocks_of(small_service(seed, 2, 4)):
        asking = Asking(block)
        for cell, goal in asks(block, 6, seed):
            found = asking.plain(asking.for_cell(cell, goal)).cell(cell)
            assert found >= goal - NEAR if goal > block.x[cell] else found <= goal + NEAR


@pytest.mark.parametrize("seed", [0, 5, 9])
def test_worlds_still_fit_after_hiding(seed: int):
    """What a world contradicts is hidden; then that world contradicts nothing, nor do those found later."""
    for block in blocks_of(small_service(seed, 2, 4)):
        asking, kept = Asking(block), []
        for cell, goal in asks(block, 5, seed):
            world = asking.for_cell(cell, goal)
            assert world is not None
            asking.hide(world)
            kept.append(world)
        for world in kept:
            assert not contradicted(asking.plain(world))
            assert not list(impossible(asking.plain(world)))


def test_worlds_where_nothing_is_told():
    """Three in January and nobody in February: the quarter is hidden with its months, and worlds there are."""
    asking = received([3, 0])
    assert len(asking.made.cell) == 0
    cell = cell_of(asking.block, 0, (0,), 0, 2)
    for goal in (1, 4):
        plain = asking.plain(asking.for_cell(cell, goal))
        assert plain.cell(cell) == pytest.approx(goal)
        assert not list(impossible(plain))


def test_how_much_is_contradicted():
    """c1 is to be one instead of three, and the other clinic is told exactly: the site is contradicted by two."""
    asking = received([3], [30], policy=EXACT)
    others = [cell_of(asking.block, 0, (1,), 0, 1)]
    price = np.where(np.isin(asking.made.cell, others), 1e3, 1.0)
    world = asking.for_cell(cell_of(asking.block, 0, (0,), 0, 1), 1, price)
    assert asking.broken(world) == ({cell_of(asking.block, 0, (0, 1), 0, 1)}, set())
    assert world.much == pytest.approx([2])
    plain = asking.plain(world)
    for at, by in zip(world.broken, world.much, strict=True):
        cell = int(asking.made.cell[at])
        low, high = interval(asking.block, int(asking.block.x[cell]))
        assert max(low - plain.cell(cell), plain.cell(cell) - high) == pytest.approx(by, abs=NEAR)


# -- which world -----------------------------------------------------------------------------------


def test_what_needs_no_contradiction_has_none():
    """33 is shown as 35, which stands for 33 to 37; 3 may be 4 with nothing else changed."""
    asking = received([3], [30])
    cell = cell_of(asking.block, 0, (0,), 0, 1)
    world = asking.for_cell(cell, 4)
    assert len(world.broken) == 0
    assert len(world.much) == 0


@pytest.mark.parametrize("cheap", [(1,), (0, 1)])
def test_the_cheaper_figure_is_contradicted(cheap: tuple[int, ...]):
    """Told exactly, 3 is 33 less 30: one of the two must go, and it is the one that is worth less."""
    asking = received([3], [30], policy=EXACT)
    chosen = cell_of(asking.block, 0, cheap, 0, 1)
    price = np.where(asking.made.cell == chosen, 5.0, 50.0)
    world = asking.for_cell(cell_of(asking.block, 0, (0,), 0, 1), 4, price)
    assert asking.broken(world) == ({chosen}, set())


def test_what_is_told_no_longer_costs_nothing():
    """The site's figure is hidden: a world may have any number there, and contradicts nothing by it."""
    asking = received([3], [30], policy=EXACT)
    site, other = (cell_of(asking.block, 0, who, 0, 1) for who in ((0, 1), (1,)))
    asking.worlds.told = asking.made.cell != site
    price = np.where(asking.made.cell == other, 5.0, 5_000.0)
    world = asking.for_cell(cell_of(asking.block, 0, (0,), 0, 1), 4, price)
    assert len(world.broken) == 0
    assert asking.plain(world).cell(site) == pytest.approx(34)


def test_a_question_is_over_when_the_next_is_asked():
    """The second clinic is asked about: the first is as it is in truth."""
    asking = received([3, 30], [30, 3])
    first, second = cell_of(asking.block, 0, (0,), 0, 1), cell_of(asking.block, 0, (1,), 1, 2)
    assert asking.plain(asking.for_cell(first, 4)).cell(first) == pytest.approx(4)
    plain = asking.plain(asking.for_cell(second, 4))
    assert (plain.cell(first), plain.cell(second)) == (pytest.approx(3), pytest.approx(4))


@pytest.mark.parametrize("seed", [0, 5])
def test_the_same_question_has_the_same_answer(seed: int):
    """The same asks in the same order give the same worlds to the last digit, in as many steps."""
    service = small_service(seed, 2, 4)
    found = []
    for _ in range(2):
        (block,) = blocks_of(service)
        asking = Asking(block)
        answers = [asking.for_cell(*ask) for ask in asks(block, 6)]
        found.append(
            (
                [[part.tolist() for part in (w.columns, w.by, w.broken, w.much)] for w in answers],
                asking.worlds.steps,
            )
        )
    assert found[0] == found[1]


# -- what cannot be --------------------------------------------------------------------------------


def told_before(service: Service, low: int, high: int) -> pl.DataFrame:
    here = (pl.col("grain") == "month") & (pl.col("period") == "2024-01") & (pl.col("clinic") == "c1")
    return figures_of(service).with_columns(
        pl.when(here).then(low).alias("told_n_low"),
        pl.when(here).then(high).alias("told_n_high"),
        *(pl.lit(None, pl.Int64).alias(f"told_{one}") for one in ("d_low", "d_high", "c_low", "c_high")),
        pl.lit(None, pl.Float64).alias("told_tenths"),
    )


def test_what_was_told_before_is_kept_though_the_ask_is_missed():
    """Told as two to three before, it is not one now, whatever is hidden: the world found is possible all the same."""
    service = given({"received": [[3], [30]]}, [RECEIVED])
    asking = Asking(block_of(service, figures=told_before(service, 2, 3)))
    cell = cell_of(asking.block, 0, (0,), 0, 1)
    plain = asking.plain(asking.for_cell(cell, 1))
    assert plain.cell(cell) == pytest.approx(2, abs=NEAR)
    assert not list(impossible(plain))


@pytest.mark.parametrize("limit", [0, 1])
def test_a_limit_of_steps(limit: int):
    """Who may take no steps finds no world; steps are counted, and the limit is kept."""
    (block,) = blocks_of(small_service(0, 2, 4))
    asking = Asking(block, limit)
    (ask,) = asks(block, 1)
    assert asking.for_cell(*ask) is None
    assert asking.worlds.steps <= limit
    asking.limit(ENOUGH)
    assert asking.for_cell(*ask) is not None
    assert asking.worlds.steps > limit


def test_a_check_that_finds_nothing_would_find_a_wrong_world():
    """The plain counting of these tests does see a clinic with one more, told or within a whole."""
    (block,) = blocks_of(small_service(0, 2, 4))
    asking = Asking(block)
    wrong = World(np.array([0]), np.array([60.0]), np.zeros(0, dtype=np.int64), np.zeros(0))
    assert list(impossible(asking.plain(wrong)))
    assert contradicted(asking.plain(wrong))
