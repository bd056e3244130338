"""Compiled loops of the indicators that remember for ever: exponential averages and Wilder's smoothing.

All of them are one recursion, state[t] = weight * state[t-1] + news[t]. Taken row by row, each row waits for
the one before; so eight rows are taken as if nothing was before them (`faded`), and then get what the state
before them has faded to. The recursion is linear, so this is exact and not an approximation. The eights are
counted from the first row of the recursion: what follows a row has no part in it, and a longer input leaves
every earlier row alone bit for bit.

An exponential average E is kept as its distance from the latest value, E - x, whose recursion has the
change of x as news: a price that stands still brings no rounding noise at all.

Kernels fill lines that the caller made, trust their input (finite float64 columns of one length,
1 <= period) and never raise. States go from step to step in every lane of an `eight`.
"""

from typing import TypeAlias

import numpy as np

from algotrade.compiled import inlined, kernel, part
from strategies.indicators.finite import Line, all_finite_nb
from strategies.indicators.lanes import (
    LANES,
    Eight,
    chosen,
    faded,
    first,
    last,
    load,
    moved_by_four,
    moved_by_two,
    powers,
    spread,
    store,
)

# Sums of changes fade during a long quiet; below this they have no digits left and count as 0.
_NOTHING = 1e-290
_ROWS = 64 * LANES

Stride: TypeAlias = tuple[Eight, Eight, Eight]
"""Of eight rows: the news of two rows, of four, and the states."""


@kernel
def _head_start_nb(values: Line, begin: int, row: int) -> float:
    """Mean of values[begin..row] minus values[row]: an exponential average's distance where it begins."""
    total = 0.0
    for t in range(begin, row):
        total += values[t] - values[row]
    return total / (row - begin + 1)


@inlined
def _average(values: Line, t: int, count: int, weight: float, distance: Eight, out: Line) -> Eight:
    """Write the averages of `count` rows from `t` on; return the last one's distance."""
    now = load(values, t, count)
    found = faded((load(values, t - 1, count) - now) * weight, weight) + powers(weight) * distance
    store(out, t, count, found + now)
    return last(found)


@kernel
def exponential_average_nb(values: Line, period: int, out: Line) -> bool:
    """Exponential moving average with weight 2 / (period + 1), seeded with the mean of `period` values.

    It never forgets, so its last row says whether every value was finite: False when one was not (or an
    intermediate result was beyond the largest float), and `out` is not to be used.
    """
    n, row = values.size, period - 1
    out[: min(n, row)] = np.nan
    if n <= row:
        return all_finite_nb(values)
    weight = 1.0 - 2.0 / (period + 1.0)
    start = _head_start_nb(values, 0, row)
    out[row] = values[row] + start
    distance = spread(start)
    whole = n - (n - row - 1) % LANES
    for t in range(row + 1, whole, LANES):
        distance = _average(values, t, LANES, weight, distance, out)
    if whole < n:
        _average(values, whole, n - whole, weight, distance, out)
    return bool(np.isfinite(out[n - 1]))


@inlined
def _news(values: Line, t: int, count: int, weight: float) -> tuple[Eight, Eight]:
    """What each of `count` rows from `t` on brings to an average's distance, and what two rows bring together."""
    before = load(values, t - 1, count)
    now = (before - load(values, t, count)) * weight
    return now, now + (load(values, t - 2, count) - before) * (weight * weight)


@inlined
def _first_stride(news: tuple[Eight, Eight], weight: float, state: float) -> Stride:
    """Eight rows after a single state. Sums reaching back beyond them are wrong in lanes that nobody will ask for."""
    pairs = news[1]
    fours = pairs + moved_by_two(pairs, pairs) * (weight * weight)
    return pairs, fours, faded(news[0], weight) + powers(weight) * state


@inlined
def _stride(news: tuple[Eight, Eight], weight: float, before: Stride) -> Stride:
    """Eight rows after eight: the sum of weight^k * news[t-k] for k < 8, and weight^8 * state[t-8].

    The sums of two, four and eight rows double what lies in their neighbours, and no lane waits for the one before.
    """
    two = weight * weight
    four = two * two
    pairs = news[1]
    fours = pairs + moved_by_two(before[0], pairs) * two
    return pairs, fours, fours + moved_by_four(before[1], fours) * four + before[2] * (four * four)


@inlined
def _between(
    values: Line, t: int, count: int, weights: tuple[float, float], before: tuple[Stride, Stride], line: Line
) -> tuple[Stride, Stride]:
    """Write `count` rows of the MACD line from `t` on: the difference of both averages' distances."""
    near = _stride(_news(values, t, count, weights[0]), weights[0], before[0])
    far = _stride(_news(values, t, count, weights[1]), weights[1], before[1])
    store(line, t, count, near[2] - far[2])
    return near, far


@inlined
def _beside(line: Line, t: int, count: int, distance: Eight, average: Line, histogram: Line) -> None:
    """Write the average of the line, given its distance, and how far the line is above it."""
    value = load(line, t, count)
    store(average, t, count, value + distance)
    store(histogram, t, count, value - (value + distance))


@inlined
def _signal(
    line: Line, t: int, count: int, weight: float, before: Stride, average: Line, histogram: Line
) -> Stride:
    distance = _stride(_news(line, t, count, weight), weight, before)
    _beside(line, t, count, distance[2], average, histogram)
    return distance


@part
def _macd_after(
    values: Line,
    t: int,
    weights: tuple[float, float],
    weight: float,
    states: tuple[float, float, float],
    line: Line,
    average: Line,
    histogram: Line,
) -> None:
    """All rows from `t` on, after the distances of both averages and of the line's own at the row before.

    The line of some hundred rows comes first, then its average: two short chains of steps are quicker than a long one.
    """
    n = values.size
    count = min(LANES, n - t)
    both = (
        _first_stride(_news(values, t, count, weights[0]), weights[0], states[0]),
        _first_stride(_news(values, t, count, weights[1]), weights[1], states[1]),
    )
    store(line, t, count, both[0][2] - both[1][2])
    own = _first_stride(_news(line, t, count, weight), weight, states[2])
    _beside(line, t, count, own[2], average, histogram)
    whole = n - (n - t) % LANES
    for begin in range(t + LANES, whole, _ROWS):
        end = min(begin + _ROWS, whole)
        for row in range(begin, end, LANES):
            both = _between(values, row, LANES, weights, both, line)
        for row in range(begin, end, LANES):
            own = _signal(line, row, LANES, weight, own, average, histogram)
    if t + LANES <= whole < n:
        _between(values, whole, n - whole, weights, both, line)
        _signal(line, whole, n - whole, weight, own, average, histogram)


@kernel
def macd_nb(
    values: Line, fast: int, slow: int, signal: int, line: Line, average: Line, histogram: Line
) -> bool:
    """MACD line, signal and histogram, all from row slow + signal - 2.

    The line is the difference of the two averages' distances from the price, in which the price itself
    (and its rounding noise) does not occur. Its last row says whether every value was finite, as above.
    """
    n = values.size
    row, begin = slow + signal - 2, slow - 1
    head = min(n, row)
    average[:head], histogram[:head] = np.nan, np.nan
    if n <= row:
        line[:] = np.nan
        return all_finite_nb(values)
    weights, weight = (1.0 - 2.0 / (fast + 1.0), 1.0 - 2.0 / (slow + 1.0)), 1.0 - 2.0 / (signal + 1.0)
    near, far = _head_start_nb(values, slow - fast, begin), _head_start_nb(values, 0, begin)
    line[begin] = near - far
    for t in range(begin + 1, row + 1):
        change = values[t - 1] - values[t]
        near, far = (near + change) * weights[0], (far + change) * weights[1]
        line[t] = near - far
    distance = _head_start_nb(line, begin, row)
    average[row] = line[row] + distance
    histogram[row] = line[row] - average[row]
    if n > row + 1:
        _macd_after(values, row + 1, weights, weight, (near, far, distance), line, average, histogram)
    line[:row] = np.nan
    return bool(np.isfinite(line[n - 1]))


@inlined
def _strength(
    values: Line, t: int, count: int, weight: float, rise: Eight, both: Eight, out: Line
) -> tuple[Eight, Eight]:
    """Write `count` rows from `t` on; return the averages of the rises and of all changes. A NaN stays in both."""
    change = load(values, t, count) - load(values, t - 1, count)
    back = 0.0 - change
    rise = faded(chosen(0.0, change, 0.0, change), weight) + powers(weight) * rise
    both = faded(chosen(back, change, back, change), weight) + powers(weight) * both
    store(out, t, count, chosen(both, _NOTHING, rise / both * 100.0, 50.0))
    return last(rise), last(both)


@kernel
def rsi_nb(values: Line, period: int, out: Line) -> bool:
    """Wilder's relative strength index; 50 when neither a rise nor a fall is left in the averages.

    False when a value was not finite (or a sum of changes beyond the largest float), and `out` is not to be used.
    """
    n = values.size
    out[: min(n, period)] = np.nan
    if n <= period:
        return all_finite_nb(values)
    rise = both = 0.0
    for t in range(1, period + 1):
        rise += max(values[t] - values[t - 1], 0.0)
        both += abs(values[t] - values[t - 1])
    out[period] = 100.0 * (rise / both) if both > _NOTHING else 50.0
    weight = (period - 1.0) / period
    rises, moves = spread(rise), spread(both)
    whole = n - (n - period - 1) % LANES
    for t in range(period + 1, whole, LANES):
        rises, moves = _strength(values, t, LANES, weight, rises, moves, out)
    if whole < n:
        rises, moves = _strength(values, whole, n - whole, weight, rises, moves, out)
    return bool(np.isfinite(first(moves)))
