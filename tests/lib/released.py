"""Made-up services as the product publishes them: once, or in successive releases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from schemas.site import Disclosure
from tests.lib.attacker import Publication
from tests.lib.service_warehouse import figures_of, run_of, warehouse_of
from tests.lib.small_services import Service
from tests.lib.statements import rows_of
from warehouse import releases
from warehouse.disclosure import publish_tables
from warehouse.release_rows import release_rows, release_words

POLICY = Disclosure(threshold=5, round_to=5)
BUILT = ("core_clinic", "mart_unit", "mart_period", "mart_metric", "mart_figure")


def published(service: Service, folder: Path, policy: Disclosure = POLICY) -> Publication:
    """With no release before."""
    out = folder / f"{len(list(folder.iterdir()))}.duckdb"
    with warehouse_of(service) as con:
        publish_tables(con, out, policy, run_of(service), figures_of(service), [])
    return _read(out, service)


def released(
    service: Service, earlier: Sequence[Publication], folder: Path, policy: Disclosure = POLICY
) -> Publication:
    """After these releases, which are kept in the folder as those of a site are."""
    history, run = releases.earlier(folder), run_of(service)
    assert len(history.releases) == len(earlier)
    units, as_of = tuple(sorted((s, c) for c, s in service.clinics.items())), service.shape.as_of
    plan = releases.plan(history, as_of, policy, units)
    out, marts = folder / f"{run['run']}.duckdb", folder / f"{run['run']}.marts.duckdb"
    with warehouse_of(service) as con:
        publish_tables(con, out, policy, run, figures_of(service), [], history, plan)
        con.execute(f"ATTACH '{marts}' AS marts")
        for name in BUILT:
            con.execute(f"CREATE TABLE marts.{name} AS FROM memory.{name}")
    facts = releases.facts_of(plan, as_of, policy, units)
    rows = release_rows(marts, out, history, plan)
    releases.keep(folder, run["run"], rows, release_words(out), facts)
    return _read(out, service)


def _read(out: Path, service: Service) -> Publication:
    with duckdb.connect(str(out), read_only=True) as con:
        return Publication(rows_of(con, "pub_figure"), service.known)


def exactly(service: Service) -> Publication:
    return Publication(service.rows, service.known)


def by_itself(public: Publication) -> Publication:
    """What a release says is so now: not the numbers of earlier ones where an update is withheld."""
    return Publication([row for row in public.rows if row["state"] != "update_withheld"], public.known)
