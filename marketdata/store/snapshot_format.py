"""What a snapshot file holds: one array of shape (6, n_bars) and type int64, behind numpy's header.

Its rows are the times in nanoseconds, then the bit patterns of open, high, low, close and volume. The sha256 of these
bytes, without the header, is the fingerprint that names the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars
from marketdata.columns import BLOCK, NAMES, Columns

CANONICAL = np.dtype("<i8")
PIECE_BYTES = 1024 * 1024
_ROWS = len(NAMES)


class SnapshotColumns:
    """The columns of a snapshot file, read piece by piece and never mapped: memory holds only what was asked for."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        self._count = read_header(self._stream)
        self._offset = self._stream.tell()

    def __len__(self) -> int:
        return self._count

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return rows of a column in memory of their own."""
        first, after, _step = slice(first, after).indices(self._count)
        column = np.empty(max(0, after - first), dtype=CANONICAL)
        self._stream.seek(self._offset + CANONICAL.itemsize * (NAMES.index(name) * self._count + first))
        self._stream.readinto(column.data)
        return column if name == "time" else column.view(np.float64)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def unpack(packed: NDArray[np.int64]) -> Bars:
    """Return the bars of an array of shape (6, n_bars) without copying it."""
    values = {name: packed[row].view(np.float64) for row, name in enumerate(COLUMNS, start=1)}
    return Bars.trusted(time=packed[0].view("datetime64[ns]"), **values)


def write_columns(stream: IO[bytes], columns: Columns, progress: Callable[[float], None]) -> str:
    """Write a snapshot file, column after column in blocks; return its fingerprint."""
    digest = hashlib.sha256()
    total, done = max(1, _ROWS * len(columns) * CANONICAL.itemsize), 0
    shape = (_ROWS, len(columns))
    np.lib.format.write_array_header_1_0(
        stream, {"descr": CANONICAL.str, "fortran_order": False, "shape": shape}
    )
    for piece in _pieces(columns):
        digest.update(piece)
        stream.write(piece)
        done += piece.nbytes
        progress(done / total)
    return digest.hexdigest()


def fingerprint_of(columns: Columns) -> str:
    """Return the fingerprint that a snapshot file of these columns has."""
    digest = hashlib.sha256()
    for piece in _pieces(columns):
        digest.update(piece)
    return digest.hexdigest()


def fingerprint_of_stream(stream: IO[bytes]) -> str:
    """Return the sha256 of the array in an open snapshot file; ValueError when it is none."""
    count = read_header(stream)
    digest, length = hashlib.sha256(), 0
    while piece := stream.read(PIECE_BYTES):
        digest.update(piece)
        length += len(piece)
    if length != _ROWS * count * CANONICAL.itemsize:
        raise ValueError("the file is cut off")
    return digest.hexdigest()


def read_header(stream: IO[bytes]) -> int:
    """Read past the header of a snapshot file and return how many bars it holds."""
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("the file holds something else")
    shape, fortran_order, kind = np.lib.format.read_array_header_1_0(stream)
    if kind != CANONICAL or fortran_order or len(shape) != 2 or shape[0] != _ROWS:
        raise ValueError("the file holds something else")
    return int(shape[1])


def _pieces(columns: Columns) -> Iterator[memoryview]:
    """Yield the canonical bytes, column after column."""
    for name in NAMES:
        for first in range(0, len(columns), BLOCK):
            values = columns.read(name, first, first + BLOCK)
            # Adding zero turns -0.0 into 0.0: equal numbers must have equal bytes.
            values = values if name == "time" else (values + 0.0).view(np.int64)
            yield np.ascontiguousarray(values, dtype=CANONICAL).data
