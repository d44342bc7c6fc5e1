"""What published figures count, which figures tell of it, and what links it: quantities.toml."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files

from schemas import metrics
from schemas.errors import ConfigError
from schemas.metrics import STANDARD, Metric
from schemas.raw_table import RawTable
from schemas.site import RATERS

FILE = "quantities.toml"
BY = ("whole", "instrument", "scale")
PUBLISHED_KINDS = ("count", "rate", "mean")


@dataclass(frozen=True)
class Quantity:
    """A thing counted.

    within: quantities that are never smaller, over the same clinics and the same months (sessions, stages)
    by: whether its series is one (whole), one per instrument, or one per instrument and scale
    additive: whether clinics and months add up
    """

    id: str
    within: tuple[str, ...]
    by: str
    additive: bool = True


@dataclass(frozen=True)
class Counted:
    """A definition of a figure and the quantities it tells of.

    numerator: empty for a mean, whose numerator is a sum of something else
    denominator: empty for a count
    """

    figure: str
    definition: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class Partition:
    """A quantity whose cases are each in exactly one of the parts."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Total:
    """All sessions or stages of `part` together are never more than all months of `whole`; exact: as many."""

    part: str
    whole: str
    exact: bool


@dataclass(frozen=True)
class AtInstrument:
    """`part` is never more than `whole`, where the one that is by instrument is of this instrument."""

    part: str
    whole: str
    instrument: str


@dataclass(frozen=True)
class Balance:
    """The stock at the end of a month: all that entered up to then less all that left.

    exact: whether that is so whatever dates the records give; else the stock may be larger
    """

    stock: str
    entered: str
    left: str
    exact: bool


@dataclass(frozen=True)
class Ordered:
    """For each instrument these have an order of size, which is the same for all clinics and months."""

    quantities: tuple[str, ...]


@dataclass(frozen=True)
class Supposed:
    """`part` is not more than `whole` on most sites, so that someone may reckon on it; not certain on any."""

    part: str
    whole: str


@dataclass(frozen=True)
class Quantities:
    quantities: tuple[Quantity, ...]
    counted: tuple[Counted, ...]
    partitions: tuple[Partition, ...]
    totals: tuple[Total, ...] = ()
    at_instrument: tuple[AtInstrument, ...] = ()
    balances: tuple[Balance, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    supposed: tuple[Supposed, ...] = ()


@cache
def load() -> Quantities:
    """All quantities of the dictionary's published figures, in the order of the file."""
    return parse((files("schemas") / FILE).read_text(encoding="utf-8"), metrics.load())


def parse(text: str, dictionary: Sequence[Metric]) -> Quantities:
    """The quantities of a TOML text; ConfigError names every wrong table and key at once."""
    problems: list[str] = []
    root = RawTable(tomllib.loads(text), f"{FILE}:", problems)
    found = _Reading(root).quantities()
    root.close()
    if not problems:
        problems.extend(_figures_amiss(found, dictionary))
        problems.extend(_links_amiss(found))
        problems.extend(_scaffolds_amiss(found, dictionary))
    if problems:
        raise ConfigError("\n".join(problems))
    return found


class _Reading:
    """One pass over the file: the ids first, so that every name can be looked up."""

    def __init__(self, root: RawTable) -> None:
        self._root = root
        self._quantities = list(root.tables("quantities", "[[quantities]]", "id"))
        self._raters: dict[str, set[str]] = defaultdict(set)
        for raw in self._quantities:
            for rater in _raters(raw):
                if rater in self._raters[raw.text("id")]:
                    raw.problem("id", f"is there twice, rated by {rater}")
                self._raters[raw.text("id")].add(rater)

    def quantities(self) -> Quantities:
        return Quantities(
            tuple(q for raw in self._quantities for q in self._quantity(raw)),
            tuple(c for raw in self._tables("counted", "figure") for c in self._counted(raw)),
            tuple(p for raw in self._tables("partitions", "whole") for p in self._partition(raw)),
            tuple(t for raw in self._tables("totals", "part") for t in self._total(raw)),
            tuple(self._at_instrument(raw) for raw in self._tables("at_instrument", "part")),
            tuple(self._balance(raw) for raw in self._tables("balances", "stock")),
            tuple(self._ordered(raw) for raw in self._tables("ordered", "quantities")),
            tuple(s for raw in self._tables("supposed", "part") for s in self._supposed(raw)),
        )

    def _tables(self, key: str, name: str) -> Iterator[RawTable]:
        return self._root.tables(key, f"[[{key}]]", name)

    def _quantity(self, raw: RawTable) -> Iterator[Quantity]:
        id_, by = raw.text("id"), raw.choice("by", BY, "whole")
        within = tuple(self._known(raw, "within", name) for name in raw.texts("within"))
        additive = "additive" not in raw or raw.flag("additive")
        for rater in _raters(raw):
            yield Quantity(self._of(id_, rater), self._all_of(within, rater), by, additive)
        raw.close()

    def _counted(self, raw: RawTable) -> Iterator[Counted]:
        figure, definition = raw.text("figure"), raw.optional_text("definition") or STANDARD
        numerator, denominator = (
            self._known(raw, key, raw.optional_text(key) or "") for key in ("numerator", "denominator")
        )
        for rater in _raters(raw):
            named = definition if rater == "client" else f"{rater}_rated"
            yield Counted(figure, named, self._of(numerator, rater), self._of(denominator, rater))
        raw.close()

    def _partition(self, raw: RawTable) -> Iterator[Partition]:
        whole = self._known(raw, "whole", raw.text("whole"))
        parts = tuple(self._known(raw, "parts", name) for name in raw.texts("parts"))
        for rater in _raters(raw):
            yield Partition(self._of(whole, rater), self._all_of(parts, rater))
        raw.close()

    def _total(self, raw: RawTable) -> Iterator[Total]:
        part, whole = (self._known(raw, key, raw.text(key)) for key in ("part", "whole"))
        exact = raw.flag("exact")
        for rater in _raters(raw):
            yield Total(self._of(part, rater), self._of(whole, rater), exact)
        raw.close()

    def _at_instrument(self, raw: RawTable) -> AtInstrument:
        part, whole = (self._known(raw, key, raw.text(key)) for key in ("part", "whole"))
        found = AtInstrument(part, whole, raw.text("instrument"))
        raw.close()
        return found

    def _balance(self, raw: RawTable) -> Balance:
        stock, entered, left = (self._known(raw, key, raw.text(key)) for key in ("stock", "entered", "left"))
        found = Balance(stock, entered, left, raw.flag("exact"))
        raw.close()
        return found

    def _ordered(self, raw: RawTable) -> Ordered:
        found = Ordered(tuple(self._known(raw, "quantities", name) for name in raw.texts("quantities")))
        raw.close()
        return found

    def _supposed(self, raw: RawTable) -> Iterator[Supposed]:
        part, whole = (self._known(raw, key, raw.text(key)) for key in ("part", "whole"))
        for rater in _raters(raw):
            yield Supposed(self._of(part, rater), self._of(whole, rater))
        raw.close()

    def _known(self, raw: RawTable, key: str, name: str) -> str:
        return raw.known(key, name, self._raters)

    def _of(self, name: str, rater: str) -> str:
        """The rater's own quantity of this name, else the one of all."""
        raters = self._raters.get(name, {"client"})
        if rater == "client" or raters == {"client"}:
            return name
        if rater not in raters:
            self._root.problem(name, f"has raters, but not {rater}, and is named for {rater}")
        return f"{name}:{rater}"

    def _all_of(self, names: tuple[str, ...], rater: str) -> tuple[str, ...]:
        return tuple(self._of(name, rater) for name in names)


def _raters(raw: RawTable) -> tuple[str, ...]:
    """The client alone, where none are named."""
    raters = raw.texts("raters")
    for rater in raters:
        raw.known("raters", rater, RATERS)
    return raters or ("client",)


def _figures_amiss(found: Quantities, dictionary: Sequence[Metric]) -> Iterator[str]:
    """Every published figure is there exactly once, and tells what its kind tells."""
    kinds = {(one.figure, one.definition): one.kind for one in dictionary if one.kind in PUBLISHED_KINDS}
    told = [(one.figure, one.definition) for one in found.counted]
    for key in sorted({*kinds, *told}):
        if key not in kinds:
            yield f"{_place(key)}: no count, rate or mean of the dictionary"
        elif told.count(key) != 1:
            yield f"{_place(key)}: {'is missing' if key not in told else 'is there twice'}"
    for one in found.counted:
        kind = kinds.get((one.figure, one.definition))
        if kind and (bool(one.numerator), bool(one.denominator)) != (kind != "mean", kind != "count"):
            shape = {"count": "a numerator", "rate": "a numerator and a denominator", "mean": "a denominator"}
            yield f"{_place((one.figure, one.definition))}: a {kind} has {shape[kind]} and nothing else"


def _place(key: tuple[str, str]) -> str:
    return f"{FILE}: [[counted]] {key[0]}, definition {key[1]!r}"


def _links_amiss(found: Quantities) -> Iterator[str]:
    """Nothing is within itself, and what makes up a whole is within it."""
    above = {quantity.id: quantity.within for quantity in found.quantities}
    try:
        order = tuple(TopologicalSorter(above).static_order())
    except CycleError as error:
        circle = " within ".join(reversed(error.args[1]))
        yield f"{FILE}: [[quantities]] {error.args[1][0]}, within: a circle, {circle}"
        return
    over: dict[str, set[str]] = {}
    for id_ in order:
        over[id_] = {*above[id_], *(far for near in above[id_] for far in over[near])}
    for partition in found.partitions:
        for part in partition.parts:
            if partition.whole not in over[part]:
                yield f"{FILE}: [[partitions]] {partition.whole}, parts: {part!r} is not within the whole"
    yield from _series_amiss(found, above)


def _series_amiss(found: Quantities, above: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A quantity of the whole clinic is within none of an instrument, nor that within one of a scale."""
    by = {quantity.id: BY.index(quantity.by) for quantity in found.quantities}
    for id_, names in above.items():
        for name in names:
            if by[name] > by[id_]:
                yield f"{FILE}: [[quantities]] {id_}, within: {name!r} is by {BY[by[name]]}"


def _scaffolds_amiss(found: Quantities, dictionary: Sequence[Metric]) -> Iterator[str]:
    """What is counted over months is counted over months everywhere; and so are parts and their wholes."""
    scaffold = {(one.figure, one.definition): one.scaffold for one in dictionary}
    over: dict[str, str] = {}
    for one in found.counted:
        key = (one.figure, one.definition)
        for name in filter(None, (one.numerator, one.denominator)):
            if key in scaffold and over.setdefault(name, scaffold[key]) != scaffold[key]:
                yield f"{_place(key)}: {name!r} is over {over[name]} elsewhere, not over {scaffold[key]}"
    for quantity in found.quantities:
        for name in quantity.within:
            if over.get(name) and over.get(quantity.id, over[name]) != over[name]:
                yield f"{FILE}: [[quantities]] {quantity.id}, within: {name!r} is over {over[name]}"
