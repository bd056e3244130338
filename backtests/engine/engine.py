"""A strategy, its data and an account put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from algotrade.aside import aside
from backtests.engine.config import SimulationConfig
from backtests.engine.results import Simulation
from backtests.engine.simulator import buy_and_hold, planned
from backtests.engine.strategy import GivesTarget, size_of, wanted_of
from backtests.metrics.compute import compute_metrics
from backtests.metrics.drawdown import drawdown_series
from backtests.metrics.record import BacktestMetrics
from marketdata.bars import Bars
from strategies.decisions import Decisions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RunDetails:
    """Everything behind the figures of one run; arrays have one value for each bar.

    `wanted` is what the strategy gave: its target, or the changes of it alone. `size` is what the strategy itself
    decided, None when the configuration's sizing did. `timings` holds seconds for "signals", "simulation" and
    "metrics".
    """

    simulation: Simulation
    wanted: NDArray[np.float64] | Decisions
    benchmark_equity: NDArray[np.float64]
    timings: Mapping[str, float]
    size: NDArray[np.float64] | None = None

    @cached_property
    def target(self) -> NDArray[np.float64]:
        """The direction that the strategy wanted at each close."""
        return self.wanted.target() if isinstance(self.wanted, Decisions) else self.wanted

    @cached_property
    def drawdown(self) -> NDArray[np.float64]:
        """The fall from the highest value so far at each bar; the starting capital is the first peak."""
        return drawdown_series(self.simulation.equity, self.simulation.config.initial_capital)


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
        strategy : object with `target(bars)`, and `size(bars)` where it sizes its entries itself
        periods_per_year : float
            Bars per year of this data.
        progress : callable, optional
            Called with the share done and what comes next; may raise to stop the run.
        """
        tell = progress or _silent
        bars = data if isinstance(data, Bars) else Bars.from_frame(data)
        started = time.perf_counter()
        tell(0.05, f"Computing signals of {len(bars):,} bars")
        wanted = wanted_of(strategy, bars)
        size = size_of(strategy, bars)
        signalled = time.perf_counter()
        tell(0.4, f"Simulating {len(bars):,} bars")
        trade = planned(bars, wanted, self.config, periods_per_year=periods_per_year, size=size)
        # Not before the orders are found, which two threads do: here the other one would have nothing to do.
        held = aside(lambda: buy_and_hold(bars, self.config, periods_per_year=periods_per_year), len(bars))
        sim = self._execute_trades(trade)
        simulated = time.perf_counter()
        tell(0.8, f"Measuring {len(sim.trade_bars):,} trades")
        benchmark = held()
        metrics = self._calculate_metrics(sim, bars, periods_per_year, benchmark)
        details = RunDetails(
            simulation=sim,
            wanted=wanted,
            benchmark_equity=benchmark.equity,
            timings={
                "signals": signalled - started,
                "simulation": simulated - signalled,
                "metrics": time.perf_counter() - simulated,
            },
            size=size,
        )
        tell(1.0, "Done")
        return metrics, details

    def _execute_trades(self, trade: Callable[[], Simulation]) -> Simulation:
        return trade()

    def _calculate_metrics(
        self, sim: Simulation, bars: Bars, periods_per_year: float, benchmark: Simulation | None = None
    ) -> BacktestMetrics:
        return compute_metrics(sim, bars, periods_per_year, self.risk_free_rate, benchmark)


def _silent(share: float, message: str) -> None:
    """The progress of a run that nobody watches."""
