"""`accord inspect` on every file of a sample site and of real exports: what its proposals are worth.

    python benchmarks/inspect_all.py [--real DIR] [--clients 300] [--months 12] [--seed 1] [--folder DIR]

Each file is inspected alone, knowing nothing but its bytes, its name and the clinic. The proposed feed goes
into a site of its own as it is, without an edit, and the file is processed. Files of the sample are also read
by the feed that was written for them by hand: records by fate and scores of every row are compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from flows.config import load_site
from flows.inspect_file import Inspection, Where, inspect_file
from flows.process import Job, process_file
from flows.pseudonyms import Pseudonymiser
from flows.sample import write_sample
from schemas.dialect import load_dialects
from schemas.errors import AccordError
from schemas.registry import Registry, load
from schemas.site import Feed
from schemas.site_parse import parse_site
from warehouse.parts import Counts
from warehouse.secret import key_of

HEAD = """
[site]
name = "Bench"
timezone = "Europe/London"
[[clinics]]
id = "main"
name = "Main"
service = "adult"
"""
KEY = key_of("5a" * 32, "bench")
NO_DATA = (".md", ".txt", ".R", ".yml", "LICENSE")


@dataclass(frozen=True)
class Row:
    """One file. verdict: accepted without edit, needs edit, no questionnaire or cannot be read."""

    file: str
    dialect: str
    kind: str
    verdict: str
    records: str
    against: str
    what: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=os.environ.get("ACCORD_REAL_DATA"))
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    options = parser.parse_args()
    work = options.folder / "inspect"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    rows = list(of_sample(work, options.clients, options.months, options.seed))
    show(rows, "sample site")
    if options.real:
        show(list(of_real(work, Path(options.real))), "real files")


def show(rows: list[Row], title: str) -> None:
    print(f"\n{title}: {len(rows)} files")
    print("| file | dialect | kind | verdict | records | against the feed written by hand | to choose |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        cells = (row.file, row.dialect, row.kind, row.verdict, row.records, row.against, row.what)
        print(f"| {' | '.join(cells)} |")
    for verdict, n in Counter(row.verdict for row in rows).most_common():
        print(f"{n:>4} {verdict}")


def of_sample(work: Path, clients: int, months: int, seed: int) -> Iterator[Row]:
    from datetime import date

    folder = work / "sample"
    write_sample(folder, 3, clients, months, seed, date(2026, 10, 31))
    site = load_site(folder)
    for feed in site.site.feeds:
        for path in sorted(folder.glob(feed.path)):
            yield one_file(path, f"{feed.clinic}/{path.name}", work, site.registry, feed)


def of_real(work: Path, real: Path) -> Iterator[Row]:
    registry = load()
    for path in sorted(real.rglob("*")):
        if path.is_file() and not path.name.endswith(NO_DATA):
            yield one_file(path, path.relative_to(real).as_posix(), work, registry, None)


def one_file(path: Path, name: str, work: Path, registry: Registry, by_hand: Feed | None) -> Row:
    found = inspect_file(path, registry, Where("main", True))
    dialect = found.opened.dialect.name if found.opened else "-"
    if found.refused:
        return Row(name, dialect, "-", "cannot be read", "", "", found.refused)
    if not found.tables:
        return Row(name, dialect, "-", "no questionnaire", "", "", found.notes[0])
    what = "; ".join((*found.edits, *(note for note in found.notes if "not shown" in note)))
    try:
        feed = proposed_feed(found, registry)
    except AccordError as error:
        return Row(name, dialect, found.kind, "needs edit", "", "", f"{what} [{error}]")
    counts, rows = processed(path, feed, work, registry)
    excluded = sum(counts.excluded.values())
    told = f"{counts.received:,} = {counts.accepted:,} a + {counts.quarantined:,} q + {excluded:,} e"
    verdict = "needs edit" if found.edits else "accepted without edit"
    against = ""
    if by_hand:
        theirs, their_rows = processed(path, by_hand, work, registry)
        against = compared(counts, theirs, rows, their_rows)
    return Row(name, dialect, found.kind, verdict, counts.refused or told, against, what)


def proposed_feed(found: Inspection, registry: Registry) -> Feed:
    raw = tomllib.loads(HEAD + found.toml)
    return parse_site(raw, "site.toml", {id_: registry[id_] for id_ in registry.ids}).feeds[0]


def processed(
    path: Path, feed: Feed, work: Path, registry: Registry
) -> tuple[Counts, dict[str, pl.DataFrame]]:
    """Counts, and the rows of each kind of part in the order of their rows in the file."""
    out = work / "part"
    shutil.rmtree(out, ignore_errors=True)
    people = Pseudonymiser(KEY, "main", sha256(path.read_bytes()).hexdigest(), "Europe/London")
    variants = {one.id: one.variant for one in feed.instruments if one.variant}
    job = Job(feed, load_dialects()[feed.dialect], registry.as_variants(variants), frozenset(), people)
    counts = process_file(path, job, out)
    kinds = {part.name.rpartition("-")[0] for part in out.glob("*.parquet")} - {"problems", "records", "held"}
    return counts, {kind: pl.read_parquet(sorted(out.glob(f"{kind}-*.parquet"))) for kind in sorted(kinds)}


def compared(
    mine: Counts, theirs: Counts, rows: dict[str, pl.DataFrame], their_rows: dict[str, pl.DataFrame]
) -> str:
    """Whether records by fate and all scores, or rows, are the same; else where they differ."""
    if mine.refused or theirs.refused:
        return "the same refusal" if mine.refused == theirs.refused else f"by hand {theirs.refused or 'read'}"
    differing = []
    if (mine.accepted, mine.quarantined, mine.excluded) != (
        theirs.accepted,
        theirs.quarantined,
        theirs.excluded,
    ):
        differing.append(f"accepted {mine.accepted:,} against {theirs.accepted:,}")
    for kind in sorted({*rows, *their_rows}):
        if kind not in rows or kind not in their_rows:
            differing.append(f"{kind}: in one only")
            continue
        names = sorted(set(rows[kind].columns) & set(their_rows[kind].columns) - {"form_no"})
        one, other = (frame.sort("source_row").select(names) for frame in (rows[kind], their_rows[kind]))
        if one.height != other.height:
            differing.append(f"{kind}: {one.height:,} rows against {other.height:,}")
        elif cells := [name for name in names if not one[name].equals(other[name])]:
            differing.append(f"{kind}: {', '.join(cells)}")
    return "the same" if not differing else "; ".join(differing)


if __name__ == "__main__":
    main()
