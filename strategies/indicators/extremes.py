"""Compiled loops over the extremes of moving windows: highest, lowest, and where a price lies between them.

Extremes double the window: from those of m values follow those of 2 m, for a whole tile of rows at a time, and
two windows of a power of two that overlap cover the period. Their working arrays are indexed by a window's
first value. For the rest they keep the promises of `kernels.py`.
"""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, kernel
from strategies.indicators.finite import Line, all_finite_nb
from strategies.indicators.kernels import FEW, TILE, moving_average_nb, short_average, stride


@kernel
def _tile_highest_nb(values: Line, period: int, sign: float, levels: Line, out: Line) -> None:
    """Highest (sign 1) or lowest (sign -1) value of each whole window of `values`, times the sign."""
    if period == 1:
        for i in range(out.size):
            out[i] = sign * values[i]
        return
    length, size, turn = values.size - 1, 2, 1
    found, first, second = levels[0, :length], values[:length], values[1:]
    for i in range(length):
        one, two = sign * first[i], sign * second[i]
        found[i] = one if one > two else two
    while 2 * size <= period:
        length -= size
        left, right, longer = found[:length], found[size : size + length], levels[turn, :length]
        for i in range(length):
            longer[i] = left[i] if left[i] > right[i] else right[i]
        found, size, turn = longer, 2 * size, 1 - turn
    left, right = found[: out.size], found[period - size : period - size + out.size]
    for i in range(out.size):  # two windows of `size` that overlap cover the period
        out[i] = left[i] if left[i] > right[i] else right[i]


@allocating
def highest_nb(values: Line, period: int, sign: float, out: Line) -> None:
    """Highest of the last `period` values; with sign -1 the lowest."""
    n = values.size
    out[: min(n, period - 1)] = np.nan
    tile = max(TILE, 4 * period)
    levels = np.empty((2, stride(tile + period)))
    for start in range(0, n - period + 1, tile):
        stop = min(start + tile, n - period + 1)
        found = out[start + period - 1 : stop + period - 1]
        _tile_highest_nb(values[start : stop + period - 1], period, sign, levels, found)
        for i in range(found.size):
            found[i] *= sign


@kernel
def _places_nb(
    high: Line, low: Line, close: Line, from_high: bool, work: NDArray[np.float64], out: Line
) -> None:
    """Place of the close in its window of high and low, which are longer than the others by all but one bar."""
    period = high.size - out.size + 1
    top, bottom = work[0, : out.size], work[1, : out.size]
    _tile_highest_nb(high, period, 1.0, work[2:], top)
    _tile_highest_nb(low, period, -1.0, work[2:], bottom)  # minus the lowest low
    for i in range(out.size):
        width = top[i] + bottom[i]
        place = (close[i] - top[i]) if from_high else (close[i] + bottom[i])
        share = 100.0 * (place / width)
        out[i] = share if width > 0.0 else 0.0


@allocating
def place_in_range_nb(high: Line, low: Line, close: Line, period: int, from_high: bool, out: Line) -> None:
    """Place of the close in the range of the last `period` bars, in percent; 0 where there is no range.

    From the lowest low (0 to 100, the raw stochastic), or from the highest high (-100 to 0, Williams %R).
    """
    n = close.size
    out[: min(n, period - 1)] = np.nan
    tile = max(TILE, 4 * period)
    work = np.empty((4, stride(tile + period)))
    for first in range(period - 1, n, tile):
        last = min(first + tile, n)
        begin = first - period + 1
        _places_nb(high[begin:last], low[begin:last], close[first:last], from_high, work, out[first:last])


@allocating
def stochastic_nb(
    high: Line, low: Line, close: Line, window: int, smooth: int, last: int, k: Line, d: Line
) -> bool:
    """Raw %K averaged over `smooth` bars, and that over `last`; both from row window + smooth + last - 3.

    False when a value was not finite, and the lines are not to be used.
    """
    n = close.size
    head = min(n, window + smooth + last - 3)
    if head == n or not (1 < smooth < FEW and 1 < last < FEW):
        if head < n:
            place_in_range_nb(high, low, close, window, False, d)
            moving_average_nb(d[window - 1 :], smooth, k[window - 1 :])
            moving_average_nb(k[window + smooth - 2 :], last, d[window + smooth - 2 :])
        k[:head], d[:head] = np.nan, np.nan
        return all_finite_nb(high) and all_finite_nb(low) and all_finite_nb(close)
    tile, before = max(TILE, 4 * window), smooth - 1
    work, raw = np.empty((4, stride(tile + window))), np.zeros(before + tile)
    fine = all_finite_nb(close[:window])
    for first in range(window - 1, n, tile):  # all three steps of a tile while it is in the cache
        end = min(first + tile, n)
        size, begin = end - first, first - window + 1
        fine &= (
            all_finite_nb(high[begin:end])
            and all_finite_nb(low[begin:end])
            and all_finite_nb(close[first:end])
        )
        _places_nb(
            high[begin:end], low[begin:end], close[first:end], False, work, raw[before : before + size]
        )
        short_average(raw[: before + size], smooth, k[first:end])
        row = max(first, head)
        short_average(k[row - last + 1 : max(end, row)], last, d[row : max(end, row)])
        for i in range(before):
            raw[i] = raw[size + i]
    k[:head], d[:head] = np.nan, np.nan
    return fine
