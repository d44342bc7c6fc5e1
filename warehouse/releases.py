"""The release history: what was published before, and what of a night may be published now.

A release is one file, SITE/runs/<run>.release.parquet, written once and never changed: the figures as they
were published, with the clinics and months that each tells of, and the tables that put them into words. A
run that is no release publishes the figures of the release in force, row for row, so that the figures of
two nights tell nothing by their difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import ArchiveError
from schemas.published import PUBLISHED
from schemas.site import Clinic, Disclosure
from warehouse import manifest
from warehouse.files import private_dir, write_private
from warehouse.manifest import RUN_ID, RUNS

RELEASE = ".release.parquet"
FACTS = "accord"
"""Name of what is written into the file beside its rows."""

WORDS = ("pub_unit", "pub_period", "pub_metric", "pub_instrument")
"""Published tables that say what the figures of a release are: they stay with it."""

Units = tuple[tuple[str, str], ...]
"""Service and clinic of each clinic, in order."""


@dataclass(frozen=True)
class Release:
    """One release.

    run:     the run that made it
    as_of:   the date of its figures
    rows:    the file: columns of pub_figure, and kind, closed, clinics, first_slot, last_slot
    sha256:  of the file
    revises: whether periods that were published before were told anew
    policy:  id of the policy it was disclosed by; disclosure: that policy's settings, as they are named
    units:   what it has figures of; form: id of the columns it was published with
    words:   rows of each table of WORDS
    """

    run: str
    as_of: date
    rows: Path
    sha256: str
    revises: bool
    policy: str
    disclosure: Mapping[str, Any]
    units: Units
    form: str
    words: Mapping[str, Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class History:
    """The releases before a run, oldest first."""

    releases: tuple[Release, ...] = ()

    @property
    def last(self) -> Release | None:
        """The release in force; None before the first."""
        return self.releases[-1] if self.releases else None

    @property
    def revised_as_of(self) -> date | None:
        """The date of the last release that told earlier periods anew, which the first did, too."""
        return next((one.as_of for one in reversed(self.releases) if one.revises), None)

    def digest(self) -> str:
        """SHA-256 over the digests of all releases in order."""
        return hashlib.sha256("\n".join(one.sha256 for one in self.releases).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What a run may publish.

    is_release: whether its own figures are published; else those of the release in force stay
    revises:    whether periods that were published before are told anew, not only those closed since
    why:        first, policy, units, form, declared, closed; empty for no release
    """

    is_release: bool
    revises: bool
    why: str = ""


NO_RELEASE = Plan(False, False)
FIRST = Plan(True, True, "first")
NO_HISTORY = History()


def earlier(site: Path, before_run: str | None = None) -> History:
    """The releases of a site, or those before a run, which is what that run saw.

    raises: ArchiveError for one that is missing, or is not what was released
    """
    expected = _expected(site, before_run)
    found = (
        _read(site / RUNS / f"{run}{RELEASE}", run, sha256)
        for run, sha256 in sorted(expected.items())
        if before_run is None or run < before_run
    )
    return History(tuple(found))


def _expected(site: Path, before_run: str | None) -> dict[str, str | None]:
    """The releases that there should be, each with the SHA-256 that a record says; None where none does.

    A file counts as long as no record says that its run was not published: too many hide more, too few less.
    """
    runs = manifest.history(site)
    there = {path.name.removesuffix(RELEASE) for path in (site / RUNS).glob(f"*{RELEASE}")}
    unseen = {one.run for one in runs if one.state != "published"}
    found: dict[str, str | None] = {run: None for run in there - unseen if RUN_ID.fullmatch(run)}
    for one in runs:
        if one.state == "published" and one.release and (before_run is None or one.run <= before_run):
            found[one.release["id"]] = one.release["sha256"]
    return found


def _read(path: Path, run: str, sha256: str | None) -> Release:
    name = f"{RUNS}/{path.name}"
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise ArchiveError(f"{name} is missing: restore it from the backup") from None
    if sha256 not in (None, digest):
        raise ArchiveError(f"{name} is not what was released: restore it from the backup")
    try:
        return _release(path, run, digest, json.loads(pl.read_parquet_metadata(path)[FACTS]))
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError):
        raise ArchiveError(f"{name} cannot be read: restore it from the backup") from None


def _release(path: Path, run: str, digest: str, facts: Mapping[str, Any]) -> Release:
    return Release(
        run=run,
        as_of=date.fromisoformat(facts["as_of"]),
        rows=path,
        sha256=digest,
        revises=bool(facts["revises"]),
        policy=str(facts["policy"]),
        disclosure=dict(facts["disclosure"]),
        units=tuple((service, clinic) for service, clinic in facts["units"]),
        form=str(facts["form"]),
        words={name: facts["words"][name] for name in WORDS},
    )


def plan(history: History, as_of: date, policy: Disclosure, units: Units) -> Plan:
    """What a run of this date, policy and these units may publish after these releases.

    A policy, a set of clinics or columns that are not those of the release in force count at once, for all
    periods. Otherwise a release is due when a month has ended since the last: with the month's last day
    over, so that the day's records are in. A declared day makes one due, too.
    """
    last = history.last
    if last is None:
        return FIRST
    for why, same in (
        ("policy", last.policy == policy_id(policy)),
        ("units", last.units == units),
        ("form", last.form == form()),
    ):
        if not same:
            return Plan(True, True, why)
    revises = _is_due(policy.revisions, history.revised_as_of or last.as_of, as_of)
    if _month(as_of) > _month(last.as_of):
        return Plan(True, revises, "closed")
    declared = revises and not isinstance(policy.revisions, str)
    return Plan(True, True, "declared") if declared else NO_RELEASE


def _is_due(revisions: str | Sequence[str], revised: date, now: date) -> bool:
    """Whether a declared day, or the end of a month, quarter or year, lies between two dates."""
    if not isinstance(revisions, str):
        return any(revised.isoformat() < day <= now.isoformat() for day in revisions)
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}[revisions]
    return _month(now) // months > _month(revised) // months


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def policy_id(policy: Disclosure) -> str:
    """The policy's id but for when it revises: what a change of makes a release due."""
    return replace(policy, revisions=Disclosure.revisions).version()


def units_of(clinics: Iterable[Clinic]) -> Units:
    """What figures are given of."""
    return tuple(sorted((clinic.service, clinic.id) for clinic in clinics))


def form() -> str:
    """Id of the published tables as this version declares them: others cannot be shown as they are."""
    tables = {
        one.name: [[column.name, column.type] for column in one.columns]
        for one in PUBLISHED
        if one.name in ("pub_figure", *WORDS)
    }
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:8]


def keep(
    site: Path,
    run: str,
    rows: pl.DataFrame,
    words: Mapping[str, Sequence[Sequence[Any]]],
    facts: Mapping[str, Any],
) -> str:
    """Write a run's release; its SHA-256. rows, words: as `Release` says; facts: as `facts_of` makes them."""
    out = BytesIO()
    text = json.dumps({**facts, "words": words}, sort_keys=True, default=str)
    rows.write_parquet(out, metadata={FACTS: text})
    write_private(private_dir(site / RUNS) / f"{run}{RELEASE}", out.getvalue())
    return hashlib.sha256(out.getvalue()).hexdigest()


def facts_of(plan: Plan, as_of: date, policy: Disclosure, units: Units) -> dict[str, Any]:
    """What a release says of itself beside its rows."""
    return {
        "as_of": as_of.isoformat(),
        "revises": plan.revises,
        "policy": policy_id(policy),
        "disclosure": asdict(policy),
        "units": units,
        "form": form(),
    }


def record(history: History, plan: Plan, run: str, as_of: str, sha256: str = "") -> dict[str, Any]:
    """A manifest's field `release`: the release in force once the run is published, and those before it.

    history: SHA-256 over the earlier releases; sha256: of the release in force, empty where it was not kept
    """
    last = history.last
    if plan.is_release or last is None:
        its = {"id": run, "as_of": as_of, "sha256": sha256}
    else:
        its = {"id": last.run, "as_of": last.as_of.isoformat(), "sha256": last.sha256}
    return {
        **its,
        "new": plan.is_release,
        "revises": plan.revises,
        "why": plan.why,
        "history": history.digest(),
    }


def published_facts(history: History, plan: Plan, run: str, as_of: str) -> dict[str, str]:
    """Rows of pub_run: the release whose figures are published, its date, and that of the last revision."""
    now = record(history, plan, run, as_of)
    revised = history.revised_as_of
    return {
        "released_run": now["id"],
        "released_as_of": now["as_of"],
        "revised_as_of": as_of if plan.revises or revised is None else revised.isoformat(),
    }
