"""Damaged exports of every dialect through processing, and what must hold of each whatever it holds."""

from __future__ import annotations

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from flows.process import process_file, refusal_message
from schemas.rules import describe, rules
from tests.lib.exports import Part, job
from tests.lib.fuzz_damage import damaged
from tests.lib.fuzz_seeds import CANARY, Seed

SECONDS = 10
"""No file of a few kilobytes may take longer."""
SECONDS_OF = {"spss": 40}
"""But for a reader that starts a process for each file: on a busy machine that alone takes seconds."""


@dataclass
class Tally:
    """Files of one dialect by what became of them. by_rule: of refused files."""

    read: int = 0
    refused: int = 0
    records: int = 0
    accepted: int = 0
    quarantined: int = 0
    excluded: int = 0
    slowest: float = 0.0
    by_rule: Counter[str] = field(default_factory=Counter)


class TooSlow(BaseException):
    """A file took longer than SECONDS; nothing that reads it may take this for its own."""


def damaged_file(seed: int, n: int, one: Seed, contents: Sequence[bytes]) -> bytes:
    """The n-th damaged file of a dialect: the same for the same seed. contents: of all dialects."""
    return damaged(one.content, one.dialect.containers[0], contents, Random(f"{seed}/{one.name}/{n}"))


def judge(one: Seed, content: bytes, folder: Path, tally: Tally) -> None:
    """Process one file and check all that must hold. Raises AssertionError, or what processing raised."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "export").write_bytes(content)
    began = time.perf_counter()
    with _alarm(SECONDS_OF.get(one.dialect.containers[0], SECONDS)):
        counts = process_file(folder / "export", job(one.feed, content), folder / "part")
    tally.slowest = max(tally.slowest, time.perf_counter() - began)
    part = Part(folder / "part", counts)
    if counts.refused:
        _check_refused(one, part, tally)
    else:
        _check_read(part, tally)
    _check_messages(one, part)


def _check_refused(one: Seed, part: Part, tally: Tally) -> None:
    rule = part.counts.refused
    assert rules()[rule].level == "file"
    assert part.counts.received == part.counts.accepted == part.counts.quarantined == 0
    assert [file.name for file in part.folder.iterdir()] == ["counts.json"], "a refused file leaves no rows"
    tally.refused += 1
    tally.by_rule[rule] += 1


def _check_read(part: Part, tally: Tally) -> None:
    """received = sum of the rows by fate, in the parts themselves."""
    counts, fates = part.counts, part.records()
    assert len(fates) == part.rows("records").height, "a record has one fate"
    quarantined = sum(fate == "quarantined" for fate, _ in fates.values())
    assert quarantined == counts.quarantined
    assert Counter(reason for fate, reason in fates.values() if fate == "excluded") == Counter(
        counts.excluded
    )
    assert counts.received == counts.accepted + len(fates)
    kinds = [name for name in ("mini", "appointments", "referrals") if part.rows(name).height]
    rows = {row for name in kinds for row in part.rows(name)["source_row"].to_list()}
    assert not [row for row in (*rows, *fates) if not 1 <= row <= counts.received], "rows are counted from 1"
    assert len(rows - fates.keys()) <= counts.accepted
    tally.read += 1
    tally.records += counts.received
    tally.accepted += counts.accepted
    tally.quarantined += counts.quarantined
    tally.excluded += sum(counts.excluded.values())


def _check_messages(one: Seed, part: Part) -> None:
    """Nothing of a cell is told. The name of a column may be: it is one of the file's own names."""
    told = [warning.partition(" ")[0] for warning in part.counts.warnings]
    assert not set(told) - set(rules())
    if part.counts.refused:
        refusal_message(part.counts, one.feed.id, "export")
        told.append(describe(part.counts.refused, one.feed.id, "export"))
    told += [describe(rule, one.feed.id, "export", row, column) for row, _, column, rule in part.problems()]
    assert not [message for message in told if CANARY in message or "\n" in message]
    if one.feed.kind != "referrals":  # sex, ethnicity and modality are kept as they are
        assert CANARY not in part.text().decode() or _named(part), "no id and no text of a cell is kept"


def _named(part: Part) -> bool:
    """Whether the text is in what names a column."""
    counts = part.counts
    return any(CANARY in told for told in (counts.refused_column, *counts.warnings, *counts.columns))


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise TooSlow(f"longer than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
