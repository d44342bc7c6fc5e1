"""The alliance: means, early sessions, dyads, ceiling, straight lines, time taken, stages, items of the checklist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tests.lib.pandas_figures.courses import ANSWERED, EPISODE, Courses
from tests.lib.pandas_figures.engagement import RATERS, STANDARD, Found, early_scores, share
from tests.lib.pandas_figures.frames import EVENT_ORDER, ONE, Core, where
from tests.lib.pandas_figures.grid import divided, facts
from tests.lib.pandas_figures.markers import client_series, markers

LONGEST = 3600
QUICK = 20
FEWEST_ITEMS = 3


def alliance(core: Core, known: Courses) -> Found:
    found: dict[tuple[str, str], pd.DataFrame] = {}
    every, totals, forms = scale_scores(core, known), early_scores(core, known), answered_forms(core)
    stages = contact_stages(core, known)
    for rater, definition in RATERS.items():
        rows = every[every.rater == rater]
        found["alliance_mean", definition] = facts(rows, "completed_on", "score")
        found["alliance_by_session", definition] = facts(rows, "session_no", "score")
        found |= _of_rater(
            core, totals[totals.rater == rater], forms[forms.rater == rater], stages, definition
        )
    found["contacts_by_stage", STANDARD] = facts(stages, "stage")
    return {**found, **_dyads(every), **markers(core, known), **_after_items(core, known)}


def scale_scores(core: Core, known: Courses) -> pd.DataFrame:
    """Valid scores of every scale of the alliance forms, with episode and session, in order; undated ones too."""
    cards = core.instruments[core.instruments.construct == "alliance"]
    scores = core.with_undated[core.with_undated.instrument.isin(cards.instrument)].drop(columns="session")
    placed = scores.merge(known.belongs, on=ANSWERED, how="left")
    return placed.sort_values(EVENT_ORDER, kind="stable").reset_index(drop=True)


def answered_forms(core: Core) -> pd.DataFrame:
    """Administrations of the alliance forms of a day that has come, with the scale they stand under."""
    cards = core.instruments[core.instruments.construct == "alliance"]
    cards = cards[["instrument", "outcome_scale", "n_items"]].rename(columns={"outcome_scale": "scale"})
    forms = core.administrations.merge(cards, on="instrument")
    return where(forms, (day is not None and day <= core.as_of for day in forms.completed_on))


def _of_rater(
    core: Core, totals: pd.DataFrame, forms: pd.DataFrame, stages: pd.DataFrame, definition: str
) -> Found:
    ends = core.scales.set_index(["instrument", "scale"]).maximum
    highest = [
        score == round(ends[i, s] * ONE)
        for i, s, score in zip(totals.instrument, totals.scale, totals.score, strict=True)
    ]
    long = forms[forms.n_items >= FEWEST_ITEMS]
    whole = where(long, (complete(answers) for answers in long.answers))
    straight = pd.Series([len(set(answers)) == 1 for answers in whole.answers], index=whole.index, dtype=bool)
    timed = _timed(forms)
    return {
        ("alliance_early_mean", definition): _early(totals),
        ("alliance_ceiling_rate", definition): share(totals, pd.Series(highest, index=totals.index, dtype=bool), "completed_on"),
        ("straight_lining_rate", definition): share(whole, straight, "completed_on"),
        ("completion_seconds_mean", definition): facts(timed.assign(sum=timed.seconds * ONE), "completed_on", "sum"),
        ("completed_under_20_seconds_rate", definition): share(timed, timed.seconds < QUICK, "completed_on"),
        ("alliance_by_stage", definition): _by_stage(core, totals, stages),
    }  # fmt: skip


def complete(answers: Sequence[Any]) -> bool:
    return not any(pd.isna(code) or code in (-102, -103, -104) for code in answers)


def _timed(forms: pd.DataFrame) -> pd.DataFrame:
    seconds = (forms.completed_at - forms.started_at).dt.total_seconds()
    timed = forms[(seconds >= 0) & (seconds <= LONGEST)].copy()
    timed["seconds"] = seconds[timed.index].astype("int64")
    return timed


def _early(totals: pd.DataFrame) -> pd.DataFrame:
    early = totals[totals.session_no.between(3, 5).fillna(False)]
    rows = [
        (key[0], key[-2], key[-1], max(own.completed_on), divided(int(own.score.sum()), len(own)))
        for key, own in early.groupby([*EPISODE, "instrument", "scale"])
    ]
    table = pd.DataFrame(rows, columns=["clinic", "instrument", "scale", "completed_on", "mean"])
    return facts(table, "completed_on", "mean")


def stage_of(core: Core, session: int) -> str:
    if session < core.rule("process_from_session"):
        return "commitment"
    return "process" if session < core.rule("change_from_session") else "change"


def contact_stages(core: Core, known: Courses) -> pd.DataFrame:
    """Attended contacts with their stage."""
    contacts = known.contacts.merge(known.episodes[[*EPISODE, "ended_on"]], on=EPISODE)
    plain = contacts[~contacts.follow_up & contacts.ended_on.notna()]
    last = plain.groupby(EPISODE).tail(core.rule("termination_sessions")).index
    contacts["stage"] = [stage_of(core, int(number)) for number in contacts.session_no]
    contacts.loc[last, "stage"] = "termination"
    return contacts


def _by_stage(core: Core, totals: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    of_contact = stages.set_index([*EPISODE, "place"]).stage.to_dict()
    found = []
    for row in totals.itertuples():
        if not pd.isna(row.place):
            found.append(of_contact[row.clinic, row.client_key, row.episode_no, row.place])
        else:
            found.append(None if pd.isna(row.session_no) else stage_of(core, int(row.session_no)))
    return facts(totals.assign(stage=pd.Series(found, index=totals.index, dtype=object)), "stage", "score")


def _dyads(every: pd.DataFrame) -> Found:
    """Sessions that client and therapist rated on the same scale; the last score of each."""
    key = [*EPISODE, "instrument", "scale", "session_no"]
    numbered = every[every.session_no.notna() & every.completed_on.notna()]
    last = numbered.drop_duplicates([*key, "rater"], keep="last")
    client, therapist = (last[last.rater == rater] for rater in ("client", "therapist"))
    both = client.merge(therapist[[*key, "score"]], on=key, suffixes=("", "_therapist"))
    both["less"] = both.score_therapist - both.score
    both["apart"] = both.less.abs()
    return {
        ("alliance_discrepancy_mean", STANDARD): facts(both, "completed_on", "less"),
        ("alliance_discrepancy_absolute_mean", STANDARD): facts(both, "completed_on", "apart"),
    }


def _after_items(core: Core, known: Courses) -> Found:
    """Change of the client's alliance to the next session, by whether the client reported the item."""
    reported = _reported(core, known)
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for instrument, rows in client_series(core, known).groupby("instrument"):
        rows = rows.copy()
        rows["change"] = rows.groupby(EPISODE).score.shift(-1) - rows.score
        there = rows[rows.change.notna() & rows.session_no.notna()]
        linked = there[[*EPISODE, "session_no", "change", "completed_on"]].merge(
            reported, on=[*EPISODE, "session_no"]
        )
        found["alliance_change_after_item_mean", str(instrument)] = _differences(linked)
    return found


def _reported(core: Core, known: Courses) -> pd.DataFrame:
    """What the client's last checklist of each session says, item by item."""
    single = core.scales[core.scales.n_items == 1][["instrument", "scale"]]
    cards = core.instruments[core.instruments.construct == "process"]
    ticked = core.valid[core.valid.instrument.isin(cards.instrument) & (core.valid.rater == "client")]
    ticked = ticked.drop(columns="session").merge(single, on=["instrument", "scale"])
    ticked = ticked.merge(known.belongs, on=ANSWERED).sort_values(EVENT_ORDER, kind="stable")
    ticked = ticked[ticked.session_no.notna()]
    key = [*EPISODE, "session_no", "instrument", "scale"]
    return ticked.drop_duplicates(key, keep="last")[[*key, "score"]].assign(yes=lambda rows: rows.score > 0)


def _differences(linked: pd.DataFrame) -> pd.DataFrame:
    key = [*EPISODE, "instrument", "scale"]
    sums = linked.groupby([*key, "yes"]).change.agg(["sum", "size"]).reset_index()
    sums["mean"] = [divided(int(total), int(n)) for total, n in zip(sums["sum"], sums["size"], strict=True)]
    latest = linked.groupby(key).completed_on.max().rename("latest").reset_index()
    both = sums[sums.yes].merge(sums[~sums.yes], on=key, suffixes=("", "_no")).merge(latest, on=key)
    return facts(both.assign(difference=both["mean"] - both.mean_no), "latest", "difference")
