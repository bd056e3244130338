"""Lines in steps of a 65,533rd of the price's range: two bytes a bar decide nearly every comparison of two of them.

A line's value becomes the number of whole steps it is above the least close around; the same steps for all lines, so
that a difference of two steps is one of more than a step of the values. Values beyond the range get the step at its
end. What is within a step is undecided, and the values themselves are compared.
"""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.compiled import kernel

Floats = NDArray[np.float64]
Steps = NDArray[np.uint16]
Places = NDArray[np.int64]

SPAN = 128
"""Bars that share a scale, a multiple of 64."""
_MOST = 65_534.0
"""The last step: one more must not begin again at 0."""
_LEAST_RANGE = 1e-6
"""Of the price: a step stays far above what rounding and `EQUAL_WITHIN` can tell apart."""
_FINEST = 1e300
"""Steps per unit of price: more could be infinitely many."""


@kernel
def fill_scale_nb(close: Floats, scale: Floats) -> None:
    """Write (least close, steps per unit of price) of each `SPAN` bars and those before them.

    Parameters
    ----------
    close : ndarray, shape (n_bars,)
        Above 0.
    scale : ndarray, shape (ceil(n_bars / SPAN), 2)
    """
    for i in range(len(scale)):
        low = high = close[i * SPAN]
        for t in range(max(i - 1, 0) * SPAN, min((i + 1) * SPAN, len(close))):
            low, high = min(low, close[t]), max(high, close[t])
        scale[i, 0] = low
        scale[i, 1] = min((_MOST - 1.0) / max(high - low, _LEAST_RANGE * high), _FINEST)


def scale_of(close: Floats) -> Floats:
    """The scale of these closes."""
    scale = np.empty((-(-len(close) // SPAN), 2))
    fill_scale_nb(close, scale)
    return scale


@kernel
def store_lines_nb(
    values: Floats, scale: Floats, slots: Places, rows: Floats, steps: Steps, known: Places
) -> None:
    """Write lines and their steps, padded, and the first bar with a value of each (n_bars when there is none).

    Parameters
    ----------
    values : ndarray, shape (n_lines, n_bars)
        NaN before the first value of a line.
    scale : ndarray
        As `fill_scale_nb` wrote it.
    slots : ndarray, shape (n_lines,)
        The row of `rows` and `steps` that each line gets.
    rows, steps : ndarray, shape (n_slots, at least n_bars rounded up to a multiple of 64)
    known : ndarray, shape (n_lines,)
    """
    n = values.shape[1]
    for line in range(len(slots)):
        exact, coarse = rows[slots[line]], steps[slots[line]]
        first = 0
        while first < n and np.isnan(values[line, first]):
            first += 1
        known[line] = first
        for i in range(len(scale)):
            low, per = scale[i, 0], scale[i, 1]
            given = values[line, i * SPAN : min((i + 1) * SPAN, n)]
            kept, found = exact[i * SPAN :], coarse[i * SPAN :]
            for t in range(len(given)):
                value = given[t]
                kept[t] = value
                step = (value - low) * per + 1.0
                step = step if step > 0.0 else 0.0
                found[t] = np.uint16(np.int32(step if step < _MOST else _MOST))
        exact[n:] = np.nan
        coarse[n:] = 0
