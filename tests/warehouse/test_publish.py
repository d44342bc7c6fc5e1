"""Publishing: old or new and nothing between, readable by the owner alone, one run at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from schemas.errors import SiteBusy, WarehouseError
from warehouse.publish import keep_last, read_status, site_lock, swap, write_status

RUNS = [f"202610{day}T020000Z-0a1b2c3d" for day in range(10, 16)]

HOLD = """
import sys
from pathlib import Path
from warehouse.publish import site_lock
with site_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def databases(folder, names=RUNS):
    for name in names:
        (folder / f"{name}.duckdb").write_text(name)


def test_a_second_run_is_told_that_the_site_is_busy(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SiteBusy, match=f"process {holder.pid}"), site_lock(tmp_path):
            pass
        holder.kill()
    with site_lock(tmp_path):
        pass


def test_the_lock_ends_with_the_run_even_when_it_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), site_lock(tmp_path):
        raise ZeroDivisionError
    with site_lock(tmp_path), pytest.raises(SiteBusy), site_lock(tmp_path):
        pass
    with site_lock(tmp_path):
        assert (tmp_path / ".lock").stat().st_mode & 0o777 == 0o600


def test_a_process_started_meanwhile_does_not_keep_the_site(tmp_path):
    with site_lock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with child, site_lock(tmp_path):
        child.communicate(b"\n")


def test_current_is_a_relative_link_that_is_replaced_at_once(tmp_path):
    databases(tmp_path)
    link = tmp_path / "current"
    for run in RUNS[:2]:
        swap(link, tmp_path / f"{run}.duckdb")
        assert os.readlink(link) == f"{run}.duckdb"
        assert link.read_text() == run
    (tmp_path / "moved").mkdir()
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    assert (moved / "current").read_text() == RUNS[1]


def test_readers_never_miss_current(tmp_path):
    databases(tmp_path)
    link = tmp_path / "current"
    swap(link, tmp_path / f"{RUNS[0]}.duckdb")
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(link.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        swap(link, tmp_path / f"{RUNS[number % 2]}.duckdb")
    done.set()
    reader.join()
    assert seen <= set(RUNS[:2])


def test_what_is_not_there_is_never_current(tmp_path):
    databases(tmp_path, RUNS[:1])
    swap(tmp_path / "current", tmp_path / f"{RUNS[0]}.duckdb")
    with pytest.raises(WarehouseError, match="is not there"):
        swap(tmp_path / "current", tmp_path / "nothing.duckdb")
    assert (tmp_path / "current").read_text() == RUNS[0]


def test_the_last_three_are_kept_and_always_the_current_one(tmp_path):
    databases(tmp_path)
    (tmp_path / f"{RUNS[1]}.duckdb.wal").write_text("")
    (tmp_path / f"rejected-{RUNS[0]}.duckdb").write_text("")
    swap(tmp_path / "current", tmp_path / f"{RUNS[0]}.duckdb")
    assert keep_last(tmp_path, 3) == (f"{RUNS[2]}.duckdb", f"{RUNS[1]}.duckdb")
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [
        *(f"{run}.duckdb" for run in (RUNS[0], *RUNS[3:])),
        "current",
        f"rejected-{RUNS[0]}.duckdb",
    ]
    assert keep_last(tmp_path, 0, "rejected-*.duckdb") == (f"rejected-{RUNS[0]}.duckdb",)
    assert keep_last(tmp_path, 3) == ()


def test_status_is_replaced_at_once_and_read_back(tmp_path):
    assert read_status(tmp_path) is None
    for state in ("published", "idle"):
        path = write_status(tmp_path, {"schema": 1, "last_run": {"state": state}, "message": "–"})
    assert read_status(tmp_path) == {"schema": 1, "last_run": {"state": "idle"}, "message": "–"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["status.json"]


def test_a_status_that_cannot_be_written_leaves_the_old_one(tmp_path):
    write_status(tmp_path, {"schema": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_status(tmp_path, {"schema": float("nan")})
    assert read_status(tmp_path) == {"schema": 1}


def test_a_damaged_status_is_named(tmp_path):
    write_status(tmp_path, {})
    (tmp_path / "published/status.json").write_text("{")
    with pytest.raises(WarehouseError, match=r"published/status\.json"):
        read_status(tmp_path)
