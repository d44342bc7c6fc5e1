"""One file through processing and loading, told in few words: what each record gave, and why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from schemas.registry import Registry
from tests.lib.exports import SMALL, fates, feed, loaded, open_problems, process, standing


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    answers:  by source row, of the records that stand; with several forms in a row by (row, form)
    totals:   the same of the total score
    moments:  completed_at in UTC of each, as text
    clients:  how many different ones
    fates:    of the other records, by source row
    problems: (source row, column, rule)
    """

    refused: str | None
    column: str = ""
    warnings: tuple[str, ...] = ()
    received: int = 0
    answers: dict = field(default_factory=dict)
    totals: dict = field(default_factory=dict)
    moments: dict[int, str] = field(default_factory=dict)
    clients: int = 0
    fates: dict[int, str] = field(default_factory=dict)
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def outcome(folder: Path, toml: str, content: str | bytes, forms: Registry = SMALL) -> Outcome:
    """Read one export of a feed: TOML after its path, with dialect and columns."""
    of = feed(toml, forms=forms)
    counts = process(folder, of, content, forms).counts
    if counts.refused:
        return Outcome(counts.refused, counts.refused_column, received=counts.received)
    several = len(of.instruments) > 1
    with loaded(folder, [(of, content)], forms) as con:
        scores = con.execute(
            "SELECT source_row, form_no, score FROM core_score WHERE scale = 'total' ORDER BY ALL"
        ).fetchall()
        when = con.execute(
            "SELECT DISTINCT source_row, completed_at::VARCHAR FROM core_administration"
        ).fetchall()
        [(clients,)] = con.execute("SELECT count(DISTINCT client_key) FROM core_administration").fetchall()
        told = fates(con)
        return Outcome(
            None,
            warnings=tuple(counts.warnings),
            received=counts.received,
            answers={
                (row, form) if several else row: answers for (_, row, form), answers in standing(con).items()
            },
            totals={
                (row, form) if several else row: None if score is None else float(score)
                for row, form, score in scores
            },
            moments={row: moment for row, moment in when if moment},
            clients=clients,
            fates={row: reason or fate for (_, row), (fate, reason) in told.items() if fate != "accepted"},
            problems=sorted((row, column, rule) for _, row, _, column, rule in open_problems(con)),
        )
