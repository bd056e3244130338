"""Many backtests at once: a space of values, the sweep over it, and its result as columns. Pure: numpy and numba.

Names load on first use, so that a web process can check a space (`space`, `result`) without the compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.optimize.errors import SpaceError
    from backtests.optimize.result import SWEEP_METRICS, SweepResult
    from backtests.optimize.space import Axis, Grid, RandomSearch, Space
    from backtests.optimize.sweep import run_sweep

__all__ = ["SWEEP_METRICS", "Axis", "Grid", "RandomSearch", "Space", "SpaceError", "SweepResult", "run_sweep"]

_HOMES = {
    "SpaceError": "errors",
    "SWEEP_METRICS": "result",
    "SweepResult": "result",
    "Axis": "space",
    "Grid": "space",
    "RandomSearch": "space",
    "Space": "space",
    "run_sweep": "sweep",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
