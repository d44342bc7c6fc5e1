"""Rows of a linear programme, put together column by column: low <= factors * unknowns <= high."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


class Matrix(Protocol):
    """What is used of a sparse array of scipy, which has no types of its own."""

    data: Floats
    indices: Index
    indptr: Index
    shape: tuple[int, ...]

    def __getitem__(self, which: Any) -> Matrix: ...  # noqa: ANN401 - all that arrays can be indexed by
    def __neg__(self) -> Matrix: ...
    def __matmul__(self, other: Floats) -> Floats: ...
    def tocsc(self) -> Matrix: ...
    def tocsr(self) -> Matrix: ...


class Lines:
    """Rows with their bounds, to which factors are added in any order; factors of one place add up."""

    def __init__(self) -> None:
        self.size = 0
        self._low: list[Floats] = []
        self._high: list[Floats] = []
        self._places: list[tuple[Index, Index, Floats]] = []

    def more(self, low: ArrayLike, high: ArrayLike, number: int) -> Index:
        """So many rows with these bounds, one for each or one for all; their numbers."""
        self._low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), number))
        self._high.append(np.broadcast_to(np.asarray(high, dtype=np.float64), number))
        self.size += number
        return np.arange(self.size - number, self.size)

    def put(self, rows: Index, columns: Index, factor: Floats | float = 1.0) -> None:
        """A factor into each of these rows; a column of -1 is none."""
        there = columns >= 0
        factors = np.broadcast_to(np.asarray(factor, dtype=np.float64), len(rows))
        self._places.append((rows[there], columns[there], factors[there]))

    @property
    def low(self) -> Floats:
        """By row; -inf where it has none."""
        return np.concatenate([*self._low, np.zeros(0)])

    @property
    def high(self) -> Floats:
        """By row; inf where it has none."""
        return np.concatenate([*self._high, np.zeros(0)])

    def matrix(self, columns: int) -> Matrix:
        """scipy CSR array of rows by unknowns."""
        from scipy.sparse import coo_array

        rows, places, factors = (
            np.concatenate([one[n] for one in self._places]) if self._places else np.zeros(0)
            for n in range(3)
        )
        shape = (self.size, columns)
        found: Any = coo_array(
            (factors, (rows.astype(np.int64), places.astype(np.int64))), shape=shape
        ).tocsr()
        found.sum_duplicates()
        found.eliminate_zeros()
        whole: Matrix = found
        return whole
