"""All figures of one run, computed once from arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from algotrade.aside import aside
from algotrade.errors import InvalidInput
from backtests.engine.results import Simulation
from backtests.metrics import benchmark as against
from backtests.metrics import kernels as k
from backtests.metrics.definitions import DEFINITIONS
from backtests.metrics.record import BacktestMetrics
from backtests.metrics.returns import (
    daily_sharpe,
    drawdown_figures,
    growth,
    measure,
    return_figures,
    sharpe_confidence,
)
from backtests.metrics.trades import trade_figures
from marketdata.bars import Bars

_BENCHMARK = ("benchmark_return", "benchmark_cagr", "excess_return", *against.NAMES)
_TRADES = ("profit_factor", "payoff_ratio", "average_win", "average_loss", "largest_win", "largest_loss")
_NEED_TRADES = frozenset((*_TRADES, "largest_win_share", "sqn", "kelly", "long_win_rate", "short_win_rate"))


class MetricsError(InvalidInput):
    """Input that no figures can be computed from."""

    code = "metrics_invalid"


def compute_metrics(
    sim: Simulation,
    bars: Bars,
    periods_per_year: float,
    risk_free_rate: float = 0.0,
    benchmark: ArrayLike | Simulation | None = None,
) -> BacktestMetrics:
    """Compute every figure of `DEFINITIONS`.

    Parameters
    ----------
    sim : Simulation
        The run, of the same bars.
    bars : Bars
    periods_per_year : float
        Bars per year: 252 for exchange days, 365 for days around the clock.
    risk_free_rate : float
        Per year, as a fraction; also the minimum acceptable return of Sortino and omega.
    benchmark : Simulation or array_like of float, shape (n_bars,), optional
        A run to compare with, or its equity at each close (its first value is its starting capital).

    Returns
    -------
    BacktestMetrics
        NaN where a figure is undefined, with the reason in `.undefined`.
    """
    if not (math.isfinite(periods_per_year) and periods_per_year > 0.0):
        raise _refusal("periods_per_year", periods_per_year, "Give bars per year, for example 252.")
    if not (math.isfinite(risk_free_rate) and risk_free_rate > -1.0):
        raise _refusal("risk_free_rate", risk_free_rate, "Give a yearly fraction, for example 0.02 for 2 %.")
    if len(bars) != len(sim):
        raise MetricsError(
            f"The run has {len(sim)} bars and the data {len(bars)}. Pass the bars it was run on."
        )
    initial, n = sim.config.initial_capital, len(sim)
    rf = (1.0 + risk_free_rate) ** (1.0 / periods_per_year) - 1.0
    others = aside(
        lambda: (
            daily_sharpe(sim.equity, bars.time, risk_free_rate, periods_per_year),
            trade_figures(sim),
            _compared(sim, rf, periods_per_year, benchmark),
        ),
        n,
    )
    path, moments, tails = measure(sim.equity, initial, bars.time, rf)
    daily, trades, compared = others()
    total = sim.final_equity / initial - 1.0
    values: dict[str, Any] = {
        "periods_per_year": float(periods_per_year),
        "risk_free_rate": float(risk_free_rate),
        "bars": n,
        "initial_capital": initial,
        "final_equity": sim.final_equity,
        "marked_equity": sim.marked_equity,
        "net_profit": sim.final_equity - initial,
        "total_return": total,
        "cagr": growth(total, n - 1, periods_per_year),
        "exposure": sim.exposure,
        "daily_sharpe_ratio": daily,
    }
    values |= return_figures(path, moments, tails, rf, periods_per_year)
    values |= sharpe_confidence(values, path.returns, periods_per_year)
    values |= drawdown_figures(path, n)
    fall = -values["max_drawdown"]
    values["calmar_ratio"] = values["cagr"] / fall if fall > 0.0 else math.nan
    values["recovery_factor"] = total / fall if fall > 0.0 else math.nan
    values |= trades
    values |= _costs(sim, path.equity / n, periods_per_year)
    values |= compared
    reasons = {
        name: _reason(name, values, benchmark) for name, value in values.items() if value != value
    }  # NaN
    return BacktestMetrics.of(values, reasons)


def _refusal(name: str, value: float, remedy: str) -> MetricsError:
    message = f"{name} {value} is not usable. {remedy}"
    return MetricsError(message, fields={name: [message]})


def _costs(sim: Simulation, mean: float, periods_per_year: float) -> dict[str, float]:
    costs = sim.fees_paid + sim.slippage_paid + sim.borrow_paid
    before = sim.final_equity - sim.config.initial_capital + costs
    return {
        "orders": sim.orders,
        "rejected_orders": sim.rejected_orders,
        "ambiguous_bars": sim.ambiguous_bars,
        "traded_value": sim.traded_value,
        "turnover": sim.traded_value / mean * periods_per_year / len(sim) if mean > 0.0 else math.nan,
        "fees_paid": sim.fees_paid,
        "slippage_paid": sim.slippage_paid,
        "borrow_paid": sim.borrow_paid,
        "cost_share": costs / before if before > 0.0 else math.nan,
    }


def _compared(
    sim: Simulation,
    rf: float,
    periods_per_year: float,
    benchmark: ArrayLike | Simulation | None,
) -> dict[str, float]:
    if benchmark is None:
        return dict.fromkeys(_BENCHMARK, math.nan)
    n = len(sim)
    if isinstance(benchmark, Simulation):
        equity, start = benchmark.equity, benchmark.config.initial_capital
    else:
        equity = np.array(benchmark, dtype=np.float64)
        equity.flags.writeable = False  # one compiled signature for every giver
        start = float(equity[0]) if equity.size else math.nan
    if equity.shape != (n,):
        raise MetricsError(
            f"The benchmark has shape {equity.shape} for {n} bars. Give one value for each bar."
        )
    if not (isinstance(benchmark, Simulation) or (k.is_account_nb(equity) and start > 0.0)):
        raise MetricsError(
            "The benchmark holds a value that is no account value. Give finite values above 0."
        )
    total, held = sim.final_equity / sim.config.initial_capital - 1.0, float(equity[-1]) / start - 1.0
    figures = {
        "benchmark_return": held,
        "benchmark_cagr": growth(held, n - 1, periods_per_year),
        "excess_return": total - held,
    }
    return figures | against.benchmark_figures(sim.equity, equity, rf, periods_per_year)


def _reason(name: str, values: dict[str, Any], benchmark: object) -> str:
    if benchmark is None and name in _BENCHMARK:
        return "No benchmark was given."
    if name in _NEED_TRADES and not values["total_trades"]:
        return "There are no closed trades."
    return DEFINITIONS[name].undefined
