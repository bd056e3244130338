"""Fills that are written down: a position entered or left, with its row in the tables."""

import numpy as np

from backtests.engine.compiled import inlined, part
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
    Floats,
    Ints,
    Places,
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
    totals: Floats,
    counts: Ints,
    rejection_bars: Places,
    rejection_values: Floats,
    cash: float,
    bar: int,
    raw: float,
    side: float,
    estimate: float,
    rules: Rules,
) -> tuple[float, Position]:
    """Enter in the direction `side` at the raw price, or record why not; return cash and position."""
    code, units, price, fee = entry_nb(cash, raw, side, estimate, rules)
    if code != ACCEPTED:
        row = counts[REJECTED]
        rejection_bars[0, row] = bar
        rejection_bars[1, row] = int(side)
        rejection_bars[2, row] = code
        rejection_values[0, row] = units if code == TOO_COSTLY else 0.0
        rejection_values[1, row] = price
        rejection_values[2, row] = units * price + fee if code == TOO_COSTLY else 0.0
        rejection_values[3, row] = cash
        counts[REJECTED] = row + 1
        return cash, flat_nb()
    totals[FEES_PAID] += fee
    totals[SLIPPAGE_PAID] += units * raw * rules.impact
    totals[TRADED] += units * price
    stop, limit = stop_nb(price, side, estimate, rules), limit_nb(price, side, rules)
    return cash - side * units * price - fee, Position(bar, side * units, price, fee, stop, limit)


@part
def close_nb(
    totals: Floats,
    counts: Ints,
    trade_bars: Places,
    trade_values: Floats,
    cash: float,
    position: Position,
    highest: float,
    lowest: float,
    borrow: float,
    bar: int,
    raw: float,
    reason: int,
    rules: Rules,
) -> float:
    """Leave the position at the raw price and record the trade; return the cash. Nothing left is ruin.

    `highest` and `lowest` are the extremes from the entry price to the last bar still open at its close, `borrow` what
    the position has cost so far.
    """
    qty, entry = position.qty, position.price
    cash, price, fee, slipped, owed, reason = exit_nb(cash, qty, raw, reason, rules)
    gross = qty * (price - entry)
    fees = position.fee + fee
    pnl = gross - fees - borrow
    lowest, highest = min(lowest, price), max(highest, price)
    row = counts[TRADES]
    trade_bars[0, row] = position.bar
    trade_bars[1, row] = bar
    trade_bars[2, row] = reason
    trade_values[0, row] = entry
    trade_values[1, row] = price
    trade_values[2, row] = qty
    trade_values[3, row] = gross
    trade_values[4, row] = fees
    trade_values[5, row] = borrow
    trade_values[6, row] = pnl
    trade_values[7, row] = pnl / (abs(qty) * entry)
    trade_values[8, row] = lowest - entry if qty > 0.0 else entry - highest
    trade_values[9, row] = highest - entry if qty > 0.0 else entry - lowest
    counts[TRADES] = row + 1
    if reason == RUIN:
        counts[RUINED] = 1
    totals[FEES_PAID] += fee
    totals[SLIPPAGE_PAID] += slipped
    totals[TRADED] += abs(qty) * price
    totals[SHORTFALL] += owed
    return cash


# For the loop that calls each of them in one place: there the calls would take most of its time.
inlined_open_nb = inlined(open_nb)
inlined_close_nb = inlined(close_nb)
