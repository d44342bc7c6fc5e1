"""What `accord inspect` prints: the system with its evidence, what is sure, the TOML; or JSON."""

from __future__ import annotations

from collections.abc import Iterator

from flows.inspect_bytes import Guess
from flows.inspect_file import Inspection
from flows.inspect_forms import Match
from flows.inspect_system import Candidate
from flows.inspect_toml import one_line


def lines(found: Inspection) -> Iterator[str]:
    """For people. Of the data it tells column names, counts, and few-valued texts of items and states."""
    for name, text in _about(found):
        yield f"{name:<9} {one_line(text)}"
    if found.tables:
        yield ""
        yield from found.toml.rstrip("\n").split("\n")


def _about(found: Inspection) -> Iterator[tuple[str, str]]:
    yield "file", f"{found.file}" + (", in an archive" if found.packed else "")
    yield from _system(found)
    for note in found.notes:
        yield "note", note
    for match in found.forms:
        yield "form", _told(match)
    yield from (("unsure", doubt) for doubt in found.doubts)
    yield from (("choose", edit) for edit in found.edits)


def _system(found: Inspection) -> Iterator[tuple[str, str]]:
    opened, seen = found.opened, found.seen
    if opened is None:
        return
    best = opened.candidates[0]
    yield "system", f"{opened.dialect.title} ({best.dialect}, {best.weight}): {'; '.join(best.evidence)}"
    if runner_up := opened.runner_up:
        yield "or", f"{runner_up.dialect} ({runner_up.weight}): {'; '.join(runner_up.evidence)}"
    yield "container", f"{seen.container}: {seen.says}"
    for name, guess in (("encoding", seen.encoding), ("delimiter", seen.delimiter)):
        if guess:
            yield name, _written(guess)
    rows = opened.dialect.header_rows
    header = f"{rows} row{'s' if rows > 1 else ''}" if seen.container in ("text", "workbook") else "by name"
    yield "header", f"{header}, {len(found.columns):,} columns"
    yield "records", f"{found.records:,} looked at; {found.kind if found.tables else 'nothing to read'}"


def _written(guess: Guess) -> str:
    value = {"\t": "tab"}.get(guess.value, guess.value)
    return f"{value}{'' if guess.sure else ' (unsure)'}: {guess.why}"


def _told(match: Match) -> str:
    first, last = match.block.columns[0].name, match.block.columns[-1].name
    fits = "choose" if match.open else "sure" if match.sure else "unsure"
    others = "; or ".join(("", *(other.instrument.id for other in match.others)))
    return f"{match.instrument.id} ({fits}): {first} to {last}: {'; '.join(match.evidence)}{others}"


def as_json(found: Inspection) -> dict[str, object]:
    """For machines: the same, with the TOML as one text."""
    opened, seen = found.opened, found.seen
    return {
        "file": found.file,
        "packed": found.packed,
        "container": seen.container or None,
        "encoding": _guess(seen.encoding),
        "delimiter": _guess(seen.delimiter),
        "header_rows": opened.dialect.header_rows if opened else None,
        "dialect": opened.dialect.name if opened else None,
        "candidates": [_candidate(one) for one in opened.candidates] if opened else [],
        "refused": found.refused or None,
        "kind": found.kind,
        "records": found.records,
        "forms": [_form(match) for match in found.forms],
        "unsure": found.doubts,
        "choose": found.edits,
        "notes": list(found.notes),
        "toml": found.toml,
    }


def _guess(guess: Guess | None) -> dict[str, object] | None:
    return {"value": guess.value, "sure": guess.sure, "why": guess.why} if guess else None


def _candidate(one: Candidate) -> dict[str, object]:
    return {
        "dialect": one.dialect,
        "weight": one.weight,
        "evidence": one.evidence,
        "refused": one.refused or None,
    }


def _form(match: Match) -> dict[str, object]:
    return {
        "id": match.instrument.id,
        "sure": match.sure,
        "points": match.points,
        "evidence": match.evidence,
        "others": [other.instrument.id for other in match.others],
        "items": [column.name for column in match.block.columns],
    }
