"""Files for the owner alone, old or new and nothing between."""

from __future__ import annotations

import os

import pytest

from warehouse.files import private_dir, write_private


@pytest.fixture(autouse=True)
def loose_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_folders_and_files_are_for_the_owner_whatever_the_umask(tmp_path):
    folder = private_dir(tmp_path / "a" / "b")
    path = write_private(folder / "c", b"1")
    assert [part.stat().st_mode & 0o777 for part in (folder.parent, folder, path)] == [0o700, 0o700, 0o600]
    assert private_dir(folder) == folder


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = write_private(tmp_path / "c", b"old")
    with path.open("rb") as reader:
        write_private(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
