"""Numbering what is distinct among the rows of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_LEAST_SPAN = 4096
"""Whole numbers within so many are numbered without sorting, however few they are."""


def kinds_of(column: NDArray[Any]) -> tuple[NDArray[Any], Numbers]:
    """Return the distinct values of a column in order, and the place of each row's value among them.

    Parameters
    ----------
    column : ndarray, shape (n_rows,)
        Of any kind; NaN counts as one value.
    """
    if column.dtype == np.int64 and column.size:
        least = column.min()
        span = int(column.max()) - int(least) + 1
        if span <= max(column.size, _LEAST_SPAN):
            present = np.zeros(span, dtype=np.bool_)
            offsets = column - least
            present[offsets] = True
            return np.flatnonzero(present) + least, (np.cumsum(present) - 1)[offsets]
    kinds, place = np.unique(column, return_inverse=True)
    return kinds, place.astype(np.int64, copy=False)


def numbered(columns: Mapping[str, NDArray[Any]], rows: int) -> tuple[Numbers, Numbers]:
    """Number the distinct combinations of the columns: (number of each row, the first row of each number)."""
    key = np.zeros(rows, dtype=np.int64)
    count = min(rows, 1)
    for column in columns.values():
        kinds, place = kinds_of(column)
        # Renumbered after each column, so that no product can overflow.
        present, key = kinds_of(key * len(kinds) + place)
        count = len(present)
    first = np.empty(count, dtype=np.int64)
    first[key[::-1]] = np.arange(rows - 1, -1, -1)  # the last one written, the first row, stays
    return key, first
