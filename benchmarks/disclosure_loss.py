"""What publishing costs in figures: exact ones and what is told of them, side by side, of a site's last run.

    python benchmarks/disclosure_loss.py [--site site] [--warehouse FILE --published FILE] [--again]
                                         [--dominance-percent 100] [--by figure]

Reads only; `--again` publishes a copy with the rules of this checkout and the default policy instead of
reading what was published. What the policy leaves out is in no column.

exact:     applicable figures of closed periods that have a value (or zero)
kept:      of these, told as they are now; lost: the share that is not told at all, which the causes make up
primary:   hidden for themselves
within:    hidden as parts of a protected cell
secondary: hidden for others that would follow from them
dominance: hidden because a clinic that is not told of stands for them
history:   hidden because of what earlier releases told
           (causes are those of mart_disclosed; without it, all that are hidden are primary)
withheld:  told as of an earlier release, for the difference would tell of somebody
moved:     of those kept, the middle of the differences between the value told and the exact one: cases of a
           count, points of a rate, units of a mean
open:      figures of periods that are not over; in no other column
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

KEY = ("figure", "definition", "service", "clinic", "grain", "period", "instrument", "scale")
GROUPS = {
    "grain": ("kind", "grain", "level"),
    "figure": ("kind", "figure", "definition", "level"),
}
ORDER = """
    list_position(['count', 'rate', 'mean'], kind),
    list_position(['month', 'quarter', 'year', 'rolling_12_months', 'all', 'session', 'stage'], grain),
    list_position(['clinic', 'service', 'all'], level)
"""
OF_FIGURES = """
    list_position(['count', 'rate', 'mean'], kind), figure, definition,
    list_position(['clinic', 'service', 'all'], level)
"""
CAUSES = ("primary", "within", "secondary", "dominance", "history")
FIGURES = """
CREATE TEMP TABLE figure AS
SELECT
    exact.figure, exact.definition, exact.grain, kind, closed,
    CASE
        WHEN exact.clinic <> 'all' THEN 'clinic'
        WHEN exact.service <> 'all' THEN 'service'
        ELSE 'all'
    END AS level,
    told.state,
    CASE WHEN told.state = 'suppressed' THEN coalesce(cause, 'primary') END AS cause,
    told.value IS NOT NULL AS told,
    abs(told.value - exact.value) AS moved
FROM exact.mart_figure AS exact
JOIN exact.mart_metric USING (figure, definition)
JOIN exact.mart_period USING (grain, period)
JOIN told.pub_figure AS told USING ({key})
LEFT JOIN ({disclosed}) USING ({key})
WHERE kind IN ('count', 'rate', 'mean') AND exact.state IN ('value', 'zero')
"""
NO_CAUSES = f"SELECT {', '.join(f'NULL::VARCHAR AS {column}' for column in (*KEY, 'cause'))} WHERE FALSE"


def lines(warehouse: Path, published: Path, by: str) -> Iterator[str]:
    """The table, a line at a time; last line of each kind, and of all: their sum."""
    groups = GROUPS[by]
    yield "  ".join([*(f"{name:{width(name)}}" for name in groups), *(f"{name:>9}" for name in HEADS)])
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{warehouse}' AS exact (READ_ONLY)")
        con.execute(f"ATTACH '{published}' AS told (READ_ONLY)")
        known = con.execute(
            "FROM duckdb_tables() WHERE database_name = 'exact' AND table_name = 'mart_disclosed'"
        ).fetchall()
        disclosed = f"SELECT {', '.join((*KEY, 'cause'))} FROM exact.mart_disclosed" if known else NO_CAUSES
        con.execute(FIGURES.format(key=", ".join(KEY), disclosed=disclosed))
        order = ORDER if by == "grain" else OF_FIGURES
        for names in (groups, ("kind",), ()):
            for row in con.execute(sums(groups, names, order)).fetchall():
                yield "  ".join(shown(groups, row))


HEADS = ("exact", "kept", "withheld", "lost", *CAUSES, "moved", "open")


def sums(groups: tuple[str, ...], names: tuple[str, ...], order: str) -> str:
    heads = ", ".join(name if name in names else f"'(all)' AS {name}" for name in groups)
    causes = ", ".join(f"count(*) FILTER (closed AND cause = '{cause}')" for cause in CAUSES)
    by = f"GROUP BY {', '.join(names)}" if names else ""
    return f"""
        SELECT {heads},
            count(*) FILTER (closed) AS exact,
            count(*) FILTER (closed AND state IN ('value', 'zero')) AS kept,
            count(*) FILTER (closed AND state = 'update_withheld' AND told) AS withheld,
            (100 * (exact - kept - withheld) / nullif(exact, 0))::DECIMAL(9, 1) || ' %' AS lost,
            {causes},
            (median(moved) FILTER (closed AND state IN ('value', 'zero')))::DECIMAL(18, 2) AS moved,
            count(*) FILTER (NOT closed) AS open
        FROM figure {by}
        ORDER BY {order if names == groups else ", ".join(names) or "1"}
    """


def shown(groups: tuple[str, ...], row: tuple[object, ...]) -> Iterator[str]:
    yield from (f"{name!s:{width(group)}}" for group, name in zip(groups, row, strict=False))
    for cell in row[len(groups) :]:
        yield f"{cell:9,}" if isinstance(cell, int) else f"{'' if cell is None else str(cell):>9}"


def width(group: str) -> int:
    return {"figure": 36, "definition": 18, "grain": 17}.get(group, 7)


def published_again(warehouse: Path, folder: Path, dominance_percent: int = 100) -> tuple[Path, Path]:
    """A copy of the warehouse, and what this checkout publishes of it."""
    from schemas import metrics, registry
    from schemas.site import Disclosure
    from warehouse.disclosure import publish_tables

    copy, out = folder / "warehouse.duckdb", folder / "published.duckdb"
    shutil.copy(warehouse, copy)
    policy = Disclosure(dominance_percent=dominance_percent)
    run = {"run": "20260101T020000Z-00000000", "as_of": "2026-01-01", "site_name": "Again"}
    with duckdb.connect(str(copy)) as con:
        con.execute("SET TimeZone = 'UTC'")
        publish_tables(con, out, policy, run, metrics.load(), registry.load().instruments)
    return copy, out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--site", type=Path, default=Path("site"))
    parser.add_argument("--warehouse", type=Path, help="in place of the site's")
    parser.add_argument("--published", type=Path, help="in place of the site's")
    parser.add_argument("--again", action="store_true", help="publish a copy with the rules of this checkout")
    parser.add_argument("--dominance-percent", type=int, default=100, help="of the policy of --again")
    parser.add_argument("--by", choices=sorted(GROUPS), default="grain")
    asked = parser.parse_args()
    warehouse = asked.warehouse or (asked.site / "warehouse" / "current").resolve()
    published = asked.published or (asked.site / "published" / "current").resolve()
    with tempfile.TemporaryDirectory(prefix="accord-") as folder:
        if asked.again:
            warehouse, published = published_again(warehouse, Path(folder), asked.dominance_percent)
        for line in lines(warehouse, published, asked.by):
            print(line)


if __name__ == "__main__":
    main()
