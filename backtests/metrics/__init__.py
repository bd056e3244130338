"""Performance figures of a simulation, each with its written definition. Pure: numpy and numba.

Names load on first use, so that `backtests.metrics.definitions` never pulls the compiler into the web process.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.metrics.compute import compute_metrics
    from backtests.metrics.definitions import DEFINITIONS, Definition
    from backtests.metrics.drawdown import drawdown_series
    from backtests.metrics.record import BacktestMetrics

__all__ = ["DEFINITIONS", "BacktestMetrics", "Definition", "compute_metrics", "drawdown_series"]

_HOMES = {
    "DEFINITIONS": "definitions",
    "Definition": "definitions",
    "BacktestMetrics": "record",
    "compute_metrics": "compute",
    "drawdown_series": "drawdown",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
