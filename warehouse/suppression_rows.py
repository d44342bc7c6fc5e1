"""Rows of exact figures to blocks of cells: what each row tells of, and which rows belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.errors import WarehouseError
from schemas.quantities import Quantities, Quantity
from warehouse.suppression_block import UNBOUND, Block, Policy, Rows
from warehouse.suppression_relations import Key, Relation, linked, relations, series_key

WEIGHT = {"month": 10, "quarter": 15, "year": 30, "rolling_12_months": 15, "all": 60}
"""What a row is worth by grain: of two covers the one that hides less; else short periods go first."""

OF_UNIT = {"clinic": 1, "service": 2, "all": 4}


@dataclass(frozen=True)
class Told:
    """Rows with the series they tell of.

    rows: one row per figure row that is applicable, in key order: place, kind, start, stop (slots), counts,
        closed, grain, service, clinic, group, series_n, series_d (-1 for none)
    series: keys by number; groups: sets of clinics by number
    """

    rows: pl.DataFrame
    series: tuple[Key, ...]
    groups: tuple[frozenset[int], ...]
    clinics: tuple[str, ...]
    service: tuple[str, ...]


def told(figures: pl.DataFrame, clinics: dict[str, str], quantities: Quantities) -> Told:
    """figures: rows of mart_figure that apply, with place, kind, start, stop and closed; see
    `warehouse.disclosure`.

    clinics: clinic to service. raises: WarehouseError where two figures disagree on one count
    """
    names = tuple(sorted(clinics))
    groups, grouped = _grouped(figures, names, clinics)
    counted = pl.DataFrame(
        [(one.figure, one.definition, one.numerator, one.denominator) for one in quantities.counted],
        schema=["figure", "definition", "quantity_n", "quantity_d"],
        orient="row",
    )
    rows = grouped.join(counted, on=["figure", "definition"], how="left", maintain_order="left")
    lost = rows.filter(pl.col("quantity_n").is_null())
    if len(lost):
        raise WarehouseError(f"{lost['figure'][0]}: not in schemas/quantities.toml")
    kinds = {one.id: one for one in quantities.quantities}
    keys: dict[Key, int] = {}
    rows = rows.with_columns(
        pl.Series(f"series_{role}", _numbers(rows, role, kinds, keys), dtype=pl.Int64) for role in ("n", "d")
    )
    _agree(rows)
    return Told(rows, tuple(keys), groups, names, tuple(clinics[name] for name in names))


def _grouped(
    figures: pl.DataFrame, names: tuple[str, ...], clinics: dict[str, str]
) -> tuple[tuple[frozenset[int], ...], pl.DataFrame]:
    """The clinics behind each row: of its unit, those where the figure is applicable."""
    place = {name: number for number, name in enumerate(names)}
    which = ["figure", "definition", "instrument", "scale"]
    alone = figures.filter(pl.col("clinic") != "all").select(*which, "clinic").unique()
    applicable: dict[tuple[str, ...], set[str]] = {}
    for *figure, clinic in alone.iter_rows():
        applicable.setdefault(tuple(figure), set()).add(clinic)
    units = figures.select(*which, "service", "clinic").unique(maintain_order=True)
    numbers: dict[frozenset[int], int] = {}
    found = []
    for *figure, service, clinic in units.iter_rows():
        members = applicable.get(tuple(figure), set())
        group = frozenset(
            place[one] for one in members if service in ("all", clinics[one]) and clinic in ("all", one)
        )
        found.append(numbers.setdefault(group, len(numbers)))
    units = units.with_columns(pl.Series("group", found, dtype=pl.Int64))
    return tuple(numbers), figures.join(units, on=units.columns[:-1], how="left", maintain_order="left")


def _numbers(rows: pl.DataFrame, role: str, kinds: dict[str, Quantity], keys: dict[Key, int]) -> list[int]:
    """The number of the series of each row; -1 where it tells of none."""
    columns = [f"quantity_{role}", "instrument", "scale"]
    seen = rows.select(columns).unique(maintain_order=True)
    number = {}
    for quantity, instrument, scale in seen.iter_rows():
        number[quantity, instrument, scale] = (
            keys.setdefault(series_key(kinds[quantity], instrument, scale), len(keys)) if quantity else -1
        )
    return [number[row] for row in rows.select(columns).iter_rows()]


def _agree(rows: pl.DataFrame) -> None:
    """One cell has one count, whichever figure tells it."""
    both = pl.concat(
        rows.filter(pl.col(f"series_{role}") >= 0).select(
            pl.col(f"series_{role}").alias("series"),
            "group",
            "start",
            "stop",
            pl.col(f"count_{role}").alias("count"),
            "figure",
        )
        for role in ("n", "d")
    )
    odd = both.group_by("series", "group", "start", "stop").agg(
        pl.col("count").n_unique().alias("counts"), pl.col("figure").sort().first()
    )
    wrong = odd.filter(pl.col("counts") > 1).sort("figure")
    if len(wrong):
        raise WarehouseError(
            f"{wrong['figure'][0]}: another figure says another count of the same people"
            f" in {len(wrong)} cells"
        )


def blocks(told: Told, quantities: Quantities, policy: Policy) -> Iterator[Block]:
    """Rows that tell of each other's series, as blocks; each row is in one."""
    component = _components(told, quantities)
    of_row = told.rows.select(pl.max_horizontal("series_n", "series_d")).to_series().to_numpy()
    which = component[of_row]
    for number in np.unique(which):
        yield _block(told, told.rows.filter(pl.Series(which == number)), policy, quantities)


def _components(told: Told, quantities: Quantities) -> NDArray[np.int64]:
    """Series that tell something of each other, by rows or by relations, have one number."""
    found = np.arange(len(told.series))

    def root(one: int) -> int:
        while found[one] != one:
            one = int(found[one])
        return one

    place = {key: number for number, key in enumerate(told.series)}
    links = told.rows.select("series_n", "series_d").unique(maintain_order=True).rows()
    links += [(place[one], place[other]) for one, other in linked(told.series, quantities)]
    for one, other in links:
        if one >= 0 and other >= 0:
            low, high = sorted((root(one), root(other)))
            found[high] = low
    return np.array([root(one) for one in range(len(told.series))])


def _block(told: Told, rows: pl.DataFrame, policy: Policy, quantities: Quantities) -> Block:
    n, d = rows["series_n"].to_numpy(), rows["series_d"].to_numpy()
    mine = np.unique(np.concatenate([n, d]))
    mine = mine[mine >= 0]
    term_n, term_d = (np.where(side < 0, -1, np.searchsorted(mine, side)) for side in (n, d))
    rates = sorted({(int(a), int(b)) for a, b in zip(term_n, term_d, strict=True) if a >= 0 and b >= 0})
    pairs = {len(mine) + number: pair for number, pair in enumerate(rates)}
    of_pair = {pair: number for number, pair in pairs.items()}
    term_c = np.array([of_pair.get((int(a), int(b)), -1) for a, b in zip(term_n, term_d, strict=True)])
    used = np.unique(rows["group"].to_numpy())
    contains = np.zeros((len(used), len(told.clinics)), dtype=bool)
    for number, group in enumerate(used):
        contains[number, list(told.groups[int(group)])] = True
    first = int(rows["start"].to_numpy().min())
    spans, span = np.unique(rows.select("start", "stop").to_numpy() - first, axis=0, return_inverse=True)
    return Block(
        policy=policy,
        terms=len(mine) + len(pairs),
        pairs=pairs,
        contains=contains,
        spans=spans,
        keys=(keys := tuple(told.series[one] for one in mine)),
        parts=_parts(keys, pairs, relations(keys, quantities)),
        rows=Rows(
            place=rows["place"].to_numpy(),
            term_n=term_n,
            term_d=term_d,
            term_c=term_c,
            group=np.searchsorted(used, rows["group"].to_numpy()),
            span=span.reshape(-1),
            numerator=rows["count_n"].fill_null(0).to_numpy().astype(np.int32),
            denominator=rows["count_d"].fill_null(0).to_numpy().astype(np.int32),
            mean=rows["kind"].to_numpy() == "mean",
            total=rows["total"].fill_null(0).to_numpy(),
            tenths=rows["tenths"].fill_null(0).to_numpy(),
            figure=(
                rows["figure"] + ":" + rows["definition"] + ":" + rows["instrument"] + ":" + rows["scale"]
            ).to_numpy(),
            closed=rows["closed"].to_numpy(),
            weight=_weights(rows),
            low=_told(rows, "low", 0),
            high=_told(rows, "high", UNBOUND),
            mean_told=_column(rows, "told_tenths").is_not_null().to_numpy(),
        ),
    )


def _column(rows: pl.DataFrame, name: str) -> pl.Series:
    """A column that is there where something was released before."""
    return rows[name] if name in rows.columns else pl.Series([None] * len(rows), dtype=pl.Float64)


def _told(rows: pl.DataFrame, side: str, otherwise: int) -> NDArray[np.int64]:
    """By numerator, denominator and complement, and row."""
    columns = (_column(rows, f"told_{role}_{side}") for role in ("n", "d", "c"))
    return np.stack([one.fill_null(otherwise).to_numpy().astype(np.int64) for one in columns])


def _parts(
    keys: tuple[Key, ...], pairs: dict[int, tuple[int, int]], known: list[Relation]
) -> frozenset[tuple[int, int]]:
    """Terms within others: series, complements within their wholes, other parts within a complement."""
    place: dict[Key, int] = {key: number for number, key in enumerate(keys)}
    above: dict[Key, set[Key]] = {}
    for relation in known:
        if relation.over == "slot":
            for key in relation.parts:
                above.setdefault(key, set()).add(relation.whole)
    holders = {key: _holders(key, above) for key in [*place, *above]}
    found = {(place[key], place[whole]) for key in place for whole in holders[key] - {key} if whole in place}
    sums = [set(one.parts) for one in known if one.exact and one.over == "slot"]
    for rest, (part, whole) in pairs.items():
        found.add((rest, whole))
        # What is apart from the part, at any step of its wholes, and within the whole.
        apart = {other for parts in sums if (mine := parts & holders[keys[part]]) for other in parts - mine}
        found |= {
            (place[key], rest)
            for key in place
            if not apart.isdisjoint(holders[key]) and keys[whole] in holders[key]
        }
        found |= {
            (other, rest)
            for other, (a, b) in pairs.items()
            if other != rest and keys[whole] in holders[keys[b]] and keys[a] in holders[keys[part]]
        }
    return frozenset(found)


def _holders(key: Key, above: dict[Key, set[Key]]) -> set[Key]:
    """A series and all that it is within, through series that no figure tells of, too."""
    waiting, seen = [key], {key}
    while waiting:
        for whole in above.get(waiting.pop(), set()) - seen:
            seen.add(whole)
            waiting.append(whole)
    return seen


def _weights(rows: pl.DataFrame) -> NDArray[np.float64]:
    """What each row is worth."""
    worth = [
        WEIGHT.get(grain, 10)
        * OF_UNIT["clinic" if clinic != "all" else "service" if service != "all" else "all"]
        for grain, service, clinic in rows.select("grain", "service", "clinic").iter_rows()
    ]
    return np.array(worth, dtype=np.float64)
