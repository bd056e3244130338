"""Fills that are written down: a position entered or left, with its row in the tables."""

import numpy as np

from algotrade.compiled import inlined, part
from backtests.engine.kernels import (
    ACCEPTED,
    FEES_PAID,
    REJECTED,
    RUIN,
    RUINED,
    SHORTFALL,
    SLIPPAGE_PAID,
    TOO_COSTLY,
    TRADED,
    TRADES,
    Books,
    Position,
    Rules,
    entry_nb,
    exit_nb,
    limit_nb,
    stop_nb,
)


@part
def flat_nb() -> Position:
    return Position(0, 0.0, 0.0, 0.0, np.nan, np.nan)


@part
def open_nb(
    books: Books, cash: float, bar: int, raw: float, side: float, estimate: float, rules: Rules
) -> tuple[float, Position]:
    """Enter in the direction `side` at the raw price, or record why not; return cash and position."""
    code, units, price, fee = entry_nb(cash, raw, side, estimate, rules)
    if code != ACCEPTED:
        row = books.counts[REJECTED]
        books.rejection_bars[0, row] = bar
        books.rejection_bars[1, row] = int(side)
        books.rejection_bars[2, row] = code
        books.rejection_values[0, row] = units if code == TOO_COSTLY else 0.0
        books.rejection_values[1, row] = price
        books.rejection_values[2, row] = units * price + fee if code == TOO_COSTLY else 0.0
        books.rejection_values[3, row] = cash
        books.counts[REJECTED] = row + 1
        return cash, flat_nb()
    books.totals[FEES_PAID] += fee
    books.totals[SLIPPAGE_PAID] += units * raw * rules.impact
    books.totals[TRADED] += units * price
    stop, limit = stop_nb(price, side, estimate, rules), limit_nb(price, side, rules)
    return cash - side * units * price - fee, Position(bar, side * units, price, fee, stop, limit)


@part
def close_nb(
    books: Books,
    cash: float,
    position: Position,
    borrow: float,
    bar: int,
    raw: float,
    reason: int,
    rules: Rules,
) -> float:
    """Leave the position, whose loan has cost `borrow`, at the raw price and record the trade; return the cash.

    Nothing left is ruin.
    """
    qty, entry = position.qty, position.price
    cash, price, fee, slipped, owed, reason = exit_nb(cash, qty, raw, reason, rules)
    gross = qty * (price - entry)
    fees = position.fee + fee
    pnl = gross - fees - borrow
    row = books.counts[TRADES]
    books.trade_bars[0, row] = position.bar
    books.trade_bars[1, row] = bar
    books.trade_bars[2, row] = reason
    books.trade_values[0, row] = entry
    books.trade_values[1, row] = price
    books.trade_values[2, row] = qty
    books.trade_values[3, row] = gross
    books.trade_values[4, row] = fees
    books.trade_values[5, row] = borrow
    books.trade_values[6, row] = pnl
    books.trade_values[7, row] = pnl / (abs(qty) * entry)
    books.counts[TRADES] = row + 1
    if reason == RUIN:
        books.counts[RUINED] = 1
    books.totals[FEES_PAID] += fee
    books.totals[SLIPPAGE_PAID] += slipped
    books.totals[TRADED] += abs(qty) * price
    books.totals[SHORTFALL] += owed
    return cash


# For the loop that calls each of them in one place: there the calls would take most of its time.
inlined_open_nb = inlined(open_nb)
inlined_close_nb = inlined(close_nb)
