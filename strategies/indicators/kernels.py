"""Compiled loops for the indicators where TA-Lib's arithmetic or convention is not the one we promise.

Kernels trust their input (finite float64, 1 <= period) and never raise. Each row is computed from that row
and earlier ones by the same operations whatever follows, so a longer input leaves the earlier rows bit for
bit alone.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Line = NDArray[np.float64]


@njit(cache=True, nogil=True)
def moving_average_nb(values: Line, period: int) -> Line:
    """Mean of the last `period` values.

    The usual running sum (add the new, subtract the old) keeps the rounding error of every value it ever
    held: after a fall from 80 to 0.0001 that error is larger than a tick and decides crossings. Here a
    window is the sum of the end of one block of `period` values and the start of the next, so only values
    inside it take part.
    """
    n = values.size
    out = np.full(n, np.nan)
    if period > n:
        return out
    tail = np.zeros(period + 1)  # tail[i]: sum of the previous block from its i-th value on
    for start in range(0, n, period):
        if start > 0:
            for i in range(period - 1, -1, -1):
                tail[i] = tail[i + 1] + values[start - period + i]
        head = 0.0
        for t in range(start, min(start + period, n)):
            head += values[t]
            if t >= period - 1:
                out[t] = (tail[t - start + 1] + head) / period
    return out


@njit(cache=True, nogil=True)
def mean_and_deviation_nb(values: Line, period: int) -> tuple[Line, Line]:
    """Mean and population standard deviation (ddof 0) of the last `period` values.

    Squares minus the squared mean loses all digits when the price is high and calm, so each half window
    keeps its mean and its sum of squared distances (Welford), and the halves are joined (Chan, Golub and
    LeVeque). A flat window has a deviation of exactly 0.
    """
    n = values.size
    mean = np.full(n, np.nan)
    deviation = np.full(n, np.nan)
    if period > n:
        return mean, deviation
    tail_mean = np.zeros(period + 1)
    tail_squares = np.zeros(period + 1)
    for start in range(0, n, period):
        if start > 0:
            for i in range(period - 1, -1, -1):
                value = values[start - period + i]
                distance = value - tail_mean[i + 1]
                tail_mean[i] = tail_mean[i + 1] + distance / (period - i)
                tail_squares[i] = tail_squares[i + 1] + distance * (value - tail_mean[i])
        head_mean = 0.0
        head_squares = 0.0
        for t in range(start, min(start + period, n)):
            in_head = t - start + 1
            distance = values[t] - head_mean
            head_mean += distance / in_head
            head_squares += distance * (values[t] - head_mean)
            if t >= period - 1:
                in_tail = period - in_head
                gap = tail_mean[in_head] - head_mean
                mean[t] = head_mean + gap * in_tail / period
                between = gap * gap * in_head * in_tail / period
                deviation[t] = np.sqrt((head_squares + tail_squares[in_head] + between) / period)
    return mean, deviation


# Averages of changes fade during a long quiet; below this they have no digits left and count as 0.
_NOTHING = 1e-290


@njit(cache=True, nogil=True)
def rsi_nb(values: Line, period: int) -> Line:
    """Wilder's relative strength index; 50 when neither a rise nor a fall is left in the averages."""
    n = values.size
    out = np.full(n, np.nan)
    if n <= period:
        return out
    rise = 0.0
    fall = 0.0
    for t in range(1, n):
        change = values[t] - values[t - 1]
        up = change if change > 0.0 else 0.0
        down = -change if change < 0.0 else 0.0
        if t <= period:
            rise += up
            fall += down
            if t < period:
                continue
            rise /= period
            fall /= period
        else:
            rise = (rise * (period - 1) + up) / period
            fall = (fall * (period - 1) + down) / period
        total = rise + fall
        out[t] = 100.0 * (rise / total) if total > _NOTHING else 50.0
    return out
