"""Files larger than memory

A file is read in blocks and settled in batches: what it needs of memory does not grow with its size, and a
line or a quote that never ends does not make it grow either.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import json, resource, sys
from pathlib import Path
from flows import split
from flows.process import process_file
from tests.lib.bad_input import form
from tests.lib.exports import job
split.BLOCK_BYTES = split.RECORD_BYTES = 1 << 20
folder, lines = Path(sys.argv[1]), int(sys.argv[2])
row = sys.argv[3].encode().decode("unicode_escape").encode()
export = folder / "export"
with export.open("wb") as out:
    out.write(b"PID,When,Q1,Q2,Note\\n")
    for _ in range(lines // 1000):
        out.write(row * 1000)
counts = process_file(export, job(form(), b""), folder / "part")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"megabytes": peak, "size": export.stat().st_size / 2**20, **vars(counts)}))
"""

CLEAN = "c1,2026-05-01 10:00:00,1,2,a note of some length that nobody reads and nobody keeps in memory\\n"
QUOTED = 'c1,2026-05-01 10:00:00,1,2,"a note, of some length that nobody reads and nobody keeps in memory"\\n'
ENDLESS = "c1,2026-05-01 10:00:00,1,2,a note that never comes to an end and fills the disk "

ROOT = Path(__file__).resolve().parents[3]


def measured(tmp_path: Path, lines: int, row: str) -> dict:
    """Counts, size and peak memory of processing so many lines, in a process of its own."""
    command = [sys.executable, "-c", MEASURE, str(tmp_path), str(lines), row]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> dict:
    return measured(tmp_path_factory.mktemp("small"), 20_000, CLEAN)


def test_memory_does_not_grow_with_the_file(small, tmp_path):
    large = measured(tmp_path, 600_000, CLEAN)
    assert (small["accepted"], large["accepted"]) == (20_000, 600_000)
    assert large["size"] - small["size"] > 50
    assert large["megabytes"] - small["megabytes"] < 40


def test_nor_where_quotes_must_be_followed(small, tmp_path):
    large = measured(tmp_path, 100_000, QUOTED)
    assert large["received"] == 100_000
    assert large["megabytes"] - small["megabytes"] < 40


def test_nor_with_a_line_or_a_quote_that_never_ends(small, tmp_path):
    line = measured(tmp_path, 600_000, ENDLESS)
    assert (line["received"], line["quarantined"], line["refused"]) == (1, 1, None)
    assert line["size"] > 45
    assert line["megabytes"] - small["megabytes"] < 40
