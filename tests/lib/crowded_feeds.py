"""What happens at the crowded clinics, and the rows of their exports."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from tests.lib.crowded_forms import FORMS, RATED, UNDATED, Form

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


def write_clinic(folder: Path, rng: np.random.Generator, kinds: Sequence[str], people: int) -> None:
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
    for form in UNDATED:
        header = ("PID", "Session", "Rater", *(f"q{n}" for n in range(1, form.items + 1)))
        _write(folder / f"undated-{form.id}-1.csv", header, _undated(rng, form, ids))
    header = (
        "PID",
        "Session",
        "Done",
        "By",
        "Segment",
        "Rater",
        *(f"q{n}" for n in range(1, RATED.items + 1)),
    )
    _write(folder / f"{RATED.id}-1.csv", header, _rated(rng, contacts))


def _undated(rng: np.random.Generator, form: Form, ids: Sequence[str]) -> Iterator[Sequence[object]]:
    """Questionnaires of which nobody knows the day; some know their session."""
    for client in ids[::3]:
        for session in (*range(1, 6), ""):
            if rng.random() < 0.5:
                yield (client, session, "client", *_answers(rng, form, rng.random()))


def _rated(rng: np.random.Generator, contacts: Sequence[Sequence[object]]) -> Iterator[Sequence[object]]:
    """Segments of recorded sessions, each rated by two or three observers."""
    held = [row for row in contacts if row[4] in ("attended", "late")]
    for client, _, start, _, _, session in held[::9]:
        for segment in ("A", "B"):
            for by in ("O1", "O2", "O3")[: rng.integers(2, 4)]:
                yield (client, session, start, by, segment, "observer", *_answers(rng, RATED, rng.random()))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
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
