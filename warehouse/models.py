"""Estimates of the models: survival, regression, mixed models, reliability. Arrays in, estimates out.

The only module that imports statsmodels, scipy and threadpoolctl, and only when there is something to
estimate: they take seconds to load. What goes in is sorted and was added up in whole numbers by the
warehouse (`warehouse.model_frames`), so that an estimate depends neither on threads nor on the order of rows.

The mixed models are fitted by restricted maximum likelihood (REML), as statsmodels' MixedLM does, but on
the sums of each group: a random intercept leaves nothing else in the likelihood. MixedLM itself takes
minutes where there are thousands of groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from warehouse.mixed_likelihood import (
    Courses,
    Deviance,
    Floats,
    Nested,
    Slope,
    Whole,
    course_fit,
    nested_deviance,
)

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
FEWEST_EVENTS = 10
"""Of either kind: a logistic regression on fewer is biased, and its interval means little."""
GRADIENT = 1e-8
"""Per score: where the slope of the deviance is smaller than this, the search has arrived."""

XTOL = 1e-9
NOTHING = 1e-12
"""A share of the spread that is rounding."""
ALL = 1 - 1e-9
"""The largest share of a variance that is looked at."""


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval of 95 %, where it has one, and the number of cases behind it."""

    value: float
    n: int
    low: float = math.nan
    high: float = math.nan


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Several threads would add up in another order each time, and take longer over small matrices."""
    from threadpoolctl import threadpool_limits

    import_module("scipy.linalg")  # which has a BLAS of its own: what is not loaded yet is not limited
    with threadpool_limits(1, user_api="blas"):
        yield


def cumulative_incidence(time: Whole, cause: Whole, causes: int, last: int) -> list[list[Estimate | None]]:
    """Aalen-Johansen: share that has ended by cause k up to and including time t, in per cent.

    cause: 1 to `causes`, 0 censored. At equal times ends come before censorings.
    returns for each cause the estimates at times 1 to `last`; None once everyone left was censored
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    # Where nobody is left, the variance of having stayed has no value, and so that time no interval.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = CumIncidenceRight(time, cause)
    steps = np.searchsorted(found.times, np.arange(1, last + 1), side="right") - 1
    known = np.arange(1, last + 1) <= _known_until(time, cause)
    none = np.zeros(len(found.times))
    shares = [*found.cinc, *[none] * causes][:causes]
    errors = [*found.cinc_se, *[none] * causes][:causes]
    return [
        [
            _share(_at(shares[k], step), _at(errors[k], step), len(time)) if within else None
            for step, within in zip(steps, known, strict=True)
        ]
        for k in range(causes)
    ]


def _known_until(time: Whole, cause: Whole) -> float:
    """The last time, if someone was still open then; when all have ended, what was reached stays true."""
    latest = int(time.max())
    return latest if np.any(cause[time == latest] == 0) else math.inf


def _at(curve: Floats, step: int) -> float:
    return float(curve[step]) if step >= 0 else 0.0


def _share(share: float, error: float, n: int) -> Estimate:
    """The interval is symmetrical in log(-log(1 - share)), and so never leaves 0 to 100 %."""
    if not 0 < share < 1:
        return Estimate(100 * share, n)
    stayed = 1 - share
    width = math.exp(Z * error / (stayed * -math.log(stayed)))
    low, high = (1 - stayed**power for power in (1 / width, width))
    return Estimate(100 * share, n, 100 * low, 100 * high)


def partial_correlation(outcome: Floats, predictor: Floats, *covariates: Floats) -> Estimate | None:
    """Of outcome and predictor with the covariates held constant; interval by Fisher's z.

    None where one of them is constant or says the same as the others.
    """
    from statsmodels.regression.linear_model import OLS

    design = np.column_stack([np.ones(len(outcome)), predictor, *covariates])
    left = len(outcome) - len(covariates) - 3
    if np.linalg.matrix_rank(design) < design.shape[1] or np.ptp(outcome) == 0 or left <= 0:
        return None
    fit = OLS(outcome, design).fit()
    t = float(fit.tvalues[1])
    r = t / math.sqrt(t * t + fit.df_resid)
    if not abs(r) < 1:
        return None
    low, high = (math.tanh(math.atanh(r) + side * Z / math.sqrt(left)) for side in (-1, 1))
    return Estimate(r, len(outcome), low, high)


def odds_ratio(event: npt.NDArray[np.bool_], predictor: Floats) -> Estimate | None:
    """Odds ratio of the event for one sample SD more of the predictor: logistic regression, Wald interval.

    None with fewer than FEWEST_EVENTS events or non-events, a constant predictor, or where the predictor
    parts the events from the others: the odds ratio is then infinite.
    """
    if min(event.sum(), (~event).sum()) < FEWEST_EVENTS or _parted(predictor[event], predictor[~event]):
        return None
    from statsmodels.discrete.discrete_model import Logit

    standard = (predictor - predictor.mean()) / predictor.std(ddof=1)
    design = np.column_stack([np.ones(len(event)), standard])
    fit = Logit(event.astype(np.float64), design).fit(disp=0, warn_convergence=False, tol=1e-10)
    if not fit.mle_retvals["converged"]:
        return None
    slope, error = float(fit.params[1]), float(fit.bse[1])
    low, high = (math.exp(slope + side * Z * error) for side in (-1, 1))
    return Estimate(math.exp(slope), len(event), low, high)


def _parted(one: Floats, other: Floats) -> bool:
    """Whether all of one lie on a side of all of the other, shared ends included."""
    return bool(one.max() <= other.min() or other.max() <= one.min())


@dataclass(frozen=True)
class Shares:
    """Of the variance of a score, in per cent: between clinicians of a clinic, and between clinics."""

    clinician: Estimate
    clinic: Estimate | None


def variance_shares(data: Nested) -> Shares | None:
    """Two random intercepts, clinicians within clinics, by REML; interval from the profile of the likelihood.

    None where the parts cannot be told apart: one clinician per clinic, one score each, or all equal.
    With one clinic there is no share of clinics. n: scores.
    """
    clinics = len(np.unique(data.clinic))
    if data.within <= 0 or len(data.n) <= clinics or data.n.max() < 2:
        return None
    free = 2 if clinics > 1 else 1

    def deviance(ratios: Floats) -> Slope:
        value, slope = nested_deviance(data, np.append(ratios, 0.0)[:2])
        return value, slope[:free]

    found = _search(deviance, free)
    if not found.arrived:
        return None
    estimates = [_share_of(deviance, found, place, int(data.n.sum())) for place in range(free)]
    return Shares(estimates[0], estimates[1] if free == 2 else None)


def _share_of(deviance: Deviance, found: _Found, place: int, n: int) -> Estimate:
    """A part's share of the variance; the interval holds what the likelihood does not tell from the best."""
    from scipy.optimize import brentq

    share = float(found.at[place] / (1 + found.at.sum()))

    def excess(other: float) -> float:
        return n * (_least_at(deviance, len(found.at), place, other) - found.value) - Z**2

    low = 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, share, xtol=XTOL))
    high = 1.0 if excess(ALL) <= 0 else float(brentq(excess, share, ALL, xtol=XTOL))
    return Estimate(100 * share, n, 100 * low, 100 * high)


def _least_at(deviance: Deviance, free: int, place: int, share: float) -> float:
    """The least deviance where a part has this share of the variance."""
    odds = share / (1 - share)
    if free == 1:
        return deviance(np.array([odds]))[0]

    def along(other: Floats) -> Slope:
        value, slope = deviance(np.insert(other, place, odds * (1 + other[0])))
        return value, slope[[1 - place]] + odds * slope[place]

    return _search(along, 1).value


@dataclass(frozen=True)
class _Found:
    """Where a deviance is least. arrived: whether the search got there."""

    at: Floats
    value: float
    arrived: bool


def _search(deviance: Deviance, free: int) -> _Found:
    """Ratios of variances, none below 0, where the deviance is least.

    Searched as ratio / (1 + ratio): towards infinite ratios the deviance flattens and would hold the search.
    """
    from scipy.optimize import minimize

    def bounded(parts: Floats) -> Slope:
        value, slope = deviance(parts / (1 - parts))
        return value, slope / (1 - parts) ** 2

    options = {"ftol": 0.0, "gtol": GRADIENT / 100, "maxiter": 500}
    start, bounds = np.full(free, 0.1), [(0, ALL)] * free
    near = minimize(bounded, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    at = _sharpened(deviance, near / (1 - near))
    value, slope = bounded(at / (1 + at))
    uphill = np.where(at > 0, np.abs(slope), np.maximum(-slope, 0))
    return _Found(at, value, bool(np.all(uphill < GRADIENT)))


def _sharpened(deviance: Deviance, near: Floats) -> Floats:
    """Where the slope is nothing: a value near its least changes too little to tell the last digits."""
    from scipy.optimize import root

    inner = near > 0

    def slope(ratios: Floats) -> Floats:
        at = near.copy()
        at[inner] = ratios
        return deviance(at)[1][inner]

    at = near.copy()
    if inner.any():
        at[inner] = root(slope, near[inner], tol=1e-12).x
    return at if np.all(at >= 0) else near


def slope(data: Courses) -> Estimate | None:
    """Points per session, with a random intercept for each episode, by REML; Wald interval.

    n: episodes. None where all sessions are one, or the scores of each episode lie on parallel lines.
    """
    sessions, scores = data.sessions.sum(), data.scores.sum()
    if sessions <= 0 or scores - data.joint.sum() ** 2 / sessions <= NOTHING * scores:
        return None

    def deviance(ratio: Floats) -> Slope:
        fit = course_fit(data, float(ratio[0]))
        return fit.deviance, np.array([fit.slope])

    found = _search(deviance, 1)
    if not found.arrived:
        return None
    fit = course_fit(data, float(found.at[0]))
    value, width = float(fit.fixed[1]), Z * fit.error
    return Estimate(value, len(data.n), value - width, value + width)


def alpha(n: int, items: Sequence[int], total: int) -> Estimate | None:
    """Cronbach's alpha, exactly; interval of Feldt (1965).

    items: of each item n * sum of squares - square of the sum; total: the same of the sum of all items.
    n: people. None for one item, or where all have the same total.
    """
    k = len(items)
    if k < 2 or total <= 0:
        return None
    from scipy.stats import f

    value = float(Fraction(k, k - 1) * (1 - Fraction(sum(items), total)))
    tail, freedom = (1 - CONFIDENCE) / 2, (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - value) * float(f.ppf(part, *freedom)) for part in (1 - tail, tail))
    return Estimate(value, n, low, high)


def icc_2k(ratings: Floats) -> Estimate | None:
    """ICC(2,k) of Shrout and Fleiss (1979): absolute agreement of the mean of k raters, a row per target.

    From the mean squares of targets, raters and error, with the interval given there. n: targets.
    None where the targets do not differ; no interval where the raters differ by a constant.
    """
    n, k = ratings.shape
    targets, raters = ratings.mean(axis=1), ratings.mean(axis=0)
    between = k * float(((targets - ratings.mean()) ** 2).sum()) / (n - 1)
    judges = n * float(((raters - ratings.mean()) ** 2).sum()) / (k - 1)
    left = ratings - targets[:, None] - raters[None, :] + ratings.mean()
    error = float((left**2).sum()) / ((n - 1) * (k - 1))
    if between <= 0:
        return None
    value = (between - error) / (between + (judges - error) / n)
    if error <= 0:
        return Estimate(value, n)
    low, high = _icc_interval(n, k, between, judges, error)
    return Estimate(value, n, *(k * one / (1 + (k - 1) * one) for one in (low, high)))


def _icc_interval(n: int, k: int, between: float, judges: float, error: float) -> tuple[float, float]:
    """Of ICC(2,1), from which that of ICC(2,k) follows; degrees of freedom by Satterthwaite."""
    from scipy.stats import f

    single = (between - error) / (between + (k - 1) * error + k * (judges - error) / n)
    ratio, a = judges / error, k * single
    b = n * (1 + (k - 1) * single) - k * single
    freedom = (k - 1) * (n - 1) * (a * ratio + b) ** 2 / ((n - 1) * (a * ratio) ** 2 + b**2)
    tail = (1 - CONFIDENCE) / 2
    over, under = float(f.ppf(1 - tail, n - 1, freedom)), float(f.ppf(1 - tail, freedom, n - 1))
    spread = k * judges + (k * n - k - n) * error
    low = n * (between - over * error) / (over * spread + n * between)
    high = n * (under * between - error) / (spread + n * under * between)
    return low, high
