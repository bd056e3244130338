"""The one way into the simulator: bars, a target and a configuration in, a `Simulation` out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.engine import kernels as k
from backtests.engine.config import SIZINGS, SimulationConfig
from backtests.engine.errors import EngineError, TargetError
from backtests.engine.results import REJECTION_VALUES, TRADE_VALUES, Simulation
from marketdata.bars import Bars

_NO_ESTIMATE = np.empty(0)


def simulate(
    bars: Bars,
    target: ArrayLike,
    config: SimulationConfig | None = None,
    *,
    periods_per_year: float = 252.0,
) -> Simulation:
    """Trade a target over bars by the fill contract.

    Parameters
    ----------
    bars : Bars
        At least one bar.
    target : array_like of float, shape (n_bars,)
        Wanted direction at each close: -1, 0 or +1; NaN keeps the one before. Row t may use bars up to t only: the
        order it causes is filled at the open of t+1 (or, with fill "close", at the close of t). An order is sent
        only where the target changes; the target before the first bar is 0. One of the last bar is never filled.
    config : SimulationConfig, optional
        Costs, sizing, exits and limits.
    periods_per_year : float
        Bars per year, for the borrow rate and volatility sizing.

    Returns
    -------
    Simulation

    Raises
    ------
    EngineError
        No bars, or periods_per_year that is not a finite number above 0.
    TargetError
        Naming the bar and the value.
    """
    config = SimulationConfig() if config is None else config
    n = len(bars)
    if n == 0:
        raise EngineError("There are no bars to simulate. Choose a period that has data.")
    if not (math.isfinite(periods_per_year) and periods_per_year > 0):
        message = f"periods_per_year {periods_per_year} is not usable. Give bars per year, for example 252."
        raise EngineError(message, fields={"periods_per_year": [message]})
    clean, entries = _clean_target(bars, target, config)
    books = _empty_books(config, entries)
    equity, quantity = np.empty(n), np.empty(n)
    k.simulate_nb(
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        clean,
        _estimate(bars, config, periods_per_year),
        _rules(config, periods_per_year),
        books,
        equity,
        quantity,
    )
    return _result(bars, config, books, equity, quantity)


def buy_and_hold(bars: Bars, config: SimulationConfig, *, periods_per_year: float = 252.0) -> Simulation:
    """Simulate the benchmark: all cash into the first possible fill, held to the end.

    Same starting capital, costs, fill rule, whole units and end liquidation as `config`; no exits, no leverage, no
    other sizing. With fill "next_open" it buys at the open of the second bar, the earliest fill any strategy can
    have.
    """
    costs = ("initial_capital", "commission", "commission_fixed", "commission_min", "slippage", "spread")
    kept = {name: getattr(config, name) for name in (*costs, "fill", "whole_units", "liquidate_at_end")}
    return simulate(bars, np.ones(len(bars)), SimulationConfig(**kept), periods_per_year=periods_per_year)


def _clean_target(bars: Bars, target: ArrayLike, config: SimulationConfig) -> tuple[NDArray[np.int8], int]:
    try:
        values = np.ascontiguousarray(target, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TargetError(
            f"The target holds something that is not a number ({error}). Use -1, 0, +1."
        ) from error
    if values.shape != (len(bars),):
        shape = "x".join(str(size) for size in values.shape)
        raise TargetError(f"The target has shape {shape} for {len(bars)} bars. Give one value for each bar.")
    values = values.view()
    values.flags.writeable = False  # one compiled signature for every giver
    clean = np.empty(len(bars), dtype=np.int8)
    bad, entries = k.clean_target_nb(values, config.allow_short, clean)
    if bad >= 0:
        when = np.datetime_as_string(bars.time[bad], unit="s")
        raise TargetError(
            f"The target at bar {bad} ({when}) is {values[bad]:g}. Use -1, 0, +1, or NaN to keep."
        )
    return clean, int(entries)


def _estimate(bars: Bars, config: SimulationConfig, periods_per_year: float) -> NDArray[np.float64]:
    """What the sizing must know at each close: yearly volatility, average true range, or nothing."""
    if config.sizing == "vol_target":
        out = np.empty(len(bars))
        k.volatility_nb(bars.close, config.volatility_window, math.sqrt(periods_per_year), out)
        return out
    if config.sizing == "atr_risk":
        out = np.empty(len(bars))
        k.average_true_range_nb(bars.high, bars.low, bars.close, config.atr_window, out)
        return out
    return _NO_ESTIMATE


def _rules(config: SimulationConfig, periods_per_year: float) -> k.Rules:
    exits = (config.stop_loss, config.take_profit, config.trailing_stop)
    return k.Rules(
        commission=config.commission,
        commission_fixed=config.commission_fixed,
        commission_min=config.commission_min,
        impact=config.impact,
        sizing=SIZINGS.index(config.sizing),
        size=config.size,
        whole_units=config.whole_units,
        leverage=config.leverage,
        stop_loss=config.stop_loss or 0.0,
        take_profit=config.take_profit or 0.0,
        trailing_stop=config.trailing_stop or 0.0,
        borrow_per_bar=config.borrow_rate / periods_per_year,
        maintenance=config.maintenance_margin,
        atr_multiple=config.atr_multiple,
        has_exits=any(value is not None for value in exits) or config.sizing == "atr_risk",
        at_close=config.fill == "close",
        liquidate=config.liquidate_at_end,
    )


def _empty_books(config: SimulationConfig, entries: int) -> k.Books:
    """Room for as many trades and rejections as the target can cause."""
    books = k.Books(
        account=np.zeros(k.ACCOUNT_SIZE),
        counts=np.zeros(k.COUNTS_SIZE, dtype=np.int64),
        trade_bars=np.empty((entries, 3), dtype=np.int64),
        trade_values=np.empty((entries, len(TRADE_VALUES))),
        rejection_bars=np.empty((entries, 3), dtype=np.int64),
        rejection_values=np.empty((entries, len(REJECTION_VALUES))),
    )
    books.account[k.CASH] = config.initial_capital
    return books


def _result(
    bars: Bars,
    config: SimulationConfig,
    books: k.Books,
    equity: NDArray[np.float64],
    quantity: NDArray[np.float64],
) -> Simulation:
    account, counts = books.account, books.counts
    trades, rejected = int(counts[k.TRADES]), int(counts[k.REJECTED])
    for array in (equity, quantity, *books[2:]):
        array.flags.writeable = False
    return Simulation(
        config=config,
        time=bars.time,
        equity=equity,
        quantity=quantity,
        trade_bars=books.trade_bars[:trades],
        trade_values=books.trade_values[:trades],
        rejection_bars=books.rejection_bars[:rejected],
        rejection_values=books.rejection_values[:rejected],
        final_equity=float(equity[-1]),
        marked_equity=float(account[k.MARKED]),
        fees_paid=float(account[k.FEES_PAID]),
        slippage_paid=float(account[k.SLIPPAGE_PAID]),
        borrow_paid=float(account[k.BORROW_PAID]),
        traded_value=float(account[k.TRADED]),
        shortfall=float(account[k.SHORTFALL]),
        ambiguous_bars=int(counts[k.AMBIGUOUS]),
        orders=int(counts[k.ORDERS]),
        ruined=bool(counts[k.RUINED]),
    )
