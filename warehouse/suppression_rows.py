"""Rows of exact figures to blocks of cells: what each row tells of, and which rows belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from schemas.errors import WarehouseError
from schemas.quantities import Quantities, Quantity
from warehouse.suppression_block import Block, Policy, Rows

SERIES = ("quantity", "instrument", "scale")
Key = tuple[str, str, str]

WEIGHT = {"month": 10, "quarter": 15, "year": 30, "rolling_12_months": 15, "all": 60}
BETWEEN_QUARTERS = 8
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
    """figures: rows of mart_figure that apply, with place, kind, start, stop and closed; see `warehouse.disclosure`.

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
            place[one]
            for one in members
            if service in ("all", clinics[one]) and clinic in ("all", one)
        )
        found.append(numbers.setdefault(group, len(numbers)))
    units = units.with_columns(pl.Series("group", found, dtype=pl.Int64))
    return tuple(numbers), figures.join(units, on=units.columns[:-1], how="left", maintain_order="left")


def _numbers(
    rows: pl.DataFrame, role: str, kinds: dict[str, Quantity], keys: dict[Key, int]
) -> list[int]:
    """The number of the series of each row; -1 where it tells of none."""
    columns = [f"quantity_{role}", "instrument", "scale"]
    seen = rows.select(columns).unique(maintain_order=True)
    number = {}
    for quantity, instrument, scale in seen.iter_rows():
        number[quantity, instrument, scale] = (
            keys.setdefault(series_key(kinds[quantity], instrument, scale), len(keys)) if quantity else -1
        )
    return [number[row] for row in rows.select(columns).iter_rows()]


def series_key(quantity: Quantity, instrument: str, scale: str) -> Key:
    """A quantity's series for an instrument and scale."""
    return (
        quantity.id,
        instrument if quantity.by in ("instrument", "scale") else "",
        scale if quantity.by == "scale" else "",
    )


def _agree(rows: pl.DataFrame) -> None:
    """One cell has one count, whichever figure tells it."""
    both = pl.concat(
        rows.filter(pl.col(f"series_{role}") >= 0).select(
            pl.col(f"series_{role}").alias("series"), "group", "start", "stop",
            pl.col(f"count_{role}").alias("count"), "figure",
        )
        for role in ("n", "d")
    )
    odd = both.group_by("series", "group", "start", "stop").agg(
        pl.col("count").n_unique().alias("counts"), pl.col("figure").sort().first()
    )
    wrong = odd.filter(pl.col("counts") > 1).sort("figure")
    if len(wrong):
        raise WarehouseError(
            f"{wrong['figure'][0]}: another figure says another count of the same people in {len(wrong)} cells"
        )


def blocks(told: Told, quantities: Quantities, policy: Policy) -> Iterator[Block]:
    """Rows that tell of each other's series, as blocks; each row is in one."""
    inside, wholes = _relations(told.series, quantities)
    component = _components(len(told.series), told.rows, inside, wholes)
    of_row = np.where(
        told.rows["series_n"].to_numpy() >= 0, told.rows["series_n"].to_numpy(), told.rows["series_d"].to_numpy()
    )
    which = component[of_row]
    for number in np.unique(which):
        rows = told.rows.filter(pl.Series(which == number))
        yield _block(told, rows, inside, wholes, policy)


def _relations(
    series: Sequence[Key], quantities: Quantities
) -> tuple[list[tuple[tuple[int, ...], int]], list[tuple[int, tuple[int, ...]]]]:
    place = {key: number for number, key in enumerate(series)}
    kinds = {one.id: one for one in quantities.quantities}
    inside, wholes = [], []
    for key, number in place.items():
        for whole in kinds[key[0]].within:
            other = place.get(series_key(kinds[whole], key[1], key[2]))
            if other is not None and other != number:
                inside.append(((number,), other))
    for partition in quantities.partitions:
        for key, number in place.items():
            if key[0] == partition.whole:
                parts = [place.get(series_key(kinds[part], key[1], key[2])) for part in partition.parts]
                there = tuple(part for part in parts if part is not None)
                if len(there) == len(parts):
                    wholes.append((number, there))
                elif len(there) > 1:
                    # A part that no figure tells of is what the others leave.
                    inside.append((there, number))
    return inside, wholes


def _components(
    series: int,
    rows: pl.DataFrame,
    inside: Sequence[tuple[tuple[int, ...], int]],
    wholes: Sequence[tuple[int, tuple[int, ...]]],
) -> np.ndarray:
    found = np.arange(series)

    def root(one: int) -> int:
        while found[one] != one:
            one = int(found[one])
        return one

    pairs = rows.select("series_n", "series_d").unique(maintain_order=True).rows()
    links = [
        *pairs,
        *((whole, part) for parts, whole in inside for part in parts),
        *((whole, part) for whole, parts in wholes for part in parts),
    ]
    for one, other in links:
        if one >= 0 and other >= 0:
            low, high = sorted((root(one), root(other)))
            found[high] = low
    return np.array([root(one) for one in range(series)])


def _block(
    told: Told,
    rows: pl.DataFrame,
    inside: Sequence[tuple[tuple[int, ...], int]],
    wholes: Sequence[tuple[int, tuple[int, ...]]],
    policy: Policy,
) -> Block:
    n, d = rows["series_n"].to_numpy(), rows["series_d"].to_numpy()
    mine = np.unique(np.concatenate([n, d]))
    term = {int(one): number for number, one in enumerate(mine[mine >= 0])}
    term[-1] = -1
    term_n, term_d = (np.array([term[int(one)] for one in side], dtype=np.int64) for side in (n, d))
    rates = sorted({(a, b) for a, b in zip(term_n, term_d, strict=True) if a >= 0 and b >= 0})
    terms = len(term) - 1
    pairs = {terms + number: (int(a), int(b)) for number, (a, b) in enumerate(rates)}
    of_pair = {pair: number for number, pair in pairs.items()}
    term_c = np.array([of_pair.get((int(a), int(b)), -1) for a, b in zip(term_n, term_d, strict=True)])
    used = np.unique(rows["group"].to_numpy())
    contains = np.zeros((len(used), len(told.clinics)), dtype=bool)
    for number, group in enumerate(used):
        contains[number, list(told.groups[int(group)])] = True
    first = int(rows["start"].min())  # type: ignore[arg-type]  # a block has rows
    weight = [
        float(
            (BETWEEN_QUARTERS if grain == "rolling_12_months" and stop % 3 else WEIGHT.get(grain, 10))
            * OF_UNIT["clinic" if clinic != "all" else "service" if service != "all" else "all"]
        )
        for grain, service, clinic, stop in rows.select("grain", "service", "clinic", "stop").iter_rows()
    ]
    return Block(
        policy=policy,
        terms=terms + len(pairs),
        pairs=pairs,
        contains=contains,
        times=int(rows["stop"].max()) - first + 1,  # type: ignore[arg-type]
        rows=Rows(
            place=rows["place"].to_numpy(),
            term_n=term_n,
            term_d=term_d,
            term_c=term_c,
            group=np.searchsorted(used, rows["group"].to_numpy()),
            start=rows["start"].to_numpy() - first,
            stop=rows["stop"].to_numpy() - first,
            numerator=rows["count_n"].fill_null(0).to_numpy().astype(np.int32),
            denominator=rows["count_d"].fill_null(0).to_numpy().astype(np.int32),
            mean=rows["kind"].to_numpy() == "mean",
            closed=rows["closed"].to_numpy(),
            weight=np.array(weight),
        ),
        within=[
            (tuple(term[part] for part in parts), term[whole]) for parts, whole in inside if whole in term
        ],
        partitions=[
            (term[whole], tuple(term[part] for part in parts))
            for whole, parts in wholes
            if whole in term
        ],
    )
