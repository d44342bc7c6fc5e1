"""The page docs/rules.md: every rule of schemas/rules.toml, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas.rules import Rule

NOTE = "<!-- Written by `make docs` from schemas/rules.toml: change the TOML, not this page. -->"

LEAD = """\
What Accord finds wrong with an export, and how to mend it. All that a file breaks is listed, not the first
alone. No message holds a value of the export; a problem is placed by file, data row (counted from 1, headers
left out) and column."""

LEVELS: Mapping[str, tuple[str, str]] = {
    "file": ("Refused files", "Nothing of the file is taken; the other files of the night are."),
    "record": ("Quarantined records", "The row waits until it is mended and delivered again."),
    "administration": (
        "Quarantined administrations",
        "One questionnaire of the row waits; the others of the row count.",
    ),
    "warning": ("Warnings", "Nothing is kept out; a person should look."),
}
"""Level of a rule to its heading, and what happens, in the order of the page."""


def rule_page(rules: Iterable[Rule]) -> str:
    """Text of the page: levels in their order, rules in that of the file."""
    found = list(rules)
    lines = ["# Rules", "", NOTE, "", LEAD, ""]
    for level, (heading, fate) in LEVELS.items():
        lines += [f"## {heading}", "", fate, "", *_table(rule for rule in found if rule.level == level), ""]
    return "\n".join(lines)


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    yield from ("| rule | level | what is wrong | what to do |", "| --- | --- | --- | --- |")
    for rule in rules:
        cells = (f"`{rule.id}`", rule.level, rule.message, rule.remedy)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
