"""How series hang together, for clinics and slots one by one: what anybody can know before any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.quantities import Quantities, Quantity

Key = tuple[str, str, str]
"""A series: quantity, instrument, scale."""


def series_key(quantity: Quantity, instrument: str, scale: str) -> Key:
    """A quantity's series for an instrument and scale."""
    return (
        quantity.id,
        instrument if quantity.by in ("instrument", "scale") else "",
        scale if quantity.by == "scale" else "",
    )


@dataclass(frozen=True)
class Relation:
    """In every clinic and slot the parts together are never more than the whole; exact: just as much.

    over: slot (each by itself), running (all up to each slot), all (all slots together)
    """

    parts: tuple[Key, ...]
    less: tuple[Key, ...]
    whole: Key
    exact: bool
    over: str = "slot"


def relations(keys: Sequence[Key], quantities: Quantities) -> list[Relation]:
    """All relations of these series and of those that no figure tells of but that tie them together."""
    found: dict[Relation, None] = {}
    waiting, seen = list(keys), set(keys)
    told = {name for one in quantities.counted for name in (one.numerator, one.denominator)}
    while waiting:
        for relation in _of(waiting.pop(), quantities):
            for key in (*relation.parts, *relation.less, relation.whole):
                if key not in seen and key[0] not in told:
                    seen.add(key)
                    waiting.append(key)
            found[relation] = None
    return [
        relation
        for relation in found
        if all(key in seen for key in (*relation.parts, *relation.less, relation.whole))
    ]


def linked(keys: Sequence[Key], quantities: Quantities) -> Iterator[tuple[Key, Key]]:
    """Pairs of told series that some relation ties, be it through others that no figure tells of."""
    there = set(keys)
    for relation in relations(keys, quantities):
        first = relation.whole
        for other in (*relation.parts, *relation.less):
            yield from [(first, other)] if {first, other} <= there else []
    yield from _through(keys, quantities)


def _through(keys: Sequence[Key], quantities: Quantities) -> Iterator[tuple[Key, Key]]:
    there = set(keys)
    by_untold: dict[Key, list[Key]] = {}
    for relation in relations(keys, quantities):
        members = (*relation.parts, *relation.less, relation.whole)
        told = [key for key in members if key in there]
        for key in members:
            if key not in there:
                by_untold.setdefault(key, []).extend(told)
        yield from pairwise(told)
    for alike in by_untold.values():
        yield from pairwise(alike)


def _of(key: Key, quantities: Quantities) -> Iterator[Relation]:
    """Relations that begin at a series: what it is within, and, of a whole or part, its partition."""
    kinds = {one.id: one for one in quantities.quantities}

    def twin(name: str, instrument: str = "") -> Key:
        return series_key(kinds[name], instrument or key[1], key[2])

    for name in kinds[key[0]].within:
        yield Relation((key,), (), twin(name), False)
    for partition in quantities.partitions:
        if key[0] in (partition.whole, *partition.parts):
            parts = tuple(map(twin, partition.parts))
            yield Relation(parts, (), twin(partition.whole), True)
    for total in quantities.totals:
        if key[0] == total.part:
            yield Relation((key,), (), twin(total.whole), total.exact, "all")
    for one in quantities.at_instrument:
        if key[0] == one.part and key[1] in ("", one.instrument):
            yield Relation((key,), (), twin(one.whole, one.instrument), False)
    for balance in quantities.balances:
        if key[0] in (balance.stock, balance.entered, balance.left):
            yield Relation(
                (twin(balance.entered),), (twin(balance.left),), twin(balance.stock), balance.exact, "running"
            )
