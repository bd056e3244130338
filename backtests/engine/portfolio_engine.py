"""A strategy over several symbols, its data and an account put together: `engine.py` for panels."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from backtests.engine.portfolio import equal_weight_hold, simulate_portfolio
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.engine.portfolio_results import PortfolioSimulation
from backtests.engine.results import Simulation
from backtests.metrics.compute import compute_metrics
from backtests.metrics.drawdown import drawdown_series
from backtests.metrics.record import BacktestMetrics
from marketdata.bars import Bars
from marketdata.panel import Panel


class GivesWeights(Protocol):
    """What the engine asks of a strategy over several symbols: the wanted share of each at each close."""

    def weights(self, panel: Panel) -> NDArray[np.float64]:
        """Shape (n_bars, n_symbols); a row of NaN decides nothing, and row t may use rows of the panel up to t."""
        ...


@dataclass(frozen=True, eq=False)
class PortfolioDetails:
    """Everything behind the figures of one run; arrays have one value (weights: one row) for each row of the panel.

    `timings` holds seconds for "signals", "simulation" and "metrics".
    """

    simulation: PortfolioSimulation
    weights: NDArray[np.float64]
    benchmark_equity: NDArray[np.float64]
    drawdown: NDArray[np.float64]
    timings: Mapping[str, float]


class PortfolioEngine:
    """Runs strategies over several symbols in accounts of one configuration.

    Parameters
    ----------
    config : PortfolioConfig, optional
    risk_free_rate : float
        Per year, as a fraction, for the ratios.
    """

    def __init__(self, config: PortfolioConfig | None = None, *, risk_free_rate: float = 0.0) -> None:
        self.config = PortfolioConfig() if config is None else config
        self.risk_free_rate = risk_free_rate

    def run_backtest(
        self,
        panel: Panel,
        strategy: GivesWeights,
        periods_per_year: float = 252.0,
        progress: Callable[[float, str], None] | None = None,
    ) -> tuple[BacktestMetrics, PortfolioDetails]:
        """Compute the strategy's weights, trade them, and measure the result.

        The benchmark is holding the same share of each symbol from the first possible fill to the end, with the same
        costs.

        Parameters
        ----------
        panel : Panel
        strategy : object with `weights(panel)`
        periods_per_year : float
            Rows of the panel per year.
        progress : callable, optional
            Called with the share done and what comes next; may raise to stop the run.
        """
        tell = progress or (lambda share, words: None)
        started = time.perf_counter()
        tell(0.05, f"Computing weights of {len(panel.symbols)} symbols over {len(panel):,} bars")
        weights = np.asarray(strategy.weights(panel), dtype=np.float64)
        signalled = time.perf_counter()
        tell(0.4, f"Simulating {len(panel):,} bars")
        sim = simulate_portfolio(panel, weights, self.config, periods_per_year=periods_per_year)
        simulated = time.perf_counter()
        tell(0.8, f"Measuring {len(sim.trade_bars):,} trades")
        held = equal_weight_hold(panel, self.config, periods_per_year=periods_per_year).equity
        metrics = measure(sim, panel, periods_per_year, self.risk_free_rate, held)
        details = PortfolioDetails(
            simulation=sim,
            weights=weights,
            benchmark_equity=held,
            drawdown=drawdown_series(sim.equity, self.config.initial_capital),
            timings={
                "signals": signalled - started,
                "simulation": simulated - signalled,
                "metrics": time.perf_counter() - simulated,
            },
        )
        tell(1.0, "Done")
        return metrics, details


def measure(
    sim: PortfolioSimulation,
    panel: Panel,
    periods_per_year: float,
    risk_free_rate: float = 0.0,
    benchmark_equity: NDArray[np.float64] | None = None,
) -> BacktestMetrics:
    """Every figure of a single run, of the whole account: a trade is a part of a position that was left.

    The figures read the same attributes of either simulation and of either kind of data.
    """
    return compute_metrics(
        cast(Simulation, sim), cast(Bars, panel), periods_per_year, risk_free_rate, benchmark_equity
    )
