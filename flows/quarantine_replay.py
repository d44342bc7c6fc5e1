"""What a night did to the quarantine: open before, mended, still open, new; and the line before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.config import load_site
from flows.quarantine import SHORTEST_ENTRY
from flows.quarantine_mended import gone
from flows.report import conservation
from flows.sources import newest_warehouse
from schemas.errors import ConfigError
from schemas.raw_table import nearest
from warehouse import manifest
from warehouse.manifest import Counts
from warehouse.quarantined import PROBLEM, Place, open_problems, places


@dataclass(frozen=True)
class Seen:
    """The quarantine of one warehouse, of all feeds or of one. run: empty before the first."""

    run: str
    places: dict[str, Place]
    open: pl.DataFrame

    @property
    def counts(self) -> Counts:
        """Records by fate; the reasons of exclusion together."""
        all_ = list(self.places.values())
        return Counts(
            received=sum(one.received for one in all_),
            accepted=sum(one.accepted for one in all_),
            quarantined=sum(one.quarantined for one in all_),
            excluded={"": sum(one.excluded for one in all_)},
            superseded=sum(one.superseded for one in all_),
        )


@dataclass(frozen=True)
class Replay:
    """Two looks at the quarantine, with a night in between."""

    before: Seen
    after: Seen

    @property
    def mended(self) -> pl.DataFrame:
        return gone(self.before.open, self.after.open)

    @property
    def still_open(self) -> pl.DataFrame:
        return self.after.open.join(self.before.open, on=list(PROBLEM), how="semi", nulls_equal=True)

    @property
    def new(self) -> pl.DataFrame:
        return gone(self.after.open, self.before.open)

    def as_json(self) -> dict[str, object]:
        return {
            "before": {"run": self.before.run, "line": _line(self.before.counts)},
            "after": {"run": self.after.run, "line": _line(self.after.counts)},
            "open_before": _rows(self.before.open, self.before),
            "mended": _rows(self.mended, self.before),
            "still_open": _rows(self.still_open, self.after),
            "new": _rows(self.new, self.after),
        }

    def lines(self) -> Iterator[str]:
        yield f"before: {_run(self.before)}: {conservation(self.before.counts)}"
        yield f"after:  {_run(self.after)}: {conservation(self.after.counts)}"
        yield f"open before: {self.before.open.height:,}"
        yield from _counted("mended by this run", self.mended, self.before)
        yield from _counted("still open", self.still_open, self.after)
        yield from _counted("new", self.new, self.after)


def check_feed(site: Path, feed: str) -> None:
    """Raises ConfigError for a feed that site.toml has not, naming the nearest that it has."""
    there = [one.id for one in load_site(site).site.feeds]
    if feed and feed not in there:
        hint = f"; the nearest is {nearest(feed, there)}" if there else ""
        raise ConfigError(f"site.toml has no feed {feed}{hint}")


def look(site: Path, feed: str = "") -> Seen:
    """The quarantine of the newest run that made figures, published or refused; of all feeds or of one."""
    made = [one.run for one in manifest.history(site) if one.made_figures]
    if not made:
        return Seen("", {}, pl.DataFrame(schema=_SCHEMA))
    with newest_warehouse(site) as con:
        found = {one.entry: one for one in places(con) if feed in ("", one.feed)}
        waiting = open_problems(con)
    return Seen(made[-1], found, waiting.filter(pl.col("entry").is_in(list(found))).cast(_SCHEMA))


_SCHEMA = pl.Schema({name: pl.Int32() if name == "source_row" else pl.String() for name in PROBLEM})


def _run(seen: Seen) -> str:
    return f"run {seen.run}" if seen.run else "no run"


def _line(counts: Counts) -> dict[str, int]:
    names = ("received", "accepted", "quarantined", "superseded")
    return {name: getattr(counts, name) for name in names} | {"excluded": sum(counts.excluded.values())}


def _counted(what: str, found: pl.DataFrame, seen: Seen) -> Iterator[str]:
    """How many problems, and of them how many in each file and by each rule, in the order they came."""
    counts = Counter(zip(found["entry"], found["rule"], strict=True))
    yield f"{what}: {found.height:,}"
    order = {entry: at for at, entry in enumerate(seen.places)}
    for (entry, rule), n in sorted(counts.items(), key=lambda pair: (order[pair[0][0]], pair[0][1])):
        place = seen.places[entry]
        yield f"  {place.feed}: {place.file} (entry {entry[:SHORTEST_ENTRY]}): {n:,} {rule}"


def _rows(found: pl.DataFrame, seen: Seen) -> list[dict[str, object]]:
    rows = found.sort(PROBLEM, nulls_last=False).iter_rows(named=True)
    return [
        {
            "feed": seen.places[one["entry"]].feed,
            "clinic": seen.places[one["entry"]].clinic,
            "file": seen.places[one["entry"]].file,
            **one,
            "entry": one["entry"][:SHORTEST_ENTRY],
        }
        for one in rows
    ]
