"""The product's engine as trainings use it: same fills, same costs, same figures as a backtest.

A notebook passes `simulate_targets` to `MLPredictor.train`; inside the product it is provided when the app is ready.
The compiled engine loads on first use, so that importing this module costs a web process nothing. No Django.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backtests import engine, metrics
from backtests.engine.config import SimulationConfig
from marketdata.bars import Bars
from mlmodels.trading import DEFAULT_COST_RATE, Traded

Floats = NDArray[np.float64]


def account(cost_rate: float, short_trades: bool) -> SimulationConfig:
    """The account of a training's trades: all in, and each fill costs `cost_rate` of its value."""
    return SimulationConfig(commission=cost_rate, allow_short=short_trades)


def simulate_targets(
    bars: Bars,
    targets: Sequence[Floats],
    *,
    cost_rate: float = DEFAULT_COST_RATE,
    short_trades: bool = True,
    periods_per_year: float = 252.0,
) -> list[Traded]:
    """Trade each target over the bars by the engine; see `mlmodels.trading.Simulator`.

    Raises
    ------
    EngineError
        No bars, a target that is not -1, 0, +1 or NaN, or settings that no backtest would take.
    """
    config = account(cost_rate, short_trades)
    return [_traded(bars, target, config, periods_per_year) for target in targets]


def _traded(bars: Bars, target: Floats, config: SimulationConfig, periods_per_year: float) -> Traded:
    simulation = engine.simulate(bars, target, config, periods_per_year=periods_per_year)
    found = metrics.compute_metrics(simulation, bars, periods_per_year)
    return Traded(
        net_return=found.total_return,
        sharpe=found.sharpe_ratio,
        sharpe_low=found.sharpe_low,
        sharpe_high=found.sharpe_high,
        max_drawdown=found.max_drawdown,
        trades=found.total_trades,
        exposure=found.exposure,
        equity=simulation.equity / config.initial_capital,
    )
