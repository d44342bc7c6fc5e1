from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.sample import SampleReport, write_sample
from tests.flows.sample.reading import Row, Shape, named, rows_of, shapes, truth_of


@dataclass(frozen=True)
class Site:
    """A written sample and its second reading."""

    folder: Path
    report: SampleReport
    raw: dict
    truth: dict
    shapes: dict[str, Shape]

    def path(self, feed: str, file: str) -> Path:
        clinic = self.truth["feeds"][feed]["clinic"]
        return self.folder / "inbox" / clinic / file

    def files(self, feed: str) -> list[Path]:
        """The feed's files in order of delivery."""
        return [self.path(feed, file["file"]) for file in self.truth["files"] if file["feed"] == feed]

    def records(self, feed: str) -> list[Row]:
        """Data rows of all files of a feed, by column name; short rows lack the last ones."""
        read = (rows_of(path, self.shapes[feed]) for path in self.files(feed))
        return [named(header, row) for header, rows in read for row in rows]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Four clinics, so that one style comes twice; a year with both changes of the clock."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    report = write_sample(folder, clinics=4, clients=120, months=12, seed=3)
    raw = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
    return Site(folder, report, raw, truth_of(folder), shapes(raw))
