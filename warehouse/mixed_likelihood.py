"""Restricted likelihoods of two mixed models, from sums by group.

With random intercepts alone, number, mean and sum of squares of each group are all that the likelihood of the
single scores depends on. Variances are taken as ratios to the residual one, which then has a closed form.
`warehouse.models` looks for where the deviances are least.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Slope = tuple[float, Floats]
Deviance = Callable[[Floats], Slope]
"""-2 log restricted likelihood per score, with its slope, at variances as ratios to the residual one."""


@dataclass(frozen=True)
class Nested:
    """Scores of clients of clinicians in clinics, by clinician.

    clinic: code from 0. n, mean: of the clinician's scores. within: sum of squares about those means
    """

    clinic: Whole
    n: Floats
    mean: Floats
    within: float

    def by_clinic(self, values: Floats) -> Floats:
        return np.bincount(self.clinic, weights=values).astype(np.float64)


def nested_deviance(data: Nested, ratios: Floats) -> Slope:
    """The deviance of scores of clients of clinicians in clinics, at variances of (clinicians, clinics)."""
    clinician, clinic = ratios
    count = data.n.sum()
    weight = data.n / (1 + data.n * clinician)
    total = data.by_clinic(weight)
    spread = 1 + clinic * total
    information = (total / spread).sum()
    center = (data.by_clinic(weight * data.mean) / spread).sum() / information
    off = data.mean - center
    pull = data.by_clinic(weight * off)
    rest = data.within + (weight * off**2).sum() - clinic * (pull**2 / spread).sum()
    residual = weight * (off - (clinic * pull / spread)[data.clinic])
    deviance = (
        (count - 1) * math.log(rest)
        + np.log1p(data.n * clinician).sum()
        + np.log(spread).sum()
        + math.log(information)
    )
    own = weight / spread[data.clinic]
    slope = [
        (weight - clinic * weight**2 / spread[data.clinic]).sum()
        - (own**2).sum() / information
        - (count - 1) / rest * (residual**2).sum(),
        (total / spread).sum()
        - ((total / spread) ** 2).sum() / information
        - (count - 1) / rest * ((pull / spread) ** 2).sum(),
    ]
    return deviance / count, np.array(slope) / count


@dataclass(frozen=True)
class Courses:
    """Scores over the sessions of episodes, by episode.

    n: scores. session, score: their means. sessions, joint, scores: sums of squares and products about them
    """

    n: Floats
    session: Floats
    score: Floats
    sessions: Floats
    joint: Floats
    scores: Floats


@dataclass(frozen=True)
class CourseFit:
    """deviance, slope: as `Deviance`. fixed: intercept and points per session; error: of the points."""

    deviance: float
    slope: float
    fixed: Floats
    error: float


def course_fit(data: Courses, ratio: float) -> CourseFit:
    """Generalised least squares of score on session, at this variance of episodes."""
    count = data.n.sum()
    weight = data.n / (1 + data.n * ratio)
    cross = (weight * data.session).sum()
    information = np.array([[weight.sum(), cross], [cross, (data.sessions + weight * data.session**2).sum()]])
    product = np.array([(weight * data.score).sum(), (data.joint + weight * data.session * data.score).sum()])
    fixed = np.linalg.solve(information, product)
    off = data.score - fixed[0] - fixed[1] * data.session
    inner = data.scores - 2 * fixed[1] * data.joint + fixed[1] ** 2 * data.sessions
    rest = (inner + weight * off**2).sum()
    inverse = np.linalg.inv(information)
    own = np.array([weight, weight * data.session])
    deviance = (
        (count - 2) * math.log(rest) + np.log1p(data.n * ratio).sum() + math.log(np.linalg.det(information))
    )
    gradient = (
        weight.sum() - np.trace(inverse @ (own @ own.T)) - (count - 2) / rest * ((weight * off) ** 2).sum()
    )
    error = math.sqrt(rest / (count - 2) * inverse[1, 1])
    return CourseFit(deviance / count, gradient / count, fixed, error)
