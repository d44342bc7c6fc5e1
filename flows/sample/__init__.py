"""A sample site: three clinics' exports of invented people, with known defects, the same for the same seed.

model ─▶ questionnaires ─▶ defects ─▶ write_qualtrics, write_redcap, write_limesurvey ─▶ inbox/
  └──────────────────────▶ tables ──▶ write_tables ────────────────────────────────────▶ inbox/
                              └─▶ truth ─▶ sample/truth.json, sample/defects.csv
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from flows.sample.clinic import Files, clinic_files
from flows.sample.layout import write_file
from flows.sample.people import canaries
from flows.sample.plan import ClinicPlan, Window, plan_clinics, plan_window
from flows.sample.site_toml import site_toml
from flows.sample.truth import DEFECT_COLUMNS, Delivered, defect_rows, truth
from schemas.errors import ConfigError

UNTIL = date(2026, 10, 31)

DELIVERED_AT = time(22, 30, tzinfo=UTC)
"""Late in the evening of the last day a file covers: still the same day in London, winter and summer."""


@dataclass(frozen=True)
class SampleReport:
    """What was written. The counts are those of sample/truth.json."""

    directory: Path
    clinics: int
    feeds: int
    files: int
    bytes: int
    received: int
    accepted: int
    quarantined: int
    excluded: Mapping[str, int]
    superseded: int

    @property
    def records(self) -> int:
        """Records in all files: as many as a run receives."""
        return self.received


def write_sample(
    directory: Path,
    clinics: int = 3,
    clients: int = 1500,
    months: int = 24,
    seed: int = 1,
    until: date = UNTIL,
) -> SampleReport:
    """Write a complete site: site.toml, inbox/, and sample/ with what its files must come to.

    clients: per clinic; months: ending with `until`. Equal arguments give equal bytes, file for file,
    and equal times of modification, which are the order of delivery.
    raises: ConfigError when the directory already holds a site, or an argument is out of range.
    """
    planned, window = plan_clinics(clinics), plan_window(months, until)
    _check(directory, clients, seed)
    written = _write_inbox(directory, seed, planned, clients, window)
    arguments = {
        "clinics": clinics,
        "clients": clients,
        "months": months,
        "seed": seed,
        "until": until.isoformat(),
    }
    return _write_rest(directory, planned, written, arguments, window)


def _check(directory: Path, clients: int, seed: int) -> None:
    if not 1 <= clients <= 99_999:
        raise ConfigError("clients: a sample has 1 to 99999 clients per clinic")
    if seed < 0:
        raise ConfigError("seed: must not be negative")
    if (directory / "site.toml").exists():
        raise ConfigError(f"{directory}: there is a site already; name another directory or remove it")


@dataclass(frozen=True)
class _Written:
    deliveries: Sequence[Delivered]
    files: int
    bytes: int


def _write_inbox(
    directory: Path, seed: int, clinics: Sequence[ClinicPlan], clients: int, window: Window
) -> _Written:
    deliveries: list[Delivered] = []
    files = size = 0
    for clinic in clinics:
        for feed in clinic_files(seed, clinic, clients, window):
            _write_feed(directory, feed, len(deliveries))
            deliveries.append(feed.delivered)
            files += len(feed.contents)
            size += sum(len(content) for content in feed.contents)
    return _Written(deliveries, files, size)


def _write_feed(directory: Path, feed: Files, place: int) -> None:
    """One second between feeds, so that the files of an evening have one order."""
    folder = directory / feed.delivered.plan.folder
    for name, content, day in zip(feed.delivered.files, feed.contents, feed.days, strict=True):
        write_file(folder / name, content, _modified(day, place))


def _modified(day: date, seconds: int) -> int:
    return int((datetime.combine(day, DELIVERED_AT) + timedelta(seconds=seconds)).timestamp())


def _write_rest(
    directory: Path,
    clinics: Sequence[ClinicPlan],
    written: _Written,
    arguments: Mapping[str, object],
    window: Window,
) -> SampleReport:
    modified = _modified(window.last, 0)
    counts = truth(written.deliveries, dict(arguments))
    texts = {
        "site.toml": site_toml(clinics, [one.plan for one in written.deliveries], window),
        "sample/truth.json": json.dumps(counts, indent=1) + "\n",
        "sample/defects.csv": _csv([DEFECT_COLUMNS, *defect_rows(written.deliveries)]),
        "sample/canaries.txt": "\n".join(canaries()) + "\n",
    }
    for name, text in texts.items():
        write_file(directory / name, text.encode(), modified)
    return SampleReport(
        directory=directory,
        clinics=len(clinics),
        feeds=len(written.deliveries),
        files=written.files,
        bytes=written.bytes,
        **{name: counts[name] for name in ("received", "accepted", "quarantined", "excluded", "superseded")},
    )


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
