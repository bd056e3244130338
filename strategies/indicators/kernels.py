"""Compiled loops over moving windows: average, deviation, mean distance. Their extremes are in `extremes.py`.

Each row is computed from the values of its window alone. The usual running sum (add the new, subtract the
old) keeps the rounding error of every value it ever held: after a fall from 80 to 0.0001 that error is larger
than a tick and decides crossings.

Kernels fill lines that the caller made, trust their input (finite float64, 1 <= period) and never raise. A
longer input leaves the earlier rows bit for bit alone.
"""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, inlined, kernel
from strategies.indicators.finite import Line, all_finite_nb
from strategies.indicators.lanes import LANES, Eight, chosen, load, root, spread, store, total

TILE = 512
FEW = 8
"""Windows of fewer values are added one value after the other for a whole tile of rows."""
# A deviation below this share of the mean may be rounding noise of a window that did not move.
_SUSPECT = 1e-12


@kernel
def stride(length: int) -> int:
    """Length for the rows of a working array that keeps equal places apart by more than whole pages.

    A processor compares addresses within a page first: a store and a load a page apart wait for each other.
    """
    return (length + 511) // 512 * 512 + 72


@kernel
def short_average(values: Line, period: int, out: Line) -> None:
    """Mean of each window of a few values, added one after the other for a tile of rows; one row for each window."""
    share = 1.0 / period
    for start in range(0, out.size, TILE):
        found = out[start : start + TILE]
        one, two = values[start:], values[start + 1 :]
        for i in range(found.size):
            found[i] = one[i] + two[i]
        for place in range(start + 2, start + period):
            more = values[place:]
            for i in range(found.size):
                found[i] += more[i]
        for i in range(found.size):
            found[i] *= share


@allocating
def moving_average_nb(values: Line, period: int, out: Line) -> bool:
    """Mean of the last `period` values.

    A window is the sum of the end of one block of `period` values and the start of the next, so only values
    inside it take part. Four blocks are summed side by side, since one sum waits for its own last addition.
    The sums see every value, so a NaN or an infinity among them shows there: False then (or when a sum is beyond
    the largest float), and `out` is not to be used by who cannot have them.
    """
    n, p = values.size, period
    out[: min(n, p - 1)] = np.nan
    if n < p:
        return all_finite_nb(values)
    if p == 1:
        for i in range(n):
            out[i] = values[i]
        return all_finite_nb(values)
    if p < FEW:
        short_average(values, p, out[p - 1 :])
        return all_finite_nb(values)
    doubt = 0.0  # 0 times anything finite
    share = 1.0 / p
    one, two, three, four = np.empty(p), np.empty(p), np.empty(p), np.zeros(p)
    whole = n - n % (4 * p)
    for start in range(0, whole, 4 * p):
        v1, v2 = values[start : start + p], values[start + p : start + 2 * p]
        v3, v4 = values[start + 2 * p : start + 3 * p], values[start + 3 * p : start + 4 * p]
        o1, o2 = out[start : start + p], out[start + p : start + 2 * p]
        o3, o4 = out[start + 2 * p : start + 3 * p], out[start + 3 * p : start + 4 * p]
        a = b = c = d = 0.0
        for i in range(p):
            a += v1[i]
            o1[i] = (a + four[i]) * share
        a = 0.0
        for back in range(p):
            j = np.uint64(p - 1 - back)  # unsigned: no check for a negative index in the inner loop
            one[j], two[j], three[j], four[j] = a, b, c, d
            a += v1[j]
            b += v2[j]
            c += v3[j]
            d += v4[j]
        doubt += (a + b + c + d) * 0.0
        b = c = d = 0.0
        for i in range(p):
            b += v2[i]
            c += v3[i]
            d += v4[i]
            o2[i] = (b + one[i]) * share
            o3[i] = (c + two[i]) * share
            o4[i] = (d + three[i]) * share
    for start in range(whole, n, p):
        block, found = values[start : start + p], out[start : start + p]
        a = d = 0.0
        for i in range(block.size):
            a += block[i]
            found[i] = (a + four[i]) * share
        doubt += a * 0.0
        if block.size == p:
            for back in range(p):
                j = np.uint64(p - 1 - back)
                four[j] = d
                d += block[j]
    out[: p - 1] = np.nan
    return bool(doubt == 0.0)


@kernel
def _block_nb(values: Line, start: int, period: int, work: NDArray[np.float64]) -> None:
    """What `_sums_nb` says, for one block, which may be the first one or shorter than the others."""
    anchor, total, square = values[start], 0.0, 0.0
    sums, squares, anchors = work[0, :period], work[1, :period], work[2, :period]
    sums[:], squares[:], anchors[:] = 0.0, 0.0, anchor
    before, block = values[max(start - period, 0) : start], values[start : start + period]
    for back in range(before.size):
        j = np.uint64(period - 1 - back)  # unsigned: no check for a negative index in the inner loop
        sums[j], squares[j] = total, square
        gap = before[j] - anchor
        total, square = total + gap, square + gap * gap
    total = square = 0.0
    for i in range(block.size):
        gap = block[i] - anchor
        total, square = total + gap, square + gap * gap
        sums[i] += total
        squares[i] += square


@kernel
def _sums_nb(values: Line, start: int, period: int, work: NDArray[np.float64]) -> int:
    """Sums of the distances from an anchor, and of their squares, of the windows that end in the blocks from `start`.

    A window is the end of one block of `period` values and the start of the next, as in `moving_average_nb`. The anchor
    is the value that opens the next: it lies in the window, so that the squares are at most (period + 1) times those
    around the mean, and little is lost when the mean's share is subtracted; of a window that did not move nothing is
    left at all.

    Returns how many rows of (sums, squares, anchors) were written: those of four blocks side by side, since one sum
    waits for its own last addition, or of one block.
    """
    p = period
    if start == 0 or start + 4 * p > values.size:
        _block_nb(values, start, p, work)
        return min(p, values.size - start)
    v0, v1, v2 = values[start - p : start], values[start : start + p], values[start + p : start + 2 * p]
    v3, v4 = values[start + 2 * p : start + 3 * p], values[start + 3 * p : start + 4 * p]
    one, two, three, four = v1[0], v2[0], v3[0], v4[0]
    s1, s2, s3, s4 = work[0, :p], work[0, p : 2 * p], work[0, 2 * p : 3 * p], work[0, 3 * p : 4 * p]
    q1, q2, q3, q4 = work[1, :p], work[1, p : 2 * p], work[1, 2 * p : 3 * p], work[1, 3 * p : 4 * p]
    work[2, :p], work[2, p : 2 * p], work[2, 2 * p : 3 * p], work[2, 3 * p : 4 * p] = one, two, three, four
    a = b = c = d = e = f = g = h = 0.0
    for back in range(p):
        j = np.uint64(p - 1 - back)
        s1[j], s2[j], s3[j], s4[j], q1[j], q2[j], q3[j], q4[j] = a, b, c, d, e, f, g, h
        w, x, y, z = v0[j] - one, v1[j] - two, v2[j] - three, v3[j] - four
        a, b, c, d = a + w, b + x, c + y, d + z
        e, f, g, h = e + w * w, f + x * x, g + y * y, h + z * z
    a = b = c = d = e = f = g = h = 0.0
    for i in range(p):
        w, x, y, z = v1[i] - one, v2[i] - two, v3[i] - three, v4[i] - four
        a, b, c, d = a + w, b + x, c + y, d + z
        e, f, g, h = e + w * w, f + x * x, g + y * y, h + z * z
        s1[i], s2[i], s3[i], s4[i] = s1[i] + a, s2[i] + b, s3[i] + c, s4[i] + d
        q1[i], q2[i], q3[i], q4[i] = q1[i] + e, q2[i] + f, q3[i] + g, q4[i] + h
    return 4 * p


@inlined
def _moments(work: NDArray[np.float64], i: int, count: int, share: float) -> tuple[Eight, Eight]:
    """Mean and population deviation (ddof 0) of `count` windows; a NaN stays."""
    total = load(work[0], i, count)
    distance = total * share
    variance = (load(work[1], i, count) - total * distance) * share
    return load(work[2], i, count) + distance, root(chosen(0.0, variance, 0.0, variance))


@inlined
def _deviations(
    work: NDArray[np.float64],
    i: int,
    count: int,
    share: float,
    factor: float,
    t: int,
    out: Line,
    doubt: Eight,
) -> Eight:
    mean, deviation = _moments(work, i, count, share)
    store(out, t, count, deviation * factor)
    return doubt + mean * 0.0


@allocating
def deviation_nb(values: Line, period: int, factor: float, out: Line) -> bool:
    """Population standard deviation (ddof 0) of the last `period` values, times `factor`.

    False when a value was not finite; windows without such a value are right nevertheless.
    """
    work, share, doubt = np.empty((3, stride(4 * period))), 1.0 / period, spread(0.0)
    start = 0
    while start < values.size:
        size = _sums_nb(values, start, period, work)
        whole = size - size % LANES
        for i in range(0, whole, LANES):
            doubt = _deviations(work, i, LANES, share, factor, start + i, out, doubt)
        if whole < size:
            doubt = _deviations(work, whole, size - whole, share, factor, start + whole, out, doubt)
        start += size
    out[: period - 1] = np.nan
    return bool(total(doubt) == 0.0)


@inlined
def _bands(
    work: NDArray[np.float64],
    i: int,
    count: int,
    share: float,
    width: float,
    t: int,
    lines: tuple[Line, Line, Line],
    doubt: Eight,
) -> Eight:
    mean, deviation = _moments(work, i, count, share)
    reach = deviation * width
    store(lines[0], t, count, mean + reach)
    store(lines[1], t, count, mean)
    store(lines[2], t, count, mean - reach)
    return doubt + mean * 0.0


@allocating
def bands_nb(values: Line, period: int, width: float, upper: Line, middle: Line, lower: Line) -> bool:
    """Mean of the last `period` values, and `width` population deviations (ddof 0) above and below it.

    False when a value was not finite, and the lines are not to be used.
    """
    work, share, doubt = np.empty((3, stride(4 * period))), 1.0 / period, spread(0.0)
    start, lines = 0, (upper, middle, lower)
    while start < values.size:
        size = _sums_nb(values, start, period, work)
        whole = size - size % LANES
        for i in range(0, whole, LANES):
            doubt = _bands(work, i, LANES, share, width, start + i, lines, doubt)
        if whole < size:
            doubt = _bands(work, whole, size - whole, share, width, start + whole, lines, doubt)
        start += size
    upper[: period - 1], middle[: period - 1], lower[: period - 1] = np.nan, np.nan, np.nan
    return bool(total(doubt) == 0.0)


@allocating
def channel_index_nb(typical: Line, mean: Line, period: int, out: Line) -> None:
    """Distance of the typical price from its mean over 0.015 mean absolute distances; 0 in a flat window."""
    n = typical.size
    out[: min(n, period - 1)] = np.nan
    still = 1  # bars since the typical price last changed by more than rounding
    for t in range(min(n, period - 1)):
        still = still + 1 if t > 0 and abs(typical[t] - typical[t - 1]) <= _SUSPECT * typical[t] else 1
    distances = np.empty(TILE)
    for start in range(period - 1, n, TILE):
        found = out[start : min(start + TILE, n)]
        level, price, total = mean[start:], typical[start:], distances[: found.size]
        total[:] = 0.0
        for back in range(period):
            before = typical[start - back : start - back + found.size]
            for i in range(found.size):
                total[i] += abs(before[i] - level[i])
        for i in range(found.size):
            t = start + i
            still = still + 1 if t > 0 and abs(typical[t] - typical[t - 1]) <= _SUSPECT * typical[t] else 1
            index = (price[i] - level[i]) / (0.015 * (total[i] / period))
            found[i] = 0.0 if still >= period or total[i] == 0.0 else index
