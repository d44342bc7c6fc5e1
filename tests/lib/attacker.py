"""The attacker: what follows, for cells too small to be shown, from all that was ever published of them.

Knows the rules of publication, the calendar, the clinics, and how quantities hang together. Of releases that came
before it takes every statement that is still true, which is more than anybody could know to be so. What these tell
by themselves of a cell that has become small since, the newest release cannot help; it must not tell more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from math import ceil, inf

import numpy as np

from schemas.quantities import Quantities
from schemas.site import Disclosure
from tests.lib.relations import adds_up, is_told, relations, spans_of, suppositions
from tests.lib.statements import (
    Layout,
    Protected,
    Reading,
    Row,
    Series,
    Statement,
    Terms,
    Truth,
    protected,
    reading,
    sayings,
    truth,
)
from tests.lib.worlds import Worlds

TOLERANCE = 1e-6
FEW = 0.1
"""Share of cells that a common push has to clear, to be tried again before each is looked at alone."""

RANGES = {
    "treatment_contacts_mean": (2, inf),
    "scores_per_course_mean": (2, inf),
    "wait_days_mean": (0, inf),
    "contact_gap_days_mean": (0, inf),
    "days_between_scores_mean": (1, inf),
    "outcome_mean_first": (0, inf),
    "outcome_mean_last": (0, inf),
}
"""Least and largest of what is averaged, by figure, where everybody knows it."""


@dataclass(frozen=True)
class Breach:
    """A protected cell (or complement: "whole less part") that is known to be within low to high."""

    quantity: str
    instrument: str
    scale: str
    service: str
    clinic: str
    grain: str
    period: str
    low: float
    high: float
    exact: int


@dataclass(frozen=True)
class Publication:
    """Rows of pub_figure (or of mart_figure) and how they are read; by the policy where nothing is said."""

    rows: Sequence[Row]
    known: Layout
    read_as: Reading | None = None


def attack(
    releases: Sequence[Publication],
    exact: Publication,
    policy: Disclosure,
    enough: int | None = None,
    whole: bool = False,
) -> list[Breach]:
    """Breaches of cells that are protected today, by all releases together, the newest last.

    A breach is what is known by the newest release and was not by those before it, as far as they are still true.
    exact: exact rows of today. enough: stop when so many are found. whole: counts are whole numbers, which makes
    a stronger attacker, for small cases only.
    raises: ValueError where no world fits, or the exact one does not: then the quantities are not as declared
    """
    facts = truth(exact.rows, exact.known)
    said = told(releases, policy, facts)
    before = frozenset(told(releases[:-1], policy, facts))
    secrets = protected(exact.rows, exact.known, policy)
    breaches: list[Breach] = []
    for some_said, some_secrets in components(said, secrets, exact.known):
        worlds = worlds_of(some_said, some_secrets, facts, exact.known)
        left = None if enough is None else enough - len(breaches)
        known_before = [one for one in some_said if one in before]
        breaches += _Attack(
            worlds,
            partial(worlds_of, some_said, some_secrets, facts, exact.known, known_before)
            if known_before
            else None,
            policy,
            left,
            whole,
        ).run(some_secrets)
        if enough is not None and len(breaches) >= enough:
            break
    return breaches


def told(releases: Iterable[Publication], policy: Disclosure, facts: Truth) -> list[Statement]:
    """What all releases say and is true today, each once."""
    plain = reading(policy)
    said = chain.from_iterable(sayings(one.rows, one.known, one.read_as or plain) for one in releases)
    true = (saying for saying in dict.fromkeys(said) if all(map(facts.holds, saying)))
    return list(dict.fromkeys(chain.from_iterable(true)))


def worlds_of(
    said: Sequence[Statement],
    secrets: Sequence[Protected],
    facts: Truth,
    known: Layout,
    believed: Sequence[Statement] | None = None,
) -> Worlds:
    """Worlds that fit what is said, or those that fit what is believed of it."""
    cells = [cell for one in (*said, *secrets) for _, cell in one.terms]
    spans = spans_of(cells, known)
    own = sorted(
        {
            cell._replace(clinics=frozenset({clinic}))
            for cell in cells
            if not adds_up(cell.series, known)
            for clinic in cell.clinics
        },
        key=lambda cell: (cell.series, *cell.clinics, cell.first, cell.last),
    )
    tied = list(relations(spans, own, known, RANGES))
    broken = [one for one in tied if _exact(one, known) and not facts.holds(one)]
    if broken:
        raise ValueError(f"quantities are not as declared: {broken[:3]}")
    for group in suppositions(spans, known):
        tied += group if all(facts.holds(one) for one in group) else []
    return Worlds(
        spans,
        own,
        [*tied, *(said if believed is None else believed)],
        [secret.terms for secret in secrets],
        known,
    )


def _exact(statement: Statement, known: Layout) -> bool:
    return all(is_told(cell.series, known) for _, cell in statement.terms)


def components(
    said: Iterable[Statement], secrets: Iterable[Protected], known: Layout
) -> list[tuple[list[Statement], list[Protected]]]:
    """Split by series that tell nothing of each other; only where something is protected."""
    parent: dict[Series, Series] = {}

    def root(key: Series) -> Series:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    both = [*said, *secrets]
    links = quantity_links(known.quantities)
    waiting = {cell.series for one in both for _, cell in one.terms}
    seen: set[Series] = set()
    while waiting:
        series = waiting.pop()
        seen.add(series)
        for quantity, instrument in links[series[0]]:
            twin = known.twin((series[0], instrument or series[1], series[2]), quantity)
            parent[root(series)] = root(twin)
            waiting |= {twin} - seen
    for one in both:
        for _, cell in one.terms[1:]:
            parent[root(cell.series)] = root(one.terms[0][1].series)
    split: dict[Series, tuple[list[Statement], list[Protected]]] = defaultdict(lambda: ([], []))
    for one in said:
        split[root(one.terms[0][1].series)][0].append(one)
    for secret in secrets:
        split[root(secret.terms[0][1].series)][1].append(secret)
    return [split[key] for key in sorted(split) if split[key][1]]


def quantity_links(quantities: Quantities) -> dict[str, set[tuple[str, str]]]:
    """Quantity -> what it is tied to, and of which instrument where that is fixed; from the finer to the coarser."""
    links: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for quantity in quantities.quantities:
        links[quantity.id].update((whole, "") for whole in quantity.within)
    for partition in quantities.partitions:
        for part in partition.parts:
            links[part].add((partition.whole, ""))
            links[partition.whole].add((part, ""))
    for total in quantities.totals:
        links[total.part].add((total.whole, ""))
    for one in quantities.at_instrument:
        links[one.part].add((one.whole, one.instrument))
    for order in quantities.ordered:
        for name in order.quantities:
            links[name].add((order.quantities[0], ""))
    for balance in quantities.balances:
        links[balance.stock].update({(balance.entered, ""), (balance.left, "")})
    return links


class _Attack:
    """before: makes the worlds that fit what was told earlier; None where nothing was."""

    def __init__(
        self,
        worlds: Worlds,
        before: Callable[[], Worlds] | None,
        policy: Disclosure,
        enough: int | None,
        whole: bool,
    ) -> None:
        self.worlds, self.enough, self.whole = worlds, enough, whole
        self._before = before
        self.goals = {1: 1.0, -1: float(policy.threshold - 1)}

    def run(self, secrets: Sequence[Protected]) -> list[Breach]:
        """A cell is cleared of a side by the exact world, by a world that pushes many, or by its own."""
        found: dict[int, dict[int, float]] = defaultdict(dict)
        for sign, goal in self.goals.items():
            pending = [number for number, one in enumerate(secrets) if one.exact != goal]
            for number, value in self._side(secrets, pending, sign, goal):
                found[number][sign] = value
                if self.enough is not None and len(found) >= self.enough:
                    return [self._breach(secrets[n], sides) for n, sides in found.items()]
        return [self._breach(secrets[n], sides) for n, sides in sorted(found.items())]

    def _side(
        self, secrets: Sequence[Protected], pending: list[int], sign: int, goal: float
    ) -> Iterator[tuple[int, float]]:
        def left(world: np.ndarray) -> list[int]:
            return [n for n in pending if not self._reached(secrets[n], world, sign, goal)]

        progress = True
        while pending and progress:
            before = len(pending)
            wanted = [secrets[n].terms for n in pending]
            pending = left(self.worlds.push(wanted, sign, goal, self.whole))
            progress = before - len(pending) > FEW * before
        while pending:
            terms = secrets[pending[0]].terms
            value, world = self.worlds.extreme(terms, sign, self.whole)
            if _whole(value, sign) > max(sign * goal, self._known_before(terms, sign, goal)):
                yield pending[0], value
            pending = [n for n in left(world) if n != pending[0]]

    @cached_property
    def _earlier(self) -> Worlds | None:
        return self._before() if self._before else None

    def _known_before(self, terms: Terms, sign: int, goal: float) -> float:
        """What the earlier releases alone tell, as far as it is nearer than the goal."""
        if self._earlier is None:
            return sign * goal
        return _whole(self._earlier.value(terms, self._earlier.push([terms], sign, goal, self.whole)), sign)

    def _reached(self, secret: Protected, world: np.ndarray, sign: int, goal: float) -> bool:
        return sign * self.worlds.value(secret.terms, world) <= sign * goal + TOLERANCE

    def _breach(self, secret: Protected, sides: dict[int, float]) -> Breach:
        low, high = (sides.get(sign, self.goals[sign]) for sign in (1, -1))
        names = ("instrument", "scale", "service", "clinic", "grain", "period")
        place = [str(secret.row[name]) for name in names]
        return Breach(secret.name, *place, round(low, 6), round(high, 6), int(secret.exact))


def _whole(value: float, sign: int) -> float:
    """The least whole number that is no less than this, of numbers below zero where the sign is -1."""
    return ceil(sign * value - TOLERANCE)
