"""The one way into the simulator: bars, a target and a configuration in, a `Simulation` out."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from algotrade.aside import aside
from backtests.engine import kernels as k
from backtests.engine import loops
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import EngineError, TargetError
from backtests.engine.results import REJECTION_VALUES, TRADE_VALUES, Simulation
from backtests.engine.rules import rules_of
from marketdata.bars import Bars
from strategies.decisions import Decisions

Floats = NDArray[np.float64]
Orders = tuple[NDArray[np.int32], NDArray[np.int8], int]


_NO_ESTIMATE: Floats = np.empty(0)
_NO_ESTIMATE.flags.writeable = False


def simulate(
    bars: Bars,
    target: ArrayLike,
    config: SimulationConfig | None = None,
    *,
    periods_per_year: float = 252.0,
    size: ArrayLike | None = None,
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
    size : array_like of float, shape (n_bars,), optional
        Share of cash to enter with, decided at each close by the strategy, at least 0; used instead of the configured
        sizing and never above its leverage. NaN: no estimate, an order decided at that close is rejected.

    Returns
    -------
    Simulation

    Raises
    ------
    EngineError
        No bars, or periods_per_year that is not a finite number above 0.
    TargetError
        Naming the bar and the value, of the target or the size.
    """
    config = SimulationConfig() if config is None else config
    return planned(bars, target, config, periods_per_year=periods_per_year, size=size)()


def planned(
    bars: Bars,
    target: ArrayLike | Decisions,
    config: SimulationConfig,
    *,
    periods_per_year: float,
    size: ArrayLike | None = None,
) -> Callable[[], Simulation]:
    """Check what `simulate` is given, find its orders, and return what trades them.

    Of a target the changes alone will do.
    """
    if len(bars) == 0:
        raise EngineError("There are no bars to simulate. Choose a period that has data.")
    if not (math.isfinite(periods_per_year) and periods_per_year > 0):
        message = f"periods_per_year {periods_per_year} is not usable. Give bars per year, for example 252."
        raise EngineError(message, fields={"periods_per_year": [message]})
    orders = _orders(bars, target, config)
    shares = None if size is None else _clean_size(bars, size)
    return lambda: _run(bars, orders, shares, config, periods_per_year)


def buy_and_hold(bars: Bars, config: SimulationConfig, *, periods_per_year: float = 252.0) -> Simulation:
    """Simulate the benchmark: all cash into the first possible fill, held to the end.

    Same starting capital, costs, fill rule, whole units and end liquidation as `config`; no exits, no leverage, no
    other sizing. With fill "next_open" it buys at the open of the second bar, the earliest fill any strategy can
    have.
    """
    if len(bars) == 0:
        raise EngineError("There are no bars to simulate. Choose a period that has data.")
    return _run(bars, _ONE_ENTRY, None, _benchmark_of(config), periods_per_year)


@lru_cache(maxsize=64)
def _benchmark_of(config: SimulationConfig) -> SimulationConfig:
    costs = ("initial_capital", "commission", "commission_fixed", "commission_min", "slippage", "spread")
    kept = {name: getattr(config, name) for name in (*costs, "fill", "whole_units", "liquidate_at_end")}
    return SimulationConfig(**kept)


_ONE_ENTRY: Orders = (np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.int8), 1)


def _run(
    bars: Bars, orders: Orders, shares: Floats | None, config: SimulationConfig, periods_per_year: float
) -> Simulation:
    n = len(bars)
    decided, wanted, entries = orders
    settings, loop = _settings(config, periods_per_year, shares is not None)
    estimate = _estimate(bars, config, periods_per_year) if shares is None else shares
    totals, counts = np.zeros(k.TOTALS_SIZE), np.zeros(k.COUNTS_SIZE, dtype=np.int64)
    # Room for as many trades and rejections as the target can cause; pages that are never written cost nothing.
    trade_bars, rejection_bars = np.empty((3, entries), np.int32), np.empty((3, entries), np.int32)
    trade_values = np.empty((len(TRADE_VALUES), entries))
    rejection_values = np.empty((len(REJECTION_VALUES), entries))
    equity = np.empty(n)
    prices: tuple[Floats, ...] = (bars.open, bars.high, bars.low, bars.close)
    room: tuple[Floats, ...] = ()
    if loop is loops.order_loop_nb:
        prices, room = (bars.open, bars.close), (np.empty(len(decided)),)
    loop(
        *prices,
        decided,
        wanted,
        estimate,
        settings,
        totals,
        counts,
        trade_bars,
        trade_values,
        rejection_bars,
        rejection_values,
        equity,
        *room,
    )
    tables = (trade_bars, trade_values, rejection_bars, rejection_values)
    return _result(bars, config, totals, counts, tables, equity)


def _column(bars: Bars, name: str, given: ArrayLike, remedy: str) -> Floats:
    """One finite or NaN number a bar, read-only (so that every giver meets the same compiled signature)."""
    try:
        values = np.ascontiguousarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TargetError(f"The {name} holds something that is not a number ({error}). {remedy}") from error
    if values.shape != (len(bars),):
        shape = "x".join(str(length) for length in values.shape)
        raise TargetError(f"The {name} has shape {shape} for {len(bars)} bars. Give one value for each bar.")
    values = values.view()
    values.flags.writeable = False
    return values


def _orders(bars: Bars, target: ArrayLike | Decisions, config: SimulationConfig) -> Orders:
    """The closes at which the target changes, what it changes to, and how many of these are entries."""
    if isinstance(target, Decisions):
        return _decided(bars, target, config)
    values = _column(bars, "target", target, "Use -1, 0, +1.")
    decided, wanted = np.empty(len(bars), dtype=np.int32), np.empty(len(bars), dtype=np.int8)
    different = _changes(values, decided)
    bad, count, entries = k.orders_nb(values, config.allow_short, different, decided, wanted)
    if bad >= 0:
        raise TargetError(
            f"The target at {_place(bars, bad)} is {values[bad]:g}. Use -1, 0, +1, or NaN to keep."
        )
    return decided[:count], wanted[:count], entries


def _decided(bars: Bars, decisions: Decisions, config: SimulationConfig) -> Orders:
    """The orders of a strategy that gives the changes of its target alone."""
    if decisions.length != len(bars):
        remedy = "Give the decisions of the bars that are simulated."
        raise TargetError(f"The decisions are of {decisions.length} bars, not of {len(bars)}. {remedy}")
    given, targets = decisions.bars, decisions.targets
    decided, wanted = np.empty(len(given), dtype=np.int32), np.empty(len(given), dtype=np.int8)
    bad, count, entries = k.decided_nb(given, targets, len(bars), config.allow_short, decided, wanted)
    if bad >= 0:
        remedy = "Use -1, 0, +1 at bars that rise."
        raise TargetError(f"Decision {bad} is {targets[bad]} at bar {given[bad]} of {len(bars)}. {remedy}")
    return decided[:count], wanted[:count], entries


def _changes(target: Floats, decided: NDArray[np.int32]) -> int:
    """`kernels.changes_nb` of all bars; of very many, two threads look at a half each."""
    n = len(target)
    middle = n // 2 + 1
    rest = aside(lambda: k.changes_nb(target, middle, n, decided[middle:]), n)
    before = k.changes_nb(target, 0, middle, decided)
    different: int = before + rest()
    decided[before:different] = decided[middle : middle + different - before]
    return different


def _clean_size(bars: Bars, size: ArrayLike) -> Floats:
    remedy = "Use a share of cash of 0 or more, or NaN for none."
    values = _column(bars, "size", size, remedy)
    bad = np.flatnonzero((values < 0.0) | np.isinf(values))
    if bad.size:
        raise TargetError(f"The size at {_place(bars, int(bad[0]))} is {values[bad[0]]:g}. {remedy}")
    return values


def _place(bars: Bars, bar: int) -> str:
    return f"bar {bar} ({np.datetime_as_string(bars.time[bar], unit='s')})"


def _estimate(bars: Bars, config: SimulationConfig, periods_per_year: float) -> Floats:
    """What the sizing must know at each close: yearly volatility, average true range, or nothing."""
    if config.sizing == "vol_target":
        out = np.empty(len(bars))
        k.volatility_nb(bars.close, config.volatility_window, math.sqrt(periods_per_year), out)
    elif config.sizing == "atr_risk":
        out = np.empty(len(bars))
        k.average_true_range_nb(bars.high, bars.low, bars.close, config.atr_window, out)
    else:
        return _NO_ESTIMATE
    out.flags.writeable = False
    return out


@lru_cache(maxsize=64)
def _settings(
    config: SimulationConfig, periods_per_year: float, given_share: bool
) -> tuple[Floats, Callable[..., None]]:
    """The configuration as `kernels.Rules` in one array, and the quickest loop that knows all of its rules."""
    rules = rules_of(config, periods_per_year, given_share=given_share)
    watched = rules.has_exits or rules.at_close or rules.borrow_per_bar > 0.0 or rules.maintenance > 0.0
    settings = np.array(rules, dtype=np.float64)
    settings.flags.writeable = False
    return settings, loops.bar_loop_nb if watched else loops.order_loop_nb


def _result(
    bars: Bars,
    config: SimulationConfig,
    totals: Floats,
    counts: NDArray[np.int64],
    tables: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    equity: Floats,
) -> Simulation:
    trades, rejected, ambiguous, orders, ruined, held, open_bar = counts.tolist()
    fees_paid, slippage_paid, borrow_paid, traded_value, shortfall, marked, open_quantity = totals.tolist()
    for array in (equity, *tables):
        array.flags.writeable = False
    trade_bars, trade_values, rejection_bars, rejection_values = tables
    return Simulation(
        config=config,
        bars=bars,
        equity=equity,
        trade_bars=trade_bars[:, :trades].T,
        trade_values=trade_values[:, :trades].T,
        rejection_bars=rejection_bars[:, :rejected].T,
        rejection_values=rejection_values[:, :rejected].T,
        final_equity=float(equity[-1]),
        marked_equity=marked,
        fees_paid=fees_paid,
        slippage_paid=slippage_paid,
        borrow_paid=borrow_paid,
        traded_value=traded_value,
        shortfall=shortfall,
        ambiguous_bars=ambiguous,
        orders=orders,
        held_bars=held,
        open_bar=open_bar,
        open_quantity=open_quantity,
        ruined=ruined > 0,
        ruined_at_close=ruined == k.RUINED_AT_CLOSE,
        ruined_by_order=ruined == k.RUINED_BY_ORDER,
    )
