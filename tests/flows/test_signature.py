"""The first bytes of a file tell which of a dialect's containers it is."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from flows.signature import container_of
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused

BOTH = replace(load_dialects()["csv"], containers=("text", "workbook"))


@pytest.mark.parametrize(
    ("first", "container"), [(b"a,b\n", "text"), (b"PK\x03\x04rest", "workbook"), (b"", "text")]
)
def test_text_and_workbook_are_told_apart(first, container):
    stream = io.BytesIO(first)
    assert container_of(stream, BOTH) == container
    assert stream.tell() == 0


@pytest.mark.parametrize("first", [b"PK\x03\x04", b"PAR1", b"$FL2@(#)"])
def test_a_container_that_the_dialect_has_not_is_refused(first):
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        container_of(io.BytesIO(first), load_dialects()["csv"])
