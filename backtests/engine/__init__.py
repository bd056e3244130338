"""The simulator: bars and a target in, an account's history out. Pure: numpy and numba, no web framework.

Names load on first use, so that `backtests.engine.config` (which the web process validates forms with) never pulls
the compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.engine.config import ENGINE_VERSION, SimulationConfig
    from backtests.engine.engine import BacktestEngine, RunDetails
    from backtests.engine.errors import ConfigError, EngineError, TargetError
    from backtests.engine.portfolio import equal_weight_hold, simulate_portfolio
    from backtests.engine.portfolio_config import PortfolioConfig
    from backtests.engine.portfolio_engine import PortfolioDetails, PortfolioEngine
    from backtests.engine.portfolio_results import Contribution, PortfolioSimulation
    from backtests.engine.results import REASONS, REJECTION_DTYPE, TRADE_DTYPE, Simulation
    from backtests.engine.simulator import buy_and_hold, simulate

__all__ = [
    "ENGINE_VERSION",
    "REASONS",
    "REJECTION_DTYPE",
    "TRADE_DTYPE",
    "BacktestEngine",
    "ConfigError",
    "Contribution",
    "EngineError",
    "PortfolioConfig",
    "PortfolioDetails",
    "PortfolioEngine",
    "PortfolioSimulation",
    "RunDetails",
    "Simulation",
    "SimulationConfig",
    "TargetError",
    "buy_and_hold",
    "equal_weight_hold",
    "simulate",
    "simulate_portfolio",
]

_HOMES = {
    "ENGINE_VERSION": "config",
    "SimulationConfig": "config",
    "ConfigError": "errors",
    "EngineError": "errors",
    "TargetError": "errors",
    "REASONS": "results",
    "REJECTION_DTYPE": "results",
    "TRADE_DTYPE": "results",
    "Simulation": "results",
    "buy_and_hold": "simulator",
    "simulate": "simulator",
    "BacktestEngine": "engine",
    "RunDetails": "engine",
    "PortfolioConfig": "portfolio_config",
    "Contribution": "portfolio_results",
    "PortfolioSimulation": "portfolio_results",
    "equal_weight_hold": "portfolio",
    "simulate_portfolio": "portfolio",
    "PortfolioDetails": "portfolio_engine",
    "PortfolioEngine": "portfolio_engine",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
