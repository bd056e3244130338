"""What this app stores: runs with their legs and models, sweeps, and the count of all trials."""

from backtests.models.frozen import FrozenRequest
from backtests.models.leg import Leg
from backtests.models.long_run import ResultColumns
from backtests.models.result import (
    JSON_COLUMNS,
    METRIC_COLUMNS,
    BacktestQuerySet,
    BacktestResult,
)
from backtests.models.sweep import Sweep, SweepQuerySet
from backtests.models.trials import TrialCount
from backtests.models.use import ModelUse

__all__ = [
    "JSON_COLUMNS",
    "METRIC_COLUMNS",
    "BacktestQuerySet",
    "BacktestResult",
    "FrozenRequest",
    "Leg",
    "ModelUse",
    "ResultColumns",
    "Sweep",
    "SweepQuerySet",
    "TrialCount",
]
