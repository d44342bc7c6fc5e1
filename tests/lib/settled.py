"""A made-up service after secondary suppression, and what an attacker makes of all that is then told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from schemas.site import Disclosure
from tests.lib.attacker import Breach, Publication, attack
from tests.lib.blocks import QUANTITIES, blocks_of, figures_of
from tests.lib.naive_schemes import hide, primary_only
from tests.lib.service_warehouse import open_periods
from tests.lib.small_services import Service
from tests.lib.statements import Row
from warehouse.suppression import Account, settle
from warehouse.suppression_block import SECONDARY, SHOWN, Block, Policy

KEY = ("figure", "definition", "service", "clinic", "grain", "period", "instrument", "scale")


@dataclass(frozen=True)
class Settled:
    """blocks: in which what has to be hidden is hidden; account: of all of them."""

    service: Service
    policy: Policy
    figures: pl.DataFrame
    blocks: list[Block]
    account: Account

    def hidden(self, cause: int = SECONDARY) -> set[str]:
        """Rows hidden for this cause, as `figure service clinic grain period`."""
        places = [block.rows.place[block.cause == cause] for block in self.blocks]
        chosen = self.figures.filter(pl.col("place").is_in(np.concatenate(places).tolist()))
        return {
            " ".join(row) for row in chosen.select("figure", "service", "clinic", "grain", "period").rows()
        }

    def public(self) -> list[Row]:
        """Rows as they are published."""
        lost = [block.rows.place[block.cause != SHOWN] for block in self.blocks]
        chosen = self.figures.filter(pl.col("place").is_in(np.concatenate(lost).tolist()))
        keys = set(chosen.select(KEY).rows())
        shown = primary_only(self.service.rows, disclosure(self.policy), open_periods(self.service))
        return [
            hide(row)
            if tuple(row[name] for name in KEY) in keys and row["state"] != "update_withheld"
            else row
            for row in shown
        ]

    def breaches(self, whole: bool = False) -> list[Breach]:
        """Protected cells of which something follows, by a programme over all that is told."""
        known = self.service.known
        exact = Publication(self.service.rows, known)
        return attack([Publication(self.public(), known)], exact, disclosure(self.policy), whole=whole)


def disclosure(policy: Policy) -> Disclosure:
    return Disclosure(threshold=policy.threshold, round_to=policy.round_to)


def settled(service: Service, policy: Policy, figures: pl.DataFrame | None = None) -> Settled:
    """All blocks of the service, settled in turn."""
    exact = figures_of(service) if figures is None else figures
    found, account = blocks_of(service, policy, exact), Account()
    for block in found:
        settle(block, QUANTITIES, account)
    return Settled(service, policy, exact, found, account)


def unsettled(service: Service, policy: Policy) -> Settled:
    """With nothing hidden but what is hidden for itself."""
    exact = figures_of(service)
    return Settled(service, policy, exact, blocks_of(service, policy, exact), Account())
