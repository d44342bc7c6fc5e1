"""Clinics that crowd a few weeks, to stand beside the sample's: what a real service does once a year, all at once.

Several referrals of one person, contacts before the first and after the last, two on a day, numbers missing, repeated
or out of order, questionnaires with and without session, date or contact, several raters, a checklist of the session;
and clinics without referrals, without appointments, or with nothing but questionnaires.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FIRST = datetime.fromisoformat("2026-01-05 09:00")
DAYS = 110
STATUSES = (
    "attended",
    "late",
    "late_not_seen",
    "dna",
    "cancelled_by_client",
    "cancelled_by_provider",
    "booked",
)
KINDS = ("assessment", "treatment", "both", "review", "follow_up", "other")
ENDINGS = ("completed", "dropped_out", "declined", "referred_on", "deceased", "unknown")
PROBLEMS = ("depression", "gad", "ptsd", "panic", "other")


@dataclass(frozen=True)
class Form:
    """A questionnaire as these clinics hand it out. shift: how far answers may wander from one to the next."""

    id: str
    items: int
    low: int
    high: int
    raters: tuple[str, ...] = ("client",)
    decimals: int = 0


FORMS = (
    Form("phq_9", 9, 0, 3),
    Form("gad_7", 7, 0, 3),
    Form("own_fears", 5, 0, 4),
    Form("own_wellbeing", 3, 1, 10),
    Form("ors", 4, 0, 10, decimals=1),
    Form("wai_sr", 12, 1, 5, ("client", "therapist")),
    Form("srs", 4, 0, 10, decimals=1),
    Form("taqs", 5, 1, 5, ("client", "caregiver")),
    Form("haq_2", 19, 1, 6, ("client", "therapist")),
    Form("session_checklist", 4, 0, 1, ("client", "therapist", "observer")),
)
CLINICS: Mapping[str, tuple[str, ...]] = {
    "quarry": ("referrals", "appointments", "responses"),
    "tarn": ("appointments", "responses"),
    "moor": ("referrals", "responses"),
    "fell": ("responses",),
}
SERVICE = "crowded"

CONFIRMED = ("taqs",)

OWN_FORMS = {
    "own_fears": """
id = "own_fears"
title = "Fears"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 5
response = { min = 0, max = 4 }
reverse = [2]
outcome_scale = "total"
risk_items = []
structure = { partition = [], overlap = [] }
measure_for = ["ptsd", "panic"]
given = "every session"
licence = "free"
evidence = "verified"
sources = ["made up"]

[[scales]]
id = "total"
items = "all"
method = "sum"
range = [0, 20]
unit = "points"
direction = "higher_worse"
missing = { rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2026-01-01 }

[[thresholds]]
scale = "total"
kind = "caseness"
name = "nhs_talking_therapies"
value = 8
comparison = ">="
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[thresholds]]
scale = "total"
kind = "reliable_change"
name = "nhs_talking_therapies"
value = 4
comparison = ">="
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[vectors]]
answers = [0, 4, 0, 0, 0]
scores = { total = 0 }
source = "made up"
""",
    "own_wellbeing": """
id = "own_wellbeing"
title = "Well-being"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 3
response = { min = 1, max = 10 }
reverse = []
outcome_scale = "mean"
risk_items = []
structure = { partition = [], overlap = [] }
given = "every session"
licence = "free"
evidence = "verified"
sources = ["made up"]

[[scales]]
id = "mean"
items = "all"
method = "mean"
range = [1, 10]
unit = "mean answer"
direction = "higher_better"
missing = { rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2026-01-01 }

[[thresholds]]
scale = "mean"
kind = "caseness"
name = "low"
value = 5
comparison = "<"
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[thresholds]]
scale = "mean"
kind = "reliable_change"
name = "published"
value = "2.32"
comparison = ">="
on = false
level = "95 %"
sd = "1.7"
reliability = "0.758"
reliability_kind = "alpha"
evidence = "derived"
source = "made up"
recorded = 2026-01-01

[[vectors]]
answers = [1, 1, 1]
scores = { mean = 1 }
source = "made up"
""",
}

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
    config = site / "site.toml"
    text = config.read_text(encoding="utf-8")
    text = text.replace(
        "[site]\n", f"[site]\nconfirmed_instruments = {list(CONFIRMED)}\n".replace("'", '"'), 1
    )
    config.write_text("\n".join([text, *_tables()]), encoding="utf-8")
    for number, (clinic, kinds) in enumerate(CLINICS.items()):
        (site / "inbox" / clinic).mkdir(parents=True)
        rng = np.random.default_rng([seed, number])
        _write_clinic(site / "inbox" / clinic, rng, kinds, people)


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


def _write_clinic(folder: Path, rng: np.random.Generator, kinds: Sequence[str], people: int) -> None:
    ids = [f"K-{number:03}" for number in range(people)]
    if "referrals" in kinds:
        header = ("PID", "Received", "Ended", "Ending", "Problem")
        _write(folder / "referrals-1.csv", header, (row for id_ in ids for row in _referrals(rng, id_)))
    contacts = [row for id_ in ids for row in _contacts(rng, id_)]
    if "appointments" in kinds:
        header = ("PID", "Who", "Start", "Kind", "Status", "Session")
        _write(folder / "appointments-1.csv", header, contacts)
    for form in FORMS:
        header = (
            "RID",
            "PID",
            "Who",
            "Session",
            "Begun",
            "Done",
            "Rater",
            *(f"q{n}" for n in range(1, form.items + 1)),
        )
        _write(folder / f"{form.id}-1.csv", header, _responses(rng, form, ids, contacts))


def _write(
    path: Path, header: Sequence[str], rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def _referrals(rng: np.random.Generator, client: str) -> Iterator[Sequence[object]]:
    """None to three; they may overlap, be received on one day, or end after everything else."""
    starts = np.sort(rng.integers(0, DAYS - 30, rng.choice([0, 1, 2, 3], p=[0.08, 0.55, 0.27, 0.1])))
    for day in starts:
        ended = rng.random() < 0.65
        end = day + rng.choice([0, 20, 60, 90, 400], p=[0.04, 0.2, 0.36, 0.36, 0.04])
        yield (
            client,
            f"{FIRST + timedelta(days=int(day)):%Y-%m-%d}",
            f"{FIRST + timedelta(days=int(end)):%Y-%m-%d}" if ended else "",
            rng.choice([*ENDINGS, ""], p=[0.4, 0.3, 0.06, 0.06, 0.04, 0.08, 0.06]) if ended else "",
            rng.choice([*PROBLEMS, ""]),
        )


def _contacts(rng: np.random.Generator, client: str) -> list[Sequence[object]]:
    numbered = rng.random() < 0.6
    days = np.sort(rng.integers(0, DAYS, rng.integers(0, 22)))
    rows, session = [], 0
    for day in days:
        status = rng.choice(STATUSES, p=[0.66, 0.1, 0.03, 0.1, 0.05, 0.03, 0.03])
        held = status in ("attended", "late")
        session += held
        number = session + rng.choice([0, 1, -1], p=[0.96, 0.02, 0.02])
        moment = FIRST + timedelta(days=int(day), minutes=int(rng.integers(0, 16)) * 30)
        shown = held and numbered and rng.random() < 0.9 and number > 0
        kind = rng.choice(KINDS, p=[0.08, 0.6, 0.08, 0.08, 0.1, 0.06])
        rows.append(
            (
                client,
                f"T{rng.integers(1, 4)}",
                f"{moment:%Y-%m-%d %H:%M}",
                kind,
                status,
                number if shown else "",
            )
        )
    return rows


def _responses(
    rng: np.random.Generator, form: Form, ids: Sequence[str], contacts: Sequence[Sequence[object]]
) -> Iterator[Sequence[object]]:
    number = 0
    level = {(id_, rater): rng.random() for id_ in ids for rater in form.raters}
    held = [row for row in contacts if row[4] in ("attended", "late")]
    extra = [
        (id_, "T1", f"{FIRST + timedelta(days=int(rng.integers(-10, DAYS + 20))):%Y-%m-%d 10:00}")
        for id_ in ids
    ]
    places: dict[object, int] = {}
    for client, who, start, *rest in [*held, *extra]:
        places[client] = places.get(client, 0) + 1
        for rater in form.raters:
            if rng.random() < 0.25:
                continue
            number += 1
            moment = datetime.fromisoformat(str(start))
            yield _response(
                rng, form, rater, level, (f"r{number}", client, who), moment, places[client], bool(rest)
            )


def _response(
    rng: np.random.Generator,
    form: Form,
    rater: str,
    level: dict[tuple[str, str], float],
    who: tuple[str, object, object],
    moment: datetime,
    place: int,
    held: bool,
) -> Sequence[object]:
    key = (str(who[1]), rater)
    jump = rng.choice([0.0, -0.5, 0.5], p=[0.8, 0.1, 0.1])
    level[key] = float(np.clip(level[key] + jump + rng.normal(0, 0.08), 0, 1))
    late = rng.choice([0, 1, 3], p=[0.85, 0.1, 0.05]) if held else 0
    done = moment + timedelta(days=int(late), minutes=int(rng.integers(0, 200)))
    seconds = int(rng.choice([5, 19, 20, 60, 400, 3600, 3601, -30]))
    begun = f"{done - timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}" if rng.random() < 0.8 else ""
    session = place if rng.random() < 0.5 else ""
    if session and rng.random() < 0.05:
        session = place + 1
    return (*who, session, begun, f"{done:%Y-%m-%d %H:%M:%S}", rater, *_answers(rng, form, level[key]))


def _answers(rng: np.random.Generator, form: Form, level: float) -> list[str]:
    steps = 10**form.decimals
    span = (form.high - form.low) * steps
    spread = rng.choice([0.0, 0.1, 0.4], p=[0.15, 0.6, 0.25])
    marks = np.clip(np.rint(span * (level + spread * rng.standard_normal(form.items))), 0, span).astype(int)
    texts = [f"{form.low + mark / steps:.{form.decimals}f}" for mark in marks]
    for place in range(form.items):
        if rng.random() < 0.012:
            texts[place] = rng.choice(["", "R"])
    return texts
