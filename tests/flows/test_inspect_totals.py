"""Totals that the export's system stored, found by computing them."""

from __future__ import annotations

import pytest

from flows.inspect_answers import read_block
from flows.inspect_columns import Column
from flows.inspect_items import numbered
from flows.inspect_totals import Total, stored_totals
from tests.lib.unknown_files import REGISTRY, answers

ROWS = 40


def total_of(id_: str, given: list[list[int]], *others: tuple[str, list[str]]) -> tuple[Total, ...]:
    form = REGISTRY[id_]
    columns = [Column(f"Q{n + 1}", n, tuple(str(row[n]) for row in given)) for n in range(form.n_items)]
    [block] = numbered(columns)
    beside = [Column(name, 100 + at, tuple(cells)) for at, (name, cells) in enumerate(others)]
    return stored_totals(block, read_block(block, form, form.response), form, beside)


PHQ = answers(ROWS, 9, 0, 3)
SUMS = [str(sum(row)) for row in PHQ]


def test_a_column_that_equals_the_score_is_the_total_whatever_its_name():
    noise = [str(n % 28) for n in range(ROWS)]
    assert total_of("phq_9", PHQ, ("age", noise), ("x", SUMS)) == (Total("total", "x", ROWS, ROWS),)


def test_one_that_disagrees_at_times_is_told_where_its_name_says_total():
    stale = ["0", "0", "0", "0", *SUMS[4:]]
    [found] = total_of("phq_9", PHQ, ("phq_total", stale))
    assert not found.sure
    assert (found.equal, found.compared) == (36, 40)
    assert total_of("phq_9", PHQ, ("x", stale)) == ()


def test_scales_beside_the_outcome_scale():
    wai = answers(ROWS, 12, 1, 5)
    task = [str(row[0] + row[1] + row[9] + row[11]) for row in wai]
    found = total_of("wai_sr", wai, ("task", task), ("sum", [str(sum(row)) for row in wai]))
    assert [(one.scale, one.column) for one in found] == [("total", "sum"), ("task", "task")]


def test_a_sum_of_answers_that_were_not_turned():
    core = answers(ROWS, 10, 0, 4)
    [found] = total_of("core_10", core, ("total", [str(sum(row)) for row in core]))
    assert found.unturned
    assert not found.sure


@pytest.mark.parametrize("id_", ["vpps", "oq_45"])
def test_a_form_without_a_key_has_none(id_: str):
    form = REGISTRY[id_]
    given = answers(ROWS, form.n_items, form.response.min, form.response.max)
    assert total_of(id_, given, ("total", [str(sum(row)) for row in given])) == ()


def test_a_rounded_mean_is_the_same_if_the_score_rounds_to_it():
    core = answers(ROWS, 34, 0, 4)
    reverse = REGISTRY["core_om"].reverse
    sums = [sum(4 - answer if n in reverse else answer for n, answer in enumerate(row, 1)) for row in core]
    [found] = total_of("core_om", core, ("mean", [f"{total / 34:.2f}" for total in sums]))
    assert (found.scale, found.equal) == ("total_mean", ROWS)
