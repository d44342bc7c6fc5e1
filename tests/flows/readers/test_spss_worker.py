"""The process that reads SPSS files: what it says of a file, and how it fails."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import polars as pl
import pytest

from flows.readers import spss_worker
from flows.readers.spss_worker import Failed, SpssFile, serve
from tests.lib.spss import sav

RAW = sav(
    {"id": ["P1", "P2", "P3"], "q": [1.0, 2.0, 99.0]},
    variable_value_labels={"q": {1: "já", 2: "nein"}},
    missing_ranges={"q": [99]},
)


def asked(raw, *requests):
    out = io.BytesIO()
    serve(
        io.BytesIO(raw), None, io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in requests)), out
    )
    out.seek(0)
    return out


def test_it_says_what_is_in_a_file():
    assert json.loads(asked(RAW).readline()) == {
        "names": ["id", "q"],
        "missing": ["q"],
        "labels": {"q": {"já": "1", "nein": "2"}},
    }


def test_it_answers_with_the_rows_and_columns_that_are_asked_for():
    out = asked(RAW, {"columns": [["q", ["99"], False], ["id", [], False]], "first": 1, "most": 5})
    out.readline()
    said = json.loads(out.readline())
    frame = pl.read_ipc_stream(io.BytesIO(out.read(said["bytes"])))
    assert (said["rows"], frame.rows()) == (2, [("2", "P2"), ("99", "P3")])


@pytest.mark.parametrize(("raw", "encoding", "error"), [
    (b"", None, "broken_spss"), (b"$FL2", None, "broken_spss"), (RAW[:300], None, "broken_spss"), (RAW, "klingon", "undecodable_header"),
])  # fmt: skip
def test_failures(raw, encoding, error):
    with pytest.raises(Failed) as failed:
        SpssFile(io.BytesIO(raw), encoding).rows([("id", (), False)], 0, 5)
    assert failed.value.error == error


def test_the_process_ends_with_its_standard_input_and_says_nothing_else(tmp_path):
    (tmp_path / "export.sav").write_bytes(RAW)
    with (tmp_path / "export.sav").open("rb") as stream:
        ran = subprocess.run(
            [sys.executable, "-m", spss_worker.__name__, str(stream.fileno()), ""],
            input=b"", capture_output=True, check=True, pass_fds=[stream.fileno()],
        )  # fmt: skip
    assert (ran.stdout.count(b"\n"), ran.stderr) == (1, b"")
