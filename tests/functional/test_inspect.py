"""`accord inspect` on whole sites: its proposals beside the feeds that people wrote, and real files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.config import SiteConfig, load_site
from flows.inspect_file import Inspection, Where, inspect_file
from flows.sample import write_sample
from schemas.site import Feed
from tests.lib.command import accord
from tests.lib.exports import process
from tests.lib.handmade_site import read_rows
from tests.lib.unknown_files import REGISTRY, feed_of, read_as_proposed

UNTIL = date(2026, 6, 30)
NO_EXPORT = (".md", ".txt", ".R", ".yml", "LICENSE")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "site"
    write_sample(folder, 3, 60, 6, 1, UNTIL)
    return folder


@pytest.fixture(scope="module")
def config(sample: Path) -> SiteConfig:
    return load_site(sample)


def newest(sample: Path, feed: Feed) -> Path:
    return max(sample.glob(feed.path))


FEEDS = (
    "northvale-outcomes", "northvale-alliance", "northvale-wai36", "northvale-appointments", "northvale-referrals",
    "eastmoor-measures", "eastmoor-appointments", "eastmoor-referrals", "harbour-outcomes", "harbour-alliance",
    "harbour-checklist", "harbour-appointments", "harbour-referrals",
)  # fmt: skip


def test_every_feed_of_the_sample_is_tried(config: SiteConfig):
    assert {feed.id for feed in config.site.feeds} == set(FEEDS)


@pytest.mark.parametrize("id_", [id_ for id_ in FEEDS if not id_.endswith(("appointments", "referrals"))])
def test_questionnaires_of_the_sample_are_read_as_by_the_feed_written_by_hand(
    tmp_path: Path, sample: Path, config: SiteConfig, id_: str
):
    by_hand = config.site.feed(id_)
    path = newest(sample, by_hand)
    found = inspect_file(path, REGISTRY, Where("north", True))
    assert found.edits == []
    content = path.read_bytes()
    mine, theirs = read_as_proposed(tmp_path, content, found), process(tmp_path, by_hand, content, REGISTRY)
    assert theirs.counts.accepted > 0
    assert (mine.counts.accepted, mine.counts.quarantined, mine.counts.excluded) == (
        theirs.counts.accepted,
        theirs.counts.quarantined,
        theirs.counts.excluded,
    )
    for instrument in {one.id for one in by_hand.instruments}:
        one, other = (part.rows(instrument).sort("source_row") for part in (mine, theirs))
        names = [
            name
            for name in other.columns
            if name.startswith(("item_", "score_", "completed", "session", "rater"))
        ]
        assert one.select("source_row", *names).equals(other.select("source_row", *names))


@pytest.mark.parametrize("id_", [id_ for id_ in FEEDS if id_.endswith(("appointments", "referrals"))])
def test_tables_of_the_sample_are_mapped_as_by_hand(sample: Path, config: SiteConfig, id_: str):
    """Columns, date format and bytes as by hand; a word that nobody knows is left to a person, never guessed."""
    by_hand = config.site.feed(id_)
    found = inspect_file(newest(sample, by_hand), REGISTRY, Where("north", True))
    mine = feed_of(found)
    assert (mine.kind, mine.dialect, mine.delimiter) == (by_hand.kind, by_hand.dialect, by_hand.delimiter)
    assert dict(mine.columns) == dict(by_hand.columns)
    assert mine.date_format in (by_hand.date_format, None)
    assert set(mine.drop) == set(by_hand.drop)
    for ours, meanings in by_hand.values.items():
        known = mine.values[ours]
        assert {text: known[text] for text in known.keys() & meanings.keys()} == {
            text: meanings[text] for text in known.keys() & meanings.keys()
        }


def exports(real_data: Path) -> list[Path]:
    return [
        path for path in sorted(real_data.rglob("*")) if path.is_file() and not path.name.endswith(NO_EXPORT)
    ]


@pytest.mark.real
def test_every_real_file_is_looked_at_without_an_error(real_data: Path):
    found = {path.relative_to(real_data).as_posix(): look(path) for path in exports(real_data)}
    holding = {name for name, one in found.items() if one.tables}
    assert holding == {"phq9_survey/PHQ9_data.csv", "phq_gad_bmi/Psychological_aspects.csv"}
    assert all(one.notes for name, one in found.items() if name not in holding)


def look(path: Path) -> Inspection:
    return inspect_file(path, REGISTRY, Where("main", True))


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("phq9_survey/PHQ9_data.csv", {"phq_9": 2177}),
        ("phq_gad_bmi/Psychological_aspects.csv", {"phq_9": 223, "gad_7": 223}),
    ],
)
def test_a_real_file_from_unknown_to_scored(
    real_data: Path, tmp_path: Path, name: str, scores: dict[str, int]
):
    """init, inspect --write, build, export: what a data manager types, and nothing else."""
    site = tmp_path / "site"
    inbox, built, out = site / "inbox" / "main", tmp_path / "built.duckdb", tmp_path / "scores.csv"
    assert accord("init", site).code == 0
    inbox.mkdir()
    path = inbox / Path(name).name
    path.write_bytes((real_data / name).read_bytes())
    for command in (
        ["inspect", path, "--write", "--yes", "--site", site],
        ["build", "--out", built, "--site", site],
        ["export", "scores", "--from", built, "-o", out, "--site", site],
    ):
        ran = accord(*command)
        assert ran.code == 0, ran.err
    rows = [row for row in read_rows(out) if row["scale"] == "total"]
    assert {id_: sum(row["instrument"] == id_ for row in rows) for id_ in scores} == scores
    assert {row["status"] for row in rows} == {"scored"}
    assert [
        row for row in rows if row["stored_total"] and float(row["stored_total"]) != float(row["score"])
    ] == []
