"""What a night did to the quarantine, of all feeds or of one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.quarantine_replay import Replay, check_feed, look
from schemas.errors import ConfigError
from tests.lib.handmade_site import NOW
from tests.lib.nights import run_night
from tests.lib.walkthrough import HEADER, arrive, mend


def test_before_the_first_night_everything_is_new(tmp_path: Path):
    arrive(tmp_path)
    site = tmp_path / "site"
    before = look(site)
    run_night(site, gate=False)
    found = Replay(before, look(site))
    assert (found.before.run, found.before.counts.received) == ("", 0)
    assert (found.mended.height, found.still_open.height, found.new.height) == (0, 0, 12)
    assert next(found.lines()).startswith("before: no run: 0 received = 0 accepted")


def test_what_was_mended_what_is_left_and_what_is_new(broken: Path):
    first = look(broken), look(broken, "southmere-diary")
    mend(broken.parent)
    (broken / "inbox" / "southmere" / "diary-2.csv").write_text("PID,Start,Status\n,2026-05-01 10:00:00,5\n")
    (broken / "inbox" / "northvale" / "forms-9.csv").write_bytes(HEADER + b"C-1,9\n")
    run_night(broken, NOW + timedelta(days=1), gate=False)
    whole, diary = Replay(first[0], look(broken)), Replay(first[1], look(broken, "southmere-diary"))
    assert (whole.mended.height, whole.still_open.height, whole.new.height) == (12, 0, 2)
    assert (diary.mended.height, diary.still_open.height, diary.new.height) == (1, 0, 1)
    assert [one["rule"] for one in diary.as_json()["new"]] == ["missing_client"]
    assert diary.as_json()["before"]["line"] == {
        "received": 2, "accepted": 1, "quarantined": 1, "superseded": 0, "excluded": 0,
    }  # fmt: skip
    lines = list(diary.lines())
    assert "2 received = 1 accepted + 1 quarantined + 0 excluded + 0 superseded" in lines[0]
    assert "3 received = 2 accepted + 1 quarantined + 0 excluded + 0 superseded" in lines[1]
    assert any("diary-2.csv" in line and line.endswith(": 1 missing_client") for line in lines)


def test_an_idle_night_leaves_everything_open(broken: Path):
    before = look(broken)
    run_night(broken, NOW + timedelta(hours=1), gate=False)
    found = Replay(before, look(broken))
    assert (found.mended.height, found.still_open.height, found.new.height) == (0, 12, 0)


def test_a_feed_there_is_not(broken_site: Path):
    check_feed(broken_site, "")
    check_feed(broken_site, "southmere-diary")
    with pytest.raises(ConfigError, match="the nearest is southmere-diary"):
        check_feed(broken_site, "southmere-diery")
