"""The product's own path: what a job of the lab runs, without the job around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.jobs.processes import keep_freed_memory
from backtests.engine import BacktestEngine, RunDetails, Simulation, SimulationConfig, buy_and_hold, simulate
from backtests.metrics import BacktestMetrics, compute_metrics
from benchmarks.peers.cases import Arguments, Facts, Prepared, columns
from benchmarks.peers.ratios import sharpe_with_first_bar
from marketdata.bars import Bars
from strategies.library.moving_average_crossover import MovingAverageCrossoverStrategy

PERIODS = 252.0

keep_freed_memory()  # as every process that runs jobs or previews


@cache
def bars_of(path: str) -> Bars:
    return Bars(**columns(path))


def account(arguments: Arguments) -> SimulationConfig:
    """Long only and without liquidation at the end, the rule that all the tools here can follow."""
    settings = {name: arguments[name] for name in ("stop_loss", "take_profit") if name in arguments}
    return SimulationConfig(
        initial_capital=arguments["cash"],
        commission=arguments["commission"],
        allow_short=False,
        liquidate_at_end=False,
        **settings,
    )


def one_run(arguments: Arguments) -> Prepared:
    """Signals, fills, equity, trade records, drawdown, buy-and-hold and every figure.

    With `table`, that of the trades in words too.
    """
    bars, engine = bars_of(arguments["bars"]), BacktestEngine(account(arguments))
    strategy = MovingAverageCrossoverStrategy(
        fast_period=arguments["fast_period"], slow_period=arguments["slow_period"]
    )
    table = arguments.get("table", False)
    return Prepared(lambda: _whole_run(engine, bars, strategy, table=table), _run_facts)


def every_bar(arguments: Arguments) -> Prepared:
    """An order at every bar: in at one open, out at the next; with `table`, that of the trades in words too."""
    bars, engine = bars_of(arguments["bars"]), BacktestEngine(account(arguments))
    strategy, table = _Alternating(len(bars)), arguments.get("table", False)
    return Prepared(lambda: _whole_run(engine, bars, strategy, table=table), _run_facts)


class _Alternating:
    """+1 and 0 in turn."""

    def __init__(self, length: int) -> None:
        self.values = (np.arange(length) % 2 == 0).astype(np.float64)

    def target(self, bars: Bars) -> NDArray[np.float64]:
        return self.values


def _whole_run(
    engine: BacktestEngine, bars: Bars, strategy: Any, *, table: bool
) -> tuple[BacktestMetrics, RunDetails, Any]:
    metrics, details = engine.run_backtest(bars, strategy, PERIODS)
    sim = details.simulation
    return metrics, details, sim.trades if table else (sim.trade_bars, sim.trade_values)


def _run_facts(result: tuple[BacktestMetrics, RunDetails, Any]) -> Facts:
    metrics, details, _ = result
    return _figures(metrics, details.simulation) | {"timings": dict(details.timings)}


def _figures(metrics: BacktestMetrics, sim: Simulation) -> dict[str, Any]:
    total = len(sim.trade_bars) + int(sim.open_quantity != 0.0)
    return {
        "final_equity": sim.marked_equity,
        "equity": sim.equity[:: max(1, len(sim) // 5000)].tolist(),
        "trades": total,
        "sharpe_ratio": metrics.sharpe_ratio,
        "sharpe_with_first_bar": float(
            sharpe_with_first_bar(metrics.sharpe_ratio, metrics.volatility, len(sim), PERIODS)
        ),
        "max_drawdown": metrics.max_drawdown,
        "volatility": metrics.volatility,
        "sortino_ratio": metrics.sortino_ratio,
        "total_return": metrics.total_return,
    }


def all_metrics(arguments: Arguments) -> Prepared:
    """Every figure of one finished run; the run and its buy-and-hold are made before the clock starts."""
    bars, config = bars_of(arguments["bars"]), account(arguments)
    strategy = MovingAverageCrossoverStrategy(
        fast_period=arguments["fast_period"], slow_period=arguments["slow_period"]
    )
    sim = simulate(bars, strategy.target(bars), config, periods_per_year=PERIODS)
    held = buy_and_hold(bars, config, periods_per_year=PERIODS)
    if "save" in arguments:
        np.savez(arguments["save"], time=bars.time, equity=sim.equity, benchmark=held.equity)
    return Prepared(
        lambda: compute_metrics(sim, bars, PERIODS, 0.0, held), lambda metrics: _ratio_facts(metrics, sim)
    )


def _ratio_facts(metrics: BacktestMetrics, sim: Simulation) -> Facts:
    extra = ("calmar_ratio", "omega_ratio", "alpha", "beta", "information_ratio")
    return _figures(metrics, sim) | {name: getattr(metrics, name) for name in extra}


CASES: dict[str, Callable[[Arguments], Prepared]] = {
    "one_run": one_run,
    "every_bar": every_bar,
    "all_metrics": all_metrics,
}
