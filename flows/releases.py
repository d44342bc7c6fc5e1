"""What people have let out of quarantine, as the ledger says: whole files, and rows."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.ledger import Line

RELEASE = "release"


def released(lines: Sequence[Line]) -> frozenset[str]:
    """Entries that people have let through: nothing in them is held for their coding."""
    return frozenset(
        str(line.payload["entry"]) for line in lines if line.kind == RELEASE and "rows" not in line.payload
    )


def rows_released(lines: Sequence[Line]) -> dict[str, tuple[int, ...]]:
    """Rows by entry that people have dealt with elsewhere: they are superseded instead of quarantined."""
    found: dict[str, set[int]] = {}
    for line in lines:
        if line.kind == RELEASE and "rows" in line.payload:
            found.setdefault(str(line.payload["entry"]), set()).update(map(int, line.payload["rows"]))
    return {entry: tuple(sorted(rows)) for entry, rows in found.items()}
