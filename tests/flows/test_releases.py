"""Which lines of the ledger let a whole file through, and which let rows go."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.releases import released, rows_released
from warehouse.ledger import Line

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def line(seq: int, kind: str = "release", **payload: object) -> Line:
    return Line(seq, kind, NOW, payload, "", "")


LINES = (
    line(1, entry="aa", reason="right as it is"),
    line(2, entry="bb", rows=[7, 3], reason="sent again"),
    line(3, "delivery", entry="cc"),
    line(4, entry="bb", rows=[3, 9], reason="never to be mended"),
)


def test_a_release_without_rows_is_of_the_whole_file():
    assert released(LINES) == {"aa"}


def test_rows_add_up_over_all_releases():
    assert rows_released(LINES) == {"bb": (3, 7, 9)}


def test_without_decisions_there_is_neither():
    assert (released(()), rows_released(())) == (frozenset(), {})
