"""An unforeseen error is told by kind and place; what its message holds stays where it is."""

from __future__ import annotations

import errno

import polars as pl
import pytest

from flows.faults import fault, told
from flows.score import score
from schemas.errors import AccordError, ConfigError
from schemas.registry import load

CANARY = "CANARY-4711"


def test_an_error_for_people_passes_as_it_is():
    error = ConfigError("site.toml: [site], name: is missing")
    with pytest.raises(ConfigError) as caught, told("load"):
        raise error
    assert caught.value is error


def test_another_error_is_told_by_its_kind():
    with pytest.raises(AccordError) as caught, told("load"):
        int(CANARY)
    assert str(caught.value).startswith("load stopped with ValueError in tests/flows/test_faults.py, line ")
    assert CANARY not in str(caught.value)
    assert caught.value.exit_code == 1
    assert caught.value.__suppress_context__


def test_the_innermost_line_of_ours_is_named():
    with pytest.raises(AccordError) as caught, told("process north-1a2b3c4d"):
        score(pl.DataFrame({CANARY: [1]}), load()["gad_7"], confirmed=False)
    assert str(caught.value).startswith(
        "process north-1a2b3c4d stopped with ColumnNotFoundError in flows/score.py, line "
    )
    assert CANARY not in str(caught.value)


def test_the_system_says_why_but_not_of_which_file():
    error = OSError(errno.ENOSPC, "No space left on device", f"/site/inbox/{CANARY}.csv")
    assert str(fault("load", error)) == "load stopped with OSError (No space left on device)"


def test_an_end_from_outside_is_no_fault():
    with pytest.raises(KeyboardInterrupt), told("load"):
        raise KeyboardInterrupt
