"""A night without Prefect: the same steps in the same order, each a plain call."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows.faults import told
from flows.night import Rim, night
from schemas.errors import AccordError
from tests.lib.handmade_site import KEY, NOW
from warehouse.manifest import Manifest

PASSED = {"verdict": "passed", "checked": 0, "failed": 0, "critical_failed": 0, "report": "", "failures": []}


@dataclass
class Done:
    """A step that was run at once; like Prefect's, it tells what ended it only when it is asked."""

    value: Any = None
    error: AccordError | None = None

    def result(self) -> Any:
        if self.error:
            raise self.error
        return self.value


@dataclass
class Night:
    """What a night gave: its record, what ended it, and what it told of on the way."""

    record: Manifest | None = None
    error: AccordError | None = None
    steps: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, int, int]] = field(default_factory=list)


def run_night(
    site: Path,
    now: datetime = NOW,
    as_of: date | None = None,
    environ: Mapping[str, str] = KEY,
    before: Mapping[str, Callable[[], object]] = {},
    gate: bool = True,
) -> Night:
    """Run a night.

    before: what happens to the site just before a step, by the step's name
    gate: False lets everything pass, for tests of something else: the gate takes most of a night's time
    """
    found = Night()

    def step(name: str, work: Callable[[], Any], label: str = "") -> Done:
        found.steps.append((name, label or name))
        try:
            with told(label or name):
                before.get(name, lambda: None)()
                return Done(work() if gate or name != "gate" else PASSED)
        except AccordError as error:
            return Done(error=error)

    def recorded(record: Manifest) -> None:
        found.record = record

    def tell(stage: str, done: int, total: int) -> None:
        found.told.append((stage, done, total))

    try:
        night(site, as_of, Rim(environ, lambda: now, step, tell, recorded))
    except AccordError as error:
        found.error = error
    return found


def copied(site: Path, to: Path) -> Path:
    """A copy to damage or to run on; links stay links."""
    return shutil.copytree(site, to, symlinks=True)


def status(site: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((site / "published" / "status.json").read_bytes())
    return found


def tree(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file and link under a folder, with its mode and content, but the lock."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.name != ".lock" and not path.is_dir():
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[path.relative_to(folder).as_posix()] = (path.lstat().st_mode, content)
    return found
