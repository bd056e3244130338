"""What a simulation gives back: the account bar by bar and every round trip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from algotrade.aside import aside
from backtests.engine.config import SimulationConfig
from marketdata.bars import Bars

# The position in the tuple is the code that the kernels write.
REASONS = ("signal", "stop_loss", "take_profit", "trailing_stop", "end", "ruin", "margin")
_REASONS = np.array(REASONS)
REJECTIONS = ("cost", "quantity", "estimate")

TRADE_DTYPE = np.dtype(
    [
        ("entry_bar", np.int64),
        ("exit_bar", np.int64),
        ("entry_time", "datetime64[ns]"),
        ("exit_time", "datetime64[ns]"),
        ("entry_price", np.float64),
        ("exit_price", np.float64),
        ("qty", np.float64),
        ("gross", np.float64),
        ("fees", np.float64),
        ("borrow", np.float64),
        ("pnl", np.float64),
        ("ret", np.float64),
        ("bars_held", np.int64),
        ("mae", np.float64),
        ("mfe", np.float64),
        ("reason", "U13"),
    ]
)
# Columns of the kernel's table of numbers, in this order.
TRADE_VALUES = ("entry_price", "exit_price", "qty", "gross", "fees", "borrow", "pnl", "ret")

REJECTION_DTYPE = np.dtype(
    [
        ("bar", np.int64),
        ("time", "datetime64[ns]"),
        ("side", np.int64),
        ("qty", np.float64),
        ("price", np.float64),
        ("cost", np.float64),
        ("cash", np.float64),
        ("reason", "U8"),
    ]
)
REJECTION_VALUES = ("qty", "price", "cost", "cash")


@dataclass(frozen=True, eq=False)
class Simulation:
    """The outcome of `simulate`. Arrays are read-only; n_bars is the number of bars simulated.

    Attributes
    ----------
    config : SimulationConfig
    bars : Bars
        What it traded.
    equity : ndarray of float64, shape (n_bars,)
        Account value marked at each close; the last one is `final_equity`.
    trade_bars : ndarray of int32, shape (n_trades, 3)
        Entry bar, exit bar and code of the reason; `trades` is the readable form. Each column is contiguous.
    trade_values : ndarray of float64, shape (n_trades, 8)
        Columns `TRADE_VALUES`, each contiguous.
    rejection_bars, rejection_values : ndarray, shapes (n_rejected, 3) and (n_rejected, 4)
        Bar, side and code; columns `REJECTION_VALUES`; `rejections` is the readable form.
    final_equity : float
        After the end-of-data liquidation.
    marked_equity : float
        At the last close, before that liquidation.
    fees_paid, slippage_paid, borrow_paid, traded_value : float
        Totals over all fills: fees, money lost to slippage and spread, cost of shorts, value of units traded.
    shortfall : float
        What a ruined account would have owed beyond its capital; it is not taken from anyone's equity.
    ambiguous_bars : int
        Bars on which stop and take-profit were both hit (the stop was taken).
    held_bars : int
        Bars with a position at the close.
    orders : int
        Changes of the target that had something to do, including rejected ones.
    open_quantity, open_bar : float, int
        Signed units still held after the last bar (only with liquidate_at_end off) and the bar they were entered on.
    ruined, ruined_at_close : bool
        The account reached 0 and was frozen there; and it held its position to that bar's close.
    ruined_by_order : bool
        It reached 0 by an order that was filled at the close (fill "close").
    """

    config: SimulationConfig
    bars: Bars
    equity: NDArray[np.float64]
    trade_bars: NDArray[np.int32]
    trade_values: NDArray[np.float64]
    rejection_bars: NDArray[np.int32]
    rejection_values: NDArray[np.float64]
    final_equity: float
    marked_equity: float
    fees_paid: float
    slippage_paid: float
    borrow_paid: float
    traded_value: float
    shortfall: float
    ambiguous_bars: int
    orders: int
    held_bars: int
    open_bar: int
    open_quantity: float
    ruined: bool
    ruined_at_close: bool
    ruined_by_order: bool

    def __len__(self) -> int:
        return len(self.equity)

    @cached_property
    def quantity(self) -> NDArray[np.float64]:
        """Signed units held at each close, shape (n_bars,), before a liquidation at that close."""
        from backtests.engine.rows import quantity_nb  # web processes read this module and not the compiler

        out = np.zeros(len(self.equity))
        bars, qty = self.trade_bars, self.trade_values[:, TRADE_VALUES.index("qty")]
        quantity_nb(bars[:, 0], bars[:, 1], bars[:, 2], qty, self.ruined_at_close, out)
        if self.open_quantity:
            out[self.open_bar :] = self.open_quantity
        out.flags.writeable = False
        return out

    @cached_property
    def trades(self) -> NDArray[np.void]:
        """One row a round trip in the order of the exits, dtype `TRADE_DTYPE`; made when it is asked for.

        gross = qty * (exit_price - entry_price) with signed qty; pnl = gross - fees - borrow;
        ret = pnl / (|qty| * entry_price); mae <= 0 and mfe >= 0 are per unit, from the entry bar to the last bar
        still open at its close, plus the exit price. A ruined trade exits at the price at which the account is
        worth exactly 0 and pays only the fee that was left, so that the profits always add up to the equity.
        """
        from backtests.engine.rows import trade_rows_nb

        bars, count = self.bars, len(self.trade_bars)
        rows, half = np.empty(count, dtype=TRADE_DTYPE), count // 2
        at_close, to_the_end = self.config.fill == "close", self.ruined_at_close or self.ruined_by_order
        records = bars.time, bars.high, bars.low, self.trade_bars.T, self.trade_values.T
        table = *records, _REASONS, at_close, to_the_end, rows
        rest = aside(lambda: trade_rows_nb(*table, half, count), len(bars))
        trade_rows_nb(*table, 0, half)
        rest()
        rows.flags.writeable = False
        return rows

    @cached_property
    def rejections(self) -> NDArray[np.void]:
        """One row a refused order, dtype `REJECTION_DTYPE`.

        reason: "cost" (above cash * leverage, or a fee above all cash), "quantity" (nothing left to buy after
        fees or rounding), "estimate" (volatility or ATR not defined yet).
        """
        rows = np.empty(len(self.rejection_bars), dtype=REJECTION_DTYPE)
        rows["bar"], rows["side"] = self.rejection_bars[:, 0], self.rejection_bars[:, 1]
        rows["time"] = self.bars.time[self.rejection_bars[:, 0]]
        for column, name in enumerate(REJECTION_VALUES):
            rows[name] = self.rejection_values[:, column]
        rows["reason"] = np.array(REJECTIONS)[self.rejection_bars[:, 2]]
        rows.flags.writeable = False
        return rows

    @property
    def rejected_orders(self) -> int:
        return len(self.rejection_bars)

    @property
    def exposure(self) -> float:
        """Share of bars with a position at the close."""
        return self.held_bars / len(self.equity)
