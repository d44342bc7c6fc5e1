"""Check administrations at the door: pandera decides, the registry's predicates tell where.

pandera caps and carries values in its failures, so the bad cells come from the same predicates
as masks, and no failing value leaves the process.
"""

from __future__ import annotations

import polars as pl

from schemas.errors import WarehouseError
from schemas.frames import OUT_OF_RANGE, breaches, invalid_mask, table_breaches
from schemas.instrument import Instrument


def invalid_cells(frame: pl.DataFrame, instrument: Instrument) -> dict[str, pl.Series]:
    """Item column to mask of the cells that are no allowed answer; empty when the frame is sound.

    frame: administrations of one instrument, as parts hold them, not yet scored
    raises WarehouseError when pandera finds what no cell of an export can cause
    """
    found = breaches(frame, instrument)
    if not found:
        return {}
    if others := [breach for breach in found if breach.rule != OUT_OF_RANGE]:
        raise WarehouseError(
            f"administrations of {instrument.id} break {others[0].rule} in {others[0].column}"
        )
    masks = invalid_mask(instrument)
    return {column: frame.select(masks[column]).to_series() for column in {breach.column for breach in found}}


def checked_rows(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The same rows of appointments or referrals, before they are written.

    raises WarehouseError with all that pandera finds: every cell was read by us, so nothing should be
    """
    if found := table_breaches(frame, kind):
        places = ", ".join(f"{breach.rule} in {breach.column}" for breach in found)
        raise WarehouseError(f"{kind} break {places}")
    return frame
