"""Files through processing, one after the other in a process of their own: what became of each, time and memory.

    python -m tests.lib.measured FOLDER     for each FOLDER/<case>/: feed.toml and export; prints JSON

Memory is what the process held at most beyond what it held before the file, in MiB.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_BYTES = 6 * 1024**3
"""Address space of the process: what asks for more fails, and takes no machine with it."""


@dataclass(frozen=True)
class Measured:
    """refused: rule; fates: received, accepted, quarantined, excluded; problems: rules of rows."""

    refused: str | None
    column: str
    fates: tuple[int, int, int, int]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float
    mib: float
    left: tuple[str, ...]


def measured(
    cases: Mapping[str, tuple[str, bytes]], folder: Path, timeout: float = 120
) -> dict[str, Measured]:
    """Process each case (TOML of its feed after the path, content)."""
    for name, (toml, content) in cases.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "feed.toml").write_text(toml, encoding="utf-8")
        (folder / name / "export").write_bytes(content)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.lib.measured", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr, ran.stderr
    found = {}
    for line in ran.stdout.splitlines():
        name, fields = json.loads(line)
        found[name] = Measured(
            **{key: tuple(one) if isinstance(one, list) else one for key, one in fields.items()}
        )
    return found


def _peak(reset: bool = False) -> float:
    """Peak of resident memory since the last reset, in MiB."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _measure(case: Path) -> dict[str, object]:
    from flows.process import process_file
    from tests.lib.exports import Part, feed, job

    of, content = feed((case / "feed.toml").read_text(encoding="utf-8")), b""
    before = {path.name for path in case.iterdir()}
    gc.collect()
    held = _peak(reset=True)
    began = time.perf_counter()
    counts = process_file(case / "export", job(of, content), case / "part")
    seconds, mib = time.perf_counter() - began, _peak() - held
    part = Part(case / "part", counts)
    counts.check()
    fates = (counts.received, counts.accepted, counts.quarantined, sum(counts.excluded.values()))
    left = {path.name for path in case.iterdir()} - before - {"part"}
    return {
        "refused": counts.refused, "column": counts.refused_column, "fates": fates, "warnings": counts.warnings,
        "problems": sorted({rule for *_, rule in part.problems()}), "seconds": seconds, "mib": mib,
        "left": sorted(left),
    }  # fmt: skip


def main(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    for case in sorted(folder.iterdir()):
        print(json.dumps((case.name, _measure(case))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
