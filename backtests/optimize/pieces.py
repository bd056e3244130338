"""A long sweep in pieces: finished cells are kept every few seconds, and a sweep that begins again goes on after them.

The figures of a cell depend neither on its batch nor on the other cells, so that pieces may end anywhere. A sweep that
is shorter than a piece writes nothing. A damaged piece is computed again, and no other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints

PIECE_SECONDS = 5.0
"""Work between two checkpoints, and so what a killed process costs."""
BATCH = 16_384
_FIRST_BATCH = 256
_LEAST_BATCH = 32
_HEAD = 8
_NAME = "cells"

Floats = NDArray[np.float64]


class Pieces:
    """The figures and the validity of all cells, filled from checkpoints as far as there are some.

    Parameters
    ----------
    out : ndarray of float64, shape (n_figures, n_cells)
    valid : ndarray of bool, shape (n_cells,)
    checkpoints : Checkpoints
    """

    def __init__(self, out: Floats, valid: NDArray[np.bool_], checkpoints: Checkpoints) -> None:
        self._out, self._valid, self._checkpoints = out, valid, checkpoints
        self._resumes = checkpoints is not NOWHERE
        self.resumed = list(self._load())
        """The ranges of cells, in ascending order, that need not be computed again."""

    def batches(self) -> Iterator[tuple[int, int]]:
        """The ranges of cells that are still to be computed; each counts as done when the next is asked for.

        Where they are kept, their size follows the speed, so that several make a piece.
        """
        size = _FIRST_BATCH if self._resumes else BATCH
        since = time.monotonic()
        for first, end in self._missing():
            kept = first
            while first < end:
                began = time.monotonic()
                last = min(first + size, end)
                yield first, last
                now = time.monotonic()
                if self._resumes:
                    size = _size_for(PIECE_SECONDS / 2, last - first, now - began)
                first = last
                if first < len(self._valid) and (first == end or now - since >= PIECE_SECONDS):
                    self._keep(kept, first)
                    kept, since = first, time.monotonic()

    def _missing(self) -> Iterator[tuple[int, int]]:
        """The ranges of cells between those that are there."""
        end = 0
        for first, last in [*self.resumed, (len(self._valid), len(self._valid))]:
            if end < first:
                yield end, first
            end = last

    def _load(self) -> Iterator[tuple[int, int]]:
        """Take over what is kept and whole, range by range."""
        end = 0
        for first in self._checkpoints.numbers(_NAME):
            if end <= first and (last := self._take_over(first)):
                yield first, last
                end = last

    def _take_over(self, first: int) -> int:
        """The end of the piece that begins at a cell; 0 where it is damaged."""
        content = self._checkpoints.load(f"{_NAME}-{first}") or b""
        last = int.from_bytes(content[:_HEAD], "little")
        figures = len(self._out) * (last - first) * self._out.itemsize
        if not first < last <= len(self._valid) or len(content) != _HEAD + figures + last - first:
            return 0
        stored = np.frombuffer(content, np.float64, len(self._out) * (last - first), _HEAD)
        self._out[:, first:last] = stored.reshape(len(self._out), -1)
        self._valid[first:last] = np.frombuffer(content, np.bool_, last - first, _HEAD + figures)
        return last

    def _keep(self, first: int, last: int) -> None:
        parts = (
            last.to_bytes(_HEAD, "little"),
            self._out[:, first:last].tobytes(),
            self._valid[first:last].tobytes(),
        )
        self._checkpoints.keep(f"{_NAME}-{first}", b"".join(parts))


def _size_for(seconds: float, cells: int, took: float) -> int:
    """Cells of a batch of so many seconds, by the speed of the last one, which may have been too small to tell."""
    size = int(seconds * cells / max(took, 1e-6))
    return min(max(size, _LEAST_BATCH), 8 * cells, BATCH)
