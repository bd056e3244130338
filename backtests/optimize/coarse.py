"""Lines in steps of a 65,536th of the price's range: two bytes a bar decide nearly every comparison of two of them.

A line's value becomes the number of whole steps it is above the least close around; the same steps for all lines, so
that a difference of two steps is one of more than a step of the values. Values beyond the range get the step at its
end. What is within a step is undecided, and the values themselves are compared.
"""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.compiled import kernel

Floats = NDArray[np.float64]
Steps = NDArray[np.uint16]

SPAN = 128
"""Bars that share a scale, a multiple of 64."""
_MOST = 65_534.0
"""The last step: one more must not begin again at 0."""
_LEAST_RANGE = 1e-6
"""Of the price: a step stays far above what rounding and `EQUAL_WITHIN` can tell apart."""


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
        scale[i, 1] = (_MOST - 1.0) / max(high - low, _LEAST_RANGE * high)


def scale_of(close: Floats) -> Floats:
    """The scale of these closes."""
    scale = np.empty((-(-len(close) // SPAN), 2))
    fill_scale_nb(close, scale)
    return scale


@kernel
def store_line_nb(values: Floats, scale: Floats, row: Floats, steps: Steps) -> int:
    """Write a line and its steps, padded; return its first bar with a value (their number when there is none).

    Parameters
    ----------
    values : ndarray, shape (n_bars,)
        NaN before the first value.
    scale : ndarray
        As `fill_scale_nb` wrote it.
    row, steps : ndarray, shape (n_bars rounded up to a multiple of 64,)
    """
    n = len(values)
    known = 0
    while known < n and np.isnan(values[known]):
        known += 1
    for i in range(len(scale)):
        low, per = scale[i, 0], scale[i, 1]
        first, last = i * SPAN, min((i + 1) * SPAN, n)
        given, exact, coarse = values[first:last], row[first:last], steps[first:last]
        for t in range(last - first):
            value = given[t]
            exact[t] = value
            step = (value - low) * per + 1.0
            step = step if step > 0.0 else 0.0
            coarse[t] = np.uint16(np.int32(step if step < _MOST else _MOST))
    row[n:] = np.nan
    steps[n:] = 0
    return known
