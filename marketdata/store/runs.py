"""Ranges of rows: which rows of stored or new columns are meant, without copying any. Free of Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import BLOCK, NAMES, Columns

Runs = NDArray[np.int64]
"""Ranges of rows, shape (n, 2): first and after, in order and apart."""

Parts = NDArray[np.int64]
"""Ranges of rows of several columns, shape (n, 3): which columns, first and after."""

Rows = dict[str, NDArray[Any]]
"""Some rows themselves: the six columns by their names."""


def runs_of(rows: NDArray[np.intp], offset: int = 0) -> Runs:
    """Return growing row numbers as runs."""
    if not rows.size:
        return np.empty((0, 2), dtype=np.int64)
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts = rows[np.concatenate(([0], breaks + 1))]
    lasts = rows[np.concatenate((breaks, [rows.size - 1]))]
    return np.column_stack((firsts + offset, lasts + 1 + offset)).astype(np.int64)


def rows_in(runs: Runs) -> int:
    """Return how many rows the runs hold."""
    return int((runs[:, 1] - runs[:, 0]).sum())


def clipped(runs: Runs, first: int, after: int) -> Runs:
    """Return what of the runs lies between two rows."""
    inside = np.clip(runs, first, max(first, after))
    return inside[inside[:, 1] > inside[:, 0]]


def joined_runs(runs: Sequence[Runs]) -> Runs:
    """Return runs that follow each other as one array, with neighbours made one."""
    marked = [np.column_stack((np.zeros(len(part), dtype=np.int64), part)) for part in runs]
    return np.ascontiguousarray(joined_parts(marked)[:, 1:])


def joined_parts(parts: Sequence[Parts]) -> Parts:
    """Return parts as one array, without empty ones, and with neighbours of the same columns made one."""
    whole = np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
    whole = whole[whole[:, 2] > whole[:, 1]]
    if len(whole) < 2:
        return whole
    apart = (whole[1:, 0] != whole[:-1, 0]) | (whole[1:, 1] != whole[:-1, 2])
    begins = np.concatenate(([0], np.flatnonzero(apart) + 1))
    ends = np.concatenate((begins[1:], [len(whole)])) - 1
    return np.column_stack((whole[begins, 0], whole[begins, 1], whole[ends, 2]))


def chosen_rows(columns: Columns, runs: Runs, size: int = BLOCK) -> Iterator[Rows]:
    """Yield the rows of `runs`, the six columns of at most `size` rows at a time."""
    for block in range(0, len(columns), size):
        low, high = (
            np.searchsorted(runs[:, 1], block, side="right"),
            np.searchsorted(runs[:, 0], block + size),
        )
        inside = np.clip(runs[low:high], block, block + size)
        if not len(inside):
            continue
        begin, end = int(inside[0, 0]), int(inside[-1, 1])
        values = {name: columns.read(name, begin, end) for name in NAMES}
        if len(inside) > 1:
            lengths = inside[:, 1] - inside[:, 0]
            starts = np.cumsum(lengths) - lengths
            rows = np.arange(int(lengths.sum())) + np.repeat(inside[:, 0] - starts, lengths) - begin
            values = {name: column[rows] for name, column in values.items()}
        yield values
