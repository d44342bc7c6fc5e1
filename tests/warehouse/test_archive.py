"""The archive: what came, as it came, once; nothing else, and never changed unseen."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime

import pytest

from schemas.errors import ArchiveError
from warehouse import archive, ledger

NOW = datetime(2026, 10, 31, 2, 0, tzinfo=UTC)
FEEDS = [("a-phq", "inbox/a/*.csv"), ("b-phq", "inbox/b/*.csv")]


@pytest.fixture
def site(tmp_path):
    for clinic in ("a", "b"):
        (tmp_path / "site" / "inbox" / clinic).mkdir(parents=True)
    return tmp_path / "site"


def export(site, name, content=b"id\n1\n", written=1):
    path = site / "inbox" / name
    path.write_bytes(content)
    os.utime(path, ns=(written, written))
    return path


def collect(site, pause=lambda _: None, feeds=FEEDS):
    return archive.collect(site, feeds, NOW, pause=pause)


def objects(site):
    found = (path for path in (site / "archive").rglob("*") if path.is_file() and path.suffix != ".name")
    return sorted(path.name for path in found)


def test_a_new_file_is_archived_by_content_and_written_into_the_ledger(site):
    content = b"PID,Q1\n7,3\n"
    export(site, "a/wai Jane Doe.csv", content)
    (entry,) = collect(site).new
    sha256 = hashlib.sha256(content).hexdigest()
    assert entry == archive.Entry(
        entry=hashlib.sha256(b"a-phq\0" + sha256.encode()).hexdigest()[:16],
        entry_no=1,
        feed="a-phq",
        sha256=sha256,
        bytes=len(content),
        arrived_at=NOW,
        file="wai Jane Doe.csv",
    )
    path = archive.verify(site, entry)
    assert path == site / "archive" / sha256[:2] / sha256
    assert path.read_bytes() == content
    assert archive.deliveries(site) == (entry,)
    assert b"Jane" not in (site / "ledger").read_bytes()
    assert (site / "inbox/a/wai Jane Doe.csv").exists()


def test_nobody_else_may_read_the_archive(site):
    export(site, "a/1.csv")
    collect(site)
    for path in [site / "archive", *(site / "archive").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_the_same_bytes_are_nothing_new_in_their_feed_but_a_delivery_in_another(site):
    export(site, "a/1.csv")
    assert len(collect(site).new) == 1
    export(site, "a/renamed.csv")
    assert collect(site).new == ()
    export(site, "b/1.csv")
    (other,) = collect(site).new
    assert (other.feed, other.entry_no) == ("b-phq", 2)
    assert len(objects(site)) == 1
    assert len(archive.deliveries(site)) == 2


def test_equal_files_of_one_night_are_one_delivery(site):
    export(site, "a/2.csv", written=1)
    export(site, "a/1.csv", written=2)
    (entry,) = collect(site).new
    assert entry.file == "2.csv"


def test_ledger_order_is_time_of_writing_then_name(site):
    export(site, "a/c.csv", b"1", written=5)
    export(site, "b/b.csv", b"2", written=5)
    export(site, "a/z.csv", b"3", written=4)
    assert [entry.file for entry in collect(site).new] == ["z.csv", "b.csv", "c.csv"]
    assert [entry.entry_no for entry in archive.deliveries(site)] == [1, 2, 3]


def test_an_idle_night_neither_waits_nor_writes(site):
    export(site, "a/1.csv")
    collect(site)
    before = (site / "ledger").read_bytes()

    def no_pause(_):
        raise AssertionError("waited")

    assert collect(site, pause=no_pause) == archive.Collected(1, (), ())
    assert (site / "ledger").read_bytes() == before


def test_all_files_share_one_pause_that_ends_a_second_after_they_were_looked_at(site):
    pauses = []
    for number in range(20):
        export(site, f"a/{number}.csv", b"%d" % number)
    assert len(collect(site, pause=pauses.append).new) == 20
    assert len(pauses) == 1
    assert 0 < pauses[0] <= archive.SETTLED_SECONDS


@pytest.mark.parametrize("change", ["grows", "is touched", "goes"])
def test_a_file_that_is_still_being_written_is_left_for_the_next_night(site, change):
    export(site, "a/1.csv")
    moving = export(site, "a/2.csv", b"half")

    def meanwhile(_):
        if change == "grows":
            with moving.open("ab") as out:
                out.write(b" and half")
            os.utime(moving, ns=(1, 1))
        elif change == "is touched":
            os.utime(moving, ns=(2, 2))
        else:
            moving.unlink()

    first = collect(site, pause=meanwhile)
    assert [entry.file for entry in first.new] == ["1.csv"]
    assert [(left.feed, left.reason) for left in first.left_out] == [("a-phq", "unstable")]
    assert len(objects(site)) == 1
    assert len(collect(site).new) == (0 if change == "goes" else 1)


def test_what_is_left_out_is_reported_without_its_name(site):
    (site.parent / "elsewhere.csv").write_text("x")
    (site / "inbox/a/Jane Doe.csv").symlink_to(site.parent / "elsewhere.csv")
    (left,) = collect(site).left_out
    assert (left.feed, left.reason, len(left.tag)) == ("a-phq", "outside_site", 8)
    assert "Jane" not in repr(left)
    assert objects(site) == []


def test_links_that_stay_inside_are_followed_and_others_are_not(site):
    export(site, "b/real.csv")
    (site / "inbox/a/inside.csv").symlink_to(site / "inbox/b/real.csv")
    (site / "inbox/a/circle.csv").symlink_to(site / "inbox/a/circle.csv")
    (site / "inbox/a/broken.csv").symlink_to(site / "inbox/a/nothing.csv")
    outside = site.parent / "outside"
    outside.mkdir()
    (outside / "1.csv").write_text("x")
    (site / "inbox/c").symlink_to(outside)
    found = collect(site, feeds=[("a-phq", "inbox/**/*.csv"), ("c", "inbox/c/*.csv")])
    assert [entry.feed for entry in found.new] == ["a-phq"]
    assert {left.reason for left in found.left_out} == {"outside_site"}


def test_folders_unfinished_uploads_and_our_own_files_are_no_exports(site):
    (site / "inbox/a/folder.csv").mkdir()
    export(site, "a/.1.csv.part")
    export(site, "a/~$1.csv")
    export(site, "a/1.csv")
    (site / "site.toml").write_text("")
    for _ in range(2):
        assert collect(site, feeds=[("a-phq", "**/*")]).files == 1
    assert [entry.file for entry in archive.deliveries(site)] == ["1.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_reported_and_others_go_on(site):
    export(site, "a/1.csv").chmod(0)
    export(site, "a/2.csv", b"2")
    found = collect(site)
    assert len(found.new) == 1
    assert [left.reason for left in found.left_out] == ["unreadable"]


def test_a_file_without_bytes_is_a_delivery_too(site):
    export(site, "a/empty.csv", b"")
    (entry,) = collect(site).new
    assert entry.bytes == 0
    assert archive.verify(site, entry).read_bytes() == b""


def test_a_file_name_that_is_no_text_is_kept_readable(site):
    path = os.fsencode(site / "inbox/a") + b"/caf\xe9.csv"
    with open(path, "wb") as out:
        out.write(b"x")
    (entry,) = collect(site).new
    assert entry.file == "caf\\xe9.csv"
    assert archive.deliveries(site) == (entry,)


def test_a_change_in_the_archive_is_named_by_entry_and_never_by_file(site):
    export(site, "a/Jane Doe.csv", b"1234")
    (entry,) = collect(site).new
    path = archive.locate(site, entry)
    path.write_bytes(b"1235")
    with pytest.raises(ArchiveError, match=f"entry {entry.entry} of feed a-phq: .* changed") as changed:
        archive.verify(site, entry)
    path.unlink()
    with pytest.raises(ArchiveError, match=f"entry {entry.entry} of feed a-phq: .* missing") as missing:
        archive.verify(site, entry)
    assert "Jane" not in f"{changed.value}{missing.value}"


def test_a_changed_or_lost_file_name_is_noticed(site):
    export(site, "a/1.csv")
    collect(site)
    (name,) = (site / "archive").rglob("*.name")
    name.write_text("other.csv")
    with pytest.raises(ArchiveError, match="file name was changed"):
        archive.deliveries(site)
    name.unlink()
    with pytest.raises(ArchiveError, match="file name is missing"):
        archive.deliveries(site)


def test_a_crash_before_the_ledger_is_made_good_the_next_night(site):
    content = b"x" * 10
    export(site, "a/1.csv", content)
    sha256 = hashlib.sha256(content).hexdigest()
    archive._commit(site, [], NOW)
    (site / "archive" / "incoming").mkdir(parents=True)
    (site / "archive" / "incoming" / "0").write_bytes(b"half")
    (site / "archive" / sha256[:2]).mkdir()
    (site / "archive" / sha256[:2] / sha256).write_bytes(content)
    (entry,) = collect(site).new
    assert archive.verify(site, entry)
    assert objects(site) == [sha256]


def test_the_ledger_knows_deliveries_up_to_any_line(site):
    export(site, "a/1.csv", b"1")
    collect(site)
    lines = ledger.read(site)
    export(site, "a/2.csv", b"2")
    collect(site)
    assert len(archive.deliveries(site, lines)) == 1
    assert len(archive.deliveries(site)) == 2


def test_one_file_can_be_put_by_hand(site, tmp_path):
    path = tmp_path / "by hand.csv"
    path.write_bytes(b"1")
    entry = archive.put(site, "a-phq", path, NOW)
    assert entry is not None
    assert entry.file == "by hand.csv"
    assert archive.put(site, "a-phq", path, NOW) is None
    path.unlink()
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.put(site, "a-phq", path, NOW)


def test_a_link_to_our_own_files_is_not_followed(site):
    export(site, "b/real.csv")
    (site / "secret.key").write_text("5a" * 32)
    (site / "inbox/a/key.csv").symlink_to(site / "secret.key")
    (left,) = collect(site).left_out
    assert (left.feed, left.reason) == ("a-phq", "outside_site")


def test_names_that_would_move_the_cursor_are_one_line(site):
    export(site, "a/x\n\x1b[2J\u202ecsv.csv")
    collect(site)
    (entry,) = archive.deliveries(site)
    assert entry.file == r"x\n\x1b[2J\u202ecsv.csv"
