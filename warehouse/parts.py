"""Processed files, kept by what they are a function of: SITE/parts/<2 hex>/<memo key>/."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import ConservationError, WarehouseError
from warehouse.files import private_dir

COUNTS = "counts.json"


@dataclass
class Counts:
    """Records of one file by fate, before other deliveries are known. excluded: by reason.

    warnings: rules of that level; after a blank, the columns that one is about.
    refused: rule that refused the file, and the column concerned.
    administrations: rows of questionnaires in the part; a record may have several.
    unread: records of a refused file, where they could be counted; in no sum.
    held: why all that would be accepted is quarantined instead, see flows.detect_form.Finding.
    forms: what the answers of each form add up to, see flows.detect_tally.Tally; whole numbers.
    columns: digests of the header names, in file order.
    days: by place of a form in the feed ("1"), or by our name of a date: its column, the latest local date.
    no_answers: item columns with cells that are no answers: how many cells are given, how many of them.
    """

    received: int = 0
    accepted: int = 0
    administrations: int = 0
    quarantined: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    refused: str | None = None
    refused_column: str = ""
    unread: int = 0
    held: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    days: dict[str, list[str]] = field(default_factory=dict)
    no_answers: dict[str, list[int]] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add the records of another batch of the same file."""
        self.received += other.received
        self.accepted += other.accepted
        self.administrations += other.administrations
        self.quarantined += other.quarantined
        for reason, n in other.excluded.items():
            self.excluded[reason] = self.excluded.get(reason, 0) + n
        for ours, (column, day) in other.days.items():
            self.days[ours] = [column, max(day, self.days.get(ours, ["", ""])[1])]
        self.warnings += [warning for warning in other.warnings if warning not in self.warnings]

    def check(self) -> None:
        """Every record has exactly one fate, or the program is wrong."""
        if self.received != self.accepted + self.quarantined + sum(self.excluded.values()):
            raise ConservationError("the records of a processed file do not add up")

    def write(self, folder: Path) -> None:
        (folder / COUNTS).write_text(json.dumps(asdict(self), sort_keys=True), encoding="utf-8")


def read_counts(folder: Path) -> Counts:
    """The counts of a part. Raises WarehouseError when it is not a whole part."""
    try:
        return Counts(**json.loads((folder / COUNTS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise WarehouseError(f"part {folder.name} is damaged; remove it and run again") from None


def parquet_files(folder: Path, name: str) -> list[Path]:
    """The Parquet files of one kind of rows, in batch order."""
    return sorted(folder.glob(f"{name}-[0-9]*.parquet"))


class PartStore:
    """Parts under one folder. A part appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    @contextmanager
    def temporary(cls, beside: Path) -> Iterator[PartStore]:
        """A store that is gone afterwards, on the disk of the folder given."""
        root = Path(tempfile.mkdtemp(prefix=".parts-", dir=beside))
        try:
            yield cls(root)
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def folder(self, memo: str) -> Path:
        return self.root / memo[:2] / memo

    def has(self, memo: str) -> bool:
        return (self.folder(memo) / COUNTS).is_file()

    def make(self, memo: str, write: Callable[[Path], object]) -> Path:
        """The part of a memo key; `write` fills a new folder when it is not there yet."""
        folder = self.folder(memo)
        if self.has(memo):
            return folder
        private_dir(folder.parent)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=self.root))
        try:
            write(scratch / memo)
            _protect(scratch / memo)
            _settle(scratch / memo, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return folder


def _protect(folder: Path) -> None:
    os.chmod(folder, 0o700)
    for file in folder.iterdir():
        os.chmod(file, 0o600)


def _settle(made: Path, folder: Path) -> None:
    """Move a part into place. Another run that was first made the same part."""
    if folder.exists() and not (folder / COUNTS).is_file():
        shutil.rmtree(folder)
    try:
        made.rename(folder)
    except OSError:
        if not (folder / COUNTS).is_file():
            raise
