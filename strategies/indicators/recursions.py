"""Compiled loops of the indicators that remember for ever: exponential averages and Wilder's smoothing.

All of them are one recursion, state[t] = weight * state[t-1] + news[t]. Taken row by row, each row waits for
the one before; so a tile of rows is cut into blocks which start from nothing, run side by side, and then get
what the state before them has faded to. The recursion is linear, so this is exact and not an approximation.
Tiles and blocks are counted from the first row of the recursion: what follows a row has no part in it, and
a longer input leaves every earlier row alone bit for bit.

An exponential average E is kept as its distance from the latest value, E - x, whose recursion has the
change of x as news: a price that stands still brings no rounding noise at all.

Kernels fill lines that the caller made, trust their input (finite float64 columns of one length,
1 <= period) and never raise.
"""

import numpy as np

from algotrade.compiled import allocating, kernel
from strategies.indicators.finite import Line, all_finite_nb

BLOCK = 256
LANES = 8
TILE = BLOCK * LANES

# Sums of changes fade during a long quiet; below this they have no digits left and count as 0.
_NOTHING = 1e-290


@allocating
def powers_nb(weight: float) -> Line:
    """weight ** 1, weight ** 2, ... for the rows of a block."""
    powers = np.empty(BLOCK)
    powers[0] = weight
    for i in range(1, BLOCK):  # from the halves, so that errors add up over 8 steps and not over 256
        powers[i] = powers[(i - 1) // 2] * powers[i // 2]
    return powers


@allocating
def blocks_nb(news: Line, weight: float) -> None:
    """Turn the news of up to TILE rows into states, in place, each block as if nothing was before it."""
    if news.size == TILE:
        one, two = news[:BLOCK], news[BLOCK : 2 * BLOCK]
        three, four = news[2 * BLOCK : 3 * BLOCK], news[3 * BLOCK : 4 * BLOCK]
        five, six = news[4 * BLOCK : 5 * BLOCK], news[5 * BLOCK : 6 * BLOCK]
        seven, eight = news[6 * BLOCK : 7 * BLOCK], news[7 * BLOCK : 8 * BLOCK]
        a = b = c = d = e = f = g = h = 0.0
        for i in range(BLOCK):
            a = a * weight + one[i]
            b = b * weight + two[i]
            c = c * weight + three[i]
            d = d * weight + four[i]
            e = e * weight + five[i]
            f = f * weight + six[i]
            g = g * weight + seven[i]
            h = h * weight + eight[i]
            one[i], two[i], three[i], four[i] = a, b, c, d
            five[i], six[i], seven[i], eight[i] = e, f, g, h
        return
    for start in range(0, news.size, BLOCK):
        block = news[start : start + BLOCK]
        local = 0.0
        for i in range(block.size):
            local = local * weight + block[i]
            block[i] = local


@kernel
def decay_nb(news: Line, powers: Line, state: float) -> float:
    """Turn the news of up to TILE rows into states, in place; return the last one."""
    blocks_nb(news, powers[0])
    for start in range(0, news.size, BLOCK):
        block = news[start : start + BLOCK]
        for i in range(block.size):
            block[i] += state * powers[i]
        state = block[block.size - 1]
    return state


@kernel
def averages_nb(news: Line, powers: Line, distance: float, now: Line) -> float:
    """Turn the news of distances into averages (distance + `now`), in place; return the last distance."""
    blocks_nb(news, powers[0])
    for start in range(0, news.size, BLOCK):
        block, level = news[start : start + BLOCK], now[start : start + BLOCK]
        last = block[block.size - 1] + distance * powers[block.size - 1]
        for i in range(block.size):
            block[i] = (block[i] + distance * powers[i]) + level[i]
        distance = last
    return distance


@kernel
def _head_start_nb(values: Line, first: int, row: int) -> float:
    """Mean of values[first..row] minus values[row]: an exponential average's distance where it begins."""
    total = 0.0
    for t in range(first, row):
        total += values[t] - values[row]
    return total / (row - first + 1)


@allocating
def exponential_average_nb(values: Line, period: int, out: Line) -> bool:
    """Exponential moving average with weight 2 / (period + 1), seeded with the mean of `period` values.

    It never forgets, so its last row says whether every value was finite: False when one was not (or an
    intermediate result was beyond the largest float), and `out` is not to be used.
    """
    n = values.size
    out[: min(n, period - 1)] = np.nan
    if n < period:
        return all_finite_nb(values)
    weight = 1.0 - 2.0 / (period + 1.0)
    powers = powers_nb(weight)
    row = period - 1
    distance = _head_start_nb(values, 0, row)
    out[row] = values[row] + distance
    for start in range(row + 1, n, TILE):
        stop = min(start + TILE, n)
        now, before, news = values[start:stop], values[start - 1 : stop - 1], out[start:stop]
        for i in range(news.size):
            news[i] = (before[i] - now[i]) * weight
        distance = averages_nb(news, powers, distance, now)
    return bool(np.isfinite(out[n - 1]))


@allocating
def macd_nb(
    values: Line, fast: int, slow: int, signal: int, line: Line, average: Line, histogram: Line
) -> bool:
    """MACD line, signal and histogram, all from row slow + signal - 2.

    The line is the difference of the two averages' distances from the price, in which the price itself
    (and its rounding noise) does not occur. Its last row says whether every value was finite, as above.
    """
    n = values.size
    first, begin = slow + signal - 2, slow - 1
    head = min(n, first)
    average[:head], histogram[:head] = np.nan, np.nan
    if n <= first:
        line[:] = np.nan
        return all_finite_nb(values)
    quick, steady, weight = 1.0 - 2.0 / (fast + 1.0), 1.0 - 2.0 / (slow + 1.0), 1.0 - 2.0 / (signal + 1.0)
    near, far = _head_start_nb(values, slow - fast, begin), _head_start_nb(values, 0, begin)
    line[begin] = near - far
    for t in range(begin + 1, first + 1):
        change = values[t - 1] - values[t]
        near, far = (near + change) * quick, (far + change) * steady
        line[t] = near - far
    distance = _head_start_nb(line, begin, first)
    average[first] = line[first] + distance
    histogram[first] = line[first] - average[first]
    old, before = line[first], values[first]
    line[:first] = np.nan
    # Three recursions keep the processor busy without blocks; two rows at a time halve the wait.
    quick_2, steady_2, weight_2 = quick * quick, steady * steady, weight * weight
    odd = (n - first - 1) % 2
    for t in range(first + 1, n - odd, 2):
        one, two = before - values[t], values[t] - values[t + 1]
        before = values[t + 1]
        now = (near * quick + one * quick) - (far * steady + one * steady)
        near = near * quick_2 + (one * quick_2 + two * quick)
        far = far * steady_2 + (one * steady_2 + two * steady)
        after = near - far
        one, two = (old - now) * weight, (now - after) * weight
        old = after
        mean = now + (distance * weight + one)
        distance = distance * weight_2 + (one * weight + two)
        line[t], average[t], histogram[t] = now, mean, now - mean
        mean = after + distance
        line[t + 1], average[t + 1], histogram[t + 1] = after, mean, after - mean
    if odd:
        t = n - 1
        one = before - values[t]
        now = (near * quick + one * quick) - (far * steady + one * steady)
        mean = now + (distance * weight + (old - now) * weight)
        line[t], average[t], histogram[t] = now, mean, now - mean
    return bool(np.isfinite(line[n - 1]))


@allocating
def rsi_nb(values: Line, period: int, out: Line) -> None:
    """Wilder's relative strength index; 50 when neither a rise nor a fall is left in the averages."""
    n = values.size
    out[: min(n, period)] = np.nan
    if n <= period:
        return
    rise = fall = 0.0
    for t in range(1, period + 1):
        rise += max(values[t] - values[t - 1], 0.0)
        fall += max(values[t - 1] - values[t], 0.0)
    total = rise + fall
    out[period] = 100.0 * (rise / total) if total > _NOTHING else 50.0
    powers = powers_nb((period - 1.0) / period)
    scratch = np.empty(TILE)
    for start in range(period + 1, n, TILE):
        stop = min(start + TILE, n)
        now, before, found = values[start:stop], values[start - 1 : stop - 1], out[start:stop]
        up, down = found, scratch[: found.size]
        for i in range(found.size):
            change = now[i] - before[i]
            up[i] = max(change, 0.0)
            down[i] = max(-change, 0.0)
        rise = decay_nb(up, powers, rise)
        fall = decay_nb(down, powers, fall)
        for i in range(found.size):
            total = up[i] + down[i]
            share = 100.0 * (up[i] / total)
            found[i] = share if total > _NOTHING else 50.0
