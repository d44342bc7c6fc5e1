"""What it costs to publish: `warehouse.disclosure.publish_tables` on made-up services of several sizes.

    python benchmarks/disclosure.py [--clinics 5,10,20,40] [--years 1,2,5] [--modes dense,sparse]
                                    [--runs 1] [--folder bench-data] [--threads 2]

Warehouses (`disclosure_site.py`) are made once and kept in the folder. Each publication is a process of its
own, on a copy; seconds are of publishing alone, memory is the peak of the process. The baseline judges each
figure by itself (`disclosure_baseline.py`). Seconds are wall time; the ratio to the baseline and the time per
row are of processor time, all threads together, which a busy machine changes little.

rows:      figures of a closed period that are applicable, so that something could be told
cells:     numerators and denominators of these, each once, by its words, its clinics and its months
protected: cells of 1 to threshold - 1
primary:   rows hidden for themselves; within: as parts of protected cells; secondary: for others that would
           follow; dominance: for a clinic that stands for them. Of mart_disclosed
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

Publish = Callable[[duckdb.DuckDBPyConnection, Path], None]
THRESHOLD = 5
RUN = {"run": "20260616T020000Z-1a2b3c4d", "as_of": "2026-06-15", "site_name": "Benchmark"}
CLOSED = """
    FROM mart_figure
    JOIN mart_metric USING (figure, definition)
    JOIN mart_period AS period USING (grain, period)
    WHERE kind IN ('count', 'rate', 'mean') AND state <> 'not_applicable' AND closed
"""
WORDS = ("figure", "definition", "numerator", "denominator", "dated_by", "rater")
CELLS = f"""
WITH people AS (
    SELECT unit.service, unit.clinic, figure, definition, instrument, scale,
        string_agg(site.clinic, ',' ORDER BY site.clinic) AS clinics
    FROM mart_applicable
    JOIN core_clinic AS site USING (clinic)
    JOIN mart_unit AS unit ON unit.service IN ('all', site.service) AND unit.clinic IN ('all', site.clinic)
    GROUP BY ALL
),
shown AS (
    SELECT figure, definition, service, clinic, instrument, scale, kind, numerator, denominator,
        first_slot, last_slot
    {CLOSED}
),
statement AS (
    SELECT shown.*, rater, words.numerator AS what, shown.numerator AS cases
    FROM shown JOIN words USING (figure, definition) WHERE kind <> 'mean'
    UNION ALL
    SELECT shown.*, rater, words.denominator || dated_by, shown.denominator
    FROM shown JOIN words USING (figure, definition) WHERE kind <> 'count'
),
cell AS (
    SELECT DISTINCT what, rater, clinics, instrument, scale, first_slot, last_slot, cases
    FROM statement JOIN people USING (figure, definition, service, clinic, instrument, scale)
)
SELECT count(*), count(*) FILTER (cases BETWEEN 1 AND {THRESHOLD - 1}) FROM cell
"""


CAUSES = ("primary", "within", "secondary", "dominance")
HEAD = (
    f"mode   clinics years      rows     cells protected {' '.join(f'{cause:>9}' for cause in CAUSES)} "
    "| plain s    cpu    MB | publish s    cpu    MB | ratio  µs/row"
)


def publish_once(site: Path, out: Path, how: str, threads: int) -> dict[str, float]:
    """Wall and processor seconds of one publication, in this process, and its peak memory in MB."""
    publish = plain() if how == "baseline" else full()
    con = duckdb.connect(str(site), config={"threads": threads})
    con.execute("SET TimeZone = 'UTC'")
    began, worked = time.perf_counter(), time.process_time()
    publish(con, out)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    con.close()
    return {"seconds": seconds, "cpu": cpu, "megabytes": peak_memory()}


def plain() -> Publish:
    from disclosure_baseline import publish_plainly

    return publish_plainly


def full() -> Publish:
    from schemas import metrics
    from schemas.site import Disclosure
    from tests.lib.small_warehouse import instruments
    from warehouse.disclosure import publish_tables

    return partial(
        publish_tables,
        policy=Disclosure(threshold=THRESHOLD, round_to=5),
        run=RUN,
        metrics=metrics.load(),
        instruments=instruments(),
    )


def peak_memory() -> float:
    """MB of this process; Linux counts the parent's into ru_maxrss, but not into this."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
    return int(peak) / 1024


def run_once(site: Path, how: str, threads: int) -> dict[str, float]:
    """In a process of its own, on a copy: seconds, peak memory in MB, and what was hidden."""
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        copy, out = Path(folder) / "site.duckdb", Path(folder) / "out.duckdb"
        shutil.copy(site, copy)
        child = [sys.executable, __file__, "--once", how, str(copy), str(out), "--threads", str(threads)]
        found: dict[str, float] = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout)
        return found | hidden(copy, out)


def hidden(site: Path, out: Path) -> dict[str, float]:
    """Rows by cause; where the warehouse does not know, it was for themselves."""
    with duckdb.connect(str(out), read_only=True) as con:
        (suppressed,) = con.execute("SELECT count(*) FROM pub_figure WHERE state = 'suppressed'").fetchone()
    with duckdb.connect(str(site), read_only=True) as con:
        known = con.execute("FROM duckdb_tables() WHERE table_name = 'mart_disclosed'").fetchall()
        select = "SELECT cause, count(*) FROM mart_disclosed WHERE state = 'suppressed' GROUP BY cause"
        found = con.execute(select).fetchall() if known else []
    causes = dict.fromkeys(CAUSES, 0) | dict(found or [("primary", suppressed)])
    if set(causes) != set(CAUSES) or sum(causes.values()) != suppressed:
        raise SystemExit(f"the causes of {suppressed} hidden rows do not add up: {causes}")
    return causes


def measured(site: Path) -> tuple[int, int, int]:
    """Rows, cells and protected cells of a warehouse."""
    from schemas import metrics

    with duckdb.connect(":memory:") as con:
        con.execute(f"ATTACH '{site}' AS site (READ_ONLY)")
        con.execute(f"CREATE TABLE words ({', '.join(f'{column} VARCHAR' for column in WORDS)})")
        con.executemany(
            "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?)",
            [
                [m.figure, m.definition, m.numerator, m.denominator, m.dated_by, m.rater]
                for m in metrics.load()
            ],
        )
        con.execute("SET search_path = 'site,memory'")
        (rows,) = con.execute(f"SELECT count(*) {CLOSED}").fetchone()
        return (rows, *con.execute(CELLS).fetchone())


def made(folder: Path, clinics: str, years: str, mode: str) -> Path:
    """The warehouse of this size; made where it is not there yet."""
    from disclosure_site import Size, write_site

    size = Size(int(clinics), int(years), mode)
    path = folder / f"disclosure-{size.name}.duckdb"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        write_site(part, size)
        part.rename(path)
    return path


def lines(asked: argparse.Namespace) -> Iterator[str]:
    yield HEAD
    sizes = product(*(values.split(",") for values in (asked.modes, asked.clinics, asked.years)))
    for mode, clinics, years in sizes:
        site = made(asked.folder, clinics, years, mode)
        rows, cells, protected = measured(site)
        before = [run_once(site, "baseline", asked.threads) for _ in range(asked.runs)]
        after = [run_once(site, "publish", asked.threads) for _ in range(asked.runs)]
        hid = " ".join(f"{after[0][cause]:9,}" for cause in CAUSES)
        share = f"{cost(after) / cost(before):5.1f} {cost(after) / rows * 1e6:7.1f}"
        yield (
            f"{mode:6} {clinics:>7} {years:>5} {rows:9,} {cells:9,} {protected:9,} {hid} "
            f"| {wall(before):7.2f} {cost(before):6.2f} {most(before):5.0f} "
            f"| {wall(after):9.2f} {cost(after):6.2f} {most(after):5.0f} | {share}"
        )


def wall(runs: list[dict[str, float]]) -> float:
    return statistics.median(one["seconds"] for one in runs)


def cost(runs: list[dict[str, float]]) -> float:
    return statistics.median(one["cpu"] for one in runs)


def most(runs: list[dict[str, float]]) -> float:
    return max(one["megabytes"] for one in runs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clinics", default="5,10,20,40")
    parser.add_argument("--years", default="1,2,5")
    parser.add_argument("--modes", default="dense,sparse")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    parser.add_argument("--once", nargs=3, metavar=("HOW", "SITE", "OUT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        how, site, out = asked.once
        print(json.dumps(publish_once(Path(site), Path(out), how, asked.threads)))
        return
    asked.folder.mkdir(exist_ok=True)
    for line in lines(asked):
        print(line, flush=True)


if __name__ == "__main__":
    main()
