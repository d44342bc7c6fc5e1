"""The cards of the instruments as TOML, for what the core tables do not hold: items, keys, methods."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.lib.second_scorer import SecondScorer, Use


class Cards(dict[str, Mapping[str, Any]]):
    """Cards by the instrument's id."""

    def members(self, instrument: str, scale: str) -> list[int]:
        """Numbers of the scale's items."""
        found = self.scale(instrument, scale)["items"]
        return list(range(1, self[instrument]["n_items"] + 1)) if found == "all" else sorted(found)

    def scale(self, instrument: str, scale: str) -> Mapping[str, Any]:
        return next(one for one in self[instrument]["scales"] if one["id"] == scale)

    def keyed(self, instrument: str, scale: str, answers: Iterable[Sequence[int]]) -> list[list[int]]:
        """Keyed items of the scale, of whole questionnaires."""
        items = SecondScorer(self[instrument], Use()).items
        places = [number - 1 for number in self.members(instrument, scale)]
        return [[items[place].keyed(int(row[place])) for place in places] for row in answers]


@cache
def _read(folder: Path | None) -> Cards:
    shipped = [
        entry for entry in (files("schemas") / "instruments").iterdir() if entry.name.endswith(".toml")
    ]
    own = sorted(set(folder.glob("*.toml")) - set(folder.glob("*.key.toml"))) if folder else []
    cards = [
        tomllib.loads(entry.read_text(encoding="utf-8"), parse_float=Decimal) for entry in [*shipped, *own]
    ]
    return Cards({card["id"]: card for card in cards})


def cards(core: Any) -> Cards:
    return _read(core.folder)
