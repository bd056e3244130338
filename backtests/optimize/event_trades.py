"""Trading a list of changes instead of a row of bars: the cost of a cell is per trade, not per bar.

Where a fill's size is a share of the cash and its costs are proportional, a trade multiplies the cash by a factor
that depends on prices alone, and between its fills the account is worth `base + slope * close` of the cash at entry.
So a position needs its two fills, the extremes of the close while it was held (drawdown) and three sums of its
returns, which for a fully invested long are the price's own and come from prefix sums.

What cannot be told with certainty this way sets `FLAG`, and the caller trades the cell bar by bar: an account near
ruin, a profit that is 0 but for rounding (its sign decides a win), returns with hardly any spread.
"""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.compiled import helper, kernel, part
from backtests.optimize.event_market import (
    BLOCK,
    CLOSE,
    HIGHEST,
    LOWEST,
    OPEN,
    SUM_FALLS,
    SUM_SQUARES,
    SUMS,
    deepest_nb,
    extremes_nb,
)
from backtests.optimize.event_state import State, Terms, closed_nb, marked_nb
from backtests.optimize.figure_kernels import account_figures_nb, return_figures_nb, trade_figures_nb
from backtests.optimize.vectors import first_outside, scan_value

Floats = NDArray[np.float64]

NEAR_RUIN = 1e-3
TOO_CLOSE = 1e-12
# Above these shares the digits lost by subtracting sums would show in the twelfth place.
LEAST_SPREAD = 1e-3
LOST_DIGITS = 1e-13


@kernel
def search_drawdown_nb(
    close: Floats,
    blocks: Floats,
    first: int,
    last: int,
    cash: float,
    base: float,
    slope: float,
    peak: float,
    deepest: float,
) -> tuple[float, float]:
    """(peak, deepest) after the closes of a position; blocks that cannot hold a deeper fall are stepped over."""
    t = first
    while t <= last:
        if t % BLOCK == 0 and t + BLOCK <= last + 1:
            b = t // BLOCK
            low, high = (
                cash * (base + slope * blocks[0, b, LOWEST]),
                cash * (base + slope * blocks[0, b, HIGHEST]),
            )
            low, high = min(low, high), max(low, high)
            if low < deepest * max(peak, high):
                for i in range(t, t + BLOCK):
                    peak, deepest = marked_nb(cash * (base + slope * close[i]), peak, deepest)
            peak = max(peak, high)
            t += BLOCK
        else:
            peak, deepest = marked_nb(cash * (base + slope * close[t]), peak, deepest)
            t += 1
    return peak, deepest


@part
def hold_nb(
    state: State, market: Floats, close: Floats, blocks: Floats, last: int
) -> tuple[float, float, float, float, float, float, bool]:
    """Take in the closes from the entry bar to `last`.

    Returns the sums of r, r^2 and min(r, 0)^2, the value at `last` per cash at entry, peak, deepest, and whether the
    account came near ruin.
    """
    entry = int(state.entry)
    base, slope, cash = state.base, state.slope, state.cash
    if base == 0.0:
        total = market[last, SUMS] - market[entry, SUMS]
        squares = market[last, SUM_SQUARES] - market[entry, SUM_SQUARES]
        falls = market[last, SUM_FALLS] - market[entry, SUM_FALLS]
        low, high = extremes_nb(market, close, blocks, entry, last)
        low *= slope
        high *= slope
    else:
        total, squares, falls, low, high = scan_value(close, entry, last - entry, base, slope)
    near = low < NEAR_RUIN
    low *= cash
    high *= cash
    peak, deepest = state.peak, state.deepest
    if low < deepest * max(peak, high):
        if high <= peak:
            deepest = low / peak
        elif base == 0.0:  # falls of the value are those of the close
            deepest = min(deepest, low / peak, deepest_nb(market, close, blocks, entry, last))
        else:
            peak, deepest = search_drawdown_nb(close, blocks, entry, last, cash, base, slope, peak, deepest)
    peak = max(peak, high)
    return total, squares, falls, base + slope * market[last, CLOSE], peak, deepest, near


@part
def entry_nb(raw: float, side: float, terms: Terms) -> tuple[float, float, float]:
    """(price paid, base, slope) of a position entered at the raw price."""
    price = raw * (1.0 + side * terms.impact)
    units = terms.size / (price * (1.0 + terms.commission))
    base = 1.0 - terms.size if side > 0.0 else 1.0 + units * price * (1.0 - terms.commission)
    return price, base, side * units


@part
def gain_nb(
    raw: float, side: float, paid: float, slope: float, impact: float, commission: float
) -> tuple[float, bool]:
    """What closing at the raw price earns per cash at entry, and whether that cannot be told for certain."""
    price = raw * (1.0 - side * impact)
    gain = side * (price - paid) - commission * (price + paid)
    unclear = commission > 0.0 and abs(gain) < TOO_CLOSE * paid
    gain *= abs(slope)
    return gain, unclear or gain < NEAR_RUIN - 1.0


@part
def levels_nb(side: float, paid: float, terms: Terms) -> tuple[float, float]:
    """(stop, limit) of a position, NaN where there is none."""
    stop = paid * (1.0 - side * terms.stop_loss) if terms.stop_loss > 0.0 else np.nan
    limit = paid * (1.0 + side * terms.take_profit) if terms.take_profit > 0.0 else np.nan
    return stop, limit


@helper
def watch_nb(
    state: State,
    market: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    blocks: Floats,
    last: int,
    terms: Terms,
) -> tuple[State, bool]:
    """Leave the open position at its stop or limit if one of the bars after its entry up to `last` reaches it."""
    entry, side = int(state.entry), state.side
    stop, limit = levels_nb(side, state.paid, terms)
    floor, ceiling = (stop, limit) if side > 0.0 else (limit, stop)
    bar = first_outside(low, high, entry + 1, last - entry, floor, ceiling)
    if bar > last:
        return state, False
    raw, against = market[bar, OPEN], low[bar] if side > 0.0 else high[bar]
    impact = terms.impact
    if not side * raw <= side * stop:
        if side * raw >= side * limit:
            impact = 0.0
        elif side * against <= side * stop:
            raw = stop
        else:
            raw, impact = limit, 0.0
    r1, r2, r3, value, peak, deepest, near = hold_nb(state, market, close, blocks, bar - 1)
    gain, unclear = gain_nb(raw, side, state.paid, state.slope, impact, terms.commission)
    before = State(
        state.cash,
        state.sum + r1,
        state.squares + r2,
        state.falls + r3,
        peak,
        deepest,
        state.trades,
        state.wins,
        state.won,
        state.lost,
        state.held,
        side,
        state.entry,
        state.base,
        state.slope,
        state.paid,
    )
    return closed_nb(before, bar, gain, value, float(bar - entry)), unclear or near


@part
def turn_nb(
    state: State,
    market: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    blocks: Floats,
    bar: int,
    side: float,
    terms: Terms,
) -> tuple[State, bool]:
    """Fill the change to `side` at the open of `bar`; True where the result is not to be believed."""
    n = len(market)
    stopped = False
    if terms.watched and state.side != 0.0:
        state, stopped = watch_nb(state, market, high, low, close, blocks, bar - 1, terms)
    cash, peak, deepest = state.cash, state.peak, state.deepest
    total, squares, falls = state.sum, state.squares, state.falls
    trades, wins, won, lost, held = state.trades, state.wins, state.won, state.lost, state.held
    factor = 1.0
    unclear, near = stopped, False
    raw = market[bar, OPEN]
    if state.side != 0.0:
        r1, r2, r3, value, peak, deepest, near = hold_nb(state, market, close, blocks, bar - 1)
        total += r1
        squares += r2
        falls += r3
        held += bar - state.entry
        gain, unclear = gain_nb(raw, state.side, state.paid, state.slope, terms.impact, terms.commission)
        trades += 1.0
        wins += gain > 0.0
        won += max(gain, 0.0) * cash
        lost += min(gain, 0.0) * cash
        factor = (1.0 + gain) / value
        cash *= 1.0 + gain
    paid = base = slope = 0.0
    if side != 0.0:
        paid, base, slope = entry_nb(raw, side, terms)
        raw, impact, reached = market[bar, CLOSE], terms.impact, False
        if terms.watched:
            stop, limit = levels_nb(side, paid, terms)
            against, along = (low[bar], high[bar]) if side > 0.0 else (high[bar], low[bar])
            if side * against <= side * stop:
                raw, reached = stop, True
            elif side * along >= side * limit:
                raw, impact, reached = limit, 0.0, True
        if reached or (bar == n - 1 and terms.liquidate):
            gain, unsure = gain_nb(raw, side, paid, slope, impact, terms.commission)
            unclear |= unsure
            trades += 1.0
            wins += gain > 0.0
            won += max(gain, 0.0) * cash
            lost += min(gain, 0.0) * cash
            factor *= 1.0 + gain
            cash *= 1.0 + gain
            held += 0.0 if reached else 1.0
            side = 0.0
        else:
            factor *= base + slope * market[bar, CLOSE]
    if side == 0.0:
        peak, deepest = marked_nb(cash, peak, deepest)
    r = factor - 1.0
    total += r
    squares += r * r
    fall = min(r, 0.0)
    falls += fall * fall
    after = State(
        cash,
        total,
        squares,
        falls,
        peak,
        deepest,
        trades,
        wins,
        won,
        lost,
        held,
        side,
        float(bar),
        base,
        slope,
        paid,
    )
    return after, unclear or near


@part
def finish_nb(
    state: State,
    market: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    blocks: Floats,
    capital: float,
    terms: Terms,
    periods_per_year: float,
    out: Floats,
    cell: int,
) -> bool:
    """Settle the last bar and write the figures; True where they are not to be believed."""
    n = len(market)
    stopped = False
    if terms.watched and state.side != 0.0:
        state, stopped = watch_nb(state, market, high, low, close, blocks, n - 1, terms)
    cash, peak, deepest = state.cash, state.peak, state.deepest
    total, squares, falls = state.sum, state.squares, state.falls
    trades, wins, won, lost, held = state.trades, state.wins, state.won, state.lost, state.held
    unclear, near = stopped, False
    if state.side != 0.0:
        last = n - 2 if terms.liquidate else n - 1
        r1, r2, r3, value, peak, deepest, near = hold_nb(state, market, close, blocks, last)
        total += r1
        squares += r2
        falls += r3
        held += n - state.entry
        if terms.liquidate:
            gain, unclear = gain_nb(
                market[n - 1, CLOSE], state.side, state.paid, state.slope, terms.impact, terms.commission
            )
            trades += 1.0
            wins += gain > 0.0
            won += max(gain, 0.0) * cash
            lost += min(gain, 0.0) * cash
            cash *= 1.0 + gain
            r = (1.0 + gain) / value - 1.0
            total += r
            squares += r * r
            fall = min(r, 0.0)
            falls += fall * fall
            peak, deepest = marked_nb(cash, peak, deepest)
        else:
            cash *= value
    returns = n - 1
    mean = total / returns if returns > 0 else np.nan
    deviations = squares - mean * total if returns > 0 else 0.0
    if trades + held > 0.0:
        noise = 2.2e-16 * np.sqrt(trades + 1.0)
        unclear |= not deviations > LEAST_SPREAD * squares
        unclear |= noise * market[n - 1, SUM_SQUARES] > LOST_DIGITS * squares
        unclear |= falls > 0.0 and noise * market[n - 1, SUM_FALLS] > LOST_DIGITS * falls
    account_figures_nb(out, cell, cash * capital, capital, deepest - 1.0, held, n, periods_per_year)
    trade_figures_nb(out, cell, trades, wins, won, lost)
    return_figures_nb(out, cell, mean, max(deviations, 0.0), falls, returns, periods_per_year)
    return unclear or near
