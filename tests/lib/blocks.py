"""Blocks of a made-up service as the solver takes them; cells and rows by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from schemas import quantities
from schemas.quantities import Quantities
from tests.lib.service_warehouse import warehouse_of
from tests.lib.small_services import Service
from warehouse.disclosed import FIGURES
from warehouse.suppression_block import Block, Policy
from warehouse.suppression_programme import Programme, programme
from warehouse.suppression_relations import Relation, relations
from warehouse.suppression_rows import Told, blocks, told
from warehouse.suppression_unknowns import Unknowns

POLICY = Policy(threshold=5, round_to=5, rate_denominator=20, mean_cases=10)
EXACT = Policy(threshold=5, round_to=1, rate_denominator=20, mean_cases=10)
QUANTITIES = quantities.load()
ADDITIVE = frozenset(one.id for one in QUANTITIES.quantities if one.additive)


RECEIVED = ("referrals_received", "standard")
ENDED = ("referrals_ended", "standard")
OPEN = ("open_referrals", "standard")
UNTREATED = ("ended_before_treatment_rate", "standard")
ENTERED = ("entered_treatment", "standard")
WAITS = ("wait_days_mean", "standard")
HELD = ("appointments_held", "standard")
CLIENTS = ("clients_seen", "standard")


def figures_of(service: Service) -> pl.DataFrame:
    """Exact rows with their places, in the form that `warehouse.suppression_rows.told` takes."""
    with warehouse_of(service) as con:
        return con.sql(FIGURES).pl()


def told_of(service: Service, figures: pl.DataFrame | None = None) -> Told:
    found = figures_of(service) if figures is None else figures
    return told(found.filter(pl.col("state") != "not_applicable"), dict(service.clinics), QUANTITIES)


def blocks_of(
    service: Service,
    policy: Policy = POLICY,
    figures: pl.DataFrame | None = None,
    known: Quantities = QUANTITIES,
) -> list[Block]:
    return list(blocks(told_of(service, figures), known, policy))


def block_of(service: Service, policy: Policy = POLICY, figures: pl.DataFrame | None = None) -> Block:
    """The only block of a service."""
    (found,) = blocks_of(service, policy, figures)
    return found


def known_of(block: Block) -> list[Relation]:
    return relations(block.keys, QUANTITIES)


def unknowns_of(block: Block) -> Unknowns:
    return Unknowns(block, known_of(block), ADDITIVE)


def programme_of(block: Block) -> tuple[Unknowns, Programme]:
    unknowns = unknowns_of(block)
    return unknowns, programme(block, unknowns, known_of(block))


def term_of(block: Block, quantity: str, whole: str = "") -> int:
    """The term of a quantity; with a whole that of the complement, whole less quantity."""
    series = {key[0]: number for number, key in enumerate(block.keys)}
    if not whole:
        return series[quantity]
    (found,) = [one for one, pair in block.pairs.items() if pair == (series[quantity], series[whole])]
    return found


def cell_of(block: Block, term: int, clinics: Sequence[int], start: int, stop: int) -> int:
    """The place of a cell: clinics by number from 0, slots from start to before stop."""
    (group,) = [n for n, row in enumerate(block.contains) if np.flatnonzero(row).tolist() == list(clinics)]
    (span,) = [n for n, row in enumerate(block.spans.tolist()) if row == [start, stop]]
    return (term * block.shape[1] + group) * block.shape[2] + span


def rows_named(figures: pl.DataFrame, block: Block, which: np.ndarray) -> list[str]:
    """Rows of the block that are so, each as `figure service clinic grain period`, sorted."""
    chosen = figures.filter(pl.col("place").is_in(block.rows.place[which].tolist()))
    return sorted(
        " ".join(row) for row in chosen.select("figure", "service", "clinic", "grain", "period").rows()
    )
