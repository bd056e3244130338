"""Costs, doubled."""

import numpy as np
import pytest

from backtests.engine import PortfolioConfig, SimulationConfig, simulate
from backtests.engine.tests.portfolio_cases import flat_panel
from backtests.robustness.costs import (
    has_costs,
    portfolio_return_at_costs,
    return_at_costs,
    scale_costs,
)
from marketdata.bars import Bars


def one_trade():
    close = np.array([100.0, 100.0, 110.0, 110.0])
    return Bars(
        time=np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]").astype("datetime64[ns]"),
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=np.ones(4),
    ), np.array([1.0, 1.0, 1.0, 0.0])


def test_twice_the_costs_by_hand():
    bars, target = one_trade()
    config = SimulationConfig(initial_capital=1000.0, commission=0.01, sizing="units", size=1.0)
    # buy 1 at 100, sell at 110 at the end: +10, fees 1.00 + 1.10; doubled 2.00 + 2.20
    assert return_at_costs(bars, target, config, 1.0) == pytest.approx((10 - 2.1) / 1000)
    assert return_at_costs(bars, target, config, 2.0) == pytest.approx((10 - 4.2) / 1000)


def test_factor_one_is_the_run_itself():
    bars, target = one_trade()
    config = SimulationConfig(commission=0.001, slippage=0.002, spread=0.001, commission_fixed=1.0)
    assert return_at_costs(bars, target, config, 1.0) == simulate(bars, target, config).final_equity / 1e4 - 1


def test_scaled_rates_stay_usable():
    config = scale_costs(SimulationConfig(commission=0.6, slippage=0.5, spread=0.5), 2.0)
    assert config.commission < 1.0
    assert config.impact < 1.0


def test_an_account_without_costs_is_told_from_one_with():
    assert not has_costs(SimulationConfig())
    assert has_costs(SimulationConfig(commission_min=1.0))


def test_the_costs_of_a_portfolio_double_too():
    panel = flat_panel(A=[10, 10, 10], B=[50, 50, 50])
    config = PortfolioConfig(initial_capital=1000.0, commission_fixed=5.0, cash_buffer=0.5)
    # Two symbols, in and out: four fills of 5, or of 10.
    weights = np.full((3, 2), 0.5)
    assert portfolio_return_at_costs(panel, weights, config, 1.0) == pytest.approx(-0.02)
    assert portfolio_return_at_costs(panel, weights, config, 2.0) == pytest.approx(-0.04)
    assert has_costs(config)
