"""The published file of a run: what it may say after earlier releases, and what is kept of it as one.

The nightly run and the auditor's rerun both make it here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.build import Setup, asked_instruments
from flows.inputs import Inputs
from schemas import metrics
from schemas.published import PUBLISHED
from warehouse import releases
from warehouse.connect import connect
from warehouse.digest import digests
from warehouse.disclosure import publish_tables
from warehouse.release_rows import release_rows, release_words
from warehouse.releases import History, Plan


def planned(setup: Setup, inputs: Inputs, history: History) -> Plan:
    """Whether a run with these inputs is a release, after what was released before it."""
    as_of = date.fromisoformat(inputs.as_of)
    return releases.plan(history, as_of, setup.site.disclosure, releases.units_of(setup.site.clinics))


def disclose(setup: Setup, inputs: Inputs, history: History, run: str, warehouse: Path, out: Path) -> None:
    """Write the published file of a run's warehouse."""
    plan = planned(setup, inputs, history)
    facts = {
        "run": run,
        **published_facts(setup, inputs),
        **releases.published_facts(history, plan, run, inputs.as_of),
    }
    con = connect(warehouse)
    try:
        policy, cards = setup.site.disclosure, asked_instruments(setup)
        publish_tables(con, out, policy, facts, metrics.load(), cards, history, plan)
    finally:
        con.close()
    out.chmod(0o600)


def published_facts(setup: Setup, inputs: Inputs) -> dict[str, str]:
    """What the published file says of the run that made it, but its id and releases."""
    return {
        "as_of": inputs.as_of,
        "site_name": setup.site.name,
        "timezone": setup.site.timezone,
        "registry": inputs.registry,
        "site": inputs.site,
        "code": inputs.code,
        "lock": inputs.lock,
    }


def keep_release(
    setup: Setup, inputs: Inputs, history: History, run: str, warehouse: Path, publication: Path
) -> str:
    """Write the release that a published file is; its digest. The record that says so comes after."""
    plan, site = planned(setup, inputs, history), setup.site
    rows = release_rows(warehouse, publication, history, plan)
    units = releases.units_of(site.clinics)
    facts = releases.facts_of(plan, date.fromisoformat(inputs.as_of), site.disclosure, units)
    return releases.keep(setup.folder, run, rows, release_words(publication), facts)


def publication_digests(publication: Path) -> dict[str, dict[str, int | str]]:
    """Rows and SHA-256 of each published table."""
    con = connect(publication, read_only=True)
    try:
        found = digests(con, PUBLISHED)
    finally:
        con.close()
    return {name: {"rows": one.rows, "sha256": one.sha256} for name, one in found.items()}
