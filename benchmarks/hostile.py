"""Time and memory of one very large export, and of every file that was made to harm.

    python benchmarks/hostile.py [--gib 5] [--gzip] [--folder FOLDER]

The large file is made of rows repeated again and again, plain or in a gzip file, and is removed afterwards.
Memory is the peak of the process that reads it.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.lib.hostile import cases
from tests.lib.measured import measured

FEED = """
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"
"""
OTHERS = 60
ROWS = 20_000


def write_large(path: Path, size: int, packed: bool) -> None:
    """A file of so many bytes, unpacked, of rows that are drawn once."""
    draw = random.Random(1)
    names = ["PID", "When", *(f"g{n}" for n in range(1, 8)), *(f"other{n}" for n in range(OTHERS))]
    rows = [
        f"c{draw.randrange(10**7):07},2026-05-{1 + n % 28:02} 10:{n % 60:02}:00,"
        + ",".join(str(draw.randrange(4)) for _ in range(7 + OTHERS))
        for n in range(ROWS)
    ]
    body = ("\n".join(rows) + "\n").encode()
    with gzip.GzipFile(path, "wb", compresslevel=1) if packed else path.open("wb") as out:
        _repeat(out, (",".join(names) + "\n").encode(), body, size)


def _repeat(out: BinaryIO, header: bytes, body: bytes, size: int) -> None:
    out.write(header)
    for _ in range(size // len(body) + 1):
        out.write(body)


def read_large(path: str, out: str) -> None:
    from flows.process import process_file
    from schemas.registry import load
    from tests.lib.exports import feed, job

    forms = load({})
    began = time.perf_counter()
    counts = process_file(Path(path), job(feed(FEED, forms=forms), b"", forms), Path(out))
    seconds = time.perf_counter() - began
    counts.check()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  read: {seconds:,.0f} s, peak {peak:,.0f} MiB; {counts.received:,} records ({counts.refused})")
    print(f"  warnings: {', '.join(counts.warnings) or 'none'}", flush=True)


def large(folder: Path, gib: float, packed: bool) -> None:
    path = folder / ("large.csv.gz" if packed else "large.csv")
    write_large(path, int(gib * 1024**3), packed)
    print(f"{path.name}: {path.stat().st_size / 1024**3:.2f} GiB")
    reading = multiprocessing.get_context("spawn").Process(
        target=read_large, args=(str(path), str(folder / "part"))
    )
    reading.start()
    reading.join()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gib", type=float, default=5)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        if asked.gib:
            large(Path(folder), asked.gib, asked.gzip)
        found = measured(
            {name: (one.feed, one.content) for name, one in cases().items()}, Path(folder) / "cases"
        )
    print("| file | end | seconds | MiB |\n| --- | --- | --- | --- |")
    for name, one in found.items():
        print(f"| {name} | {one.refused or 'read'} | {one.seconds:.2f} | {one.mib:.0f} |")


if __name__ == "__main__":
    main()
