"""Compiled loops over moving windows: average, deviation, extremes.

Each row is computed from the values of its window alone. The usual running sum (add the new, subtract the
old) keeps the rounding error of every value it ever held: after a fall from 80 to 0.0001 that error is larger
than a tick and decides crossings.

Deviation and extremes double the window: from the figures of m values follow those of 2 m, for a whole tile
of rows at a time, and the binary digits of the period say which of them make up a window. A row's figure is
the same tree over the same values wherever it stands. Their working arrays are indexed by a window's first
value.

Kernels fill lines that the caller made, trust their input (finite float64, 1 <= period) and never raise. A
longer input leaves the earlier rows bit for bit alone.
"""

import numpy as np

from algotrade.compiled import allocating, kernel
from strategies.indicators.finite import Line, all_finite_nb

TILE = 256
_FEW = 8
# A deviation below this share of the mean may be rounding noise of a window that did not move.
_SUSPECT = 1e-12


@kernel
def _stride(length: int) -> int:
    """Length for the rows of a working array that keeps equal places apart by more than whole pages.

    A processor compares addresses within a page first: a store and a load a page apart wait for each other.
    """
    return (length + 511) // 512 * 512 + 72


@kernel
def _short_average_nb(values: Line, period: int, out: Line) -> None:
    """Mean of the last few values, added one after the other for a tile of rows."""
    share = 1.0 / period
    for start in range(period - 1, values.size, TILE):
        found = out[start : min(start + TILE, values.size)]
        one, two = values[start - period + 1 :], values[start - period + 2 :]
        for i in range(found.size):
            found[i] = one[i] + two[i]
        for place in range(start - period + 3, start + 1):
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
    if p < _FEW:
        _short_average_nb(values, p, out)
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
def _spread_nb(values: Line, period: int, levels: Line, total: Line, squares: Line) -> None:
    """Sum, and sum of squared distances from the mean, of each whole window of `values`.

    Squares minus the squared mean loses all digits when the price is high and calm; here two parts of a
    window are joined by the distance of their means (Chan, Golub and LeVeque), to which only positive
    amounts are added.
    """
    rows, length, size, done, turn = total.size, values.size - 1, 2, period % 2, 0
    if done == 1:
        for i in range(rows):
            total[i], squares[i] = values[i], 0.0
    if period == 1:
        return
    sums, roots = levels[2, :length], levels[3, :length]
    left, right = values[:length], values[1:]
    for i in range(length):
        gap = left[i] - right[i]
        sums[i] = left[i] + right[i]
        roots[i] = gap * gap * 0.5
    while True:
        if (period // size) % 2 == 1:
            part, inner = sums[done : done + rows], roots[done : done + rows]
            if done == 0:
                for i in range(rows):
                    total[i], squares[i] = part[i], inner[i]
            else:
                factor = 1.0 / (float(size) * done * (size + done))
                own, other = float(size), float(done)
                for i in range(rows):
                    gap = own * total[i] - other * part[i]
                    squares[i] = (squares[i] + inner[i]) + gap * gap * factor
                    total[i] += part[i]
            done += size
        if done == period:
            return
        length -= size
        left, right, inner, other_inner = sums[:length], sums[size:], roots[:length], roots[size:]
        sums, roots = levels[turn, :length], levels[turn + 1, :length]
        factor = 0.5 / size
        for i in range(length):
            gap = left[i] - right[i]
            roots[i] = (inner[i] + other_inner[i]) + gap * gap * factor
            sums[i] = left[i] + right[i]
        size, turn = 2 * size, 2 - turn


@kernel
def _still_nb(values: Line, period: int, mean: Line, deviation: Line) -> None:
    """Set the deviation of windows that did not move to exactly 0, and their mean to that value."""
    since, known = -1, -2  # the current run of equal values starts at `since`, as of row `known`
    for row in range(deviation.size):
        if deviation[row] > _SUSPECT * abs(mean[row]):
            continue
        last = row + period - 1
        if known == last - 1 and values[last] != values[known]:
            since = last
        elif known != last - 1:
            since = last
            while since > row and values[since - 1] == values[last]:
                since -= 1
        known = last
        if since <= row:
            mean[row], deviation[row] = values[last], 0.0


@kernel
def _moments_nb(values: Line, period: int, levels: Line, mean: Line, deviation: Line) -> None:
    """Mean and population deviation (ddof 0) of each whole window of `values`; a flat window has exactly 0."""
    _spread_nb(values, period, levels, mean, deviation)
    share = 1.0 / period
    suspects = 0
    for i in range(mean.size):
        mean[i] *= share
        deviation[i] = np.sqrt(deviation[i] * share)
        suspects += 1 if deviation[i] <= _SUSPECT * abs(mean[i]) else 0
    if suspects > 0:
        _still_nb(values, period, mean, deviation)


@allocating
def deviation_nb(values: Line, period: int, factor: float, out: Line) -> None:
    """Population standard deviation (ddof 0) of the last `period` values, times `factor`."""
    n = values.size
    out[: min(n, period - 1)] = np.nan
    tile = max(TILE, 4 * period)
    work = np.empty((5, _stride(tile + period)))
    for start in range(0, n - period + 1, tile):
        stop = min(start + tile, n - period + 1)
        found = out[start + period - 1 : stop + period - 1]
        _moments_nb(values[start : stop + period - 1], period, work[1:], work[0, : found.size], found)
        for i in range(found.size):
            found[i] *= factor


@allocating
def bands_nb(values: Line, period: int, width: float, upper: Line, middle: Line, lower: Line) -> None:
    """Mean of the last `period` values, and `width` population deviations (ddof 0) above and below it."""
    n = values.size
    head = min(n, period - 1)
    upper[:head], middle[:head], lower[:head] = np.nan, np.nan, np.nan
    tile = max(TILE, 4 * period)
    work = np.empty((6, _stride(tile + period)))
    levels = work[2:]
    for start in range(0, n - period + 1, tile):
        stop = min(start + tile, n - period + 1)
        mean, deviation = work[0, : stop - start], work[1, : stop - start]
        _moments_nb(values[start : stop + period - 1], period, levels, mean, deviation)
        first, last = start + period - 1, stop + period - 1
        above, between, below = upper[first:last], middle[first:last], lower[first:last]
        for i in range(mean.size):
            reach = width * deviation[i]
            above[i], between[i], below[i] = mean[i] + reach, mean[i], mean[i] - reach


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
    levels = np.empty((2, _stride(tile + period)))
    for start in range(0, n - period + 1, tile):
        stop = min(start + tile, n - period + 1)
        found = out[start + period - 1 : stop + period - 1]
        _tile_highest_nb(values[start : stop + period - 1], period, sign, levels, found)
        for i in range(found.size):
            found[i] *= sign


@allocating
def place_in_range_nb(high: Line, low: Line, close: Line, period: int, from_high: bool, out: Line) -> None:
    """Place of the close in the range of the last `period` bars, in percent; 0 where there is no range.

    From the lowest low (0 to 100, the raw stochastic), or from the highest high (-100 to 0, Williams %R).
    """
    n = close.size
    out[: min(n, period - 1)] = np.nan
    tile = max(TILE, 4 * period)
    work = np.empty((4, _stride(tile + period)))
    levels = work[2:]
    for start in range(0, n - period + 1, tile):
        stop = min(start + tile, n - period + 1)
        first, last = start + period - 1, stop + period - 1
        found, price = out[first:last], close[first:last]
        top, bottom = work[0, : found.size], work[1, : found.size]
        _tile_highest_nb(high[start:last], period, 1.0, levels, top)
        _tile_highest_nb(low[start:last], period, -1.0, levels, bottom)  # minus the lowest low
        for i in range(found.size):
            width = top[i] + bottom[i]
            place = (price[i] - top[i]) if from_high else (price[i] + bottom[i])
            share = 100.0 * (place / width)
            found[i] = share if width > 0.0 else 0.0


@allocating
def stochastic_nb(
    high: Line, low: Line, close: Line, window: int, smooth: int, last: int, k: Line, d: Line
) -> None:
    """Raw %K averaged over `smooth` bars, and that over `last`; both from row window + smooth + last - 3."""
    n = close.size
    head = min(n, window + smooth + last - 3)
    if head < n:
        place_in_range_nb(high, low, close, window, False, d)
        moving_average_nb(d[window - 1 :], smooth, k[window - 1 :])
        moving_average_nb(k[window + smooth - 2 :], last, d[window + smooth - 2 :])
    k[:head], d[:head] = np.nan, np.nan


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
