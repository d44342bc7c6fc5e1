from __future__ import annotations

import random
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.score import ANSWERED, SCORE, STATUS, STATUSES, score
from schemas.frames import invalid_mask
from schemas.instrument import Instrument
from schemas.registry import load
from tests.lib.forms import FORMS, answers_frame, changed, raw_form
from tests.lib.plain_scorer import NO_ANSWER, PlainScore, four_places, plain_scores

REGISTRY = load()


def found(frame: pl.DataFrame, instrument: Instrument) -> list[dict[str, PlainScore]]:
    """Scores as the second scorer gives them."""
    return [
        {
            scale: PlainScore(row[f"score_{scale}"], row[f"answered_{scale}"], row[f"status_{scale}"])
            for scale in instrument.scale_ids
        }
        for row in frame.iter_rows(named=True)
    ]


def synthetic(
    low: int = 0, high: int = 4, decimals: int = 0, reverse: Any = (), n_items: int = 3, **scale: Any
) -> dict[str, Any]:
    """Raw TOML of a small form with one scale of all items, changed as asked."""
    weight = 1 if scale.get("method") == "mean" else n_items
    whole = {
        "id": "total",
        "items": "all",
        "method": "sum",
        "range": [low * weight, high * weight],
        "unit": "points",
        "direction": "higher_worse",
        "missing": {"rule": "complete"},
        **scale,
    }
    return changed(
        raw_form("phq_9"),
        n_items=n_items,
        response={"min": low, "max": high, "decimals": decimals},
        reverse=list(reverse),
        risk_items=[],
        scales=[whole],
        bands=[],
        thresholds=[],
        vectors=[],
    )


def prorate(max_missing: int) -> dict[str, Any]:
    return {"rule": "prorate", "max_missing": max_missing, "evidence": "unconfirmed", "source": "a test"}


def test_adds_its_columns_and_leaves_the_rest():
    instrument = REGISTRY["wai_sr"]
    frame = answers_frame([[3] * 12], 12).with_columns(client_key=pl.lit(7, pl.UInt64))
    scored = score(frame, instrument, confirmed=False)
    assert scored.select(frame.columns).equals(frame)
    assert scored.columns[len(frame.columns) :] == [
        f"{part}_{scale}"
        for scale in ("total", "task", "bond", "goal")
        for part in ("score", "answered", "status")
    ]


CASES = {
    "complete": [[3] * 12],
    "one missing": [[None, *[3] * 11]],
    "all missing": [[None] * 12],
    "all refused": [[-102] * 12],
    "mixed": [[3] * 12, [None] * 12],
    "no rows": [],
}


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16])
@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
@pytest.mark.parametrize("evidence", ["verified", "unconfirmed"])
def test_types_do_not_depend_on_the_data(rows, dtype, evidence):
    instrument = Instrument.build(changed(raw_form("wai_sr"), evidence=evidence), "form.toml")
    scored = score(answers_frame(rows, 12, dtype), instrument, confirmed=False)
    assert scored.height == len(rows)
    for scale in instrument.scale_ids:
        assert scored.schema[f"score_{scale}"] == SCORE == pl.Decimal(9, 4)
        assert scored.schema[f"answered_{scale}"] == ANSWERED == pl.Int8
        assert scored.schema[f"status_{scale}"] == STATUS == pl.Enum(STATUSES)
        assert scored[f"status_{scale}"].null_count() == 0


def test_sums_beyond_a_byte_do_not_wrap_around():
    """36 answers of 7 are 252, which an Int8 cannot hold."""
    instrument = Instrument.build(changed(raw_form("wai_36"), reverse=[]), "form.toml")
    scored = score(answers_frame([[7] * 36], 36), instrument, confirmed=False)
    assert scored["score_total"].to_list() == [252]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([1, 0, 0], "0.3333"),
        ([1, 1, 0], "0.6667"),
        ([-1, 0, 0], "-0.3333"),
        ([-1, -1, 0], "-0.6667"),
        ([-3, -3, -3], "-3"),
        ([0, 0, 0], "0"),
    ],
)
def test_means_are_rounded_to_four_places_also_below_zero(answers, expected):
    instrument = Instrument.build(synthetic(low=-3, high=3, method="mean"), "form.toml")
    scored = score(answers_frame([answers], 3), instrument, confirmed=False)
    assert scored["score_total"].to_list() == [Decimal(expected)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_half_is_rounded_away_from_zero(sign):
    """One point over 32 items is 0.03125."""
    instrument = Instrument.build(synthetic(low=-3, high=3, n_items=32, method="mean"), "form.toml")
    scored = score(answers_frame([[sign] + [0] * 31], 32), instrument, confirmed=False)
    assert scored["score_total"].to_list() == [sign * Decimal("0.0313")]


def test_a_prorated_reversed_tenth():
    """9.9 and 10 - 0.2 over two of three lines: 19.7 / 2 * 3."""
    raw = synthetic(high=10, decimals=1, reverse=[2], missing=prorate(1))
    scored = score(answers_frame([[99, 2, None]], 3), Instrument.build(raw, "form.toml"), confirmed=False)
    assert scored.select("score_total", "status_total").row(0) == (Decimal("29.55"), "prorated")


def random_rows(instrument: Instrument, count: int, seed: int) -> list[list[int | None]]:
    """Rows from complete to empty; some hold what is no allowed answer."""
    chance = random.Random(seed)
    allowed = range(instrument.step_min, instrument.step_max + 1)
    wrong = [instrument.step_min - 1, -101, -105, -127, -128] + (
        [instrument.step_max + 1] if instrument.step_max < 127 else []
    )
    rows = []
    for _ in range(count):
        missing, invalid = chance.choice([0, 0.02, 0.2, 1]), chance.choice([0, 0, 0.02])
        rows.append(
            [
                chance.choice(NO_ANSWER)
                if chance.random() < missing
                else chance.choice(wrong if chance.random() < invalid else allowed)
                for _ in instrument.items
            ]
        )
    return rows


def check_against_plain_scorer(raw: dict[str, Any], rows: list[list[int | None]], confirmed, already_keyed):
    instrument = Instrument.build(raw, "form.toml")
    allowed = {*NO_ANSWER, *range(instrument.step_min, instrument.step_max + 1)}
    frame = answers_frame(rows, instrument.n_items)
    good = frame.filter(~pl.any_horizontal(invalid_mask(instrument).values()))
    expected = [
        plain_scores(raw, row, confirmed, already_keyed)
        for row in rows
        if all(cell in allowed for cell in row)
    ]
    assert found(score(good, instrument, confirmed, already_keyed), instrument) == expected
    return expected


@pytest.mark.parametrize("already_keyed", [False, True])
@pytest.mark.parametrize("id_", FORMS)
def test_a_second_scorer_agrees_on_every_form(id_, already_keyed):
    raw = raw_form(id_)
    rows = random_rows(REGISTRY[id_], 1_000, seed=7)
    expected = check_against_plain_scorer(raw, rows, False, already_keyed)
    statuses = {scores["total"].status for scores in expected}
    assert {"scored", "too_many_missing"} <= statuses
    assert len(expected) < len(rows)


@st.composite
def forms(draw):
    """Raw TOML of a form nobody has printed: any responses, reversals, scales that overlap, rules."""
    n_items = draw(st.integers(1, 12))
    low = draw(st.integers(-3, 2))
    high = low + draw(st.integers(1, 7))
    decimals = draw(st.integers(0, 1))
    raw = synthetic(low, high, decimals, n_items=n_items)
    numbers = st.sampled_from(range(1, n_items + 1))
    scales = []
    for id_ in draw(st.sampled_from([("total",), ("total", "part")])):
        items = (
            draw(st.lists(numbers, min_size=1, unique=True)) if id_ == "part" else list(range(1, n_items + 1))
        )
        method = draw(st.sampled_from(["sum", "mean"]))
        weight = len(items) if method == "sum" else 1
        allowed = draw(st.integers(0, len(items) - 1))
        scales.append(
            {
                **raw["scales"][0],
                "id": id_,
                "items": items,
                "method": method,
                "range": [low * weight, high * weight],
                "missing": prorate(allowed) if allowed else {"rule": "complete"},
            }
        )
    reverse = sorted(draw(st.sets(numbers)))
    evidence = draw(st.sampled_from(["verified", "derived", "unconfirmed", "site_key"]))
    return changed(raw, scales=scales, reverse=reverse, evidence=evidence)


@given(forms(), st.integers(0, 2**32), st.booleans(), st.booleans())
@example(synthetic(low=-3, high=3, method="mean"), 1, True, False)
def test_a_second_scorer_agrees_on_forms_nobody_has_printed(raw, seed, confirmed, already_keyed):
    instrument = Instrument.build(raw, "form.toml")
    check_against_plain_scorer(raw, random_rows(instrument, 12, seed), confirmed, already_keyed)


@given(st.data())
def test_a_reversed_form_mirrors_its_scores(data):
    """Reversing every item turns a score to the other end of its scale."""
    rows = random_rows(REGISTRY["phq_9"], 20, data.draw(st.integers(0, 2**32)))
    plain, mirrored = (
        Instrument.build(changed(raw_form("phq_9"), reverse=reverse, vectors=[]), "form.toml")
        for reverse in ([], list(range(1, 10)))
    )
    frame = answers_frame(rows, 9).filter(~pl.any_horizontal(invalid_mask(plain).values()))
    both = [score(frame, form, confirmed=False)["score_total"].to_list() for form in (plain, mirrored)]
    assert [None if at is None else 27 - at for at in both[0]] == both[1]


def test_the_second_scorer_rounds_halves_away_from_zero():
    assert [four_places(Fraction(n, 32)) for n in (1, -1)] == [Decimal("0.0313"), Decimal("-0.0313")]


@pytest.mark.bench
@pytest.mark.parametrize("missing", [0, 0.02])
def test_five_million_administrations(missing):
    """Twelve items, four scales, batches of 250,000."""
    instrument, chance = REGISTRY["wai_sr"], random.Random(1)
    batch = pl.DataFrame(
        {
            column: pl.Series(
                [None if chance.random() < missing else chance.randint(1, 5) for _ in range(250_000)],
                dtype=pl.Int8,
            )
            for column in instrument.item_columns
        }
    )
    seconds = min(seconds_of_twenty(lambda: score(batch, instrument, confirmed=False)) for _ in range(5))
    print(f"5,000,000 administrations, {missing:.0%} of answers missing: {seconds:.2f} s, best of five")
    assert seconds < 1.5


def seconds_of_twenty(action) -> float:
    start = time.perf_counter()
    for _ in range(20):
        action()
    return time.perf_counter() - start
