from __future__ import annotations

import random
import time
from datetime import date
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
        structure={},
        components={},
        scales=[whole],
        bands=[],
        thresholds=[],
        vectors=[],
    )


def prorate(max_missing: int) -> dict[str, Any]:
    said = {"evidence": "unconfirmed", "source": "a test", "recorded": date(2026, 11, 23)}
    return {"rule": "prorate", "max_missing": max_missing, **said}


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


DAYS = [date(2023, 3, 31), date(2023, 4, 1), date(2024, 12, 31), date(2025, 1, 1), None]


def dated() -> dict[str, Any]:
    """Complete answers at first, from April 2023 one may be missing, from 2025 two."""
    later = [{**prorate(1), "from": DAYS[1]}, {**prorate(2), "from": DAYS[3]}]
    return synthetic(missing=[{"rule": "complete"}, *later])


def test_the_missing_rule_is_that_of_the_day():
    """An administration without a date is read by the newest rule."""
    frame = answers_frame([[4, 4, None]] * 5 + [[4, None, None]] * 5, 3).with_columns(
        completed_on=pl.Series(DAYS * 2, dtype=pl.Date)
    )
    scored = score(frame, Instrument.build(dated(), "form.toml"), confirmed=False)
    lost, kept = "too_many_missing", "prorated"
    assert scored["status_total"].to_list() == [lost, kept, kept, kept, kept, lost, lost, lost, kept, kept]
    assert scored["score_total"].to_list() == [None, 12, 12, 12, 12, None, None, None, 12, 12]


def test_without_dates_the_newest_missing_rule_holds():
    scored = score(
        answers_frame([[4, None, None]], 3), Instrument.build(dated(), "form.toml"), confirmed=False
    )
    assert scored["status_total"].to_list() == ["prorated"]


def test_a_prorated_sum_is_rounded_half_away_from_zero_before_it_is_added():
    """SDQ: 4 over three of five items is 6.67, so 7; 2 over four is 2.5, so 3."""
    answers = {3: 1, 8: 1, 13: 2, 16: None, 24: None, 5: 0, 7: 1, 12: 0, 18: 1, 22: None}
    row = [answers.get(number, 0) for number in range(1, 26)]
    scored = score(answers_frame([row], 25), REGISTRY["sdq"], confirmed=True)
    assert scored.select("score_emo", "score_con", "score_internalising").row(0) == (7, 3, 7 + 4)
    assert scored["score_total"].to_list() == [7 + 3 + 4 + 4]
    assert scored.select("status_total", "answered_total").row(0) == ("prorated", 17)


def test_a_sum_of_scales_needs_each_of_them():
    answers = [None if number in (3, 8, 13) else 1 for number in range(1, 26)]
    scored = score(answers_frame([answers], 25), REGISTRY["sdq"], confirmed=True)
    row = scored.select("score_emo", "score_total", "score_externalising", "status_total", "answered_total")
    assert row.row(0) == (None, None, 10, "too_many_missing", 17)


def test_items_with_responses_of_their_own_are_reversed_by_their_own():
    """0 to 3, but item 2 is 0 to 1: reversed 1 - answer."""
    raw = synthetic(high=3, reverse=[1, 2], range=[0, 7])
    raw["item_responses"] = [{"items": [2], "min": 0, "max": 1}]
    scored = score(
        answers_frame([[3, 1, 0], [0, 0, 0]], 3), Instrument.build(raw, "form.toml"), confirmed=False
    )
    assert scored["score_total"].to_list() == [0, 4]


def test_a_key_that_is_not_there_scores_nothing_row_by_row():
    frame = answers_frame([[3] * 80, [None] * 80, [1] * 80], 80)
    scored = score(frame, REGISTRY["vpps"], confirmed=True)
    assert scored.height == 3
    for scale in REGISTRY["vpps"].scale_ids:
        assert set(scored[f"status_{scale}"]) == {"key_not_confirmed"}
        assert scored[f"score_{scale}"].null_count() == 3
        assert set(scored[f"answered_{scale}"]) == {0}


@pytest.mark.parametrize("id_", FORMS)
def test_types_do_not_depend_on_the_form(id_):
    form = REGISTRY[id_]
    for rows in ([], [[form.step_max] * form.n_items], [[None] * form.n_items] * 2):
        scored = score(answers_frame(rows, form.n_items), form, confirmed=True)
        for scale in form.scale_ids:
            types = [scored.schema[f"{part}_{scale}"] for part in ("score", "answered", "status")]
            assert types == [SCORE, ANSWERED, STATUS]


def random_rows(instrument: Instrument, count: int, seed: int) -> list[list[int | None]]:
    """Rows from complete to empty; some hold what is no allowed answer."""
    chance = random.Random(seed)
    allowed = {n: instrument.response_of(n).steps for n in instrument.items}
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
                else chance.choice(wrong if chance.random() < invalid else allowed[n])
                for n in instrument.items
            ]
        )
    return rows


def check_against_plain_scorer(raw: dict[str, Any], rows: list[list[int | None]], confirmed, already_keyed):
    instrument = Instrument.build(raw, "form.toml")
    allowed = [{*NO_ANSWER, *instrument.response_of(number).steps} for number in instrument.items]
    days = [DAYS[number % len(DAYS)] for number in range(len(rows))]
    frame = answers_frame(rows, instrument.n_items).with_columns(completed_on=pl.Series(days, dtype=pl.Date))
    good = frame.filter(~pl.any_horizontal(invalid_mask(instrument).values()))
    expected = [
        plain_scores(raw, row, confirmed, already_keyed, day)
        for row, day in zip(rows, days, strict=True)
        if all(cell in codes for cell, codes in zip(row, allowed, strict=True))
    ]
    assert found(score(good, instrument, confirmed, already_keyed), instrument) == expected
    return expected


@pytest.mark.parametrize("already_keyed", [False, True])
@pytest.mark.parametrize("id_", FORMS)
def test_a_second_scorer_agrees_on_every_form(id_, already_keyed):
    raw = raw_form(id_)
    rows = random_rows(REGISTRY[id_], 1_000, seed=7)
    expected = check_against_plain_scorer(raw, rows, True, already_keyed)
    statuses = {score.status for scores in expected for score in scores.values()}
    seen = {"key_not_confirmed"} if raw["evidence"] == "site_key" else {"scored", "too_many_missing"}
    assert seen <= statuses
    assert len(expected) < len(rows)


@st.composite
def forms(draw):
    """Raw TOML of a form nobody has printed: any responses, reversals, scales that overlap, rules."""
    n_items = draw(st.integers(1, 12))
    low = draw(st.integers(-3, 2))
    high = low + draw(st.integers(1, 7))
    raw = synthetic(low, high, draw(st.integers(0, 1)), n_items=n_items)
    numbers = st.sampled_from(range(1, n_items + 1))
    own = draw(st.sets(numbers, max_size=3))
    if own:
        raw["item_responses"] = [{"items": sorted(own), "min": low - 1, "max": high}]
    whole, part = list(range(1, n_items + 1)), draw(st.lists(numbers, min_size=1, unique=True))
    scales = [draw(scales_of("total", whole, own, raw))]
    if draw(st.booleans()):
        scales.append(draw(scales_of("part", part, own, raw)))
        apart = draw(st.sets(numbers, max_size=1)) - set(part)
        scales[-1] |= {"not_applicable": sorted(apart)} if apart else {}
    reverse = sorted(draw(st.sets(numbers)))
    evidence = draw(st.sampled_from(["verified", "derived", "unconfirmed", "licensed"]))
    return changed(raw, scales=scales, reverse=reverse, evidence=evidence)


@st.composite
def scales_of(draw, id_: str, items: list[int], own: set[int], raw: dict[str, Any]):
    """A scale of these items by any method, under any missing rule, dated or not."""
    method = draw(st.sampled_from(["sum", "mean", "mean_x10"]))
    allowed = draw(st.lists(st.integers(0, len(items) - 1), min_size=1, max_size=3))
    rules = [prorate(one) if one else {"rule": "complete"} for one in allowed]
    dates = [{}, {"from": DAYS[1]}, {"from": DAYS[3]}]
    low, high = (
        raw["response"]["min"] * len(items) - len(own & set(items)),
        raw["response"]["max"] * len(items),
    )
    weight = {"sum": len(items), "mean": 1, "mean_x10": 10}[method]
    rounded = {"round_to": draw(st.integers(raw["response"]["decimals"], 3))} if method == "sum" else {}
    return {
        **raw["scales"][0],
        "id": id_,
        "items": items,
        "method": method,
        "range": [str(four_places(Fraction(end * weight, len(items)))) for end in (low, high)],
        "missing": [{**rule, **since} for rule, since in zip(rules, dates, strict=False)],
        **(rounded if draw(st.booleans()) else {}),
    }


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
