"""What comes out of a sweep: columns, one value a cell. numpy only, so that a web process can read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import nearest
from backtests.optimize.errors import SpaceError

SWEEP_METRICS = (
    "total_return",
    "cagr",
    "sharpe_ratio",
    "sortino_ratio",
    "volatility",
    "max_drawdown",
    "calmar_ratio",
    "total_trades",
    "win_rate",
    "profit_factor",
    "exposure",
    "final_equity",
)
"""The figures of each cell, by the definitions of `backtests.metrics`; undefined ones are NaN."""

LOWER_IS_BETTER = frozenset({"volatility"})
"""Of all others more is better; a drawdown is at most 0, so that the mildest is the highest."""


@dataclass(frozen=True, eq=False)
class SweepResult:
    """The cells of a sweep, as columns of one value a cell, in the order of the space.

    Parameters
    ----------
    values : dict of str to ndarray, shape (n_cells,)
        By name of the axis; NaN where a setting is left empty.
    metrics : dict of str to ndarray of float64, shape (n_cells,)
        By name of `SWEEP_METRICS`; NaN where undefined or refused.
    valid : ndarray of bool, shape (n_cells,)
        False where the strategy or the account refuses the combination.
    curves : mapping of int to ndarray of float64, shape (n_bars,)
        Equity at each close of the best cells, by cell number, when curves were asked for.
    """

    values: dict[str, NDArray[Any]]
    metrics: dict[str, NDArray[np.float64]]
    valid: NDArray[np.bool_]
    curves: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.valid)

    def best(self, metric: str = "sharpe_ratio", k: int = 10) -> NDArray[np.int64]:
        """Return the numbers of up to `k` cells, best first; of equal ones the first comes first."""
        if metric not in self.metrics:
            raise SpaceError(f"{metric} is not a figure of a sweep. {nearest(metric, SWEEP_METRICS)}")
        if k <= 0:
            return np.empty(0, dtype=np.int64)
        column = self.metrics[metric]
        known = np.flatnonzero(self.valid & ~np.isnan(column))
        merit = column[known] if metric in LOWER_IS_BETTER else -column[known]
        if k < len(known):
            limit = np.partition(merit, k - 1)[k - 1]
            within = merit <= limit
            known, merit = known[within], merit[within]
        return known[np.argsort(merit, kind="stable")][:k]
