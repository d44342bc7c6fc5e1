"""A part that was changed on the disk: the equation does not close, and the whole night fails before it publishes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.errors import ConservationError
from tests.lib.handmade_site import NOW, make_site
from tests.lib.nights import run_night, status

NEXT = NOW + timedelta(days=1)


def links(site: Path) -> list[str]:
    return [(site / part / "current").resolve().name for part in ("published", "warehouse")]


def drop_rows(part: Path) -> None:
    """Rows are gone, and the counts still tell of them."""
    next(part.glob("gad_7-*.parquet")).unlink()


def forge_counts(part: Path) -> None:
    """One record more than there are rows."""
    path = part / "counts.json"
    counts = json.loads(path.read_text(encoding="utf-8"))
    counts["received"] += 1
    path.write_text(json.dumps(counts), encoding="utf-8")


@pytest.mark.parametrize("tamper", [drop_rows, forge_counts])
def test_the_night_fails_and_the_last_publication_stays(tmp_path: Path, tamper):
    site = tmp_path / "site"
    make_site(site)
    first = run_night(site, gate=False)
    assert first.record is not None
    before, told = links(site), status(site)
    tamper(next((site / "parts").rglob("gad_7-*.parquet")).parent)
    night = run_night(site, NEXT, as_of=NEXT.date(), gate=False)
    assert isinstance(night.error, ConservationError)
    assert night.error.exit_code == 3
    assert night.record is not None
    assert (night.record.state, night.record.digests) == ("failed", {})
    assert "records do not add up in 1 deliveries" in night.record.message
    assert ".csv" not in night.record.message
    assert [name for name, _ in night.steps] == ["archive", "load"]
    assert links(site) == before
    assert status(site)["last_run"]["state"] == "failed"
    assert status(site)["freshness"] == told["freshness"]
    assert not list(site.rglob(".candidate*"))
