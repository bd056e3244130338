"""What is left of a result when trading costs more than assumed.

The compiled engine loads on first use (`engine.simulate`), so that a web process may import this module.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backtests import engine
from backtests.engine.config import SimulationConfig
from marketdata.bars import Bars

COSTS = ("commission", "commission_fixed", "commission_min", "slippage", "spread", "borrow_rate")
MOST = 0.99


def has_costs(config: SimulationConfig) -> bool:
    """Does anything at all cost something?"""
    return any(getattr(config, name) > 0.0 for name in COSTS)


def scale_costs(config: SimulationConfig, factor: float) -> SimulationConfig:
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
) -> float:
    """Net return, as a fraction, of the same decisions with every cost times `factor`."""
    sim = engine.simulate(bars, target, scale_costs(config, factor), periods_per_year=periods_per_year)
    return sim.final_equity / config.initial_capital - 1.0
