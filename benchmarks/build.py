"""`accord build` on one large WAI-SR export, beside DuckDB's own typed load of the same file.

    python benchmarks/build.py [--administrations 5000000] [--runs 3] [--folder bench-data]

Each runs in its own process, in turn, on the same file; the ratio of medians is what to quote.
Build: archive to marts, as `accord build` reports it. Baseline: CREATE TABLE AS SELECT FROM
read_csv with declared types into a new file, the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

ITEMS = [f"Q{n}" for n in range(1, 13)]
TYPES = {
    "ResponseId": "VARCHAR",
    "PID": "VARCHAR",
    "SessionNo": "INTEGER",
    "Clinician": "VARCHAR",
    "EndDate": "TIMESTAMP",
    **dict.fromkeys(ITEMS, "INTEGER"),
}
SESSIONS = 10
SITE = """
[site]
name = "Benchmark"
timezone = "Europe/London"
[[clinics]]
id = "one"
name = "One"
service = "adult"
[[feeds]]
id = "one-alliance"
clinic = "one"
kind = "responses"
path = "inbox/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
response = "ResponseId"
session = "SessionNo"
clinician = "Clinician"
completed_at = "EndDate"
[[feeds.instruments]]
id = "wai_sr"
rater = "client"
items = "Q{n}"
"""
BASELINE = """
import duckdb, resource, sys, time
source, target, types = sys.argv[1], sys.argv[2], eval(sys.argv[3])
began = time.perf_counter()
con = duckdb.connect(target)
con.execute("SET enable_progress_bar = false")
con.execute("CREATE TABLE t AS SELECT * FROM read_csv(?, auto_detect = false, header = true,"
            " delim = ',', quote = '\\"', columns = " + repr(types) + ")", [source])
con.close()
print(time.perf_counter() - began)
"""


def write_export(path: Path, administrations: int) -> None:
    """12 items and 5 more columns; ten sessions a client, in order of date, as a survey system appends."""
    rng = np.random.default_rng(1)
    clients = administrations // SESSIONS
    client = np.repeat(np.arange(clients), SESSIONS)
    session = np.tile(np.arange(1, SESSIONS + 1), clients)
    day = np.repeat(rng.integers(0, 780, clients), SESSIONS) + session * 7
    order = np.argsort(day, kind="stable")
    first_day = np.datetime64("2024-01-01") + day[order].astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "ResponseId": "R_" + pl.Series(np.arange(len(order))).cast(pl.String).str.zfill(9),
            "PID": "C" + pl.Series(client[order]).cast(pl.String).str.zfill(7),
            "SessionNo": session[order],
            "Clinician": "T" + pl.Series(client[order] % 900).cast(pl.String).str.zfill(3),
            "EndDate": pl.Series(first_day).cast(pl.Date).cast(pl.String) + " 10:17:00",
            **{item: rng.integers(1, 6, len(order)) for item in ITEMS},
        }
    )
    frame.write_csv(path)


def timed(command: list[str]) -> tuple[str, float, float]:
    """Output, wall seconds and peak memory (GB) of a process."""
    began = time.perf_counter()
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return found.stdout, time.perf_counter() - began, peak


def build_once(site: Path, export: Path) -> tuple[dict[str, float], float, float]:
    """Stage seconds, whole-process seconds and peak memory of one build of a new site."""
    shutil.rmtree(site, ignore_errors=True)
    (site / "inbox").mkdir(parents=True)
    (site / "site.toml").write_text(SITE)
    (site / "inbox" / "alliance.csv").hardlink_to(export)
    accord = [sys.executable, "-m", "flows.cli", "build", "--json"]
    out, seconds, peak = timed([*accord, "--site", str(site), "--out", str(site / "out.duckdb")])
    return json.loads(out)["seconds"], seconds, peak


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--administrations", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    asked = parser.parse_args()
    asked.folder.mkdir(exist_ok=True)
    export = asked.folder / f"wai-sr-{asked.administrations}.csv"
    if not export.exists():
        write_export(export, asked.administrations)
    print(f"{asked.administrations:,} administrations, {export.stat().st_size / 1e6:.0f} MB")
    loads, builds, peak = [], [], 0.0
    for _ in range(asked.runs):
        target = asked.folder / "baseline.duckdb"
        target.unlink(missing_ok=True)
        baseline = [sys.executable, "-c", BASELINE, str(export), str(target), repr(TYPES)]
        loads.append(float(timed(baseline)[0]))
        stages, seconds, _ = build_once(asked.folder / "site", export)
        builds.append(sum(stages.values()))
        shown = ", ".join(f"{name} {value:.2f}" for name, value in stages.items())
        print(f"  DuckDB load {loads[-1]:.2f} s   build {builds[-1]:.2f} s ({shown}; process {seconds:.2f})")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    load, build = statistics.median(loads), statistics.median(builds)
    print(f"medians: load {load:.2f} s, build {build:.2f} s, ratio {build / load:.2f}, peak {peak:.2f} GB")


if __name__ == "__main__":
    main()
