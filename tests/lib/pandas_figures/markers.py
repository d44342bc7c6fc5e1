"""Rupture markers and their repair, session by session, in exact arithmetic: scores in ten-thousandths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import pandas as pd

from tests.lib.pandas_figures.cards import cards
from tests.lib.pandas_figures.courses import EPISODE, Courses
from tests.lib.pandas_figures.criteria import FEWEST_PEOPLE, thresholds_on, variance
from tests.lib.pandas_figures.engagement import Found, early_scores
from tests.lib.pandas_figures.frames import ONE, PERSON, Core, counted, where
from tests.lib.pandas_figures.grid import divided, facts
from tests.lib.pandas_figures.outcome import COMPARE

MOVING_RANGE = Fraction(266, 100)


@dataclass(frozen=True)
class Judged:
    """One session by one criterion. repaired: by the score of a later session."""

    marked: bool
    repaired: Callable[[int], bool] = field(default=lambda later: False)


Judge = Callable[[Sequence[int], int], Judged | None]
"""A criterion: a client's series and a place in it, to a verdict; None where it cannot be judged."""


def markers(core: Core, known: Courses) -> Found:
    sessions: dict[str, list[tuple[object, ...]]] = {}
    repairs: dict[str, list[tuple[object, ...]]] = {}
    within = core.rule("repair_within_sessions")
    ends = known.episodes.set_index(EPISODE).ended_on
    scores = client_series(core, known)
    for instrument, rows in scores.groupby("instrument"):
        judges = criteria_of(core, known, str(instrument))
        for key, one in rows.groupby(EPISODE):
            series, days = one.score.tolist(), one.completed_on.tolist()
            ended = ends[key] is not None
            for name, judge in judges.items():
                for place, verdict in verdicts(series, judge):
                    at = (key[0], instrument, one.scale.iloc[0], days[place])
                    sessions.setdefault(name, []).append((*at, int(verdict.marked)))
                    later = series[place + 1 : place + 1 + within]
                    good = any(map(verdict.repaired, later))
                    if verdict.marked and (good or len(later) == within or ended):
                        repairs.setdefault(name, []).append((*at, int(good)))
    return {
        **{("rupture_marker_rate", name): _facts(rows) for name, rows in sessions.items()},
        **{("rupture_repair_rate", name): _facts(rows) for name, rows in repairs.items()},
    }


def _facts(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["clinic", "instrument", "scale", "completed_on", "met"])
    return facts(table, "completed_on", "met")


def verdicts(series: Sequence[int], judge: Judge) -> Iterator[tuple[int, Judged]]:
    for place in range(len(series)):
        if verdict := judge(series, place):
            yield place, verdict


def client_series(core: Core, known: Courses) -> pd.DataFrame:
    """The client's scores in order; where two have the same session number, the last."""
    scores = early_scores(core, known)
    scores = scores[scores.rater == "client"].astype({"episode_no": "int64", "score": "int64"})
    numbered = scores.session_no.notna()
    again = scores[numbered].duplicated([*EPISODE, "instrument", "session_no"], keep="last")
    return scores.drop(index=again[again].index)


def criteria_of(core: Core, known: Courses, instrument: str) -> Mapping[str, Judge]:
    least = smallest_drop(core, instrument)
    judges: dict[str, Judge] = {"control_chart": _control_chart(least)}
    between = between_people(core, known, instrument)
    if between is not None:
        judges |= {f"sd_{k}": _deviations(k, between, least) for k in (1, 2)}
    lines = thresholds_on(core)
    lines = lines[(lines.instrument == instrument) & (lines.scale == core.outcome_scale(instrument))]
    for line in lines.itertuples():
        value = counted(line.value)
        if line.kind == "alliance_concern":
            judges[line.name] = _concern(COMPARE[line.comparison], value)
        elif line.kind == "alliance_drop":
            judges[line.name] = _drop(value)
    return judges


def smallest_drop(core: Core, instrument: str) -> int:
    """One step of every item: 1.0 on a mean, the number of items on a sum."""
    scale = core.outcome_scale(instrument)
    known = cards(core)
    return (
        ONE
        if known.scale(instrument, scale)["method"] == "mean"
        else ONE * len(known.members(instrument, scale))
    )


def between_people(core: Core, known: Courses, instrument: str) -> Fraction | None:
    """Variance between clients of their mean score in the baseline window."""
    if core.baseline is None:
        return None
    first, last = core.baseline
    scores = early_scores(core, known)
    scores = scores[(scores.rater == "client") & (scores.instrument == instrument)]
    scores = where(scores, (first <= day <= last for day in scores.completed_on))
    means = [divided(int(own.sum()), len(own)) for _, own in scores.groupby(PERSON).score]
    return variance(means) if len(means) >= FEWEST_PEOPLE else None


def _deviations(k: int, between: Fraction, least: int) -> Judge:
    def judge(series: Sequence[int], place: int) -> Judged | None:
        if place < 3:
            return None
        square = max(variance(series[:place]), between)
        before = series[place - 1]
        drop = before - series[place]
        marked = drop >= least and drop > 0 and drop**2 >= k**2 * square

        def repaired(later: int) -> bool:
            return later >= before or 16 * (before - later) ** 2 <= square

        return Judged(marked, repaired)

    return judge


def _control_chart(least: int) -> Judge:
    def judge(series: Sequence[int], place: int) -> Judged | None:
        if place < 5:
            return None
        before = series[:place]
        moves = [abs(later - earlier) for earlier, later in pairwise(before)]
        limit = Fraction(sum(before), len(before)) - MOVING_RANGE * Fraction(sum(moves), len(moves))
        marked = series[place] < limit and before[-1] - series[place] >= least
        return Judged(marked, lambda later: later >= limit)

    return judge


def _concern(meets: Callable[[int, int], bool], value: int) -> Judge:
    return lambda series, place: Judged(meets(series[place], value), lambda later: not meets(later, value))


def _drop(value: int) -> Judge:
    def judge(series: Sequence[int], place: int) -> Judged | None:
        if place < 1:
            return None
        before = series[place - 1]
        return Judged(before - series[place] >= value, lambda later: later >= before)

    return judge
