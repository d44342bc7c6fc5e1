"""The generated pages of docs/, written by `make docs`; tests fail when they are stale."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas import metrics, registry
from schemas.figure_page import figure_page
from schemas.pages import pages
from schemas.rule_page import rule_page
from schemas.rules import rules

FIGURES, INSTRUMENTS, RULES = "figures.md", "instruments", "rules.md"


def generated() -> dict[str, str]:
    """Text of every generated page, by its path below docs/."""
    cards = {f"{INSTRUMENTS}/{name}": text for name, text in pages(registry.load()).items()}
    found = {FIGURES: figure_page(metrics.load()), RULES: rule_page(rules().values())}
    return {**found, **cards}


def write(docs: Path) -> None:
    """Write the generated pages below a folder; the page of a form that is gone is removed."""
    made = generated()
    for old in sorted((docs / INSTRUMENTS).glob("*.md")):
        if f"{INSTRUMENTS}/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
