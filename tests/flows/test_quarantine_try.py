"""A file read as its feed would, of which nothing is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.quarantine_try import tried
from schemas.errors import ConfigError
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import run_night, tree
from tests.lib.walkthrough import BROKEN_AND_MENDED, HEADER, file, mend

FEED = "northvale-forms"


def trial(site: Path, tmp_path: Path, content: bytes, feed: str = FEED):
    path = tmp_path / "tried.csv"
    path.write_bytes(content)
    before = tree(site)
    found = tried(site, KEY, feed, path, NOW)
    assert tree(site) == before
    return found


def test_what_is_left_of_a_half_mended_file(broken_site: Path, tmp_path: Path):
    rows = [right or row for row, right, _ in BROKEN_AND_MENDED]
    rows[4] = BROKEN_AND_MENDED[4][0]
    found = trial(broken_site, tmp_path, HEADER + b"\n".join(rows) + b"\n")
    assert [(one["source_row"], one["column"], one["rule"]) for one in found.problems] == [
        (5, "Done", "invalid_date")
    ]
    assert (found.counts.received, found.counts.accepted, found.counts.quarantined) == (13, 10, 1)
    assert found.counts.excluded == {"exact_duplicate": 2}
    assert found.mended == 11
    assert any("correct the date at the clinic" in line for line in found.lines())
    assert found.as_json()["counts"]["accepted"] == 10


def test_what_the_night_then_does_is_what_was_said(broken: Path, tmp_path: Path):
    said = trial(broken, tmp_path, file(mended=True))
    mend(broken.parent)
    night = run_night(broken, NOW + timedelta(days=1), gate=False).record
    assert night.counts.accepted == 1 + 1 + said.counts.accepted + said.counts.excluded["exact_duplicate"]
    assert (said.mended, night.counts.quarantined) == (11, 0)


def test_a_file_that_would_be_refused(broken_site: Path, tmp_path: Path):
    found = trial(broken_site, tmp_path, b"PID;Done\n")
    assert "(wrong_delimiter)" in found.refused
    assert found.as_json()["counts"] is None
    assert any("refused: " in line for line in found.lines())


def test_a_warning_about_a_column_is_told_as_a_night_tells_it(broken_site: Path, tmp_path: Path):
    note = "Please call again on any day but Monday the {n}"
    rows = [
        b"C-%d,1,2026-05-01 10:00:00,P,8.1,7.9,9.0,8.5,%s" % (n, note.format(n=n).encode())
        for n in range(20, 26)
    ]
    found = trial(broken_site, tmp_path, HEADER.strip() + b",Remark\n" + b"\n".join(rows) + b"\n")
    assert [line for line in found.lines() if line.startswith("  warning  column Remark: ")]


def test_bytes_that_were_delivered_before(broken_site: Path, tmp_path: Path):
    found = trial(broken_site, tmp_path, file(mended=False))
    assert found.before
    assert any("delivered before" in line for line in found.lines())


def test_before_the_first_night_it_is_tried_alone(tmp_path: Path, broken_site: Path):
    site = tmp_path / "new"
    (site / "inbox").mkdir(parents=True)
    (site / "site.toml").write_bytes((broken_site / "site.toml").read_bytes())
    found = trial(site, tmp_path, file(mended=True))
    assert (found.counts.received, found.counts.accepted, found.problems, found.mended) == (13, 13, [], 0)


def test_what_cannot_be_tried(broken_site: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match="no such file"):
        tried(broken_site, KEY, FEED, tmp_path, NOW)
    with pytest.raises(ConfigError, match="the nearest is northvale-forms"):
        tried(broken_site, KEY, "northvale-form", tmp_path, NOW)
