"""Sums of a form's answers: the same however the file is cut, and whole after a journey through JSON."""

from __future__ import annotations

import json
from collections import Counter
from functools import reduce
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from flows.detect_tally import Tally, gather, pooled
from schemas.instrument import REFUSED, item_column
from tests.lib.answered import answers, counted, forms, turned

FORMS = forms()
CARD = FORMS["core_10"]


def frames(rng, n=80):
    """Forms that were read, with answers out of range, refused and missing; and those that are scored."""
    given = answers(rng, CARD, n).astype(object)
    given[rng.random(given.shape) < 0.03] = None
    given[rng.random(given.shape) < 0.03] = REFUSED
    given[3, 2], given[5, 0], given[7, 1] = 6, -1, -128
    given[20], given[21] = [4] * 10, [4] * 10
    given[22], given[23] = [4, 0, 0, *[4] * 7], [2] * 10
    given[30] = given[31] = [1, 2, 3, 4, 0, 1, 2, 3, 4, 0]
    keys = np.arange(n) // 2
    keys[30:32] = 900, 901
    columns = {item_column(i): pl.Series(given[:, i - 1].tolist(), dtype=pl.Int8) for i in CARD.items}
    read = pl.DataFrame({"client_key": keys.astype(np.uint64), **columns})
    bad = pl.any_horizontal((pl.col(c) > 4) | ((pl.col(c) < 0) & (pl.col(c) > -102)) | (pl.col(c) == -128)
                            for c in CARD.item_columns)  # fmt: skip
    return read, read.filter(~bad.fill_null(False))


@pytest.fixture(params=range(5))
def batch(request):
    return frames(np.random.default_rng(request.param))


def plain(read, good):
    """The same sums, one form at a time."""
    rows = [row for row in good.rows() if all(cell is not None and cell >= -100 for cell in row[1:])]
    items = [row[1:] for row in rows]
    return Tally(
        form_no=1,
        instrument="core_10",
        forms=len(rows),
        clients=len({row[0] for row in rows}),
        sums=tuple(sum(column) for column in zip(*items, strict=True)),
        products=tuple(tuple(sum(one[i] * one[j] for one in items) for j in range(10)) for i in range(10)),
        values=tuple(
            dict(sorted(Counter(c for c in read[name] if c is not None and c >= -100).items()))
            for name in CARD.item_columns
        ),
        lines=dict(sorted(Counter(one[0] for one in items if len(set(one)) == 1).items())),
        mirrors=dict(
            sorted(
                Counter(
                    one[0]
                    for one in items
                    if len(set(one)) > 1 and len({*one[:1], *one[3:], 4 - one[1], 4 - one[2]}) == 1
                ).items()
            )
        ),
        repeats=sum(
            one[1:] == next_[1:] and one[0] != next_[0] and len(set(one[1:])) > 1
            for one, next_ in pairwise(rows)
        ),
    )


def test_a_tally_is_what_a_plain_count_gives(batch):
    assert gather(1, CARD, *batch).tally() == plain(*batch)
    assert plain(*batch).repeats >= 1
    assert plain(*batch).lines[4] >= 2
    assert plain(*batch).mirrors[4] >= 1


@pytest.mark.parametrize("size", [1, 7, 31, 40])
def test_cutting_a_file_changes_nothing(batch, size):
    read, good = batch
    parts = []
    for start in range(0, read.height, size):
        rows = read.slice(start, size)
        parts.append(gather(1, CARD, rows, rows.join(good, on=rows.columns, how="semi", nulls_equal=True)))
    assert reduce(lambda one, more: one.merge(more), parts).tally() == gather(1, CARD, read, good).tally()


def test_json_keeps_it(batch):
    tally = gather(1, CARD, *batch).tally()
    assert Tally.from_json(json.loads(json.dumps(tally.as_json()))) == tally


def test_it_holds_nothing_of_a_person(batch):
    said = json.dumps(gather(1, CARD, *batch).tally().as_json())
    assert "client_key" not in said
    assert not any(str(key) in said for key in (900, 901))


def test_without_lines_is_a_file_that_never_had_them():
    given = answers(np.random.default_rng(2), CARD, 200)
    given[:5] = turned(CARD, np.full((5, 10), 4, dtype=np.int16), CARD.reverse)
    scored = turned(CARD, given, CARD.reverse)
    left = given[(given != given[:, :1]).any(axis=1) & (scored != scored[:, :1]).any(axis=1)]
    assert 5 < len(given) - len(left) < 30
    without = counted(CARD, given).without_lines(CARD)
    other = counted(CARD, left)
    assert (without.forms, without.sums, without.products) == (other.forms, other.sums, other.products)


def test_two_files_together_are_one_file():
    rng = np.random.default_rng(3)
    one, other = answers(rng, CARD, 50), answers(rng, CARD, 30)
    both = pooled([counted(CARD, one), counted(CARD, other)])
    whole = counted(CARD, np.concatenate([one, other]))
    assert {**vars(both), "repeats": 0} == {**vars(whole), "repeats": 0}


def test_a_file_without_forms():
    empty = counted(CARD, answers(np.random.default_rng(1), CARD, 0))
    assert (empty.forms, empty.clients, empty.sums) == (0, 0, (0,) * 10)


def test_large_answers_are_summed_exactly():
    """Products of marks on a line of 100 pass what single precision can count."""
    card = FORMS["srs"]
    given = np.full((20_000, 4), 99, dtype=np.int16)
    assert counted(card, given).products[0][3] == 20_000 * 99 * 99
