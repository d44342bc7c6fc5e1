"""How quantities hang together, as statements about cells of one clinic: what everybody knows before any number.

A part is not above its whole, parts add up, a stock moves by what comes and goes. Clients seen do not add up over
months: a part is not above the whole, and a whole is not above the sum of parts that cover it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from math import inf

from tests.lib.statements import SUM, Cell, Layout, Series, Statement

Range = tuple[int, int]
Place = tuple[Series, str]
"""A series in a clinic."""
Spans = Mapping[Place, Range]
Number = float


def adds_up(series: Series, known: Layout) -> bool:
    return series[0].startswith(SUM) or series[0] in known.additive


def is_told(series: Series, known: Layout) -> bool:
    """Whether a figure tells of it; of other quantities there is no exact value either."""
    return series[0].startswith(SUM) or series[0] in known.figures_of


def spans_of(cells: Iterable[Cell], known: Layout) -> dict[Place, Range]:
    """First and last slot that is asked about or told of, by series and clinic; with what lies between them."""
    spans: dict[Place, Range] = {}
    for cell in cells:
        for clinic in cell.clinics if adds_up(cell.series, known) else ():
            _widen(spans, (cell.series, clinic), (cell.first, cell.last))
    _widen_totals(spans, known)
    _add_untold(spans, known)
    return dict(sorted(spans.items()))


def _widen_totals(spans: dict[Place, Range], known: Layout) -> None:
    """All slots, where all of them together are tied to those of another line."""
    tied = {name for total in known.quantities.totals for name in (total.part, total.whole)}
    for key in spans:
        if key[0][0] in tied & known.lines.keys():
            _widen(spans, key, known.lines[key[0][0]])


def _add_untold(spans: dict[Place, Range], known: Layout) -> None:
    """Quantities that no figure tells of, but through which others are tied to each other."""
    above = {quantity.id: quantity.within for quantity in known.quantities.quantities}
    below: dict[str, set[str]] = defaultdict(set)
    for partition in known.quantities.partitions:
        below[partition.whole].update(partition.parts)
    stocks = {balance.entered: balance.stock for balance in known.quantities.balances}
    waiting = sorted(spans)
    while waiting:
        series, clinic = key = waiting.pop()
        tied = {*above.get(series[0], ()), *below[series[0]], *stocks.get(series[0], "").split()}
        for quantity in sorted(tied - known.figures_of):
            twin = (known.twin(series, quantity), clinic)
            if _widen(spans, twin, spans[key]):
                waiting.append(twin)


def _widen(spans: dict[Place, Range], key: Place, span: Range) -> bool:
    """Whether the place is new or has become longer."""
    first, last = spans.get(key, span)
    wider = min(first, span[0]), max(last, span[1])
    changed = spans.get(key) != wider
    spans[key] = wider
    return changed


def relations(
    spans: Spans, own: Sequence[Cell], known: Layout, score_range: Mapping[str, tuple[float, float]]
) -> Iterator[Statement]:
    """All that binds these places and cells of their own.

    score_range: least and largest of what is averaged by a figure, where everybody knows it
    """
    by_quantity: dict[str, list[Place]] = defaultdict(list)
    for place in spans:
        by_quantity[place[0][0]].append(place)
    yield from _within(spans, by_quantity, own, known)
    yield from _partitions(spans, by_quantity, known)
    yield from _at_instrument(spans, by_quantity, known)
    yield from _totals(spans, by_quantity, known)
    yield from _balances(spans, by_quantity, known)
    yield from _sums(spans, known, score_range)
    yield from _change(spans)
    yield from _own(own)


def at(place: Place, first: int, last: int | None = None) -> Cell:
    return Cell(place[0], frozenset({place[1]}), first, first if last is None else last)


def _twin(spans: Spans, known: Layout, place: Place, quantity: str) -> Place | None:
    """The other quantity in the same clinic, if it is there."""
    twin = (known.twin(place[0], quantity), place[1])
    return twin if twin in spans else None


def _bind(
    spans: Spans, parts: Sequence[Place | None], whole: Place | None, low: Number
) -> Iterator[Statement]:
    """low <= sum of parts - whole <= 0 in every slot that all have; nothing where one is missing."""
    there = [part for part in parts if part]
    if whole is None or len(there) < len(parts):
        return
    ranges = [spans[key] for key in (*there, whole)]
    for slot in range(max(first for first, _ in ranges), min(last for _, last in ranges) + 1):
        yield Statement((*((1, at(part, slot)) for part in there), (-1, at(whole, slot))), low, 0)


Named = Mapping[str, Sequence[Place]]


def _within(spans: Spans, named: Named, own: Sequence[Cell], known: Layout) -> Iterator[Statement]:
    for quantity in known.quantities.quantities:
        for whole in quantity.within:
            for part in named[quantity.id]:
                yield from _bind(spans, [part], _twin(spans, known, part, whole), -inf)
            for cell in own if not quantity.additive else ():
                twin = _twin(spans, known, (cell.series, *cell.clinics), whole)
                if cell.series[0] == quantity.id and twin and _inside((cell.first, cell.last), spans[twin]):
                    yield Statement(((1, cell), (-1, at(twin, cell.first, cell.last))), -inf, 0)


def _partitions(spans: Spans, named: Named, known: Layout) -> Iterator[Statement]:
    for partition in known.quantities.partitions:
        for whole in named[partition.whole]:
            yield from _bind(spans, [_twin(spans, known, whole, part) for part in partition.parts], whole, 0)


def _at_instrument(spans: Spans, named: Named, known: Layout) -> Iterator[Statement]:
    """One of the two is by instrument, and is meant of this one."""
    for one in known.quantities.at_instrument:
        for part in named[one.part]:
            (_, instrument, scale), clinic = part
            if instrument in ("", one.instrument):
                whole = _twin(spans, known, ((one.part, one.instrument, scale), clinic), one.whole)
                yield from _bind(spans, [part], whole, -inf)


def _totals(spans: Spans, named: Named, known: Layout) -> Iterator[Statement]:
    """All sessions or stages together, against all months."""
    for total in known.quantities.totals:
        for part in named[total.part]:
            whole = _twin(spans, known, part, total.whole)
            if whole and spans[whole][0] <= known.first_month:
                terms = ((1, at(part, *spans[part])), (-1, at(whole, *spans[whole])))
                yield Statement(terms, 0 if total.exact else -inf, 0)


def _balances(spans: Spans, named: Named, known: Layout) -> Iterator[Statement]:
    """A stock is what has come since the first month less what has gone; where not exact, it may be more."""
    for balance in known.quantities.balances:
        for stock in named[balance.stock]:
            flows = [_twin(spans, known, stock, flow) for flow in (balance.entered, balance.left)]
            if all(flow and spans[flow][0] <= known.first_month for flow in flows):
                came, went = (flow for flow in flows if flow)
                for slot in range(spans[stock][0], min(spans[key][1] for key in (stock, came, went)) + 1):
                    start = known.first_month
                    terms = ((1, at(stock, slot)), (-1, at(came, start, slot)), (1, at(went, start, slot)))
                    yield Statement(terms, 0, 0 if balance.exact else inf)


def suppositions(spans: Spans, known: Layout) -> Iterator[list[Statement]]:
    """What holds as a whole or not at all: of quantities in order each one above the other or the reverse."""
    named: dict[str, list[Place]] = defaultdict(list)
    for place in spans:
        named[place[0][0]].append(place)
    for order in known.quantities.ordered:
        for first, second in permutations(order.quantities, 2):
            for instrument in sorted({place[0][1] for place in named[first]}):
                places = [place for place in named[first] if place[0][1] == instrument]
                yield [
                    one
                    for place in places
                    for one in _bind(spans, [place], _twin(spans, known, place, second), -inf)
                ]


def _sums(spans: Spans, known: Layout, score_range: Mapping[str, tuple[float, float]]) -> Iterator[Statement]:
    for one in known.quantities.counted:
        least, most = score_range.get(one.figure, (-inf, inf))
        name = f"{SUM}{one.figure}:{one.definition}"
        for place in [key for key in spans if key[0][0] == name]:
            cases = _twin(spans, known, place, one.denominator)
            for slot in range(spans[place][0], spans[place][1] + 1) if cases else ():
                if least > -inf:
                    yield Statement(((1, at(place, slot)), (-least, at(cases or place, slot))), 0, inf)
                if most < inf:
                    yield Statement(((1, at(place, slot)), (-most, at(cases or place, slot))), -inf, 0)


def _change(spans: Spans) -> Iterator[Statement]:
    """The change is the last score less the first."""
    names = [
        f"{SUM}{figure}:standard"
        for figure in ("outcome_mean_first", "outcome_mean_change", "outcome_mean_last")
    ]
    for series, clinic in spans:
        if series[0] == names[0]:
            first, change, last = (((name, *series[1:]), clinic) for name in names)
            if change in spans and last in spans:
                yield from _bind(spans, [first, change], last, 0)


def _own(own: Sequence[Cell]) -> Iterator[Statement]:
    families: dict[tuple[Series, frozenset[str]], dict[Range, Cell]] = defaultdict(dict)
    for cell in own:
        families[cell.series, cell.clinics][cell.first, cell.last] = cell
    for family in families.values():
        for part, whole in _nested(family):
            yield Statement(((1, family[part]), (-1, family[whole])), -inf, 0)
        for whole, cover in _covers(sorted(family)):
            yield Statement(((1, family[whole]), *((-1, family[part]) for part in cover)), -inf, 0)


def _inside(part: Range, whole: Range) -> bool:
    return whole[0] <= part[0] and part[1] <= whole[1]


def _nested(family: Iterable[Range]) -> Iterator[tuple[Range, Range]]:
    """Each interval and the smallest ones that hold it."""
    intervals = list(family)
    for part in intervals:
        holders = [whole for whole in intervals if whole != part and _inside(part, whole)]
        for whole in holders:
            if not any(other != whole and _inside(other, whole) for other in holders):
                yield part, whole


def _covers(intervals: Sequence[Range]) -> Iterator[tuple[Range, list[Range]]]:
    """Each interval with covers of it: by another one and up to three months, and by its longest parts."""
    single = {first: (first, last) for first, last in intervals if first == last}
    for whole in intervals:
        slots = range(whole[0], whole[1] + 1)
        for other in intervals:
            rest = [slot for slot in slots if not other[0] <= slot <= other[1]]
            if 0 < len(rest) <= min(3, len(slots) - 1) and all(slot in single for slot in rest):
                yield whole, [other, *(single[slot] for slot in rest)]
        chain = _chain(whole, intervals)
        if len(chain) > 1:
            yield whole, chain


def _chain(whole: Range, intervals: Sequence[Range]) -> list[Range]:
    """The longest parts, one after the other, that fill the interval; empty where they do not."""
    chain, start = [], whole[0]
    while start <= whole[1]:
        parts = [one for one in intervals if one[0] == start and one != whole and one[1] <= whole[1]]
        if not parts:
            return []
        chain.append(max(parts, key=lambda one: one[1]))
        start = chain[-1][1] + 1
    return chain
