"""Boards and moves as compiled code passes them on: by reference."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.core import types
from numba.experimental import structref
from numpy.typing import NDArray

from warehouse.suppression_board import Board


@structref.register
class BoardType(types.StructRef):
    """The compiled type of a board."""

    def preprocess_fields(self, fields: Any) -> Any:
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


@structref.register
class MoveType(types.StructRef):
    """The compiled type of a move."""

    def preprocess_fields(self, fields: Any) -> Any:
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class PackedBoard(structref.StructRefProxy):
    """The arrays of a board, by reference."""


class PackedMove(structref.StructRefProxy):
    """The arrays of a move, by reference."""


class Move(NamedTuple):
    """The changes of one move, as they grow: series, clinic, slot; `by` of all lines, and what is fixed of it.

    size[0]: changes, size[1]: broken cells, size[2]: broken rows; seen: cells gone through, by the number of the
    move, number[0]; head, next: changes of a series, one after another
    """

    series: NDArray[np.int64]
    clinic: NDArray[np.int64]
    slot: NDArray[np.int64]
    by: NDArray[np.int32]
    marked: NDArray[np.int8]
    size: NDArray[np.int64]
    seen: NDArray[np.int64]
    number: NDArray[np.int64]
    broken: NDArray[np.int64]
    broken_rows: NDArray[np.int64]
    head: NDArray[np.int64]
    next: NDArray[np.int64]


structref.define_proxy(PackedBoard, BoardType, list(Board._fields))
structref.define_proxy(PackedMove, MoveType, list(Move._fields))
