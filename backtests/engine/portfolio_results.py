"""What a simulation over several symbols gives back: the shape of a single run, and what each symbol contributed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backtests.engine import results
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.engine.results import REJECTIONS, TRADE_DTYPE, TRADE_VALUES

# The position in the tuple is the code that the kernels write; "rebalance" is a position that was made smaller.
REASONS = (*results.REASONS, "rebalance")
PORTFOLIO_TRADE_DTYPE = np.dtype([*TRADE_DTYPE.descr, ("symbol", "U40")])
PORTFOLIO_REJECTION_DTYPE = np.dtype([*results.REJECTION_DTYPE.descr, ("symbol", "U40")])


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one symbol did for the account; those of all symbols add up to the account's net profit.

    `pnl` is net of fees, slippage and borrowing and includes a position that is still open at its last close;
    `contribution` is `pnl` as a fraction of the initial capital; `average_weight` the mean, over all rows, of the
    position's value (below 0: short) as a share of the account's.
    """

    symbol: str
    pnl: float
    fees_paid: float
    slippage_paid: float
    borrow_paid: float
    traded_value: float
    contribution: float
    average_weight: float
    total_trades: int


@dataclass(frozen=True, eq=False)
class PortfolioSimulation:
    """The outcome of `simulate_portfolio`. Arrays are read-only.

    Attributes
    ----------
    config : PortfolioConfig
    symbols : tuple of str
    time : ndarray of datetime64[ns], shape (n_bars,)
    equity, cash : ndarray of float64, shape (n_bars,)
        Account value and cash, marked at the last close of each symbol; the last ones after a liquidation.
    quantities : ndarray of float64, shape (n_bars, n_symbols)
        Signed units held at each close, before a liquidation at that close.
    decides : ndarray of bool, shape (n_bars,)
        Closes at which the weights were acted on.
    trade_bars, trade_values, trade_symbols : ndarray, shapes (n_trades, 3), (n_trades, 10) and (n_trades,)
        As in `Simulation`, and the column of the symbol; `trades` is the readable form.
    rejection_bars, rejection_values, rejection_symbols : ndarray
        Likewise; `rejections` is the readable form.
    contributions : tuple of Contribution
        One a symbol, in their order.
    final_equity, marked_equity, fees_paid, slippage_paid, borrow_paid, traded_value, shortfall, ruined
        As in `Simulation`.
    ambiguous_bars : int
        Always 0: positions that follow weights have no stops.
    orders : int
        Fills and refused orders; the liquidation at the end is none.
    scaled_decisions : int
        Decisions whose weights asked for more than the leverage and were scaled down.
    """

    config: PortfolioConfig
    symbols: tuple[str, ...]
    time: NDArray[np.datetime64]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    quantities: NDArray[np.float64]
    decides: NDArray[np.bool_]
    trade_bars: NDArray[np.int64]
    trade_values: NDArray[np.float64]
    trade_symbols: NDArray[np.int64]
    rejection_bars: NDArray[np.int64]
    rejection_values: NDArray[np.float64]
    rejection_symbols: NDArray[np.int64]
    contributions: tuple[Contribution, ...]
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
    scaled_decisions: int

    def __len__(self) -> int:
        return len(self.equity)

    @cached_property
    def trades(self) -> NDArray[np.void]:
        """One row for each part of a position that was left, in the order of the exits.

        The columns are those of a single run and `symbol`. A position that is made smaller gives a row of its own
        (reason "rebalance") with the units that were left, the average price they had cost, and their share of the
        entry fees and of borrowing; `entry_bar` stays the bar at which the position was opened.
        """
        rows = np.empty(len(self.trade_bars), dtype=PORTFOLIO_TRADE_DTYPE)
        entry, leave = self.trade_bars[:, 0], self.trade_bars[:, 1]
        rows["entry_bar"], rows["exit_bar"] = entry, leave
        rows["entry_time"], rows["exit_time"] = self.time[entry], self.time[leave]
        rows["bars_held"] = leave - entry
        for column, name in enumerate((*TRADE_VALUES, "mae", "mfe")):
            rows[name] = self.trade_values[:, column]
        rows["reason"] = np.array(REASONS)[self.trade_bars[:, 2]]
        rows["symbol"] = np.array(self.symbols)[self.trade_symbols]
        rows.flags.writeable = False
        return rows

    @cached_property
    def rejections(self) -> NDArray[np.void]:
        """One row for each position that could not be opened: its cost was too high, or not one whole unit."""
        rows = np.empty(len(self.rejection_bars), dtype=PORTFOLIO_REJECTION_DTYPE)
        rows["bar"], rows["side"] = self.rejection_bars[:, 0], self.rejection_bars[:, 1]
        rows["time"] = self.time[self.rejection_bars[:, 0]]
        for column, name in enumerate(results.REJECTION_VALUES):
            rows[name] = self.rejection_values[:, column]
        rows["reason"] = np.array(REJECTIONS)[self.rejection_bars[:, 2]]
        rows["symbol"] = np.array(self.symbols)[self.rejection_symbols]
        rows.flags.writeable = False
        return rows

    @property
    def rejected_orders(self) -> int:
        return len(self.rejection_bars)

    @property
    def exposure(self) -> float:
        """Share of bars with any position at the close."""
        return float(np.count_nonzero(self.quantities.any(axis=1))) / len(self.quantities)
