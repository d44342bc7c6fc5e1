"""What spec tests of bad input say: a file or a row as it is delivered, and what becomes of it.

Every example is delivered between two sound files, which must not be touched by it.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from flows.process import refusal_message
from schemas.rules import describe, rules
from schemas.site import Feed
from tests.lib.exports import Part, count_lines, fates, feed, loaded, open_problems, process
from tests.lib.tables import rows

FORM = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
missing = ["9"]
"""
HEADER = "PID,When,Q1,Q2"
SOUND = "PID,When,Q1,Q2\ns{n},2026-05-01 10:00:00,1,2\n"
SECRET = ("CANARY", "7171")
"""Texts that examples put where a person's data would be: none may be in a message."""


def form(more: str = "", dialect: str = "csv") -> Feed:
    return feed(FORM.format(more=more, dialect=dialect))


def assert_refused(
    content: str | bytes, rule: str, column: str = "", more: str = "", dialect: str = "csv", unread: int = 0
) -> str:
    """The whole file is refused by this rule, and no other file is. Returns the message people read."""
    of = form(more, dialect)
    with TemporaryDirectory() as folder:
        with loaded(Path(folder), between_sound_ones(of, content)) as con:
            assert count_lines(con) == [(1, 1, 0, 0, 0, 1), (0, 0, 0, 0, 0, 0), (1, 1, 0, 0, 0, 1)]
            found = con.execute("SELECT refused FROM core_export ORDER BY entry_no").fetchall()
            assert found == [(None,), (rule,), (None,)]
        counts = process(Path(folder), of, content).counts
    assert (counts.refused, counts.refused_column, counts.unread) == (rule, column, unread)
    assert rules()[rule].level == "file"
    message = refusal_message(counts, of.id, "export.csv")
    assert_for_people(message, rule, column)
    return message


def between_sound_ones(of: Feed, content: str | bytes) -> list[tuple[Feed, str | bytes]]:
    return [(form(), SOUND.format(n=1)), (of, content), (form(), SOUND.format(n=2))]


def assert_rows(table: str) -> None:
    """Rows of one file, in order: `line` as delivered (`\\n` ends a line), its `fate`, its `rule` and `column`."""
    examples = [{"column": "", **row} for row in rows(table)]
    lines = "".join(f"{row['line']}\n".replace(r"\n", "\n") for row in examples)
    with TemporaryDirectory() as folder:
        files = between_sound_ones(form(), encoded(f"{HEADER}\n{lines}"))
        with loaded(Path(folder), files) as con:
            told, problems = fates(con), sorted(open_problems(con))
    assert told.pop((1, 1)) == told.pop((3, 1)) == ("accepted", "")
    assert len(told) == len(examples), "no row is lost and none is told twice"
    found = []
    for number, row in enumerate(examples, 1):
        fate, reason = told[2, number]
        column, rule = next(((one[3], one[4]) for one in problems if one[:2] == (2, number)), ("", reason))
        found.append({**row, "fate": fate, "column": column, "rule": rule})
    assert found == examples
    for row in examples:
        if row["rule"] in rules():
            assert_for_people(describe(row["rule"], "f", "export.csv", 7, row["column"]), row["rule"])


def encoded(content: str) -> bytes:
    """UTF-8, with `¿` for a byte that is none."""
    return content.encode().replace("¿".encode(), b"\xe9")


def assert_for_people(message: str, rule: str, column: str = "") -> None:
    """One line: place, what is wrong, the rule, what to do; and nothing of the data."""
    assert message.startswith("f: export.csv")
    assert f"({rule})." in message
    assert column in message
    assert message.endswith(".")
    assert "\n" not in message
    assert not [secret for secret in SECRET if secret in message]


def part_of(content: str | bytes) -> Part:
    with TemporaryDirectory() as folder:
        return process(Path(folder), form(), content)
