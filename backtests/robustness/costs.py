"""What is left of a result when trading costs more than assumed.

The compiled engine loads on first use (`engine.simulate`), so that a web process may import this module.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from backtests import engine
from backtests.engine.config import SimulationConfig
from backtests.engine.portfolio_config import PortfolioConfig
from marketdata.bars import Bars
from marketdata.panel import Panel

COSTS = ("commission", "commission_fixed", "commission_min", "slippage", "spread", "borrow_rate")
MOST = 0.99
Config = TypeVar("Config", SimulationConfig, PortfolioConfig)


def has_costs(config: SimulationConfig | PortfolioConfig) -> bool:
    """Does anything at all cost something?"""
    return any(getattr(config, name) > 0.0 for name in COSTS)


def scale_costs(config: Config, factor: float) -> Config:
    """The same account with every cost times `factor` (at least 0); rates stay below the whole price."""
    scaled = {name: getattr(config, name) * factor for name in COSTS}
    scaled["commission"] = min(scaled["commission"], MOST)
    impact = scaled["slippage"] + scaled["spread"] / 2.0
    if impact > MOST:
        scaled["slippage"] *= MOST / impact
        scaled["spread"] *= MOST / impact
    return replace(config, **scaled)


def return_at_costs(
    bars: Bars,
    target: NDArray[np.float64],
    config: SimulationConfig,
    factor: float,
    periods_per_year: float = 252.0,
    size: NDArray[np.float64] | None = None,
) -> float:
    """Net return of the same decisions with every cost times `factor`.

    Parameters
    ----------
    bars : Bars
    target : ndarray of float64, shape (n_bars,)
        Wanted direction at each close (-1, 0, +1); NaN keeps the one before. Row t may use bars up to t.
    config : SimulationConfig
        The account as it was run.
    factor : float
        At least 0; see `scale_costs`.
    periods_per_year : float
        Bars per year.
    size : ndarray of float64, shape (n_bars,), optional
        Share of cash to enter with, as `engine.simulate` takes it.

    Returns
    -------
    float
        A fraction of the initial capital, -1 after a ruin.
    """
    scaled = scale_costs(config, factor)
    sim = engine.simulate(bars, target, scaled, periods_per_year=periods_per_year, size=size)
    return sim.final_equity / config.initial_capital - 1.0


def portfolio_return_at_costs(
    panel: Panel,
    weights: NDArray[np.float64],
    config: PortfolioConfig,
    factor: float,
    periods_per_year: float = 252.0,
) -> float:
    """Net return, as a fraction of the initial capital, of the same weights with every cost times `factor`.

    `weights`, of shape (n_bars, n_symbols), are shares of the account as `engine.simulate_portfolio` takes them: a row
    of NaN decides nothing, and row t may use rows up to t.
    """
    scaled = scale_costs(config, factor)
    sim = engine.simulate_portfolio(panel, weights, scaled, periods_per_year=periods_per_year)
    return sim.final_equity / config.initial_capital - 1.0
