"""Many features counted in bins at once, the deciles of each, and the index by which two such counts differ."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

BINS = 10
SMALLEST_SHARE = 1e-4
"""What an empty bin counts as, so that the index stays finite."""


def by_feature(values: Floats) -> Floats:
    """Values of shape (n_rows, n_features) with one feature a row, in one piece; NaN for whatever is no value."""
    table = np.array(values.T, dtype=np.float64, order="C")
    table[~np.isfinite(table)] = np.nan
    return table


def deciles(table: Floats, rows: NDArray[np.int64]) -> Floats:
    """The 9 edges of each feature, shape (n_features, BINS - 1); NaN for one without any value."""
    if not table.shape[1]:
        return np.full((len(table), BINS - 1), np.nan)
    # An actual value and not one between two: so a frequent value is an edge exactly. NaN are sorted to the end.
    places = np.ceil(rows[:, np.newaxis] * (np.arange(1, BINS) / BINS) - 1.0).astype(np.int64)
    return np.take_along_axis(np.sort(table, axis=1), np.maximum(places, 0), axis=1)


def counts_of(edges: Floats, values: Floats) -> NDArray[np.int64]:
    """How many values lie in each bin, shape (n_features, ..., BINS), of values of shape (n_features, ..., n_rows).

    A value on one edge belongs below it, on several between them: in the bin half way between those edges.
    """
    apart = edges.reshape(len(edges), *(1,) * (values.ndim - 1), BINS - 1)
    passed = np.zeros(values.shape, dtype=np.int8)
    for edge in range(BINS - 1):
        passed += values > apart[..., edge]
        passed += values >= apart[..., edge]
    groups = np.arange(int(np.prod(values.shape[:-1])), dtype=np.int64).reshape(*values.shape[:-1], 1)
    places = (groups * BINS + passed // 2)[~np.isnan(values)]
    return np.bincount(places, minlength=groups.size * BINS).reshape(*values.shape[:-1], BINS)


def shares_of(edges: Floats, table: Floats) -> Floats:
    """Share of the values of each feature in each bin, shape (n_features, BINS); NaN without any value."""
    counts = counts_of(edges, table)
    rows = counts.sum(axis=-1, keepdims=True)
    return np.where(rows > 0, counts / np.maximum(rows, 1), np.nan)


def stability_index(then: Floats, now: Floats) -> Floats:
    """The population stability index of shares of shape (..., BINS): one figure for each, shape (...), 0 or above."""
    then, now = np.maximum(then, SMALLEST_SHARE), np.maximum(now, SMALLEST_SHARE)
    return np.asarray(((now - then) * np.log(now / then)).sum(axis=-1))
