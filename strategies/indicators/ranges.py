"""Compiled loops on the range of bars: true range, ATR and the directional movement.

The smoothing is that of `recursions.py`. Kernels fill lines that the caller made, trust their input (finite
float64 columns of one length) and never raise.
"""

import numpy as np

from algotrade.compiled import allocating, kernel
from strategies.indicators.finite import Line
from strategies.indicators.recursions import _NOTHING, TILE, averages_nb, decay_nb, powers_nb

SHORT_TILE = 64  # a multiple of the four rows of `_fade_nb`


@kernel
def _ranges_nb(high: Line, low: Line, before: Line, out: Line) -> None:
    """True range of each row; `before` holds the closes of the rows before."""
    for i in range(out.size):
        above, below, width = abs(high[i] - before[i]), abs(low[i] - before[i]), high[i] - low[i]
        reach = above if above > below else below
        out[i] = width if width > reach else reach


@kernel
def true_range_nb(high: Line, low: Line, close: Line, out: Line) -> None:
    """True range from row 1."""
    out[:1] = np.nan
    if close.size > 1:
        _ranges_nb(high[1:], low[1:], close[:-1], out[1:])


@kernel
def _fade_nb(news: Line, weight: float, state: float) -> float:
    """Turn a few rows of news into states, in place, four rows from one state; return the last state."""
    second, third, fourth = weight**2, weight**3, weight**4
    whole = news.size - news.size % 4
    for t in range(0, whole, 4):
        one = news[t]
        two = one * weight + news[t + 1]
        three = two * weight + news[t + 2]
        four = three * weight + news[t + 3]
        news[t] = state * weight + one
        news[t + 1] = state * second + two
        news[t + 2] = state * third + three
        state = state * fourth + four
        news[t + 3] = state
    local, power = 0.0, weight
    for t in range(whole, news.size):
        local = local * weight + news[t]
        news[t] = state * power + local
        power = second if t == whole else third
    return state


@allocating
def atr_nb(high: Line, low: Line, close: Line, period: int, out: Line) -> bool:
    """Average true range, seeded at row `period` with the mean of the true ranges up to there.

    The loop waits for its three columns, so it looks for NaN and infinities while it has them at hand: False
    when there is one (or a sum of three prices beyond the largest float), and `out` is not to be used.
    """
    n = close.size
    head = min(n, period)
    out[:head] = np.nan
    doubt = 0.0  # 0 times anything finite
    for t in range(head):
        doubt += (high[t] + low[t] + close[t]) * 0.0
    if n <= period:
        return bool(doubt == 0.0)
    doubt += (high[period] + low[period] + close[n - 1]) * 0.0
    first = np.empty(period)
    _ranges_nb(high[1 : period + 1], low[1 : period + 1], close[:period], first)
    state = 0.0
    for i in range(period):
        state += first[i]
    state /= period
    out[period] = state
    weight, share = (period - 1.0) / period, 1.0 / period
    doubts = np.zeros(SHORT_TILE)
    for start in range(period + 1, n, SHORT_TILE):
        stop = min(start + SHORT_TILE, n)
        top, bottom, before = high[start:stop], low[start:stop], close[start - 1 : stop - 1]
        news, found = out[start:stop], doubts[: stop - start]
        for i in range(news.size):
            above, below = abs(top[i] - before[i]), abs(bottom[i] - before[i])
            width = top[i] - bottom[i]
            reach = above if above > below else below
            news[i] = (width if width > reach else reach) * share
            found[i] += (top[i] + bottom[i] + before[i]) * 0.0
        state = _fade_nb(news, weight, state)
    for i in range(SHORT_TILE):
        doubt += doubts[i]
    return bool(doubt == 0.0)


@kernel
def _movements_nb(high: Line, low: Line, first: int, plus: Line, minus: Line) -> None:
    """+DM and -DM of the rows from `first` on: the larger of the two moves, if it widened the range."""
    now_high, old_high = high[first : first + plus.size], high[first - 1 : first - 1 + plus.size]
    now_low, old_low = low[first : first + plus.size], low[first - 1 : first - 1 + plus.size]
    for i in range(plus.size):
        up, down = now_high[i] - old_high[i], old_low[i] - now_low[i]
        plus[i] = up if up > down and up > 0.0 else 0.0
        minus[i] = down if down > up and down > 0.0 else 0.0


@allocating
def _first_sums_nb(high: Line, low: Line, period: int) -> tuple[float, float]:
    """Sums of +DM and -DM over rows 1 to period - 1."""
    plus, minus = np.empty(period - 1), np.empty(period - 1)
    _movements_nb(high, low, 1, plus, minus)
    ups = downs = 0.0
    for i in range(period - 1):
        ups += plus[i]
        downs += minus[i]
    return ups, downs


@allocating
def directional_nb(high: Line, low: Line, close: Line, period: int, plus_di: Line, minus_di: Line) -> None:
    """+DI and -DI from row `period`; 0 while the bars have no range at all."""
    n = close.size
    plus_di[: min(n, period)], minus_di[: min(n, period)] = np.nan, np.nan
    if n <= period:
        return
    ups, downs = _first_sums_nb(high, low, period)
    ranges = np.empty(max(TILE, period - 1))
    _ranges_nb(high[1:period], low[1:period], close[: period - 1], ranges[: period - 1])
    width = 0.0
    for i in range(period - 1):
        width += ranges[i]
    powers = powers_nb((period - 1.0) / period)
    for start in range(period, n, TILE):
        stop = min(start + TILE, n)
        plus, minus, reach = plus_di[start:stop], minus_di[start:stop], ranges[: stop - start]
        _movements_nb(high, low, start, plus, minus)
        _ranges_nb(high[start:stop], low[start:stop], close[start - 1 : stop - 1], reach)
        ups, downs = decay_nb(plus, powers, ups), decay_nb(minus, powers, downs)
        width = decay_nb(reach, powers, width)
        for i in range(reach.size):
            up, down = 100.0 * (plus[i] / reach[i]), 100.0 * (minus[i] / reach[i])
            plus[i] = up if reach[i] > _NOTHING else 0.0
            minus[i] = down if reach[i] > _NOTHING else 0.0


@allocating
def _dx_nb(high: Line, low: Line, period: int, out: Line) -> None:
    """DX from row `period`; -1 where no movement is left (the true range cancels in the quotient)."""
    ups, downs = _first_sums_nb(high, low, period)
    powers = powers_nb((period - 1.0) / period)
    falls = np.empty(TILE)
    for start in range(period, out.size, TILE):
        plus = out[start : min(start + TILE, out.size)]
        minus = falls[: plus.size]
        _movements_nb(high, low, start, plus, minus)
        ups, downs = decay_nb(plus, powers, ups), decay_nb(minus, powers, downs)
        for i in range(plus.size):
            total = plus[i] + minus[i]
            index = 100.0 * (abs(plus[i] - minus[i]) / total)
            plus[i] = index if total > _NOTHING else -1.0


@allocating
def adx_nb(high: Line, low: Line, period: int, out: Line) -> None:
    """ADX from row 2 period - 1; a row without a DX keeps the ADX before it, in the first mean it counts 0."""
    n = high.size
    row = 2 * period - 1
    if n <= row:
        out[:] = np.nan
        return
    _dx_nb(high, low, period, out)
    state = 0.0
    for t in range(period, row + 1):
        state += max(out[t], 0.0)
    state /= period
    gap = row + 1
    while gap < n and out[gap] >= 0.0:
        gap += 1
    weight = (period - 1.0) / period
    powers = powers_nb(weight)
    before, distance = out[row], state - out[row]
    out[:row], out[row] = np.nan, state
    scratch = np.empty(TILE)
    for start in range(row + 1, gap, TILE):
        found = out[start : min(start + TILE, gap)]
        now = scratch[: found.size]
        for i in range(now.size):
            now[i] = found[i]
        found[0] = (before - now[0]) * weight
        for i in range(1, now.size):
            found[i] = (now[i - 1] - now[i]) * weight
        before, distance = now[now.size - 1], averages_nb(found, powers, distance, now)
    state = out[gap - 1]
    for t in range(gap, n):  # after a row without DX the recursion is no longer the same in every row
        if out[t] >= 0.0:
            state += (out[t] - state) / period
        out[t] = state
