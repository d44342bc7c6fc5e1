"""A candidate that was gated, with all that was said meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
from collections.abc import Iterator
from pathlib import Path

from warehouse.gate import GateResult


@dataclasses.dataclass(frozen=True)
class Gated:
    result: GateResult
    folder: Path
    said: str

    def text(self) -> str:
        """Everything a person or a log could see of this gate."""
        files = [path.read_text() for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return "\n".join([*files, repr(self.result), self.said])

    def failures(self) -> set[tuple[str, str, str]]:
        return {(one.table, one.expectation, one.column) for one in self.result.failures}


@contextlib.contextmanager
def everything_said(to: io.StringIO) -> Iterator[None]:
    """All that is printed, and all that is logged at any level."""
    root, handler = logging.getLogger(), logging.StreamHandler(to)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(to), contextlib.redirect_stderr(to):
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
