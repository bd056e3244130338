"""Compiled loops on the range of bars: true range, ATR and the directional movement.

The smoothing is that of `recursions.py`. Kernels fill lines that the caller made, trust their input (float64
columns of one length) and never raise. Those that return whether their columns were finite look for NaN and
infinities while they have the values at hand, as `doubt`: 0 times anything finite.
"""

import numpy as np

from algotrade.compiled import allocating, inlined, kernel
from strategies.indicators.finite import Line, all_finite_nb
from strategies.indicators.lanes import (
    LANES,
    Eight,
    chosen,
    faded,
    last,
    load,
    moved,
    powers,
    spread,
    store,
    total,
)
from strategies.indicators.recursions import _NOTHING

TILE = 1024  # rows whose DX is made before it is smoothed, a multiple of the lanes


@kernel
def _range_nb(high: Line, low: Line, close: Line, t: int) -> float:
    """True range of a row from 1 on."""
    above, below, width = abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1]), high[t] - low[t]
    reach = above if above > below else below
    return float(width if width > reach else reach)


@kernel
def true_range_nb(high: Line, low: Line, close: Line, out: Line) -> None:
    """True range from row 1."""
    out[:1] = np.nan
    for t in range(1, close.size):
        out[t] = _range_nb(high, low, close, t)


@inlined
def _ranges(high: Line, low: Line, close: Line, t: int, count: int) -> tuple[Eight, Eight]:
    """True ranges of `count` rows from `t` on, and 0 or NaN."""
    top, bottom, before = load(high, t, count), load(low, t, count), load(close, t - 1, count)
    above, below, width = top - before, bottom - before, top - bottom
    above, below = chosen(above, 0.0, above, before - top), chosen(below, 0.0, below, before - bottom)
    reach = chosen(above, below, above, below)
    return chosen(width, reach, width, reach), (top + bottom + before) * 0.0


@inlined
def _average(
    high: Line,
    low: Line,
    close: Line,
    t: int,
    count: int,
    weight: float,
    share: float,
    state: Eight,
    out: Line,
) -> tuple[Eight, Eight]:
    """Write the averages of `count` rows from `t` on; return the last one, and 0 or NaN."""
    ranges, doubt = _ranges(high, low, close, t, count)
    found = faded(ranges * share, weight) + powers(weight) * state
    store(out, t, count, found)
    return last(found), doubt


@kernel
def _finite_nb(high: Line, low: Line, close: Line, rows: int) -> bool:
    return all_finite_nb(high[:rows]) and all_finite_nb(low[:rows]) and all_finite_nb(close[:rows])


@kernel
def atr_nb(high: Line, low: Line, close: Line, period: int, out: Line) -> bool:
    """Average true range, seeded at row `period` with the mean of the true ranges up to there.

    False when a value was not finite (or a sum of three prices beyond the largest float), and `out` is not to be used.
    """
    n = close.size
    head = min(n, period)
    out[:head] = np.nan
    fine = _finite_nb(high, low, close, head + 1)
    if n <= period:
        return fine
    start = 0.0
    for t in range(1, period + 1):
        start += _range_nb(high, low, close, t)
    start /= period
    out[period] = start
    weight, share = (period - 1.0) / period, 1.0 / period
    state, doubts = spread(start), spread(close[n - 1] * 0.0)
    whole = n - (n - period - 1) % LANES
    for t in range(period + 1, whole, LANES):
        state, doubt = _average(high, low, close, t, LANES, weight, share, state, out)
        doubts = doubts + doubt
    if whole < n:
        state, doubt = _average(high, low, close, whole, n - whole, weight, share, state, out)
        doubts = doubts + doubt
    return fine and total(doubts) == 0.0


@kernel
def _movement_nb(high: Line, low: Line, t: int) -> tuple[float, float]:
    """+DM and -DM of a row from 1 on: the larger of the two moves, if it widened the range."""
    up, down = high[t] - high[t - 1], low[t - 1] - low[t]
    return up if up > down and up > 0.0 else 0.0, down if down > up and down > 0.0 else 0.0


@inlined
def _movements(
    high: Line, low: Line, t: int, count: int, weight: float, ups: Eight, downs: Eight
) -> tuple[Eight, Eight, Eight]:
    """Faded sums of +DM and of -DM of `count` rows from `t` on, and 0 or NaN."""
    up = load(high, t, count) - load(high, t - 1, count)
    down = load(low, t - 1, count) - load(low, t, count)
    plus = chosen(up, down, chosen(up, 0.0, up, 0.0), 0.0)
    minus = chosen(down, up, chosen(down, 0.0, down, 0.0), 0.0)
    fade, doubt = powers(weight), (up + down) * 0.0
    return faded(plus, weight) + fade * ups, faded(minus, weight) + fade * downs, doubt


@inlined
def _direction(
    high: Line,
    low: Line,
    close: Line,
    t: int,
    count: int,
    weight: float,
    states: tuple[Eight, Eight, Eight],
    plus_di: Line,
    minus_di: Line,
) -> tuple[tuple[Eight, Eight, Eight], Eight]:
    """Write +DI and -DI of `count` rows from `t` on; return the sums at the last one, and 0 or NaN."""
    ups, downs, _ = _movements(high, low, t, count, weight, states[0], states[1])
    ranges, doubt = _ranges(high, low, close, t, count)
    width = faded(ranges, weight) + powers(weight) * states[2]
    store(plus_di, t, count, chosen(width, _NOTHING, ups / width * 100.0, 0.0))
    store(minus_di, t, count, chosen(width, _NOTHING, downs / width * 100.0, 0.0))
    return (last(ups), last(downs), last(width)), doubt


@kernel
def directional_nb(high: Line, low: Line, close: Line, period: int, plus_di: Line, minus_di: Line) -> bool:
    """+DI and -DI from row `period`; 0 while the bars have no range at all. False as `atr_nb`."""
    n = close.size
    head = min(n, period)
    plus_di[:head], minus_di[:head] = np.nan, np.nan
    fine = _finite_nb(high, low, close, head)
    if n <= period:
        return fine
    ups = downs = width = 0.0
    for t in range(1, period):
        plus, minus = _movement_nb(high, low, t)
        ups, downs, width = ups + plus, downs + minus, width + _range_nb(high, low, close, t)
    weight = (period - 1.0) / period
    states, doubts = (spread(ups), spread(downs), spread(width)), spread(close[n - 1] * 0.0)
    whole = n - (n - period) % LANES
    for t in range(period, whole, LANES):
        states, doubt = _direction(high, low, close, t, LANES, weight, states, plus_di, minus_di)
        doubts = doubts + doubt
    if whole < n:
        states, doubt = _direction(high, low, close, whole, n - whole, weight, states, plus_di, minus_di)
        doubts = doubts + doubt
    return fine and total(doubts) == 0.0


@inlined
def _index(
    high: Line, low: Line, t: int, count: int, weight: float, ups: Eight, downs: Eight, place: int, dx: Line
) -> tuple[Eight, Eight, Eight]:
    """Write the DX of `count` rows from `t` on, -1 where no movement is left; return the sums, and 0 or NaN."""
    ups, downs, doubt = _movements(high, low, t, count, weight, ups, downs)
    both, gap = ups + downs, ups - downs
    index = chosen(gap, 0.0, gap, 0.0 - gap) / both * 100.0
    store(dx, place, count, chosen(both, _NOTHING, index, -1.0))
    return last(ups), last(downs), doubt


@inlined
def _smoothed(
    dx: Line, place: int, count: int, weight: float, before: Eight, distance: Eight, t: int, out: Line
) -> tuple[Eight, Eight]:
    """Write the ADX of `count` rows from `t` on; return the last DX, and the ADX's distance from it."""
    now = load(dx, place, count)
    found = faded((moved(before, now) - now) * weight, weight) + powers(weight) * distance
    store(out, t, count, found + now)
    return last(now), last(found)


@allocating
def adx_nb(high: Line, low: Line, period: int, out: Line) -> bool:
    """ADX from row 2 period - 1; a row without a DX keeps the ADX before it, in the first mean it counts 0.

    The true range cancels in DX, so that the closes have no part in it. False as `atr_nb`.
    """
    n, row = high.size, 2 * period - 1
    head = min(n, row)
    out[:head] = np.nan
    fine = all_finite_nb(high[: head + 1]) and all_finite_nb(low[: head + 1])
    if n <= row:
        return fine
    weight = (period - 1.0) / period
    up_sum = down_sum = state = index = 0.0
    for t in range(1, row + 1):
        plus, minus = _movement_nb(high, low, t)
        if t < period:
            up_sum, down_sum = up_sum + plus, down_sum + minus
        else:
            up_sum, down_sum = up_sum * weight + plus, down_sum * weight + minus
            both = up_sum + down_sum
            index = 100.0 * (abs(up_sum - down_sum) / both) if both > _NOTHING else 0.0
            state += index
    state /= period
    out[row] = state
    ups, downs, doubts = spread(up_sum), spread(down_sum), spread(0.0)
    before, distance = spread(index), spread(state - index)
    dx, gapped = np.empty(TILE), False
    for start in range(row + 1, n, TILE):
        size = min(TILE, n - start)
        whole = size - size % LANES
        for i in range(0, whole, LANES):
            ups, downs, doubt = _index(high, low, start + i, LANES, weight, ups, downs, i, dx)
            doubts = doubts + doubt
        if whole < size:
            ups, downs, doubt = _index(high, low, start + whole, size - whole, weight, ups, downs, whole, dx)
            doubts = doubts + doubt
        gap = 0
        if not gapped:
            for i in range(0, whole, LANES):
                before, distance = _smoothed(dx, i, LANES, weight, before, distance, start + i, out)
            if whole < size:
                _smoothed(dx, whole, size - whole, weight, before, distance, start + whole, out)
            for i in range(size):
                gapped |= dx[i] < 0.0
            while gapped and dx[gap] >= 0.0:
                gap += 1
        if gapped:  # after a row without DX the recursion is no longer the same in every row
            state = out[start + gap - 1]
            for i in range(gap, size):
                if dx[i] >= 0.0:
                    state += (dx[i] - state) / period
                out[start + i] = state
    return fine and total(doubts) == 0.0
