"""Progress for people: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Tell = Callable[[str, int, int], None]

STAGES = {
    "archive": "Archiving new exports",
    "process": "Reading, validating and scoring",
    "load": "Loading the warehouse and building marts",
    "gate": "Checking with Great Expectations",
    "publish": "Publishing",
    "compare": "Comparing digests",
}


@contextmanager
def nothing() -> Iterator[Tell]:
    """Tell nobody."""
    yield lambda stage, done, total: None


@contextmanager
def lines(stream: TextIO) -> Iterator[Tell]:
    """One line as each stage begins."""
    seen: set[str] = set()

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in seen:
            seen.add(stage)
            print(f"{STAGES[stage]} ...", file=stream, flush=True)

    yield tell


@contextmanager
def bar(console: Console) -> Iterator[Tell]:
    """A bar that fills with the deliveries, and moves to and fro in stages that are one step."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Starting", total=None, count="")

        def tell(stage: str, done: int, total: int) -> None:
            several = total > 1
            progress.update(
                task,
                description=STAGES[stage],
                completed=done,
                total=total if several else None,
                count=f"{done} of {total}" if several else "",
            )

        yield tell
