"""Which run mended what: the lists of open problems that successive runs left, compared.

A problem is mended by the first run that made figures and no longer lists it, for whatever reason: the row
came again, site.toml was corrected, or it was released. A delivery that is no longer there mends nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import polars as pl

from flows.quarantine import SHORTEST_ENTRY, Row
from flows.sources import current_run, current_warehouse
from warehouse import manifest
from warehouse.quarantined import PROBLEM, Place, places, read_open


def mended(site: Path) -> list[Row]:
    """Each mended problem with its place and the run that mended it, newest run first."""
    with current_warehouse(site) as con:
        known = {one.entry: one for one in places(con)}
    runs = [one.run for one in manifest.history(site) if one.made_figures]
    return [
        row for before, run in reversed(list(pairwise(runs))) for row in _mended(site, before, run, known)
    ]


def mended_lines(site: Path) -> Iterator[str]:
    """A line for each file of which the run that stands has mended something."""
    run = current_run(site)
    made = [one.run for one in manifest.history(site) if one.made_figures and one.run <= run]
    if len(made) > 1 and made[-1] == run:
        with current_warehouse(site) as con:
            known = {one.entry: one for one in places(con)}
        counts = Counter(
            (row["feed"], row["file"], row["entry"]) for row in _mended(site, made[-2], run, known)
        )
        for (_, file, entry), n in counts.items():
            yield f"mended by run {run}: {n:,} problem{'' if n == 1 else 's'} in {file} (entry {entry})"


def _mended(site: Path, before: str, run: str, known: dict[str, Place]) -> Iterator[Row]:
    then, now = read_open(site, before), read_open(site, run)
    if then is None or now is None:
        return
    there = {one.entry for one in manifest.read_files(site, run)} & known.keys()
    order = {entry: at for at, entry in enumerate(known)}
    left = [one for one in gone(then, now).iter_rows() if one[0] in there]
    # Sorting keeps the order of rows that are alike: by delivery, and within each by row and column.
    for entry, row, _, column, rule in sorted(left, key=lambda one: order[one[0]]):
        place = known[entry]
        at: Row = {"run": run, "feed": place.feed, "clinic": place.clinic, "file": place.file}
        number: str | int = "" if row is None else row
        yield at | {"entry": entry[:SHORTEST_ENTRY], "source_row": number, "column": column, "rule": rule}


def gone(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Problems of the first list that the second has not, each place once, in order."""
    left = then.join(now, on=list(PROBLEM), how="anti", nulls_equal=True)
    return left.unique(["entry", "source_row", "column", "rule"]).sort(
        "entry", "source_row", "column", "rule"
    )
