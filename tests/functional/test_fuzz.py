"""Some hundred damaged exports of each dialect: each ends in fates that add up, or in a refusal that says why.

ACCORD_FUZZ=N takes N of each; benchmarks/fuzz.py takes many thousands and counts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.dialect import load_dialects
from tests.lib.fuzz import Tally, damaged_file, judge
from tests.lib.fuzz_seeds import Seed, seeds

SEED = 20261125
EACH = int(os.environ.get("ACCORD_FUZZ", "150"))
SLOW = {"spss": 5}
"""Containers whose reader starts a process for each file: so many times fewer."""

SEEDS = seeds()
CONTENTS = [one.content for one in SEEDS]


def test_every_dialect_has_a_seed():
    assert {one.name for one in SEEDS} >= load_dialects().keys()


@pytest.mark.parametrize("one", SEEDS, ids=lambda one: one.name)
def test_seeds_are_sound(tmp_path: Path, one: Seed):
    tally = Tally()
    judge(one, one.content, tmp_path / "file", tally)
    assert (tally.read, tally.records, tally.accepted) == (1, one.rows, one.rows)


@pytest.mark.parametrize("one", SEEDS, ids=lambda one: one.name)
def test_damaged_files_have_a_fate(tmp_path: Path, one: Seed):
    tally, number = Tally(), EACH // SLOW.get(one.dialect.containers[0], 1)
    for n in range(number):
        judge(one, damaged_file(SEED, n, one, CONTENTS), tmp_path / "file", tally)
    assert tally.read + tally.refused == number
    assert tally.refused, "damage is noticed"
    assert tally.accepted, "and costs no more than it must"
