"""Compiled loops of features that no indicator is: the shape of returns in a window, and their memory.

A row is computed from the values of its window alone, row after row of a tile for each place in the window, so that
the processor takes several rows at a time. A longer input leaves the earlier rows bit for bit alone.
"""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating

Line = NDArray[np.float64]

TILE = 256
# Variation below this share of the mean is rounding noise of returns that do not vary.
_NOISE = 1e-9


@allocating
def skewness_nb(values: Line, mean: Line, window: int, out: Line) -> None:
    """Adjusted Fisher-Pearson skewness of the last `window` values, whose mean is given; 0 where they are equal."""
    n, w = values.size, window
    out[: min(n, w - 1)] = np.nan
    squares, cubes = np.empty(TILE), np.empty(TILE)
    factor = w * np.sqrt(w - 1.0) / (w - 2.0)
    for start in range(w - 1, n, TILE):
        found = out[start : min(start + TILE, n)]
        size = found.size
        level, second, third = mean[start : start + size], squares[:size], cubes[:size]
        second[:], third[:] = 0.0, 0.0
        for back in range(w):
            before = values[start - back : start - back + size]
            for i in range(size):
                distance = before[i] - level[i]
                square = distance * distance
                second[i] += square
                third[i] += square * distance
        for i in range(size):
            least = _NOISE * level[i]
            varies = second[i] > w * least * least
            share = factor * third[i] / (second[i] * np.sqrt(second[i]))
            found[i] = share if varies else 0.0


@allocating
def autocorrelation_nb(values: Line, mean: Line, window: int, lag: int, out: Line) -> None:
    """Correlation of the last `window` values with those `lag` rows before; 0 where either are equal."""
    n, w = values.size, window
    first = w - 1 + lag
    out[: min(n, first)] = np.nan
    products, squares, others = np.empty(TILE), np.empty(TILE), np.empty(TILE)
    for start in range(first, n, TILE):
        found = out[start : min(start + TILE, n)]
        size = found.size
        level, past = mean[start : start + size], mean[start - lag : start - lag + size]
        both, own, other = products[:size], squares[:size], others[:size]
        both[:], own[:], other[:] = 0.0, 0.0, 0.0
        for back in range(w):
            now, then = values[start - back :], values[start - back - lag :]
            for i in range(size):
                one, two = now[i] - level[i], then[i] - past[i]
                both[i] += one * two
                own[i] += one * one
                other[i] += two * two
        for i in range(size):
            least, least_past = _NOISE * level[i], _NOISE * past[i]
            varies = own[i] > w * least * least and other[i] > w * least_past * least_past
            share = both[i] / np.sqrt(own[i] * other[i])
            found[i] = share if varies else 0.0
