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


def deciles(ordered: Floats, rows: NDArray[np.int64]) -> Floats:
    """The 9 edges of each feature, shape (n_features, BINS - 1); NaN for one without any value.

    Parameters
    ----------
    ordered : ndarray of float64, shape (n_features, n_rows)
        The values of each feature in ascending order, NaN at the end.
    rows : ndarray of int64, shape (n_features,)
        How many of them are values.
    """
    if not ordered.shape[1]:
        return np.full((len(ordered), BINS - 1), np.nan)
    # An actual value and not one between two: so a frequent value is an edge exactly.
    places = np.ceil(rows[:, np.newaxis] * (np.arange(1, BINS) / BINS) - 1.0).astype(np.int64)
    return np.take_along_axis(ordered, np.maximum(places, 0), axis=1)


def counts_of(edges: Floats, values: Floats) -> NDArray[np.int64]:
    """How many values lie in each bin, shape (n_features, ..., BINS), of values of shape (n_features, ..., n_rows).

    A value on one edge belongs below it, on several between them: in the bin half way between those edges.
    """
    apart = edges.reshape(len(edges), *(1,) * (values.ndim - 1), BINS - 1)
    passed = np.zeros(values.shape, dtype=np.int8)
    for edge in range(BINS - 1):
        # Flags are bytes of 0 and 1; adding them as such is quicker than having them converted.
        passed += (values > apart[..., edge]).view(np.int8)
        passed += (values >= apart[..., edge]).view(np.int8)
    groups = np.arange(int(np.prod(values.shape[:-1])), dtype=np.int64).reshape(*values.shape[:-1], 1)
    places = (groups * BINS + (passed >> 1))[~np.isnan(values)]
    return np.bincount(places, minlength=groups.size * BINS).reshape(*values.shape[:-1], BINS)


def counts_in_order(edges: Floats, ordered: Floats, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """`counts_of` of values that are in order already: where each bin begins is looked up.

    `ordered` of shape (n_features, n_rows) and `rows` as for `deciles`, `edges` as it returned them; the counts have
    the shape (n_features, BINS).
    """
    begins = np.empty((len(edges), 2 * (BINS - 1)), dtype=np.int64)
    for feature, values in enumerate(ordered):
        begins[feature, ::2] = values.searchsorted(edges[feature], "left")
        begins[feature, 1::2] = values.searchsorted(edges[feature], "right")
    begins.sort(axis=1)  # a value has passed the marks that begin at or before it; two of them make a bin
    return np.diff(np.minimum(begins[:, 1::2], rows[:, np.newaxis]), prepend=0, append=rows[:, np.newaxis])


def shares_of(counts: NDArray[np.int64]) -> Floats:
    """Share of the values of each feature in each bin, shape (n_features, BINS); NaN without any value."""
    rows = counts.sum(axis=-1, keepdims=True)
    return np.where(rows > 0, counts / np.maximum(rows, 1), np.nan)


def stability_index(then: Floats, now: Floats) -> Floats:
    """The population stability index of shares of shape (..., BINS): one figure for each, shape (...), 0 or above."""
    then, now = np.maximum(then, SMALLEST_SHARE), np.maximum(now, SMALLEST_SHARE)
    return np.asarray(((now - then) * np.log(now / then)).sum(axis=-1))
