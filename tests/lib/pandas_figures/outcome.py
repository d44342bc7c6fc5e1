"""Outcome: pairs of scores, the two measures of NHS Talking Therapies, and change per instrument."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from tests.lib.pandas_figures.courses import ANSWERED, EPISODE, Courses, within
from tests.lib.pandas_figures.criteria import Criterion, criteria, cutoff, threshold
from tests.lib.pandas_figures.engagement import STANDARD, Found, ended, finished, share
from tests.lib.pandas_figures.frames import ONE, Core
from tests.lib.pandas_figures.grid import divided, facts, iterate

DEPRESSION, ANXIETY = "phq_9", "gad_7"
NHS = "nhs_talking_therapies"
COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def outcome(core: Core, known: Courses) -> Found:
    return {**_two_measures(core, known), **_by_instrument(core, known)}


def courses_of_scores(core: Core, known: Courses) -> pd.DataFrame:
    """Client-rated scores of outcome forms within their episodes, in order; follow-ups are left out."""
    scores = core.outcome_scores
    scores = scores[(scores.rater == "client") & (scores.construct == "outcome")]
    scores = scores.drop(columns="session").merge(known.belongs, on=ANSWERED)
    of_contact = known.contacts[[*EPISODE, "place", "follow_up", "starts_on"]]
    scores = scores.merge(of_contact, on=[*EPISODE, "place"], how="left")
    scores["day"] = scores.starts_on.astype(object).where(scores.starts_on.notna(), scores.completed_on)
    follow_up = scores.follow_up.fillna(False).astype(bool)
    return scores[~follow_up & within(scores, known.episodes, "day")]


def pairs(core: Core, known: Courses) -> pd.DataFrame:
    """One row for each episode and instrument with a score: first, last, their days, n scores, paired."""
    scores = courses_of_scores(core, known)
    groups = scores.groupby([*EPISODE, "instrument", "scale"], sort=True)
    table = groups.agg(
        first=("score", "first"),
        last=("score", "last"),
        first_on=("completed_on", "first"),
        last_on=("completed_on", "last"),
        scores=("score", "size"),
    ).reset_index()
    table["paired"] = table.first_on < table.last_on
    return table.astype({"first": "int64", "last": "int64", "episode_no": "int64"})


def _two_measures(core: Core, known: Courses) -> Found:
    both = _judged(core, known)
    done = both[both.tc >= 2]
    treated = both[both.tc >= 1]
    found: dict[tuple[str, str], pd.DataFrame] = {
        ("finished_course", STANDARD): facts(done, "ended_on"),
        ("paired_outcomes", STANDARD): facts(done[done.paired], "ended_on"),
        ("paired_outcome_rate", STANDARD): share(done, done.paired),
    }
    for definition, rows in (
        (STANDARD, done),
        ("completers", done[done.paired]),
        ("intention_to_treat", treated),
    ):
        eligible = rows[rows.at_case] if definition == "completers" else rows[~rows.below_both]
        found["recovery_rate", definition] = share(eligible, eligible.recovered)
        found["reliable_recovery_rate", definition] = share(eligible, eligible.recovered & eligible.improved)
        found["reliable_improvement_rate", definition] = share(rows, rows.improved)
        found["reliable_deterioration_rate", definition] = share(rows, rows.worse)
    return found


def _judged(core: Core, known: Courses) -> pd.DataFrame:
    """Ended referrals, with the classes of the two-measure rules; without both pairs nothing is claimed."""
    whole = pairs(core, known)
    by_course = {
        key: dict(zip(part.instrument, part.itertuples(), strict=True))
        for key, part in whole.groupby(EPISODE)
    }
    end = ended(known)
    rows = []
    for course in end.itertuples():
        measures = by_course.get((course.clinic, course.client_key, course.episode_no), {})
        chosen = _anxiety_measure(core, course.problem, measures)
        rows.append(_classes(core, measures.get(DEPRESSION), measures.get(chosen), chosen))
    names = ["paired", "below_both", "at_case", "recovered", "improved", "worse"]
    classes = pd.DataFrame(rows, columns=names, index=end.index, dtype=bool)
    return pd.concat([end, classes], axis=1)


def _anxiety_measure(core: Core, problem: str | None, measures: Mapping[str, Any]) -> str:
    """The measure of the referral's problem where it has both NHS criteria and the episode a pair; else GAD-7."""
    for name in sorted(measures):
        judged = _nhs(core, name, "caseness") and _nhs(core, name, "reliable_change")
        if judged and measures[name].paired and problem in _problems(core).get(name, ()):
            return name
    return ANXIETY


@cache
def _problems(core: Core) -> Mapping[str, Sequence[str]]:
    """The problems an instrument is the measure for."""
    if "measure_for" not in core.instruments:
        return {}
    named = zip(core.instruments.instrument, core.instruments.measure_for, strict=True)
    return {name: words.replace(",", " ").split() for name, words in named if isinstance(words, str)}


def _nhs(core: Core, instrument: str, kind: str) -> Any:
    return threshold(core, instrument, kind, NHS)


def _classes(core: Core, depression: Any, anxiety: Any, chosen: str) -> tuple[bool, ...]:
    """paired, known below both at first, at caseness, recovered, reliably improved, reliably worse."""
    measures = [(depression, DEPRESSION), (anxiety, chosen)]
    known = all(pair is not None for pair, _ in measures)
    below = known and not any(_case(core, name, pair.first) for pair, name in measures)
    if not (known and all(pair.paired for pair, _ in measures)):
        return (False, below, False, False, False, False)
    at_first = any(_case(core, name, pair.first) for pair, name in measures)
    at_last = any(_case(core, name, pair.last) for pair, name in measures)
    better = [_changed(core, name, pair.first - pair.last) for pair, name in measures]
    worse = [_changed(core, name, pair.last - pair.first) for pair, name in measures]
    return (
        True,
        below,
        at_first,
        at_first and not at_last,
        any(better) and not any(worse),
        any(worse) and not any(better),
    )


def _case(core: Core, instrument: str, score: int) -> bool:
    line = _nhs(core, instrument, "caseness")
    return line is not None and COMPARE[line.comparison](score, line.value)


def _changed(core: Core, instrument: str, change: int) -> bool:
    """Whether a score moved by so much in a direction; the measures count upwards to worse."""
    line = _nhs(core, instrument, "reliable_change")
    return line is not None and change >= line.value


def _by_instrument(core: Core, known: Courses) -> Found:
    done = finished(known)
    whole = pairs(core, known).merge(done[[*EPISODE, "ended_on"]], on=EPISODE)
    two = whole[whole.paired].copy()
    directions = core.scales.set_index(["instrument", "scale"]).direction
    signs = [
        1 if directions[one.instrument, one.scale] == "higher_better" else -1 for one in two.itertuples()
    ]
    two["change"] = two["last"] - two["first"]
    two["improvement"] = two.change * signs
    two["days"] = [(last - first).days * ONE for first, last in zip(two.first_on, two.last_on, strict=True)]
    two["n_scores"] = two.scores * ONE
    return {
        ("outcome_mean_first", STANDARD): facts(two, "ended_on", "first"),
        ("outcome_mean_last", STANDARD): facts(two, "ended_on", "last"),
        ("outcome_mean_change", STANDARD): facts(two, "ended_on", "change"),
        ("instrument_paired_rate", STANDARD): _paired(core, done, two),
        ("days_between_scores_mean", STANDARD): facts(two, "ended_on", "days"),
        ("scores_per_course_mean", STANDARD): facts(two, "ended_on", "n_scores"),
        ("percent_change_mean", STANDARD): _percent(two),
        **_change(core, two),
    }


def _paired(core: Core, done: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    def parts() -> Iterator[pd.DataFrame]:
        for card in core.instruments[core.instruments.construct == "outcome"].itertuples():
            has = two[two.instrument == card.instrument][EPISODE]
            rows = done.merge(has, on=EPISODE, how="left", indicator="has")
            rows = rows.assign(instrument=card.instrument, scale=card.outcome_scale)
            yield share(rows, rows.has == "both")

    return iterate(parts())


def _percent(two: pd.DataFrame) -> pd.DataFrame:
    """100 * improvement / first score, in ten-thousandths of a per cent each."""
    some = two[two["first"] > 0]
    each = [divided(100 * ONE * i, f) for i, f in zip(some.improvement, some["first"], strict=True)]
    return facts(some.assign(percent=each), "ended_on", "percent")


def _change(core: Core, two: pd.DataFrame) -> Found:
    parts: dict[tuple[str, str], list[pd.DataFrame]] = {}
    found = criteria(core)
    for instrument, rows in two.groupby("instrument"):
        line = cutoff(core, str(instrument))
        for definition in (STANDARD, "jacobson_truax", "own_baseline"):
            if one := found.get((str(instrument), definition)):
                for name, part in _classed(rows, one, line):
                    parts.setdefault((name, definition), []).append(part)
        if line:
            clinical, crossed = _crossed(rows, line)
            parts.setdefault(("cutoff_crossed_rate", STANDARD), []).append(
                share(rows[clinical], crossed[clinical])
            )
    return {key: iterate(iter(some)) for key, some in parts.items()}


def _classed(rows: pd.DataFrame, one: Criterion, line: Any) -> Iterator[tuple[str, pd.DataFrame]]:
    improved = pd.Series([one.met(change) for change in rows.improvement], index=rows.index)
    worse = pd.Series([one.met(-change) for change in rows.improvement], index=rows.index)
    yield "instrument_improved_rate", share(rows, improved)
    yield "instrument_deteriorated_rate", share(rows, worse)
    yield "instrument_unchanged_rate", share(rows, ~improved & ~worse)
    if line:
        clinical, crossed = _crossed(rows, line)
        yield "instrument_recovered_rate", share(rows[clinical], (improved & crossed)[clinical])


def _crossed(rows: pd.DataFrame, line: Any) -> tuple[pd.Series, pd.Series]:
    """Whether the first score was on the clinical side, and whether the last is so no more."""
    compare = COMPARE[line.comparison]
    first = pd.Series([compare(score, line.value) for score in rows["first"]], index=rows.index)
    last = pd.Series([compare(score, line.value) for score in rows["last"]], index=rows.index)
    return first, first & ~last
