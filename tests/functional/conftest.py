"""A sample site and three real nights on it, with Prefect: made once, read by several tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.sample import write_sample
from tests.lib.command import Ran, accord
from tests.lib.nights import copied


@dataclass(frozen=True)
class Nights:
    """What three nights said.

    first:   in JSON, without a network where that can be had
    second:  in lines, with nothing new
    third:   of another date and from a damaged part, on a copy of the site
    """

    site: Path
    first: Ran
    second: Ran
    damaged_site: Path
    third: Ran

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.first.out)
        return found

    @property
    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.site / "sample" / "truth.json").read_bytes())
        return found


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    site = tmp_path_factory.mktemp("nights") / "site"
    write_sample(site, clinics=3, clients=20, months=6)
    first = accord("nightly", "--site", site, "--json", network=False)
    second = accord("nightly", ACCORD_SITE=str(site))
    damaged = copied(site, site.with_name("damaged"))
    damage_part(damaged)
    third = accord("nightly", "--site", damaged, "--as-of", "2026-10-30", "--json")
    return Nights(site, first, second, damaged, third)


def damage_part(site: Path) -> None:
    """The scores of a processed file become one that the form cannot give, as on a bad disk."""
    path = next((site / "parts").rglob("wai_sr-0000.parquet"))
    score = pl.lit("999").cast(pl.Decimal(9, 4)).alias("score_total")
    pl.read_parquet(path).with_columns(score).write_parquet(path)
