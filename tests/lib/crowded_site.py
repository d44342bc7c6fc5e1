"""Clinics that crowd a few weeks, to stand beside the sample's: what a real service does once a year, all at once.

Several referrals of one person, contacts before the first and after the last, two on a day, numbers missing, repeated
or out of order, questionnaires with and without session, date or contact, several raters, a checklist of the session;
and clinics without referrals, without appointments, or with nothing but questionnaires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.lib.crowded_feeds import STATUSES, write_clinic
from tests.lib.crowded_forms import FORMS, OWN_FORMS, RATED, UNDATED, Form, key_file

CLINICS: Mapping[str, tuple[str, ...]] = {
    "quarry": ("referrals", "appointments", "responses"),
    "tarn": ("appointments", "responses"),
    "moor": ("referrals", "responses"),
    "fell": ("responses",),
}
SERVICE = "crowded"

CONFIRMED = ("taqs",)

DUE = (
    ("phq_9", "client", '"all"'),
    ("wai_sr", "client", "[1, 3, 5]"),
    ("own_wellbeing", "client", '"first_last"'),
    ("wai_sr", "therapist", '"all"'),
    ("taqs", "caregiver", '"first_last"'),
)


def add_crowded(site: Path, seed: int = 1, people: int = 70) -> None:
    """Add the clinics to a site that is there: to its site.toml, its inbox, its own instruments."""
    (site / "instruments").mkdir(exist_ok=True)
    for id_, text in OWN_FORMS.items():
        (site / "instruments" / f"{id_}.toml").write_text(text, encoding="utf-8")
    (site / "instruments" / "vpps.key.toml").write_text(key_file(), encoding="utf-8")
    config = site / "site.toml"
    text = config.read_text(encoding="utf-8")
    text = text.replace(
        "[site]\n", f"[site]\nconfirmed_instruments = {list(CONFIRMED)}\n".replace("'", '"'), 1
    )
    config.write_text("\n".join([text, *_tables()]), encoding="utf-8")
    for number, (clinic, kinds) in enumerate(CLINICS.items()):
        (site / "inbox" / clinic).mkdir(parents=True)
        rng = np.random.default_rng([seed, number])
        write_clinic(site / "inbox" / clinic, rng, kinds, people)


def _tables() -> Iterator[str]:
    for clinic in CLINICS:
        yield f'[[clinics]]\nid = "{clinic}"\nname = "{clinic.title()}"\nservice = "{SERVICE}"\n'
    for instrument, rater, sessions in DUE:
        yield (
            f'[[due]]\nservice = "{SERVICE}"\ninstrument = "{instrument}"\n'
            f'rater = "{rater}"\nsessions = {sessions}\n'
        )
    for clinic, kinds in CLINICS.items():
        if "referrals" in kinds:
            yield _feed(clinic, "referrals", "referrals") + _columns(
                client="PID", received_at="Received", ended_at="Ended", ending="Ending", problem="Problem"
            )
        if "appointments" in kinds:
            yield (
                _feed(clinic, "appointments", "appointments")
                + _columns(
                    client="PID",
                    clinician="Who",
                    starts_at="Start",
                    kind="Kind",
                    status="Status",
                    session="Session",
                )
                + _values("status", STATUSES)
            )
        for form in FORMS:
            yield (
                _feed(clinic, form.id, "responses")
                + _columns(
                    client="PID",
                    response="RID",
                    clinician="Who",
                    session="Session",
                    started_at="Begun",
                    completed_at="Done",
                )
                + _form(form)
            )
        for form in UNDATED:
            head = _feed(clinic, f"undated-{form.id}", "responses") + "undated = true\n"
            yield head + _columns(client="PID", session="Session") + _form(form)
        columns = _columns(
            client="PID", session="Session", completed_at="Done", rater_id="By", segment="Segment"
        )
        yield _feed(clinic, RATED.id, "responses") + columns + _form(RATED)


def _feed(clinic: str, name: str, kind: str) -> str:
    return (
        f'[[feeds]]\nid = "{clinic}-{name}"\nclinic = "{clinic}"\nkind = "{kind}"\n'
        f'path = "inbox/{clinic}/{name}-*.csv"\ndialect = "csv"\n'
    )


def _columns(**ours: str) -> str:
    return "[feeds.columns]\n" + "".join(f'{name} = "{theirs}"\n' for name, theirs in ours.items())


def _values(column: str, words: Sequence[str]) -> str:
    return f"[feeds.values.{column}]\n" + "".join(f'"{word}" = "{word}"\n' for word in words)


def _form(form: Form) -> str:
    table = f'[[feeds.instruments]]\nid = "{form.id}"\nrater_column = "Rater"\nitems = "q{{n}}"\nrefused = ["R"]\n'
    return table + _values("rater", form.raters)
