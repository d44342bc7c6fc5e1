"""Damaged exports of every dialect, through processing: none may end in anything but a fate or a refusal.

    python benchmarks/fuzz.py [--files 50000] [--seed 1] [--only csv --only fhir] [--keep FOLDER]

What is damaged and what must hold is in tests/lib/fuzz_damage.py and tests/lib/fuzz.py. Prints a row a
dialect; files that fail are told by dialect and number, and kept in FOLDER.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.lib.fuzz import Tally, TooSlow, damaged_file, judge
from tests.lib.fuzz_seeds import seeds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="a dialect, may be given again")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    every = seeds()
    chosen = [one for one in every if not asked.only or one.name in asked.only]
    contents = [one.content for one in every]
    tallies, failures = {one.name: Tally() for one in chosen}, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for n in range(asked.first, asked.first + asked.files):
            one = chosen[n % len(chosen)]
            content = damaged_file(asked.seed, n, one, contents)
            try:
                judge(one, content, Path(folder) / "file", tallies[one.name])
            except (Exception, TooSlow) as error:  # noqa: BLE001 - every one is told of
                place = traceback.extract_tb(error.__traceback__)[-1]
                what = (
                    f"{one.name}: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
                )
                failures[what] += 1
                if failures[what] <= 3:
                    print(f"file {n}: {what}", flush=True)
                    _keep(asked.keep, f"{one.name}-{n}", content)
    report(tallies)
    for what, times in failures.most_common():
        print(f"{times} x {what}")
    return 1 if failures else 0


def _keep(folder: Path | None, name: str, content: bytes) -> None:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def report(tallies: dict[str, Tally]) -> None:
    print("| dialect | files | read | refused | records | accepted | quarantined | excluded | slowest |")
    print("| --- |" + " --- |" * 8)
    for name, one in tallies.items():
        counts = (
            one.read + one.refused,
            one.read,
            one.refused,
            one.records,
            one.accepted,
            one.quarantined,
            one.excluded,
        )
        print(f"| {name} | " + " | ".join(f"{count:,}" for count in counts) + f" | {one.slowest:.2f} s |")
    for name, one in tallies.items():
        print(f"{name}: " + ", ".join(f"{rule} {n}" for rule, n in one.by_rule.most_common()))


if __name__ == "__main__":
    sys.exit(main())
