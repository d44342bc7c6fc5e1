"""Overview: how the service is doing. Engagement, alliance and outcomes of one published cell."""

from __future__ import annotations

import streamlit as st

from dashboards import alliance, frame, pieces, shown, words
from dashboards.choice import Key
from dashboards.filters import choose
from dashboards.panels import card
from dashboards.view import Form, View

ENGAGEMENT = (
    "referrals_received",
    "clients_seen",
    "appointments_held",
    "attendance_rate",
    "dna_rate",
    "dropout_rate",
)
COMPLETION = "questionnaire_completion_rate"
OUTCOMES = (
    "finished_course",
    "paired_outcome_rate",
    "recovery_rate",
    "reliable_improvement_rate",
    "reliable_recovery_rate",
    "reliable_deterioration_rate",
)


def page() -> None:
    now = shown.taken()
    if now.publication is None:
        st.html(frame.empty(now))
        return
    st.html(
        pieces.header(
            now.publication.run["site_name"], "Overview", "Engagement, working alliance and outcomes."
        )
    )
    chosen = choose(shown.directory(now.publication))
    if chosen is None:
        st.html(pieces.notice("No figures yet.", "No period has ended since the first delivery."))
        return
    view = View.of(now.publication, chosen)
    st.html(pieces.scope(chosen.name, chosen.period))
    engagement(view)
    alliance.section(view)
    outcomes(view)


def engagement(view: View) -> None:
    st.html(pieces.section("Engagement", "Do people come, stay, and fill in their questionnaires?"))
    st.html(pieces.tiles((view.tile(figure) for figure in view.known(ENGAGEMENT)), 3))
    left, right = st.columns([3, 2])
    with left:
        view.trend("engagement", view.known(ENGAGEMENT), default="attendance_rate")
    with right:
        completion(view)


def completion(view: View) -> None:
    """Questionnaires completed of those due, one line a questionnaire; those not due here left out."""
    metric = view.directory.standard(COMPLETION)
    if metric is None:
        return
    rows = [row for form in view.forms(COMPLETION) if (row := _completed(view, form))]
    with card("completion"):
        st.html(pieces.card_head(metric.title, f"{metric.unit} of those due · {view.chosen.period.title}"))
        if rows:
            st.html(
                pieces.table(metric.title, ("Questionnaire", "Completed", "Of those due", "Before"), rows)
            )
            note = pieces.before_note(view.chosen.earlier)
            st.html(f'<p class="a-note">In brackets: whatever the held records say. {note}</p>')
        else:
            st.html('<p class="a-all-hidden">Not applicable: no questionnaire is due here.</p>')
        st.html(pieces.definition(metric))


def _completed(view: View, form: Form) -> tuple[str, str, str, str] | None:
    key = Key(COMPLETION, form.metric.definition, form.instrument)
    now = view.now.get(key)
    if now is None or now.state == "not_applicable":
        return None
    bounds = words.bounds(now).replace(" ", "\N{NO-BREAK SPACE}")
    completed = f"{words.quantity(now)} ({bounds})" if bounds else words.quantity(now)
    return form.name, completed, words.basis(now) or "–", words.quantity(view.before.get(key))


def outcomes(view: View) -> None:
    st.html(pieces.section("Outcomes", "Of those who finished a course of treatment, who got better?"))
    st.html(pieces.tiles((view.tile(figure) for figure in view.known(OUTCOMES)), 3))
    view.trend("outcomes", view.known(OUTCOMES), default="recovery_rate")


page()
