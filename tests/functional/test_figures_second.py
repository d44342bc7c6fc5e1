"""Every exact figure of a site, computed a second time in pandas, is the same: figure by figure, row by row.

The site: the sample's three clinics, and four that crowd a few weeks with all that is rare. It is seen from
a day when much has happened and much is still to come.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.metrics import load
from tests.lib.command import accord
from tests.lib.crowded_site import add_crowded
from tests.lib.pandas_figures.compute import all_figures, asked
from tests.lib.pandas_figures.grid import KEY, Asked

DEFINITIONS = tuple(asked())
DAY = "2026-04-20"
RULES = """
[rules]
baseline_from = 2025-11-01
baseline_to = 2026-02-28
process_from_session = 3
change_from_session = 7
termination_sessions = 2
repair_within_sessions = 2
missed_in_a_row = 3
"""
NUMBERS = {"numerator": 10_000, "denominator": 1, "value": 10_000, "n": 1}

Row = tuple[object, ...]
Rows = Mapping[tuple[str, ...], Row]


@dataclass(frozen=True)
class Both:
    """Numbers and state by the key of a figure, as exported and as computed here, for each definition."""

    exported: Mapping[tuple[str, str], Rows]
    second: Mapping[tuple[str, str], Rows]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures") / "site"
    assert (
        accord(
            "sample", folder, "--clinics", "3", "--clients", "150", "--months", "8", "--until", "2026-05-31"
        ).code
        == 0
    )
    config = folder / "site.toml"
    before, declared = config.read_text(encoding="utf-8").split("[rules]\n")
    config.write_text(before + RULES + declared[declared.index("[[clinics]]") :], encoding="utf-8")
    add_crowded(folder, people=50)
    return folder


@pytest.fixture(scope="module")
def both(site: Path) -> Both:
    warehouse, figures = (site.parent / f"{DAY}.{ending}" for ending in ("duckdb", "csv"))
    for command in (
        ("build", "--site", site, "--out", warehouse, "--as-of", DAY),
        ("export", "figures", "--site", site, "--from", warehouse, "-o", figures),
    ):
        ran = accord(*command)
        assert ran.code == 0, ran.err
    return Both(exported(figures), second(warehouse, site / "instruments"))


def exported(path: Path) -> Mapping[tuple[str, str], Rows]:
    found: dict[tuple[str, str], dict[tuple[str, ...], Row]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, strict=True):
            key = tuple(row[name] for name in KEY)
            numbers = (counted(row[name], parts) for name, parts in NUMBERS.items())
            assert key not in found[key[:2]]
            found[key[:2]][key] = (*numbers, row["state"])
    return found


def counted(text: str, parts: int) -> int | None:
    """A number in whole parts; nothing where there is none."""
    if not text:
        return None
    number = Decimal(text) * parts
    assert number == int(number)
    return int(number)


def second(warehouse: Path, own_cards: Path) -> Mapping[tuple[str, str], Rows]:
    found: dict[tuple[str, str], dict[tuple[str, ...], Row]] = defaultdict(dict)
    table = all_figures(warehouse, own_cards)
    for row in table.itertuples(index=False, name=None):
        key, numbers, state = row[: len(KEY)], row[len(KEY) : -1], row[-1]
        found[key[:2]][key] = (*(None if n is None or n != n else int(n) for n in numbers), state)
    return found


@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.id)
def test_the_second_computation_agrees(both: Both, one: Asked):
    key = (one.figure, one.definition)
    ours, theirs = both.second[key], both.exported[key]
    differing = sorted(
        (row, ours.get(row), theirs.get(row)) for row in {*ours, *theirs} if ours.get(row) != theirs.get(row)
    )
    assert not differing[:3], f"{len(differing)} of {len(theirs)} rows"


def test_nothing_else_is_exported(both: Both):
    """But for estimates of models, which a second computation cannot be held to."""
    models = {(metric.figure, metric.definition) for metric in load() if metric.kind == "model"}
    assert both.exported.keys() - both.second.keys() <= models


def test_every_figure_has_values(both: Both):
    """An agreement on nothing would be none."""
    told = {key[0] for key, rows in both.exported.items() if any(row[-1] == "value" for row in rows.values())}
    assert {one.figure for one in DEFINITIONS} - told <= {"second_wait_over_90_rate"}
