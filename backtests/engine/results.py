"""What a simulation gives back: the account bar by bar and every round trip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backtests.engine.config import SimulationConfig

# The position in the tuple is the code that the kernels write.
REASONS = ("signal", "stop_loss", "take_profit", "trailing_stop", "end", "ruin", "margin")
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
TRADE_VALUES = ("entry_price", "exit_price", "qty", "gross", "fees", "borrow", "pnl", "ret", "mae", "mfe")

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
    time : ndarray of datetime64[ns], shape (n_bars,)
    equity : ndarray of float64, shape (n_bars,)
        Account value marked at each close; the last one is `final_equity`.
    quantity : ndarray of float64, shape (n_bars,)
        Signed units held at each close, before a liquidation at that close.
    trade_bars : ndarray of int64, shape (n_trades, 3)
        Entry bar, exit bar and code of the reason; `trades` is the readable form.
    trade_values : ndarray of float64, shape (n_trades, 10)
        Columns `TRADE_VALUES`.
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
    orders : int
        Changes of the target that had something to do, including rejected ones.
    ruined : bool
        The account reached 0 and was frozen there.
    """

    config: SimulationConfig
    time: NDArray[np.datetime64]
    equity: NDArray[np.float64]
    quantity: NDArray[np.float64]
    trade_bars: NDArray[np.int64]
    trade_values: NDArray[np.float64]
    rejection_bars: NDArray[np.int64]
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
    ruined: bool

    def __len__(self) -> int:
        return len(self.equity)

    @cached_property
    def trades(self) -> NDArray[np.void]:
        """One row a round trip in the order of the exits, dtype `TRADE_DTYPE`.

        gross = qty * (exit_price - entry_price) with signed qty; pnl = gross - fees - borrow;
        ret = pnl / (|qty| * entry_price); mae <= 0 and mfe >= 0 are per unit, from the entry bar to the last bar
        still open at its close, plus the exit price. A ruined trade exits at the price at which the account is
        worth exactly 0 and pays only the fee that was left, so that the profits always add up to the equity.
        """
        rows = np.empty(len(self.trade_bars), dtype=TRADE_DTYPE)
        entry, leave = self.trade_bars[:, 0], self.trade_bars[:, 1]
        rows["entry_bar"], rows["exit_bar"] = entry, leave
        rows["entry_time"], rows["exit_time"] = self.time[entry], self.time[leave]
        rows["bars_held"] = leave - entry
        for column, name in enumerate(TRADE_VALUES):
            rows[name] = self.trade_values[:, column]
        rows["reason"] = np.array(REASONS)[self.trade_bars[:, 2]]
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
        rows["time"] = self.time[self.rejection_bars[:, 0]]
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
        return float(np.count_nonzero(self.quantity)) / len(self.quantity)

    @property
    def open_quantity(self) -> float:
        """Units still held after the last bar (only with liquidate_at_end off)."""
        liquidated = self.config.liquidate_at_end or self.ruined
        return 0.0 if liquidated else float(self.quantity[-1])
