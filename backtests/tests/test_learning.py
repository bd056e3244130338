"""Trainings trade by the product's own engine, and what they tried makes later verdicts stricter."""

import subprocess
import sys

import numpy as np
import pytest

from backtests import ledger
from backtests.engine import BacktestEngine, SimulationConfig, buy_and_hold
from backtests.forms import BacktestForm
from backtests.learning import simulate_targets
from backtests.models import TrialCount
from mlmodels import trading, trials
from mlmodels.tests.prices import autoregressive
from mlmodels.trading import margin_sweep, targets_of

BARS = autoregressive(400, 0.3, seed=5)
PROBABILITY = np.where(
    np.arange(400) < 60, np.nan, 0.5 + 0.2 * np.tanh(np.random.default_rng(2).standard_normal(400))
)


class Given:
    """A strategy whose target is known beforehand."""

    def __init__(self, target):
        self._target = target

    def target(self, bars):
        return self._target


@pytest.mark.parametrize("short_trades", [True, False])
def test_each_margin_has_the_figures_of_a_backtest_of_the_same_target(short_trades):
    found = margin_sweep(
        simulate_targets, BARS, PROBABILITY, cost_rate=0.002, short_trades=short_trades, periods_per_year=365
    )
    config = SimulationConfig(commission=0.002, allow_short=short_trades)
    bars, seen = BARS.slice(BARS.time[60]), PROBABILITY[60:]
    assert len(found.margins) > 15
    for point in found.margins:
        target = targets_of(seen, point.margin, short_trades)
        metrics, details = BacktestEngine(config).run_backtest(bars, Given(target), 365)
        assert (point.net_return, point.trades, point.exposure) == (
            metrics.total_return,
            metrics.total_trades,
            metrics.exposure,
        )
        np.testing.assert_equal(point.sharpe, metrics.sharpe_ratio)
        if point.margin == 0.0:
            np.testing.assert_array_equal(found.model.equity, details.simulation.equity / 10_000.0)
            assert found.model.sharpe_low == metrics.sharpe_low
            assert found.model.max_drawdown == metrics.max_drawdown
    held = buy_and_hold(bars, config, periods_per_year=365)
    np.testing.assert_array_equal(found.buy_and_hold.equity, held.equity / 10_000.0)


def test_the_default_costs_are_those_that_a_new_backtest_begins_with():
    fields = BacktestForm.base_fields
    percent = sum(float(fields[name].initial) for name in ("commission", "slippage", "spread"))
    assert pytest.approx(percent / 100.0) == trading.DEFAULT_COST_RATE


def test_the_simulator_and_the_ledger_are_provided_when_the_product_is_ready():
    assert trading.simulator() is simulate_targets


def test_the_simulator_serves_a_notebook_without_the_web_framework_and_loads_nothing_heavy():
    code = (
        "import sys, backtests.learning\n"
        "heavy = {'django', 'numba', 'pandas', 'sklearn', 'scipy', 'xgboost'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.django_db
def test_what_a_training_tried_is_added_to_the_ledger(user, other_user, series):
    trials.record_trials(user=user, series=series, count=7, sharpes=[0.01, 0.03])
    row = TrialCount.objects.get()
    assert (row.source, row.strategy_type, row.count, row.sharpe_count) == ("training", "ml_signal", 7, 2)
    totals = ledger.totals(user=user, series=series)
    assert totals.count == 7
    assert totals.mean == pytest.approx(0.02)
    assert ledger.totals(user=other_user, series=series).count == 0
