"""A sample site and two real nights on it, with Prefect: made once, read by several tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.sample import write_sample
from tests.lib.command import Ran, accord


@dataclass(frozen=True)
class Nights:
    """first: in JSON, without a network where that can be had; second: in lines, with nothing new."""

    site: Path
    first: Ran
    second: Ran

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
    return Nights(site, first, second)
