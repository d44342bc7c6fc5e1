"""Blocks of a made-up service as the solver takes them, and what it would publish of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from schemas import quantities
from schemas.quantities import Quantities
from schemas.site import Disclosure
from schemas.tables import MART_DISCLOSED
from tests.lib.attacker import Publication
from tests.lib.naive_schemes import hide, primary_only
from tests.lib.service_warehouse import open_periods, warehouse_of
from tests.lib.small_services import Service
from tests.lib.statements import Row
from warehouse.disclosed import FIGURES
from warehouse.suppression_block import SHOWN, Block, Policy
from warehouse.suppression_programme import Programme, programme
from warehouse.suppression_relations import Relation, relations
from warehouse.suppression_rows import Told, blocks, told
from warehouse.suppression_unknowns import Unknowns

POLICY = Policy(threshold=5, round_to=5, rate_denominator=20, mean_cases=10)
EXACT = Policy(threshold=5, round_to=1, rate_denominator=20, mean_cases=10)
QUANTITIES = quantities.load()


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
    additive = frozenset(one.id for one in QUANTITIES.quantities if one.additive)
    return Unknowns(block, known_of(block), additive)


def programme_of(block: Block) -> tuple[Unknowns, Programme]:
    unknowns = unknowns_of(block)
    return unknowns, programme(block, unknowns, known_of(block))
