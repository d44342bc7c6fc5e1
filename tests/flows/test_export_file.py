"""The CSV file of an export: its texts, and what is at its place when it is written or fails to be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows.export import write_csv
from schemas.errors import ConfigError, WarehouseError


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+44 20", "'+44 20"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"),
        ("\n=x", "'\n=x"), ("＝x", "'＝x"), ("'=1+1", "''=1+1"), ("''-1", "'''-1"),
        ("'x", "'x"), ("a=1", "a=1"), ("x\n=1", "x\n=1"), (" ", " "), ("Ł, \"q\"", "Ł, \"q\""), ("", ""), (None, ""),
    ],
)  # fmt: skip
def test_texts_that_a_spreadsheet_would_run_are_marked(text: str | None, written: str, tmp_path: Path):
    frame = pl.DataFrame(
        {"client": [text], "n": [-1], "score": ["-1.0000"]}, schema_overrides={"client": pl.String}
    )
    write_csv([frame], ("client", "n", "score"), tmp_path / "x.csv")
    read = list(
        csv.reader(io.StringIO((tmp_path / "x.csv").read_bytes().decode("utf-8"), newline=""), strict=True)
    )
    assert read == [["client", "n", "score"], [written, "-1", "-1.0000"]]


def test_no_batches_leave_the_header(tmp_path: Path):
    assert write_csv([], ("a", "b"), tmp_path / "x.csv") == 0
    assert (tmp_path / "x.csv").read_bytes() == b"a,b\n"


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path):
    (tmp_path / "x.csv").write_text("old")

    def failing() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame({"a": ["new"]})
        raise WarehouseError("gone")

    with pytest.raises(WarehouseError):
        write_csv(failing(), ("a",), tmp_path / "x.csv")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.csv", "old")]


def test_places_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write_csv([], ("a",), tmp_path / "missing" / "x.csv")
    with pytest.raises(ConfigError, match="is no file"):
        write_csv([], ("a",), tmp_path)


def test_a_link_is_followed(tmp_path: Path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_csv([], ("a",), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "a\n"
