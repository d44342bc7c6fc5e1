"""The ledger: append-only, chained; a crash is repaired, a change is not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from schemas.errors import ArchiveError
from warehouse import ledger

NIGHT = datetime(2026, 10, 31, 2, 0, tzinfo=UTC)


def delivery(number):
    return ("delivery", {"entry": f"{number:016x}", "feed": "a"})


@pytest.fixture
def site(tmp_path):
    ledger.append(tmp_path, [delivery(1), delivery(2)], NIGHT)
    ledger.append(tmp_path, [("key", {"id": "0a1b2c3d"})], NIGHT + timedelta(days=1))
    return tmp_path


def test_lines_are_read_back_in_order_and_chained(site):
    lines = ledger.read(site)
    assert [(line.seq, line.kind) for line in lines] == [(1, "delivery"), (2, "delivery"), (3, "key")]
    assert [line.prev for line in lines] == [ledger.BEGINNING, lines[0].digest, lines[1].digest]
    assert lines[0].at == NIGHT
    assert lines[2].payload == {"id": "0a1b2c3d"}
    assert ledger.head(lines) == lines[2].digest
    assert (site / "ledger").stat().st_mode & 0o777 == 0o600


def test_append_returns_what_was_appended(site):
    (line,) = ledger.append(site, [delivery(3)], NIGHT)
    assert line == ledger.read(site)[-1]


def test_no_ledger_is_an_empty_one(tmp_path):
    assert ledger.read(tmp_path) == ()
    assert ledger.as_of((), "UTC") is None
    assert ledger.head(()) == ledger.BEGINNING


def test_times_are_kept_in_utc(tmp_path):
    local = datetime(2026, 10, 31, 4, 0, tzinfo=timezone(timedelta(hours=2)))
    ledger.append(tmp_path, [delivery(1)], local)
    assert '"at":"2026-10-31T02:00:00.000000+00:00"' in (tmp_path / "ledger").read_text()


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", date(2026, 11, 1)),
        ("Pacific/Auckland", date(2026, 11, 1)),
        ("America/New_York", date(2026, 10, 31)),
    ],
)
def test_as_of_is_the_local_date_of_the_newest_line(site, zone, expected):
    assert ledger.as_of(ledger.read(site), zone) == expected


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"seq":', '"seq":1'),
        lambda line: line.replace("2026-1", "2025-1"),
        lambda line: line.replace('"payload":{', '"payload":{"more":1,'),
        lambda line: line.replace(",", ", ", 1),
        lambda line: line.replace('"kind":"', '"kind":"x'),
        lambda _: "",
        lambda _: "not json\n",
        lambda _: "[]\n",
        lambda line: line + line,
    ],
)
def test_a_changed_line_is_named(site, number, change):
    path = site / "ledger"
    lines = path.read_text().splitlines(keepends=True)
    before, line, after = lines[: number - 1], lines[number - 1], lines[number:]
    path.write_text("".join([*before, change(line), *after]))
    if not change(line) and number == 3:
        assert len(ledger.read(site)) == 2
        return
    with pytest.raises(ArchiveError, match=rf"ledger, line ({number}|{number + 1}):"):
        ledger.read(site)
    damaged = path.read_bytes()
    with pytest.raises(ArchiveError):
        ledger.append(site, [delivery(4)], NIGHT)
    assert path.read_bytes() == damaged


def test_a_line_resealed_by_hand_breaks_the_chain(site):
    path = site / "ledger"
    lines = ledger.read(site)
    forged = ledger._sealed(ledger.Line(1, "delivery", NIGHT, {"entry": "f" * 16}, ledger.BEGINNING, ""))
    rest = path.read_bytes().splitlines(keepends=True)[1:]
    path.write_bytes(ledger._encode(forged) + b"".join(rest))
    assert forged.digest != lines[0].digest
    with pytest.raises(ArchiveError, match="line 2"):
        ledger.read(site)


def test_every_way_of_tearing_the_last_line_is_repaired_with_a_note(site):
    path = site / "ledger"
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last + 1, len(whole)):
        path.write_bytes(whole[:end])
        assert len(ledger.read(site)) == 2
        ledger.append(site, [delivery(3)], NIGHT)
        lines = ledger.read(site)
        assert [line.kind for line in lines] == ["delivery", "delivery", "repair", "delivery"]
        assert lines[2].payload["cut_bytes"] == end - last


def test_a_repair_does_not_move_as_of(tmp_path):
    ledger.append(tmp_path, [delivery(1)], NIGHT)
    with (tmp_path / "ledger").open("ab") as out:
        out.write(b'{"at":')
    ledger.append(tmp_path, [], NIGHT + timedelta(days=9))
    lines = ledger.read(tmp_path)
    assert lines[-1].kind == ledger.REPAIR
    assert ledger.as_of(lines, "UTC") == NIGHT.date()


def test_only_known_kinds_are_appended(tmp_path):
    for kind in ("rumour", ledger.REPAIR):
        with pytest.raises(ValueError, match=kind):
            ledger.append(tmp_path, [(kind, {})], NIGHT)
    assert not (tmp_path / "ledger").exists()


def test_a_line_is_json_of_its_own(site):
    for raw in (site / "ledger").read_text().splitlines():
        assert set(json.loads(raw)) == {"at", "digest", "kind", "payload", "prev", "seq"}
