"""Parts: whole or not at all, private, known by what they are a function of."""

from __future__ import annotations

import pytest

from schemas.errors import ConservationError, WarehouseError
from warehouse.parts import Counts, PartStore, parquet_files, read_counts

MEMO = "ab" + "0" * 62


def write(folder):
    folder.mkdir()
    (folder / "mini-0000.parquet").write_bytes(b"rows")
    Counts(received=3, accepted=1, quarantined=1, excluded={"empty": 1}).write(folder)


def test_a_part_is_made_once(tmp_path):
    store, made = PartStore(tmp_path / "parts"), []

    def once(folder):
        made.append(folder)
        write(folder)

    first = store.make(MEMO, once)
    assert (first, len(made)) == (store.make(MEMO, once), 1)
    assert first == tmp_path / "parts" / "ab" / MEMO
    assert store.has(MEMO)
    assert not store.has("cd" + MEMO[2:])
    assert read_counts(first).excluded == {"empty": 1}


def test_parts_are_private(tmp_path):
    folder = PartStore(tmp_path / "parts").make(MEMO, write)
    folders = [tmp_path / "parts", folder.parent, folder]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_part_that_fails_leaves_nothing(tmp_path):
    store = PartStore(tmp_path / "parts")

    def fails(folder):
        write(folder)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.make(MEMO, fails)
    assert not store.has(MEMO)
    assert [path for path in (tmp_path / "parts").rglob("*") if path.is_file()] == []
    store.make(MEMO, write)
    assert store.has(MEMO)


def test_a_part_that_another_run_made_meanwhile_is_kept(tmp_path):
    store = PartStore(tmp_path / "parts")

    def raced(folder):
        PartStore(tmp_path / "parts").make(MEMO, write)
        write(folder)

    assert read_counts(store.make(MEMO, raced)).received == 3


def test_half_a_part_is_made_anew(tmp_path):
    store = PartStore(tmp_path / "parts")
    store.folder(MEMO).mkdir(parents=True)
    (store.folder(MEMO) / "mini-0000.parquet").write_bytes(b"half")
    assert (store.make(MEMO, write) / "mini-0000.parquet").read_bytes() == b"rows"


def test_a_temporary_store_is_gone_afterwards(tmp_path):
    with PartStore.temporary(tmp_path) as store:
        store.make(MEMO, write)
        assert store.has(MEMO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"received": 1, "extra": 2}', "\xff"])
def test_counts_that_cannot_be_read_name_the_part(tmp_path, text):
    (tmp_path / "counts.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(WarehouseError, match="is damaged"):
        read_counts(tmp_path)


def test_counts_add_up_or_the_program_is_wrong():
    counts = Counts()
    counts.add(Counts(received=3, accepted=1, quarantined=1, excluded={"empty": 1}))
    counts.add(Counts(received=2, accepted=0, excluded={"empty": 1, "test": 1}))
    assert (counts.received, counts.excluded) == (5, {"empty": 2, "test": 1})
    counts.check()
    counts.received += 1
    with pytest.raises(ConservationError):
        counts.check()


def test_files_of_one_kind_in_batch_order(tmp_path):
    for name in ("mini-0001", "mini-0000", "minim-0000", "mini", "records-0000"):
        (tmp_path / f"{name}.parquet").touch()
    assert [file.stem for file in parquet_files(tmp_path, "mini")] == ["mini-0000", "mini-0001"]
