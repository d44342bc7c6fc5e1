"""The alliance: means, early sessions, dyads, ceiling, straight lines, time taken, stages, items of the checklist."""

from __future__ import annotations

import pandas as pd

from tests.lib.pandas_figures.courses import ANSWERED, Courses
from tests.lib.pandas_figures.engagement import RATERS, Found
from tests.lib.pandas_figures.frames import EVENT_ORDER, Core
from tests.lib.pandas_figures.grid import facts


def alliance(core: Core, known: Courses) -> Found:
    every = scale_scores(core, known)
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for rater, definition in RATERS.items():
        rows = every[every.rater == rater]
        found["alliance_mean", definition] = facts(rows, "completed_on", "score")
        found["alliance_by_session", definition] = facts(rows, "session_no", "score")
    return found


def scale_scores(core: Core, known: Courses) -> pd.DataFrame:
    """Valid scores of every scale of the alliance forms, with episode and session, in order."""
    cards = core.instruments[core.instruments.construct == "alliance"]
    scores = core.valid[core.valid.instrument.isin(cards.instrument)].drop(columns="session")
    placed = scores.merge(known.belongs, on=ANSWERED, how="left")
    return placed.sort_values(EVENT_ORDER, kind="stable").reset_index(drop=True)
