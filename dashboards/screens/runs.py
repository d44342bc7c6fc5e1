"""Runs: what each night did, whether its figures passed the checks, and how to run one again."""

from __future__ import annotations

import streamlit as st

from dashboards import frame, pieces, shown, words
from dashboards.panels import card
from warehouse.read import Run, Status

SHOWN_AT_ONCE = 10
COLUMNS = (
    "Run",
    "State",
    "Checks",
    "As of",
    "Finished",
    "Received",
    "Accepted",
    "Quarantined",
    "Excluded",
    "Superseded",
)


def page() -> None:
    now = shown.taken()
    status = now.status
    if status is None:
        st.html(frame.empty(now))
        return
    if now.problem and now.publication is None:
        st.html(pieces.notice("The published figures cannot be read.", now.problem, "warning"))
    last = status.last_run
    site = now.publication.run["site_name"] if now.publication else now.site
    st.html(pieces.header(site, "Runs", _lead(last, now.timezone)))
    st.html(_last_run(status))
    _rerun(status)
    st.html(pieces.section("Runs so far", "Newest first; counts are of the whole site."))
    st.html(_runs(status.runs[:SHOWN_AT_ONCE], now.timezone))
    if status.runs[SHOWN_AT_ONCE:]:
        with st.expander(f"{len(status.runs) - SHOWN_AT_ONCE} earlier runs"):
            st.html(_runs(status.runs[SHOWN_AT_ONCE:], now.timezone))


def _lead(last: Run, timezone: str) -> str:
    ended = words.moment(last.finished_at, timezone)
    return f"The last run ended {ended}. {words.RUN_STATES_EXPLAINED[last.state]}"


def _last_run(status: Status) -> str:
    last, gate = status.last_run, status.gate
    facts = [
        pieces.fact("State", words.RUN_STATES[last.state], f"Run {last.run}", last.state),
        pieces.fact(
            "Checks",
            words.VERDICTS[gate.verdict],
            f"{gate.checked:,} expectations checked, {gate.critical_failed} critical failed",
            gate.verdict,
        ),
        pieces.fact("Records received", words.count(last.received), f"{words.count(last.accepted)} accepted"),
        pieces.fact("Quarantined", words.count(last.quarantined), "Waiting to be mended"),
    ]
    return pieces.tiles(facts, 4)


def _rerun(status: Status) -> None:
    """Commands only: a page starts nothing."""
    st.html(pieces.section("Check a run", "Read its report, or run it again and compare every figure."))
    with card("rerun"):
        run = st.selectbox("Run", [run.run for run in status.runs], key="rerun", width=420)
        report = status.gate.report if run == status.last_run.run else f"quality/{run}/index.html"
        chosen = next(line for line in status.runs if line.run == run)
        st.html("<p class='a-label'>Run it again from the archive; nothing is published</p>")
        st.code(f"accord rerun {run}", language=None, wrap_lines=True)
        st.html("<p class='a-label'>Report of its checks, in the site's folder</p>")
        st.code(
            report if chosen.gate != "not_run" else "No report: the checks did not run",
            language=None,
            wrap_lines=True,
        )


def _runs(runs: tuple[Run, ...], timezone: str) -> str:
    rows: list[tuple[str | pieces.Marked, ...]] = [
        (
            run.run,
            pieces.Marked(words.RUN_STATES[run.state], run.state),
            pieces.Marked(words.VERDICTS[run.gate], run.gate),
            words.day(run.as_of),
            words.moment(run.finished_at, timezone),
            *(words.count(getattr(run, fate)) for fate in words.FATES),
        )
        for run in runs
    ]
    return pieces.table("Runs", COLUMNS, rows, numeric=5)


page()
