"""The books of an account over several symbols: fills, their records, and what the account is worth.

One row of `positions` holds what is known of one symbol's position, `account` the money, `counts` the counters; the
records grow when they are full. Nothing raises; docs/portfolio.md states the rules in words.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of `positions`.
QTY, ENTRY_PRICE, ENTRY_FEES, HIGHEST, LOWEST, BORROW, MARK = range(7)
FEES, SLIPPAGE, BORROW_TOTAL, TRADED, WEIGHTS = range(7, 12)
POSITION_SIZE = 12
# Places in `account` and `counts`.
CASH, SHORTFALL, MARKED = range(3)
TRADES, REJECTED, ORDERS, RUINED = range(4)
# Codes of `portfolio_results.REASONS` and `results.REJECTIONS`.
SIGNAL, END, RUIN, REBALANCE = 0, 4, 5, 7
TOO_COSTLY, NO_QUANTITY = 0, 1
# What an order waits for: nothing, its symbol's next bar, or the rest of a buy that was cut short.
NOTHING, ORDER, REST = range(3)

ROUNDING = 1e-9
EXACT = 1e-12


class Rules(NamedTuple):
    """`PortfolioConfig` in the form the kernels take."""

    commission: float
    commission_fixed: float
    commission_min: float
    impact: float
    whole_units: bool
    leverage: float
    borrow_per_bar: float
    invested: float
    min_trade: float
    liquidate: bool


class Books(NamedTuple):
    """What the kernels write: state, orders that wait, and records."""

    positions: Floats
    account: Floats
    counts: Ints
    entry_bars: Ints
    waiting: Ints
    wanted: Floats
    trade_bars: Ints
    trade_values: Floats
    rejection_bars: Ints
    rejection_values: Floats


@part
def fee_nb(units: float, price: float, rules: Rules) -> float:
    return max(rules.commission_min, units * price * rules.commission + rules.commission_fixed)


@part
def copy_nb(source: NDArray[Any], rows: int, out: NDArray[Any]) -> None:
    """Copy the first rows. Said as loops here and elsewhere: numba compiles those many times faster than slices."""
    for row in range(rows):
        for place in range(source.shape[1]):
            out[row, place] = source[row, place]


@allocating
def with_room_nb(books: Books, rows: int) -> Books:
    """Return books whose records have room for `rows` more of each kind."""
    trade_bars, trade_values = books.trade_bars, books.trade_values
    used = books.counts[TRADES]
    if used + rows > len(trade_bars):
        trade_bars = np.empty((2 * used + rows, 4), dtype=np.int64)
        trade_values = np.empty((2 * used + rows, 10))
        copy_nb(books.trade_bars, used, trade_bars)
        copy_nb(books.trade_values, used, trade_values)
    rejection_bars, rejection_values = books.rejection_bars, books.rejection_values
    used = books.counts[REJECTED]
    if used + rows > len(rejection_bars):
        rejection_bars = np.empty((2 * used + rows, 4), dtype=np.int64)
        rejection_values = np.empty((2 * used + rows, 4))
        copy_nb(books.rejection_bars, used, rejection_bars)
        copy_nb(books.rejection_values, used, rejection_values)
    return Books(
        books.positions,
        books.account,
        books.counts,
        books.entry_bars,
        books.waiting,
        books.wanted,
        trade_bars,
        trade_values,
        rejection_bars,
        rejection_values,
    )


@part
def record_nb(books: Books, i: int, bar: int, price: float, units: float, fee: float, reason: int) -> None:
    """Write the trade that leaves `units` of the position of symbol `i`, with its share of what entering cost."""
    position = books.positions[i]
    held = abs(position[QTY])
    side = 1.0 if position[QTY] > 0.0 else -1.0
    share = units / held
    entry, qty = position[ENTRY_PRICE], side * units
    entry_fees, borrow = position[ENTRY_FEES] * share, position[BORROW] * share
    gross = qty * (price - entry)
    pnl = gross - entry_fees - fee - borrow
    lowest, highest = min(position[LOWEST], price), max(position[HIGHEST], price)
    row = books.counts[TRADES]
    bars, values = books.trade_bars[row], books.trade_values[row]
    bars[0], bars[1], bars[2], bars[3] = books.entry_bars[i], bar, reason, i
    values[0], values[1], values[2], values[3] = entry, price, qty, gross
    values[4], values[5], values[6], values[7] = entry_fees + fee, borrow, pnl, pnl / (units * entry)
    values[8] = lowest - entry if side > 0.0 else entry - highest
    values[9] = highest - entry if side > 0.0 else entry - lowest
    books.counts[TRADES] += 1
    position[ENTRY_FEES] -= entry_fees
    position[BORROW] -= borrow
    position[QTY] = 0.0 if units == held else position[QTY] - qty
    position[FEES] += fee
    position[TRADED] += units * price


@part
def reduce_nb(books: Books, i: int, bar: int, raw: float, units: float, reason: int, rules: Rules) -> None:
    """Leave `units` of a position at the raw price of this bar."""
    position = books.positions[i]
    side = 1.0 if position[QTY] > 0.0 else -1.0
    price = raw * (1.0 - side * rules.impact)
    fee = fee_nb(units, price, rules)
    books.account[CASH] += side * units * price - fee
    position[SLIPPAGE] += units * raw * rules.impact
    books.counts[ORDERS] += 1
    record_nb(books, i, bar, price, units, fee, reason)


@part
def increase_nb(books: Books, i: int, bar: int, raw: float, change: float, rules: Rules) -> None:
    """Enter or add to a position; its price becomes the average of what it holds."""
    position = books.positions[i]
    side, units = (1.0, change) if change > 0.0 else (-1.0, -change)
    price = raw * (1.0 + side * rules.impact)
    fee = fee_nb(units, price, rules)
    held = abs(position[QTY])
    if held == 0.0:
        books.entry_bars[i] = bar
        position[ENTRY_PRICE] = position[HIGHEST] = position[LOWEST] = price
    else:
        position[ENTRY_PRICE] = (held * position[ENTRY_PRICE] + units * price) / (held + units)
        position[HIGHEST] = max(position[HIGHEST], price)
        position[LOWEST] = min(position[LOWEST], price)
    position[QTY] += change
    position[ENTRY_FEES] += fee
    position[FEES] += fee
    position[SLIPPAGE] += units * raw * rules.impact
    position[TRADED] += units * price
    books.account[CASH] -= change * price + fee
    books.counts[ORDERS] += 1


@part
def worth_nb(positions: Floats, cash: float, prices: Floats) -> tuple[float, float]:
    """The account's value and what its positions are worth together, long and short, at these prices."""
    value, gross = cash, 0.0
    for i in range(len(prices)):
        qty = positions[i, QTY]
        if qty != 0.0:
            value += qty * prices[i]
            gross += abs(qty) * prices[i]
    return value, gross


@part
def marked_nb(positions: Floats, cash: float) -> float:
    """The account's value at the last close of each symbol."""
    value = cash
    for i in range(len(positions)):
        if positions[i, QTY] != 0.0:
            value += positions[i, QTY] * positions[i, MARK]
    return value


@part
def ruin_nb(books: Books, bar: int, prices: Floats) -> None:
    """Close the books: what is left goes to fees, what is owed beyond the account is the lenders' loss.

    Both are spread over the positions by their value, as fees or as prices at which exactly nothing is left, so that
    the profits still add up to the account.
    """
    value, gross = worth_nb(books.positions, books.account[CASH], prices)
    if value < 0.0:
        books.account[SHORTFALL] -= value
    for i in range(len(prices)):
        qty = books.positions[i, QTY]
        if qty == 0.0:
            continue
        share = value * (abs(qty) * prices[i] / gross)
        price = prices[i] - share / qty if value < 0.0 else prices[i]
        record_nb(books, i, bar, price, abs(qty), max(share, 0.0), RUIN)
    books.account[CASH] = 0.0
    books.counts[RUINED] = 1
    for i in range(len(prices)):
        books.waiting[i] = NOTHING


@part
def forgive_nb(books: Books, first: int, owed: float, rules: Rules) -> None:
    """Take back of what the last fills cost, from trade `first` on, as much as the account did not have.

    Their fees, then their slippage: the account had something before them, so that these are always enough.
    """
    books.account[SHORTFALL] += owed
    for row in range(books.counts[TRADES] - 1, first - 1, -1):
        if owed <= 0.0:
            return
        bars, values = books.trade_bars[row], books.trade_values[row]
        position, units, price = books.positions[bars[3]], abs(values[2]), values[1]
        side = 1.0 if values[2] > 0.0 else -1.0
        fee = min(owed, fee_nb(units, price, rules))
        slipped = min(owed - fee, units * price / (1.0 - side * rules.impact) * rules.impact)
        bars[2] = RUIN
        values[1] += side * slipped / units
        values[3] += slipped
        values[4] -= fee
        values[6] += fee + slipped
        values[7] = values[6] / (units * values[0])
        position[FEES] -= fee
        position[SLIPPAGE] -= slipped
        position[TRADED] += side * slipped
        books.account[CASH] += fee + slipped
        owed -= fee + slipped


@part
def reject_nb(books: Books, i: int, bar: int, raw: float, change: float, code: int, rules: Rules) -> None:
    """Record that a position could not be opened; `change` is the quantity, or only its direction."""
    side = 1.0 if change > 0.0 else -1.0
    price = raw * (1.0 + side * rules.impact)
    units = abs(change) if code == TOO_COSTLY else 0.0
    row = books.counts[REJECTED]
    bars, values = books.rejection_bars[row], books.rejection_values[row]
    bars[0], bars[1], bars[2], bars[3] = bar, int(side), code, i
    values[0], values[1], values[3] = units, price, books.account[CASH]
    values[2] = units * price + fee_nb(units, price, rules) if units > 0.0 else 0.0
    books.counts[REJECTED] += 1
    books.counts[ORDERS] += 1
