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

import numpy as np

from algotrade.compiled import inlined, kernel
from strategies.indicators.finite import Line, all_finite_nb
from strategies.indicators.lanes import (
    LANES,
    Eight,
    chosen,
    faded,
    first,
    last,
    load,
    moved,
    powers,
    spread,
    store,
)

# Sums of changes fade during a long quiet; below this they have no digits left and count as 0.
_NOTHING = 1e-290


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
def _macd(
    values: Line,
    t: int,
    count: int,
    weights: tuple[float, float, float],
    states: tuple[Eight, Eight, Eight, Eight],
    lines: tuple[Line, Line, Line],
) -> tuple[Eight, Eight, Eight, Eight]:
    """Write `count` rows from `t` on; return both averages' distances, the MACD line and its average's distance."""
    change = load(values, t - 1, count) - load(values, t, count)
    near = faded(change * weights[0], weights[0]) + powers(weights[0]) * states[0]
    far = faded(change * weights[1], weights[1]) + powers(weights[1]) * states[1]
    line = near - far
    news = (moved(states[2], line) - line) * weights[2]
    distance = faded(news, weights[2]) + powers(weights[2]) * states[3]
    mean = line + distance
    store(lines[0], t, count, line)
    store(lines[1], t, count, mean)
    store(lines[2], t, count, line - mean)
    return last(near), last(far), last(line), last(distance)


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
    weights = 1.0 - 2.0 / (fast + 1.0), 1.0 - 2.0 / (slow + 1.0), 1.0 - 2.0 / (signal + 1.0)
    near, far = _head_start_nb(values, slow - fast, begin), _head_start_nb(values, 0, begin)
    line[begin] = near - far
    for t in range(begin + 1, row + 1):
        change = values[t - 1] - values[t]
        near, far = (near + change) * weights[0], (far + change) * weights[1]
        line[t] = near - far
    distance = _head_start_nb(line, begin, row)
    average[row] = line[row] + distance
    histogram[row] = line[row] - average[row]
    states, lines = (
        (spread(near), spread(far), spread(line[row]), spread(distance)),
        (line, average, histogram),
    )
    line[:row] = np.nan
    whole = n - (n - row - 1) % LANES
    for t in range(row + 1, whole, LANES):
        states = _macd(values, t, LANES, weights, states, lines)
    if whole < n:
        _macd(values, whole, n - whole, weights, states, lines)
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
