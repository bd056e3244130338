"""Trading a cell bar by bar, by every rule of the account, without writing anything down but its equity.

The rules are the engine's own functions (`backtests.engine.kernels`), called in the order of the fill contract; the
state of a cell is in local variables, bars without a position are stepped over from order to order. The sums agree
with those of a single run to rounding; trades and fills are the same.
"""

import numpy as np
from numpy.typing import NDArray

from backtests.engine.kernels import (
    ACCEPTED,
    END,
    MARGIN,
    NO_EXIT,
    RUIN,
    SIGNAL,
    Rules,
    entry_nb,
    exit_nb,
    limit_nb,
    rules_nb,
    stop_nb,
    watch_nb,
)
from backtests.optimize.accounts import SHORT
from backtests.optimize.compiled import kernel, part
from backtests.optimize.event_kernels import crossing_orders_nb
from backtests.optimize.event_trades import LEAST_SPREAD
from backtests.optimize.figure_kernels import account_figures_nb, return_figures_nb, trade_figures_nb
from backtests.optimize.vectors import scan_value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Addresses = NDArray[np.uint64]
Places = NDArray[np.int32]
Sides = NDArray[np.int8]

# Places in the sums over a cell's trades.
TRADES, WINS, WON, LOST, RUINED = range(5)
TALLY_SIZE = 5


@part
def settle_nb(
    tally: Floats,
    cash: float,
    qty: float,
    entry: float,
    entry_fee: float,
    borrow: float,
    raw: float,
    reason: int,
    rules: Rules,
) -> float:
    """Leave the position at the raw price; return the cash."""
    cash, price, fee, _, _, reason = exit_nb(cash, qty, raw, reason, rules)
    pnl = qty * (price - entry) - (entry_fee + fee) - borrow
    tally[TRADES] += 1.0
    if pnl > 0.0:
        tally[WINS] += 1.0
        tally[WON] += pnl
    else:
        tally[LOST] += pnl
    if reason == RUIN:
        tally[RUINED] = 1.0
    return cash


@part
def trade_bars_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    decided: Places,
    wanted: Sides,
    estimate: Floats,
    rules: Rules,
    tally: Floats,
    equity: Floats,
) -> tuple[float, float, float, int]:
    """Trade the orders; return (final equity, lowest share of the peak, bars held, bars before a ruin)."""
    n, orders, estimated = len(close), len(decided), len(estimate) > 0
    has_exits, at_close = rules.has_exits != 0.0, rules.at_close != 0.0
    calm = not (has_exits or at_close or rules.borrow_per_bar > 0.0 or rules.maintenance > 0.0)
    tally[:] = 0.0
    cash = peak = rules.initial_capital
    peak_before, deepest, deepest_before = peak, 1.0, 1.0
    qty = price = fee = borrow = highest = lowest = 0.0
    stop = limit = np.nan
    entered = due = held = t = 0
    pending = margin_call = False
    while t < n and tally[RUINED] == 0.0:
        if qty == 0.0 and not pending:
            after = decided[due] if due < orders else n
            for i in range(t, after):
                equity[i] = cash
            t = after
            if t == n:
                break
        elif calm and not pending:  # nothing but the next order can touch the position, or ruin
            after = min(decided[due] if due < orders else n, n - 1)
            held -= t
            while t < after:
                value = cash + qty * close[t]
                if value <= 0.0:
                    break
                equity[t] = value
                if value > peak:
                    peak = value
                elif value < deepest * peak:
                    deepest = value / peak
                t += 1
            held += t
        enter = False
        raw = open_[t]
        if pending:
            if qty != 0.0:
                cash = settle_nb(tally, cash, qty, price, fee, borrow, raw, SIGNAL, rules)
                qty = 0.0
            enter = wanted[due - 1] != 0 and tally[RUINED] == 0.0
        elif margin_call and qty != 0.0:
            cash = settle_nb(tally, cash, qty, price, fee, borrow, raw, MARGIN, rules)
            qty = 0.0
        changed = due < orders and decided[due] == t
        for fill in range(2):  # at the open, then, with fills at the close, there
            if enter:
                side = float(wanted[due - 1])
                guess = estimate[t + fill - 1] if estimated else np.nan
                code, units, paid, cost = entry_nb(cash, raw, side, guess, rules)
                if code == ACCEPTED:
                    cash = cash - side * units * paid - cost
                    qty, price, fee, entered = side * units, paid, cost, t
                    stop, limit = stop_nb(paid, side, guess, rules), limit_nb(paid, side, rules)
                    highest = lowest = paid
                    borrow = 0.0
                enter = False
            if fill == 0:
                if has_exits and qty != 0.0:
                    side, best = (1.0, highest) if qty > 0.0 else (-1.0, lowest)
                    reason, at, _ = watch_nb(
                        side, stop, limit, best, entered < t, open_[t], high[t], low[t], rules.trailing_stop
                    )
                    if reason != NO_EXIT:
                        cash = settle_nb(tally, cash, qty, price, fee, borrow, at, reason, rules)
                        qty = 0.0
                if qty != 0.0:
                    highest, lowest = max(highest, high[t]), min(lowest, low[t])
                    if qty < 0.0 and rules.borrow_per_bar > 0.0:
                        worth = cash + qty * close[t]
                        charge = min(-qty * close[t] * rules.borrow_per_bar, max(worth, 0.0))
                        cash -= charge
                        borrow += charge
                due += changed
                if not (at_close and changed and t < n - 1 and cash + qty * close[t] > 0.0):
                    break
                raw = close[t]
                if qty != 0.0:
                    cash = settle_nb(tally, cash, qty, price, fee, borrow, raw, SIGNAL, rules)
                    qty = 0.0
                enter = wanted[due - 1] != 0 and tally[RUINED] == 0.0
        value = cash + qty * close[t]
        held += qty != 0.0
        if value <= 0.0:
            value = 0.0
            tally[RUINED] = 1.0
            if qty != 0.0:
                cash = settle_nb(tally, cash, qty, price, fee, borrow, close[t], RUIN, rules)
                qty = 0.0
        equity[t] = value
        peak_before, deepest_before = peak, deepest
        if value > peak:
            peak = value
        elif value < deepest * peak:
            deepest = value / peak
        pending = changed and not at_close
        margin_call = value < rules.maintenance * abs(qty) * close[t]
        t += 1
    if qty != 0.0 and rules.liquidate != 0.0:
        # What was left after the costs takes the place of the last bar's mark.
        value = settle_nb(tally, cash, qty, price, fee, borrow, close[n - 1], END, rules)
        equity[n - 1] = value
        deepest = min(deepest_before, value / max(peak_before, value))
    final = equity[n - 1] if t >= n else 0.0
    return final, deepest, float(held), t


@kernel
def deviations_nb(equity: Floats, returns: int, mean: float) -> float:
    """Sum of squared distances of the returns from their mean, in a second pass that loses no digits."""
    total = 0.0
    for t in range(1, returns + 1):
        distance = equity[t] / equity[t - 1] - 1.0 - mean
        total += distance * distance
    return total


@part
def figures_nb(
    equity: Floats,
    n: int,
    result: tuple[float, float, float, int],
    tally: Floats,
    rules: Rules,
    periods_per_year: float,
    out: Floats,
    cell: int,
) -> None:
    """Write the figures of what `trade_bars_nb` left in `equity` and `tally` and returned as `result`."""
    final, deepest, held, traded = result
    returns = min(traded, n) - 1
    total, squares, falls, _, _ = scan_value(equity, 0, returns, 0.0, 1.0)
    mean = total / returns if returns > 0 else np.nan
    spread = squares - mean * total if returns > 0 else 0.0
    if squares > 0.0 and not spread > LEAST_SPREAD * squares:
        spread = deviations_nb(equity, returns, mean)
    account_figures_nb(out, cell, final, rules.initial_capital, deepest - 1.0, held, n, periods_per_year)
    trade_figures_nb(out, cell, tally[TRADES], tally[WINS], tally[WON], tally[LOST])
    return_figures_nb(out, cell, mean, spread, falls, returns, periods_per_year)


@kernel
def sweep_bars_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    decided: Places,
    wanted: Sides,
    estimate: Floats,
    accounts: Floats,
    account_of: Ints,
    cells: Ints,
    periods_per_year: float,
    tally: Floats,
    equity: Floats,
    out: Floats,
) -> None:
    """Trade the same orders in each of several accounts.

    Parameters
    ----------
    decided, wanted : ndarray, shape (n_orders,)
        Bars at whose close the target changes, and to what.
    estimate : ndarray, shape (n_bars,) or (0,)
        What the sizing must know at each close.
    accounts, account_of : ndarray, shapes (n_accounts, COLUMNS) and (n_given,)
    cells : ndarray, shape (n_given,)
        Columns of `out` to write to.
    tally, equity : ndarray, shapes (TALLY_SIZE,) and (n_bars + at least 9,)
        Scratch.
    out : ndarray, shape (12, n_cells)
    """
    for c in range(len(account_of)):
        rules = rules_nb(accounts[account_of[c]])
        result = trade_bars_nb(open_, high, low, close, decided, wanted, estimate, rules, tally, equity)
        figures_nb(equity, len(close), result, tally, rules, periods_per_year, out, cells[c])


@kernel
def sweep_crossing_bars_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    rows: Addresses,
    known: Ints,
    pairs: Ints,
    estimate: Floats,
    accounts: Floats,
    account_of: Ints,
    cells: Ints,
    periods_per_year: float,
    decided: Places,
    wanted: Sides,
    tally: Floats,
    equity: Floats,
    out: Floats,
) -> None:
    """Trade the crossings of each pair of lines; lines as in `event_kernels.sweep_crossings_nb`.

    `decided` and `wanted` are scratch of shape (n_bars,).
    """
    n = len(close)
    for c in range(len(pairs)):
        fast, slow = pairs[c, 0], pairs[c, 1]
        floor = -int(accounts[account_of[c], SHORT])
        both = max(known[fast], known[slow])
        count = crossing_orders_nb(rows[fast], rows[slow], both, n, floor, decided, wanted)
        rules = rules_nb(accounts[account_of[c]])
        result = trade_bars_nb(
            open_, high, low, close, decided[:count], wanted[:count], estimate, rules, tally, equity
        )
        figures_nb(equity, n, result, tally, rules, periods_per_year, out, cells[c])
