"""Files made to harm: each ends in a refusal or in its right reading, soon, in little memory, and harms no other.

Time and memory hold for a process that has read other files before: a gigabyte is far more than any of these
may take, and the address space of the process ends at six.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas.rules import describe, one_line
from tests.lib.command import Ran, accord
from tests.lib.exports import SITE
from tests.lib.hostile import FORM, SQL, cases
from tests.lib.measured import Measured, measured

CASES = cases()
SECONDS = 10
MOST_MIB = 1024


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Measured]:
    folder = tmp_path_factory.mktemp("hostile") / "cases"
    return measured({name: (one.feed, one.content) for name, one in CASES.items()}, folder)


@pytest.mark.parametrize("name", CASES)
def test_the_end_of_each(results: Mapping[str, Measured], name: str):
    wanted, found = CASES[name], results[name]
    if wanted.whole is not None:
        assert found.refused or found.fates[0] in (wanted.whole, 0)
        return
    assert found.refused == wanted.refused
    if not wanted.refused:
        assert (found.fates, found.problems) == (wanted.fates, wanted.problems)


@pytest.mark.parametrize("name", CASES)
def test_each_ends_soon_and_in_little_memory(results: Mapping[str, Measured], name: str):
    assert results[name].seconds < SECONDS
    assert results[name].mib < MOST_MIB
    assert results[name].left == (), "nothing is written beside the part"


def test_no_member_is_written_by_its_name(results: Mapping[str, Measured]):
    assert results["zip-absolute"].refused
    assert not Path("/tmp/escaped.csv").exists()


def test_a_name_is_shown_in_one_line():
    shown = describe("missing_column", "f", "a\nb\x1b[2J.csv", column="\u202ex\r" + "y" * 9000)
    assert shown.isprintable()
    assert len(shown) < 600
    assert one_line("Grüße vom 3.\u00a0Mai.csv") == "Grüße vom 3.\u00a0Mai.csv"
    assert one_line("\udc80") == r"\udc80"


# The whole way: one night on a site whose inbox holds all of this at once.

NAMES = {
    "newline": "a\nb,\"c\".csv",
    "escape": "\x1b]0;x\x07\x1b[2J.csv",
    "html": "<script>alert(1)<\u2215script>.csv",
    "formula": "=cmd|'x'!A0.csv",
    "direction": "\u202evsc.exe.csv",
    "bytes": os.fsdecode(b"\xff\xfe\x80.csv"),
    "long": "n" * 250 + ".csv",
}  # fmt: skip
FEED = '[[feeds]]\nid = "{id}"\nclinic = "north"\nkind = "responses"\npath = "inbox/{id}/*"\n'
FORM_GAD = FORM.replace('id = "mini"', 'id = "gad_7"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night") / "site"
    toml = SITE
    files: dict[str, dict[str, bytes]] = {
        "names": {name: sound(number) for number, name in enumerate(NAMES.values())},
        "links": {},
        "growing": {"a.csv": sound(50)},
        "sql": {"a.csv": sound(60).replace(b"g3", quoted(SQL))},
        "bomb": {"a.csv.gz": CASES["gzip-bomb"].content},
        "escape": {"a.zip": CASES["zip-parent"].content},
        "good": {"a.csv": sound(70)},
    }
    for id_, named in files.items():
        (folder / "inbox" / id_).mkdir(parents=True)
        items = [f"g{n}" for n in range(1, 8)]
        more = [SQL if id_ == "sql" and item == "g3" else item for item in items]
        toml += FEED.format(id=id_) + FORM_GAD.format(dialect="csv", more="", items=json.dumps(more))
        for name, content in named.items():
            (folder / "inbox" / id_ / name).write_bytes(content)
    hang(folder / "inbox" / "links", folder)
    (folder / "site.toml").write_text(toml, encoding="utf-8")
    return folder


def quoted(name: str) -> bytes:
    return ('"' + name.replace('"', '""') + '"').encode()


def sound(number: int) -> bytes:
    return f"PID,When,g1,g2,g3,g4,g5,g6,g7\nZephyrine-{number},2026-05-01 10:00:00,1,1,2,1,0,1,1\n".encode()


def hang(inbox: Path, folder: Path) -> None:
    """Links, pipes and folders where files should be."""
    outside = folder.parent / "outside.csv"
    outside.write_bytes(sound(90))
    (folder / "secret.key").write_text("5a" * 32)
    for name, target in {
        "outside.csv": outside, "zero.csv": Path("/dev/zero"), "circle.csv": inbox / "circle.csv",
        "key.csv": folder / "secret.key", "gone.csv": inbox / "nothing",
    }.items():  # fmt: skip
        (inbox / name).symlink_to(target)
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "folder.csv").mkdir()


@pytest.fixture(scope="module")
def night(site: Path) -> Ran:
    """A night during which one file never stops growing."""
    stop = threading.Event()

    def grow() -> None:
        with (site / "inbox/growing/a.csv").open("ab") as file:
            while not stop.wait(0.05):
                file.write(b"Zephyrine-more,2026-05-02 10:00:00,1,1,2,1,0,1,1\n")
                file.flush()

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        return accord("nightly", "--site", site, "--json", network=False, ACCORD_KEY="5a" * 32)
    finally:
        stop.set()
        growing.join()


@pytest.fixture(scope="module")
def said(night: Ran) -> dict[str, Any]:
    assert night.code == 0, night.err
    found: dict[str, Any] = json.loads(night.out)
    return found


def test_the_night_is_published(said: dict[str, Any], night: Ran):
    assert said["state"] == "published"
    assert "Traceback" not in night.out + night.err
    assert night.left == ()


def test_each_file_of_the_night(said: dict[str, Any]):
    refused = {file["feed"]: file["refused"] for file in said["files"] if file["refused"]}
    assert refused == {"bomb": "archive_too_large", "escape": "archive_path"}
    accepted = {
        feed: sum(one["accepted"] for one in said["files"] if one["feed"] == feed)
        for feed in ("names", "sql", "good")
    }
    assert accepted == {"names": len(NAMES), "sql": 1, "good": 1}
    assert not [file for file in said["files"] if file["feed"] == "links"]


def test_what_was_not_taken_is_told(said: dict[str, Any]):
    left = [one for one in said["warnings"] if "not taken" in one]
    assert sum("a link to a place outside" in one for one in left) == 3
    assert sum("still being written" in one for one in left) == 1


def test_names_are_shown_in_one_line_and_rows_add_up(site: Path, said: dict[str, Any]):
    assert all(file["file"].isprintable() for file in said["files"])
    assert (
        said["received"]
        == said["accepted"] + said["quarantined"] + sum(said["excluded"].values()) + said["superseded"]
    )
    ran = accord("quarantine", "list", "--site", site)
    assert ran.code == 0
    assert all(line.isprintable() for line in ran.out.splitlines()), "no name moves the cursor"


def test_nothing_of_a_person_or_a_file_is_in_what_is_published(site: Path, night: Ran):
    status = (site / "published/status.json").read_text(encoding="utf-8")
    pages = "".join(path.read_text(encoding="utf-8") for path in (site / "quality").rglob("*.html"))
    for told in (night.out + night.err, status, pages):
        assert "Zephyrine" not in told
    assert "alert(1)" not in status + pages
    assert "alert(1)" not in night.err


def test_nothing_is_left_of_what_was_unpacked(site: Path, night: Ran):
    assert not list(site.rglob("*escaped*"))
    assert not list((site / "parts").rglob(".new-*"))
    assert not (site / "archive/incoming").exists()
