"""Worlds of one line of time: how far a cell can move while all that is told stays as it is.

A move adds D(t) to what is counted up to t, for the same D in each of its terms; what is told of a cell
from a to b bounds D(b) - D(a). Such bounds are a graph whose nodes are times and whose shortest paths are
the exact, whole-numbered limits of every difference. Source: systems of difference constraints (Bellman).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FREE = 30_000
"""No bound; far above any count that a need asks for, so that sums of two stay in range."""

STEP = 1024
"""More than the edges of any path: a line of 85 years of months has fewer times."""

Matrix = NDArray[np.int32]
Edge = tuple[int, int]

COVER_STEPS = 200
"""Nodes that the solver may open for one cover, so that its end does not depend on the clock."""


@dataclass(frozen=True)
class Need:
    """Between times `start` and `stop` a world must be able to count `up` more, and another `down` less."""

    start: int
    stop: int
    up: int
    down: int


def shortest(bounds: Matrix, free: int = FREE) -> Matrix:
    """Shortest paths of one graph or of a stack of graphs: (…, N, N), `free` where there is no path."""
    found = np.minimum(bounds, free)
    index = np.arange(found.shape[-1])
    found[..., index, index] = 0
    for middle in index:
        np.minimum(found, found[..., :, middle, None] + found[..., None, middle, :], out=found)
    return np.minimum(found, free)


def met(paths: Matrix, needs: tuple[NDArray[np.intp], ...]) -> NDArray[np.bool_]:
    """Which needs (starts, stops, ups, downs) the shortest paths of a graph, or of each of a stack, allow."""
    start, stop, up, down = needs
    found: NDArray[np.bool_] = (paths[..., start, stop] >= up) & (paths[..., stop, start] >= down)
    return found


def columns(needs: list[Need]) -> tuple[NDArray[np.intp], ...]:
    """The needs as four arrays: starts, stops, ups, downs."""
    table = np.array([(need.start, need.stop, need.up, need.down) for need in needs], dtype=np.intp)
    return tuple(table.reshape(-1, 4).T)


@dataclass
class Cover:
    """The cells to hide, as edges (a, b) with a < b, so that all needs are met.

    cost: of the edges together; solved: whether by the solver with proof, or by the recorded fallback
    """

    edges: frozenset[Edge]
    cost: float
    solved: bool


def cover(
    bounds: Matrix, freed: Matrix, cost: NDArray[np.float64], needs: list[Need], solve: bool
) -> Cover | None:
    """The cheapest edges to hide that meet all needs; None where hiding all of them would not.

    bounds: what is told now; freed: what would still hold with the cell of an edge hidden
    cost: of hiding an edge (a, b), a < b; where nothing is told it is free
    """
    wanted = columns(needs)
    if not met(shortest(freed), wanted).all():
        return None
    finder = _Finder(bounds, freed, cost, needs, wanted)
    chosen = finder.greedy()
    if not solve:
        return Cover(chosen, finder.price(chosen), False)
    best, proved = finder.solved(chosen)
    return Cover(best, finder.price(best), proved)


@dataclass
class _Finder:
    """Paths that are too short for a need, found lazily; each must lose one of its told edges."""

    bounds: Matrix
    freed: Matrix
    cost: NDArray[np.float64]
    needs: list[Need]
    wanted: tuple[NDArray[np.intp], ...]

    def __post_init__(self) -> None:
        self.paths: list[frozenset[Edge]] = []

    def price(self, edges: frozenset[Edge]) -> float:
        return float(sum(self.cost[edge] for edge in sorted(edges)))

    def _with(self, edges: frozenset[Edge]) -> Matrix:
        found = self.bounds.copy()
        if edges:
            a, b = np.array(sorted(edges)).T
            found[a, b], found[b, a] = self.freed[a, b], self.freed[b, a]
        return found

    def short(self, edges: frozenset[Edge]) -> bool:
        """Add the told edges of each path that is too short once these edges are hidden; whether any is."""
        # One more for each edge: of two paths of one length the one with fewer edges, and none in a circle.
        graph = np.minimum(self._with(edges), FREE) * STEP + 1
        paths = shortest(graph, FREE * STEP)
        start, stop, up, down = self.wanted
        found = False
        for source, target, least in (
            *zip(start, stop, up, strict=True),
            *zip(stop, start, down, strict=True),
        ):
            if paths[source, target] // STEP < least:
                found = True
                told = frozenset(self._told(graph, paths, int(source), int(target), edges))
                if told not in self.paths:
                    self.paths.append(told)
        return found

    def _told(
        self, graph: Matrix, paths: Matrix, source: int, target: int, hidden: frozenset[Edge]
    ) -> Iterator[Edge]:
        """The told edges of a shortest path that hiding would lengthen."""
        at = source
        while at != target:
            ahead = graph[at] + paths[:, target]
            ahead[at] = 2 * FREE * STEP
            after = int(np.argmin(ahead))
            edge = (min(at, after), max(at, after))
            if edge not in hidden and self.freed[at, after] > self.bounds[at, after]:
                yield edge
            at = after

    def greedy(self) -> frozenset[Edge]:
        """Hide the edge that lengthens most paths for its cost, until none is short; then give back."""
        chosen: frozenset[Edge] = frozenset()
        while self.short(chosen):
            chosen |= self._greedy_cover(chosen)
        for edge in sorted(chosen, key=lambda one: (-self.cost[one], one)):
            without = chosen - {edge}
            if met(shortest(self._with(without)), self.wanted).all():
                chosen = without
        return chosen

    def _greedy_cover(self, chosen: frozenset[Edge]) -> frozenset[Edge]:
        left = [path for path in self.paths if not path & chosen]
        added: set[Edge] = set()
        while left:
            times: dict[Edge, int] = {}
            for path in left:
                for edge in path:
                    times[edge] = times.get(edge, 0) + 1
            best = min(times, key=lambda edge: (self.cost[edge] / times[edge], edge))
            added.add(best)
            left = [path for path in left if best not in path]
        return frozenset(added)

    def solved(self, chosen: frozenset[Edge]) -> tuple[frozenset[Edge], bool]:
        """The cheapest cover by the solver, with paths added until it holds; `chosen` where it gives up."""
        for _ in range(ROUNDS):
            best = _least(self.paths, self.cost)
            if best is None:
                return chosen, False
            if not self.short(best):
                return best, True
        return chosen, False


ROUNDS = 12
"""How often the solver is asked again with more paths before the fallback is taken."""


def _least(paths: list[frozenset[Edge]], cost: NDArray[np.float64]) -> frozenset[Edge] | None:
    """The cheapest edges that meet each path, by HiGHS: one worker, a limit in steps, no clock."""
    if not paths:
        return frozenset()
    edges = sorted(frozenset().union(*paths))
    place = {edge: number for number, edge in enumerate(edges)}
    rows = np.zeros((len(paths), len(edges)))
    for number, path in enumerate(paths):
        rows[number, [place[edge] for edge in path]] = 1
    found = _milp(np.array([cost[edge] for edge in edges]) + 0.001, rows)
    if found is None:
        return None
    return frozenset(edge for edge, taken in zip(edges, found, strict=True) if taken > 0.5)


def _milp(cost: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64] | None:
    # scipy takes half a second to import: a site with nothing to protect goes without.
    from scipy.optimize import Bounds, LinearConstraint, milp

    solver: Callable[..., Any] = milp
    found = solver(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, lb=1),
        options={"node_limit": COVER_STEPS, "presolve": True},
    )
    return found.x if found.status == 0 else None
