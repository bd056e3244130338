"""Which cells of a result are best."""

import numpy as np
import pytest

from backtests.optimize.errors import SpaceError
from backtests.optimize.result import SWEEP_METRICS, SweepResult


def result(**columns):
    n = len(next(iter(columns.values())))
    metrics = {name: np.array(columns.get(name, np.zeros(n)), dtype=float) for name in SWEEP_METRICS}
    return SweepResult({}, metrics, np.array([True] * (n - 1) + [False]))


def test_the_best_come_first_without_refused_and_undefined_cells():
    found = result(sharpe_ratio=[0.5, np.nan, 2.0, -1.0, 9.0])
    assert found.best("sharpe_ratio", 2).tolist() == [2, 0]
    assert found.best("sharpe_ratio", 10).tolist() == [2, 0, 3]
    assert found.best("sharpe_ratio", 0).tolist() == []


def test_equal_cells_keep_their_order_also_where_the_list_is_cut():
    assert result(total_return=[1.0, 2.0, 1.0, 2.0, 1.0, 0.0]).best("total_return", 3).tolist() == [1, 3, 0]


def test_the_mildest_drawdown_and_the_lowest_volatility_are_best():
    assert result(max_drawdown=[-0.5, -0.1, -0.3, 0.0]).best("max_drawdown", 1).tolist() == [1]
    assert result(volatility=[0.5, 0.1, 0.3, 0.0]).best("volatility", 1).tolist() == [1]


def test_an_unknown_figure_is_refused():
    with pytest.raises(SpaceError, match="sharpe_ratio"):
        result(total_return=[1.0, 2.0]).best("sharp_ratio")
