"""Estimates against hand computations, published examples, plain Python and the libraries' own slow ways."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from statsmodels.regression.mixed_linear_model import MixedLM

from warehouse import models
from warehouse.mixed_likelihood import Courses, Nested, course_fit, nested_deviance
from warehouse.models import Estimate

RNG = np.random.default_rng


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with models.one_blas_thread():
        yield


# ---- cumulative incidence


def incidence(rows: list[tuple[int, int]], last: int = 4) -> list[list[Estimate | None]]:
    time, cause = (np.array(column) for column in zip(*rows, strict=True))
    return models.cumulative_incidence(time, cause, 3, last)


TEN = [(1, 1), (1, 1), (1, 0), (2, 2), (2, 1), (2, 0), (3, 3), (3, 2), (4, 1), (4, 0)]
"""(time, cause). At risk 10, 7, 4, 2; survival 4/5, 4/7, 2/7, 1/7."""
BY_HAND = {
    1: (Fraction(1, 5), Fraction(11, 35), Fraction(11, 35), Fraction(16, 35)),
    2: (Fraction(0), Fraction(4, 35), Fraction(9, 35), Fraction(9, 35)),
    3: (Fraction(0), Fraction(0), Fraction(1, 7), Fraction(1, 7)),
}


@pytest.mark.parametrize("cause", BY_HAND)
def test_cumulative_incidence_is_that_of_a_table_worked_by_hand(cause):
    found = incidence(TEN)[cause - 1]
    assert [one.value for one in found] == pytest.approx([float(100 * share) for share in BY_HAND[cause]])
    assert {one.n for one in found} == {10}


def plain_incidence(rows: list[tuple[int, int]], cause: int, last: int) -> tuple[list[float], list[float]]:
    """Aalen-Johansen, one person at a time, and the variance by the delta method, one term at a time."""
    shares, errors = [], []
    for end in range(1, last + 1):
        survived, share, steps = 1.0, 0.0, []
        for moment in range(1, end + 1):
            risk = sum(time >= moment for time, _ in rows)
            ended = sum(time == moment and why > 0 for time, why in rows)
            here = sum(time == moment and why == cause for time, why in rows)
            if risk:
                share += survived * here / risk
                steps.append((moment, risk, ended, here, survived, share))
                survived *= 1 - ended / risk
        variance = 0.0
        for _, risk, ended, here, before, so_far in steps:
            rest = share - so_far
            if ended < risk:
                variance += rest**2 * ended / (risk * (risk - ended))
            variance += before**2 * here * (risk - here) / risk**3 - 2 * rest * before * here / risk**2
        shares.append(share)
        errors.append(math.sqrt(max(variance, 0.0)))
    return shares, errors


@pytest.mark.parametrize("seed", range(5))
def test_cumulative_incidence_and_its_interval_equal_a_plain_computation(seed):
    chance = RNG(seed)
    rows = [(int(chance.geometric(0.2)), int(chance.integers(0, 4))) for _ in range(60)]
    found = incidence(rows, last=8)
    for cause in (1, 2, 3):
        shares, errors = plain_incidence(rows, cause, 8)
        for estimate, share, error in zip(found[cause - 1], shares, errors, strict=True):
            assert estimate.value == pytest.approx(100 * share)
            if 0 < share < 1:
                middle = math.log(-math.log(1 - share))
                width = 1.959964 * error / ((1 - share) * -math.log(1 - share))
                ends = [100 * (1 - math.exp(-math.exp(middle + side * width))) for side in (-1, 1)]
                assert [estimate.low, estimate.high] == pytest.approx(ends, rel=1e-5)


def test_nothing_is_said_after_the_last_open_episode():
    dropout, planned, _ = incidence([(1, 1), (2, 0), (2, 1)])
    assert [one and one.value for one in dropout] == pytest.approx([100 / 3, 200 / 3, None, None])
    assert [one and one.value for one in planned] == [0.0, 0.0, None, None]


def test_once_all_have_ended_the_shares_stay():
    dropout, planned, other = incidence([(1, 1), (2, 2), (2, 1)])
    assert [one.value for one in dropout] == pytest.approx([100 / 3, 200 / 3, 200 / 3, 200 / 3])
    assert [one.value for one in planned] == pytest.approx([0, 100 / 3, 100 / 3, 100 / 3])
    assert {one.value for one in other} == {0.0}


def test_nobody_has_ended():
    found = incidence([(1, 0), (3, 0)])
    assert [[one and one.value for one in cause] for cause in found] == [[0.0, 0.0, 0.0, None]] * 3
    assert math.isnan(found[0][0].low)


# ---- landmark regressions


def test_partial_correlation_is_that_of_the_residuals():
    chance = RNG(1)
    baseline, before, noise = chance.normal(size=(3, 80))
    early = 0.5 * baseline + chance.normal(size=80)
    later = 0.4 * early - 0.3 * baseline + 0.2 * before + noise
    found = models.partial_correlation(later, early, baseline, before)
    others = np.column_stack([np.ones(80), baseline, before])
    left = [column - others @ np.linalg.lstsq(others, column, rcond=None)[0] for column in (later, early)]
    r = np.corrcoef(*left)[0, 1]
    assert found.value == pytest.approx(r)
    assert [found.low, found.high] == pytest.approx(
        [math.tanh(math.atanh(r) + side * 1.959964 / math.sqrt(75)) for side in (-1, 1)], rel=1e-5
    )
    assert found.n == 80


@pytest.mark.parametrize("same", ["outcome", "predictor"])
def test_no_correlation_with_a_constant(same):
    columns = dict(zip(("outcome", "predictor", "covariate"), RNG(2).normal(size=(3, 40)), strict=True))
    columns[same] = np.full(40, 3.0)
    assert models.partial_correlation(*columns.values()) is None


def test_no_correlation_where_a_covariate_says_the_same():
    outcome, predictor = RNG(2).normal(size=(2, 40))
    assert models.partial_correlation(outcome, predictor, 2 * predictor) is None


def test_odds_ratio_of_two_groups_is_that_of_the_table():
    """With a predictor of two values the logistic regression is the 2x2 table: 30/20 against 15/35."""
    predictor = np.repeat([0.0, 1.0], 50)
    event = np.repeat([True, False, True, False], [15, 35, 30, 20])
    found = models.odds_ratio(event, predictor)
    steps = 1 / predictor.std(ddof=1)
    logarithm = math.log((30 / 20) / (15 / 35)) / steps
    error = math.sqrt(1 / 30 + 1 / 20 + 1 / 15 + 1 / 35) / steps
    assert found.value == pytest.approx(math.exp(logarithm))
    assert [found.low, found.high] == pytest.approx(
        [math.exp(logarithm + side * 1.959964 * error) for side in (-1, 1)], rel=1e-5
    )
    assert found.n == 100


def test_odds_ratio_is_where_the_likelihood_is_largest():
    chance = RNG(5)
    predictor = chance.normal(40, 6, size=300)
    event = chance.random(300) < 1 / (1 + np.exp(0.08 * (predictor - 36)))
    standard = (predictor - predictor.mean()) / predictor.std(ddof=1)

    def deviance(at):
        linear = at[0] + at[1] * standard
        return (np.logaddexp(0, linear) - event * linear).sum()

    best = minimize(deviance, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert models.odds_ratio(event, predictor).value == pytest.approx(math.exp(best.x[1]), abs=1e-5)


@pytest.mark.parametrize(
    ("events", "why"), [(9, "too few events"), (51, "too few others")], ids=["events", "others"]
)
def test_no_odds_ratio_from_few(events, why):
    predictor = RNG(3).normal(size=60)
    assert models.odds_ratio(np.arange(60) < events, predictor) is None, why


@pytest.mark.parametrize("shared", [False, True])
def test_no_odds_ratio_where_the_predictor_parts_the_events(shared):
    predictor = np.arange(60.0)
    event = predictor < 20
    if shared:
        predictor[20] = predictor[19]
    assert models.odds_ratio(event, predictor) is None


# ---- mixed models


def nested(chance: np.random.Generator, sds: tuple[float, float, float], sizes: list[tuple[int, int, int]]):
    """Scores as (clinic, clinician, score): SDs of clinics, clinicians and the rest; (clinic, clinician, n)."""
    clinics = {clinic: chance.normal(0, sds[0]) for clinic in sorted({clinic for clinic, _, _ in sizes})}
    for clinic, clinician, n in sizes:
        own = chance.normal(0, sds[1])
        for _ in range(n):
            yield clinic, clinician, 40 + clinics[clinic] + own + chance.normal(0, sds[2])


def summed(rows: list[tuple[int, int, float]]) -> Nested:
    groups: dict[tuple[int, int], list[float]] = {}
    for clinic, clinician, score in rows:
        groups.setdefault((clinic, clinician), []).append(score)
    return Nested(
        clinic=np.array([clinic for clinic, _ in groups]),
        n=np.array([float(len(scores)) for scores in groups.values()]),
        mean=np.array([np.mean(scores) for scores in groups.values()]),
        within=sum(float(((np.array(scores) - np.mean(scores)) ** 2).sum()) for scores in groups.values()),
    )


def test_variance_shares_of_balanced_data_are_those_of_the_analysis_of_variance():
    clinics, clinicians, n = 6, 5, 8
    sizes = [(clinic, clinician, n) for clinic, clinician in product(range(clinics), range(clinicians))]
    rows = list(nested(RNG(11), (1.5, 1.0, 3.0), sizes))
    scores = np.array([score for *_, score in rows]).reshape(clinics, clinicians, n)
    by_clinician, by_clinic = scores.mean(axis=2), scores.mean(axis=(1, 2))
    rest = ((scores - by_clinician[..., None]) ** 2).sum() / (clinics * clinicians * (n - 1))
    inner = n * ((by_clinician - by_clinic[:, None]) ** 2).sum() / (clinics * (clinicians - 1))
    outer = n * clinicians * ((by_clinic - scores.mean()) ** 2).sum() / (clinics - 1)
    clinician, clinic = (inner - rest) / n, (outer - inner) / (n * clinicians)
    assert min(clinician, clinic) > 0
    found = models.variance_shares(summed(rows))
    whole = clinician + clinic + rest
    assert found.clinician.value == pytest.approx(100 * clinician / whole, abs=1e-4)
    assert found.clinic.value == pytest.approx(100 * clinic / whole, abs=1e-4)
    assert found.clinic.n == len(rows)


def test_variance_shares_of_unequal_groups_equal_those_of_statsmodels():
    chance = RNG(3)
    sizes = [(clinic, j, int(chance.integers(1, 12))) for clinic in range(8) for j in range(1 + clinic % 5)]
    rows = list(nested(chance, (1.0, 1.5, 3.0), sizes))
    found = models.variance_shares(summed(rows))
    clinic, _, score = (np.array(column) for column in zip(*rows, strict=True))
    columns = pd.DataFrame({"clinic": clinic, "clinician": [f"{a}/{b}" for a, b, _ in rows], "score": score})
    formula = {"clinician": "0 + C(clinician)"}
    fit = MixedLM.from_formula("score ~ 1", columns, groups="clinic", re_formula="1", vc_formula=formula).fit(
        reml=True, method="lbfgs"
    )
    parts = [fit.vcomp[0], fit.cov_re.iloc[0, 0]]
    whole = sum(parts) + fit.scale
    assert [found.clinician.value, found.clinic.value] == pytest.approx(
        [100 * part / whole for part in parts], abs=0.01
    )


def dense_deviance(rows: list[tuple[int, int, float]], clinician: float, clinic: float) -> float:
    """-2 log restricted likelihood per score from the whole covariance matrix of the scores."""
    who = np.array([clinic * 100 + j for clinic, j, _ in rows])
    where, score = np.array([clinic for clinic, *_ in rows]), np.array([score for *_, score in rows])
    covariance = np.eye(len(rows)) + clinician * (who[:, None] == who) + clinic * (where[:, None] == where)
    ones, inverse = np.ones(len(rows)), np.linalg.inv(covariance)
    information = ones @ inverse @ ones
    off = score - ones @ inverse @ score / information
    rest = off @ inverse @ off
    logarithms = (len(rows) - 1) * math.log(rest) + np.linalg.slogdet(covariance)[1] + math.log(information)
    return float(logarithms / len(rows))


@pytest.mark.parametrize("ratios", [(0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.3, 0.2), (5.0, 2.0)])
def test_the_likelihood_from_sums_is_that_of_the_single_scores(ratios):
    rows = list(nested(RNG(4), (1, 1, 2), [(0, 0, 3), (0, 1, 1), (1, 0, 4), (2, 0, 2), (2, 1, 5), (2, 2, 1)]))
    deviance, slope = nested_deviance(summed(rows), np.array(ratios))
    assert deviance == pytest.approx(dense_deviance(rows, *ratios))
    for place in (0, 1):
        step = np.eye(2)[place] * 1e-6
        ahead, behind = (dense_deviance(rows, *(np.array(ratios) + side * step)) for side in (1, -1))
        assert slope[place] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-6)


def test_the_interval_of_a_share_is_where_the_likelihood_falls_by_the_quantile():
    sizes = [(0, clinician, 10) for clinician in range(20)]
    rows = list(nested(RNG(6), (0.0, 1.0, 3.0), sizes))
    found = models.variance_shares(summed(rows))
    assert found.clinic is None

    def deviance(share):
        return len(rows) * dense_deviance(rows, share / (100 - share), 0.0)

    best = deviance(found.clinician.value)
    for end in (found.clinician.low, found.clinician.high):
        assert deviance(end) - best == pytest.approx(1.959964**2, abs=1e-3)
    assert found.clinician.low < found.clinician.value < found.clinician.high


def test_a_variance_of_nothing_has_an_interval_from_nothing():
    same = [(0, clinician, score) for clinician in range(10) for score in (38.0, 40.0, 42.0, 44.0)]
    found = models.variance_shares(summed(same))
    assert (found.clinician.value, found.clinician.low) == (0.0, 0.0)
    assert 0 < found.clinician.high < 20


@pytest.mark.parametrize("seed", range(12))
def test_the_search_ends_where_no_point_of_a_grid_is_better(seed):
    chance = RNG(seed)
    sds = (*chance.choice([0.0, 0.1, 1.0, 10.0], 2), 1.0)
    clinics = int(chance.integers(2, 9))
    sizes = [
        (c, j, int(chance.integers(1, 30))) for c in range(clinics) for j in range(chance.integers(2, 9))
    ]
    data = summed(list(nested(chance, sds, sizes)))
    found = models.variance_shares(data)
    rest = 100 - found.clinician.value - found.clinic.value
    best, _ = nested_deviance(data, np.array([found.clinician.value, found.clinic.value]) / rest)
    grid = (0.0, *np.geomspace(1e-4, 1e4, 25))
    assert best <= min(nested_deviance(data, np.array(at))[0] for at in product(grid, grid)) + 1e-12


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([(0, 0, 9), (1, 0, 9), (2, 0, 9)], id="one clinician in each clinic"),
        pytest.param([(0, j, 1) for j in range(30)], id="one score each"),
        pytest.param([(0, 0, 30)], id="one clinician"),
    ],
)
def test_no_shares_where_the_parts_cannot_be_told_apart(sizes):
    assert models.variance_shares(summed(list(nested(RNG(1), (1, 1, 1), sizes)))) is None


def test_no_shares_of_scores_that_do_not_differ():
    assert models.variance_shares(summed([(0, j, 40.0) for j in (0, 0, 1, 1)])) is None


def courses(chance: np.random.Generator, episodes: int, own: float) -> list[tuple[int, int, float]]:
    rows = []
    for episode in range(episodes):
        level = 40 + chance.normal(0, own)
        for session in sorted(chance.choice(np.arange(1, 13), chance.integers(3, 10), replace=False)):
            rows.append((episode, int(session) - 3, level + 0.3 * session + chance.normal(0, 3)))
    return rows


def summed_courses(rows: list[tuple[int, int, float]]) -> Courses:
    columns: dict[str, list[float]] = {name: [] for name in Courses.__annotations__}
    for episode in dict.fromkeys(episode for episode, *_ in rows):
        x, y = (np.array([row[place] for row in rows if row[0] == episode], float) for place in (1, 2))
        dx, dy = x - x.mean(), y - y.mean()
        values = (len(x), x.mean(), y.mean(), dx @ dx, dx @ dy, dy @ dy)
        for name, value in zip(columns, values, strict=True):
            columns[name].append(float(value))
    return Courses(**{name: np.array(values) for name, values in columns.items()})


@pytest.mark.parametrize("own", [2.0, 6.0])
def test_the_slope_equals_that_of_statsmodels(own):
    rows = courses(RNG(8), 60, own)
    found = models.slope(summed_courses(rows))
    episode, session, score = (np.array(column) for column in zip(*rows, strict=True))
    design = np.column_stack([np.ones(len(rows)), session])
    fit = MixedLM(score, design, groups=episode).fit(reml=True)
    assert found.value == pytest.approx(fit.fe_params[1], abs=1e-4)
    assert [found.low, found.high] == pytest.approx(fit.conf_int()[1], abs=1e-3)
    assert found.n == 60


def test_the_slope_of_the_likelihood_is_its_derivative():
    data = summed_courses(courses(RNG(9), 12, 3.0))
    ahead, behind = (course_fit(data, 0.7 + side * 1e-6).deviance for side in (1, -1))
    assert course_fit(data, 0.7).slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-5)


def test_without_differences_between_episodes_the_slope_is_that_of_least_squares():
    rows = [(e, x, 40 + 0.5 * x + (-1) ** (x + e)) for e in range(10) for x in range(-2, 4)]
    found = models.slope(summed_courses(rows))
    _, x, y = (np.array(column) for column in zip(*rows, strict=True))
    assert found.value == pytest.approx(np.polyfit(x, y, 1)[0])


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(e, 0, 40.0 + s) for e in range(5) for s in range(3)], id="one session"),
        pytest.param([(e, s, 40.0) for e in range(5) for s in range(3)], id="one score"),
        pytest.param([(e, s, 40.0 + e + s) for e in range(5) for s in range(3)], id="parallel lines"),
    ],
)
def test_no_slope_without_spread(rows):
    assert models.slope(summed_courses(rows)) is None
