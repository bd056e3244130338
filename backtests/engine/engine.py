"""A strategy, its data and an account put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from backtests.engine.config import SimulationConfig
from backtests.engine.results import Simulation
from backtests.engine.simulator import buy_and_hold, simulate
from backtests.metrics.compute import compute_metrics
from backtests.metrics.drawdown import drawdown_series
from backtests.metrics.record import BacktestMetrics
from marketdata.bars import Bars

if TYPE_CHECKING:
    import pandas as pd


class GivesTarget(Protocol):
    """What the engine asks of a strategy: the wanted direction at each close."""

    def target(self, bars: Bars) -> NDArray[np.float64]: ...


@dataclass(frozen=True, eq=False)
class RunDetails:
    """Everything behind the figures of one run; arrays have one value for each bar.

    `timings` holds seconds for "signals", "simulation" and "metrics".
    """

    simulation: Simulation
    target: NDArray[np.float64]
    benchmark_equity: NDArray[np.float64]
    drawdown: NDArray[np.float64]
    timings: Mapping[str, float]


class BacktestEngine:
    """Runs strategies in accounts of one configuration.

    Parameters
    ----------
    config : SimulationConfig, optional
    risk_free_rate : float
        Per year, as a fraction, for the ratios.
    """

    def __init__(self, config: SimulationConfig | None = None, *, risk_free_rate: float = 0.0) -> None:
        self.config = SimulationConfig() if config is None else config
        self.risk_free_rate = risk_free_rate

    def run_backtest(
        self,
        data: Bars | pd.DataFrame,
        strategy: GivesTarget,
        periods_per_year: float = 252.0,
        progress: Callable[[float, str], None] | None = None,
    ) -> tuple[BacktestMetrics, RunDetails]:
        """Compute the strategy's target, trade it, and measure the result against buy-and-hold.

        Parameters
        ----------
        data : Bars or DataFrame
            A frame has a DatetimeIndex (naive means UTC) and columns open, high, low, close, volume.
        strategy : object with `target(bars)`
        periods_per_year : float
            Bars per year of this data.
        progress : callable, optional
            Called with the share done and what comes next; may raise to stop the run.
        """
        tell = progress or _silent
        bars = data if isinstance(data, Bars) else Bars.from_frame(data)
        started = time.perf_counter()
        tell(0.05, f"Computing signals of {len(bars):,} bars")
        target = np.asarray(strategy.target(bars), dtype=np.float64)
        signalled = time.perf_counter()
        tell(0.4, f"Simulating {len(bars):,} bars")
        sim = self._execute_trades(bars, target, periods_per_year)
        simulated = time.perf_counter()
        tell(0.8, f"Measuring {len(sim.trade_bars):,} trades")
        benchmark = buy_and_hold(bars, self.config, periods_per_year=periods_per_year)
        metrics = self._calculate_metrics(sim, bars, periods_per_year, benchmark)
        details = RunDetails(
            simulation=sim,
            target=target,
            benchmark_equity=benchmark.equity,
            drawdown=drawdown_series(sim.equity, self.config.initial_capital),
            timings={
                "signals": signalled - started,
                "simulation": simulated - signalled,
                "metrics": time.perf_counter() - simulated,
            },
        )
        tell(1.0, "Done")
        return metrics, details

    def _execute_trades(self, bars: Bars, target: NDArray[np.float64], periods_per_year: float) -> Simulation:
        return simulate(bars, target, self.config, periods_per_year=periods_per_year)

    def _calculate_metrics(
        self, sim: Simulation, bars: Bars, periods_per_year: float, benchmark: Simulation | None = None
    ) -> BacktestMetrics:
        return compute_metrics(sim, bars, periods_per_year, self.risk_free_rate, benchmark)


def _silent(share: float, message: str) -> None:
    """The progress of a run that nobody watches."""
