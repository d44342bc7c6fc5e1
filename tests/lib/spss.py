"""SPSS files written by the library that others write them with."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl


def sav(columns: Mapping[str, Sequence[Any]], *, zipped: bool = False, **how: Any) -> bytes:
    """Bytes of a .sav (or .zsav) file.

    how: of pyreadstat.write_sav, such as variable_value_labels, missing_ranges and variable_format
    """
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.sav"
        frame = pl.DataFrame(columns, strict=False).with_columns(pl.col(pl.Null).cast(pl.Float64))
        pyreadstat.write_sav(frame, path, compress=zipped, **how)
        return path.read_bytes()
