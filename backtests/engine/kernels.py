"""The compiled bar loop. Kernels never raise: what went wrong comes back as a code that `simulate` puts in words.

State lives in two small arrays, `account` (money) and `counts`, with named places, so that the helpers can change it
without allocating. A missing price level is NaN: every comparison with it is false.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Places in `account`.
CASH, QTY, ENTRY_PRICE, ENTRY_FEE, STOP, LIMIT, EXTREME, HIGHEST, LOWEST, BORROW = range(10)
FEES_PAID, SLIPPAGE_PAID, BORROW_PAID, TRADED, SHORTFALL, MARKED = range(10, 16)
ACCOUNT_SIZE = 16
# Places in `counts`.
TRADES, REJECTED, AMBIGUOUS, ORDERS, RUINED, ENTRY_BAR = range(6)
COUNTS_SIZE = 6

# Codes of `results.REASONS` and `results.REJECTIONS`, and of the sizing modes in `config.SIZINGS`.
SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, END, RUIN, MARGIN = range(7)
TOO_COSTLY, NO_QUANTITY, NO_ESTIMATE = range(3)
ALL_IN, FRACTION, UNITS, CASH_AMOUNT, VOL_TARGET, ATR_RISK = range(6)
NO_EXIT = -1

# Sums that differ by rounding only are equal; an order for all cash must not fail by the last bit.
ROUNDING = 1e-9
WHOLE_ROUNDING = 1e-12


class Books(NamedTuple):
    """What the kernels write: state, totals and records."""

    account: Floats
    counts: Ints
    trade_bars: Ints
    trade_values: Floats
    rejection_bars: Ints
    rejection_values: Floats


class Rules(NamedTuple):
    """`SimulationConfig` in the form the kernels take: 0.0 for an exit that is not set."""

    commission: float
    commission_fixed: float
    commission_min: float
    impact: float
    sizing: int
    size: float
    whole_units: bool
    leverage: float
    stop_loss: float
    take_profit: float
    trailing_stop: float
    borrow_per_bar: float
    maintenance: float
    atr_multiple: float
    has_exits: bool
    at_close: bool
    liquidate: bool


@njit(cache=True, nogil=True, error_model="numpy")
def clean_target_nb(target: Floats, allow_short: bool, out: NDArray[np.int8]) -> tuple[int, int]:
    """Write the target with NaN kept from the bar before; return (first bad bar or -1, number of entries)."""
    previous = 0
    entries = 0
    for t in range(len(target)):
        value = target[t]
        if np.isnan(value):
            wanted = previous
        elif value == 1.0 or value == 0.0:
            wanted = int(value)
        elif value == -1.0:
            wanted = -1 if allow_short else 0
        else:
            return t, entries
        if wanted != previous and wanted != 0:
            entries += 1
        out[t] = wanted
        previous = wanted
    return -1, entries


@njit(cache=True, nogil=True, error_model="numpy")
def volatility_nb(close: Floats, window: int, scale: float, out: Floats) -> None:
    """Sample standard deviation of the last `window` close-to-close returns times `scale`; NaN before."""
    n = len(close)
    out[: min(window, n)] = np.nan
    for t in range(window, n):
        mean = 0.0
        for i in range(t - window + 1, t + 1):
            mean += close[i] / close[i - 1] - 1.0
        mean /= window
        squares = 0.0
        for i in range(t - window + 1, t + 1):
            squares += (close[i] / close[i - 1] - 1.0 - mean) ** 2
        out[t] = np.sqrt(squares / (window - 1)) * scale


@njit(cache=True, nogil=True, error_model="numpy")
def average_true_range_nb(high: Floats, low: Floats, close: Floats, window: int, out: Floats) -> None:
    """Wilder's average: the mean of true ranges 1..window at row `window`, then smoothed; NaN before."""
    n = len(close)
    out[: min(window, n)] = np.nan
    average = 0.0
    for t in range(1, n):
        true_range = max(high[t], close[t - 1]) - min(low[t], close[t - 1])
        if t <= window:
            average += true_range / window
        else:
            average += (true_range - average) / window
        if t >= window:
            out[t] = average


@njit(cache=True, nogil=True, error_model="numpy")
def fee_nb(units: float, price: float, rules: Rules) -> float:
    return max(rules.commission_min, units * price * rules.commission + rules.commission_fixed)


@njit(cache=True, nogil=True, error_model="numpy")
def units_nb(cash: float, price: float, estimate: float, rules: Rules) -> float:
    """Units to enter with before the cost check; NaN when the sizing's estimate is not defined."""
    if (rules.sizing == ATR_RISK or rules.sizing == VOL_TARGET) and np.isnan(estimate):
        return np.nan
    if rules.sizing == UNITS:
        units = rules.size
    elif rules.sizing == ATR_RISK:
        if estimate <= 0.0:
            return np.nan
        units = rules.size * cash / (rules.atr_multiple * estimate)
    else:
        limit = cash * rules.leverage
        if rules.sizing == CASH_AMOUNT:
            budget = rules.size
            limit = budget  # the amount includes the fee
        elif rules.sizing == VOL_TARGET:
            wanted = rules.size / estimate if estimate > 0.0 else rules.leverage
            budget = cash * min(rules.leverage, wanted)
        else:
            budget = cash * rules.size
        units = (budget - rules.commission_fixed) / (price * (1.0 + rules.commission))
        # Where the minimum fee makes the order unaffordable, it is set aside from the budget instead.
        if units * price + fee_nb(units, price, rules) > limit * (1.0 + ROUNDING):
            units = (budget - rules.commission_min) / price
    if rules.whole_units:
        units = np.floor(units * (1.0 + WHOLE_ROUNDING))
    return units


@njit(cache=True, nogil=True, error_model="numpy")
def stop_nb(entry: float, side: float, estimate: float, rules: Rules) -> float:
    """The fixed stop: the tighter of the stop-loss and the ATR stop, NaN when there is none."""
    stop = np.nan
    if rules.stop_loss > 0.0:
        stop = entry * (1.0 - side * rules.stop_loss)
    if rules.sizing == ATR_RISK:
        other = entry - side * rules.atr_multiple * estimate
        if not side * stop >= side * other:
            stop = other
    return stop


@njit(cache=True, nogil=True, error_model="numpy")
def open_nb(books: Books, bar: int, raw: float, side: float, estimate: float, rules: Rules) -> None:
    """Enter in the direction `side` at the raw price, or record why not. The account is flat before."""
    account, counts = books.account, books.counts
    cash = account[CASH]
    price = raw * (1.0 + side * rules.impact)
    units = units_nb(cash, price, estimate, rules)
    fee = fee_nb(units, price, rules)
    cost = units * price + fee
    code = -1
    if np.isnan(units):
        code = NO_ESTIMATE
    elif units <= 0.0:
        code = NO_QUANTITY
    elif cost > cash * rules.leverage * (1.0 + ROUNDING) or fee >= cash:
        code = TOO_COSTLY
    if code >= 0:
        row = counts[REJECTED]
        books.rejection_bars[row, 0] = bar
        books.rejection_bars[row, 1] = int(side)
        books.rejection_bars[row, 2] = code
        books.rejection_values[row, 0] = units if code == TOO_COSTLY else 0.0
        books.rejection_values[row, 1] = price
        books.rejection_values[row, 2] = cost if code == TOO_COSTLY else 0.0
        books.rejection_values[row, 3] = cash
        counts[REJECTED] += 1
        return
    account[CASH] = cash - side * units * price - fee
    account[QTY] = side * units
    account[ENTRY_PRICE] = price
    account[ENTRY_FEE] = fee
    account[STOP] = stop_nb(price, side, estimate, rules)
    account[LIMIT] = price * (1.0 + side * rules.take_profit) if rules.take_profit > 0.0 else np.nan
    account[EXTREME] = price
    account[HIGHEST] = price
    account[LOWEST] = price
    account[BORROW] = 0.0
    account[FEES_PAID] += fee
    account[SLIPPAGE_PAID] += units * raw * rules.impact
    account[TRADED] += units * price
    counts[ENTRY_BAR] = bar


@njit(cache=True, nogil=True, error_model="numpy")
def close_nb(books: Books, bar: int, raw: float, reason: int, rules: Rules) -> None:
    """Leave the position at the raw price and record the trade. An account with nothing left is ruined."""
    account, counts = books.account, books.counts
    cash = account[CASH]
    qty = account[QTY]
    units = abs(qty)
    side = 1.0 if qty > 0.0 else -1.0
    impact = 0.0 if reason == TAKE_PROFIT else rules.impact
    price = raw * (1.0 - side * impact)
    fee = fee_nb(units, price, rules)
    value = cash + qty * price
    if value <= 0.0:
        # The books close at the price at which nothing is left; the rest is the lender's loss.
        account[SHORTFALL] += fee - value
        price, fee, impact, reason = -cash / qty, 0.0, 0.0, RUIN
        account[CASH] = 0.0
    elif value <= fee:
        account[SHORTFALL] += fee - value
        fee, reason = value, RUIN
        account[CASH] = 0.0
    else:
        account[CASH] = value - fee
    if reason == RUIN:
        counts[RUINED] = 1
    entry = account[ENTRY_PRICE]
    gross = qty * (price - entry)
    fees = account[ENTRY_FEE] + fee
    pnl = gross - fees - account[BORROW]
    lowest = min(account[LOWEST], price)
    highest = max(account[HIGHEST], price)
    row = counts[TRADES]
    trade_bars, trade_values = books.trade_bars, books.trade_values
    trade_bars[row, 0] = counts[ENTRY_BAR]
    trade_bars[row, 1] = bar
    trade_bars[row, 2] = reason
    trade_values[row, 0] = entry
    trade_values[row, 1] = price
    trade_values[row, 2] = qty
    trade_values[row, 3] = gross
    trade_values[row, 4] = fees
    trade_values[row, 5] = account[BORROW]
    trade_values[row, 6] = pnl
    trade_values[row, 7] = pnl / (units * entry)
    trade_values[row, 8] = lowest - entry if side > 0.0 else entry - highest
    trade_values[row, 9] = highest - entry if side > 0.0 else entry - lowest
    counts[TRADES] += 1
    account[QTY] = 0.0
    account[FEES_PAID] += fee
    account[SLIPPAGE_PAID] += units * raw * impact
    account[TRADED] += units * price


@njit(cache=True, nogil=True, error_model="numpy")
def exit_nb(
    books: Books, open_: float, high: float, low: float, held_before: bool, rules: Rules
) -> tuple[int, float]:
    """Find the exit of this bar: (reason, raw price) or (NO_EXIT, 0)."""
    account = books.account
    side = 1.0 if account[QTY] > 0.0 else -1.0
    stop = account[STOP]
    stop_reason = STOP_LOSS
    if rules.trailing_stop > 0.0:
        trail = account[EXTREME] * (1.0 - side * rules.trailing_stop)
        if not side * stop >= side * trail:
            stop = trail
            stop_reason = TRAILING_STOP
    limit = account[LIMIT]
    if held_before:
        if side * open_ <= side * stop:
            return stop_reason, open_
        if side * open_ >= side * limit:
            return TAKE_PROFIT, open_
    against, along = (low, high) if side > 0.0 else (high, low)
    stop_hit = side * against <= side * stop
    limit_hit = side * along >= side * limit
    if stop_hit and limit_hit:
        books.counts[AMBIGUOUS] += 1
    if stop_hit:
        return stop_reason, stop
    if limit_hit:
        return TAKE_PROFIT, limit
    return NO_EXIT, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def hold_nb(books: Books, high: float, low: float, close: float, rules: Rules) -> None:
    """Carry the open position over this bar: excursions, trailing extreme, cost of a short."""
    account = books.account
    qty = account[QTY]
    account[HIGHEST] = max(account[HIGHEST], high)
    account[LOWEST] = min(account[LOWEST], low)
    if qty > 0.0:
        account[EXTREME] = max(account[EXTREME], high)
        return
    account[EXTREME] = min(account[EXTREME], low)
    if rules.borrow_per_bar > 0.0:
        value = account[CASH] + qty * close
        charge = min(-qty * close * rules.borrow_per_bar, max(value, 0.0))
        account[CASH] -= charge
        account[BORROW] += charge
        account[BORROW_PAID] += charge


@njit(cache=True, nogil=True, error_model="numpy")
def change_nb(books: Books, bar: int, raw: float, wanted: int, estimate: float, rules: Rules) -> None:
    """Fill the order for a new target: leave what is held, then enter (a flip is two fills)."""
    account, counts = books.account, books.counts
    if account[QTY] == 0.0 and wanted == 0:
        return
    counts[ORDERS] += 1
    if account[QTY] != 0.0:
        close_nb(books, bar, raw, SIGNAL, rules)
    if wanted != 0 and counts[RUINED] == 0:
        open_nb(books, bar, raw, float(wanted), estimate, rules)


@njit(cache=True, nogil=True, error_model="numpy")
def simulate_nb(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    target: NDArray[np.int8],
    estimate: Floats,
    rules: Rules,
    books: Books,
    equity: Floats,
    quantity: Floats,
) -> None:
    """Run the account over all bars. `target` is clean; `estimate` is empty or one value a bar."""
    account, counts = books.account, books.counts
    n = len(close)
    estimated = len(estimate) > 0
    previous = 0
    pending = False
    margin_call = False
    t = 0
    while t < n and counts[RUINED] == 0:
        guess = estimate[t - 1] if estimated and t > 0 else np.nan
        if pending:
            change_nb(books, t, open_[t], previous, guess, rules)
        elif margin_call and account[QTY] != 0.0:
            close_nb(books, t, open_[t], MARGIN, rules)
        if account[QTY] != 0.0 and rules.has_exits:
            reason, raw = exit_nb(books, open_[t], high[t], low[t], counts[ENTRY_BAR] < t, rules)
            if reason != NO_EXIT:
                close_nb(books, t, raw, reason, rules)
        if account[QTY] != 0.0:
            hold_nb(books, high[t], low[t], close[t], rules)
        changed = target[t] != previous
        previous = target[t]
        value = account[CASH] + account[QTY] * close[t]
        if rules.at_close and changed and t < n - 1 and value > 0.0:
            guess = estimate[t] if estimated else np.nan
            change_nb(books, t, close[t], previous, guess, rules)
            value = account[CASH] + account[QTY] * close[t]
        quantity[t] = account[QTY]
        equity[t] = value
        if value <= 0.0:
            equity[t] = 0.0
            counts[RUINED] = 1
            if account[QTY] != 0.0:
                close_nb(books, t, close[t], RUIN, rules)
        pending = changed and not rules.at_close
        margin_call = value < rules.maintenance * abs(account[QTY]) * close[t]
        t += 1
    equity[t:] = 0.0
    quantity[t:] = 0.0
    account[MARKED] = equity[n - 1]
    if account[QTY] != 0.0 and rules.liquidate:
        close_nb(books, n - 1, close[n - 1], END, rules)
        equity[n - 1] = account[CASH]
