"""Columns of equal length, one row per thing: the shape in which the sample is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Rows = NDArray[np.int64]
"""Row numbers, from 0."""


class Columns:
    """Named arrays whose first axis is the row; a questionnaire is one array of rows by items."""

    def __init__(self, **arrays: Array) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __setitem__(self, name: str, array: Array) -> None:
        self._arrays[name] = array

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def take(self, rows: Array) -> Columns:
        """A copy of these rows, by number or by mask."""
        return Columns(**{name: array[rows] for name, array in self._arrays.items()})


def concatenate(parts: Iterable[Columns]) -> Columns:
    """The rows of all parts, one after the other; all have the same columns."""
    listed = list(parts)
    return Columns(**{name: np.concatenate([part[name] for part in listed]) for name in listed[0]})
