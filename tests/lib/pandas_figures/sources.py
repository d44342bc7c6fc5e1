"""What a clinic has beyond feeds and answers: criteria of change, cut-offs, dyads, markers."""

from __future__ import annotations

from tests.lib.pandas_figures.criteria import criteria, cutoff, thresholds_on
from tests.lib.pandas_figures.frames import Core

Has = set[tuple[str, str, str]]
"""Clinic, need, instrument."""


def sources(core: Core) -> Has:
    """For each clinic and instrument it has answers of, by clients."""
    there = core.administrations[["clinic", "instrument", "rater"]].drop_duplicates()
    by_client = there[there.rater == "client"]
    pairs = list(zip(by_client.clinic, by_client.instrument, strict=True))
    found: Has = set()
    for instrument, definition in criteria(core):
        found |= {(clinic, f"change_{definition}", one) for clinic, one in pairs if one == instrument}
    for clinic, instrument in pairs:
        if cutoff(core, instrument):
            found.add((clinic, "cutoff", instrument))
    for line in thresholds_on(core).itertuples():
        if line.kind in ("alliance_concern", "alliance_drop"):
            found |= {
                (clinic, f"concern_{line.name}", one) for clinic, one in pairs if one == line.instrument
            }
    therapist = set(
        zip(*(there[there.rater == "therapist"][name] for name in ("clinic", "instrument")), strict=True)
    )
    found |= {(clinic, "dyads", one) for clinic, one in pairs if (clinic, one) in therapist}
    return found
