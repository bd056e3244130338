"""A trained model traded through the same engine, with the same fees, as every other strategy."""

import numpy as np
import pytest

from algotrade.jobs.runner import run
from backtests.engine import BacktestEngine, SimulationConfig
from backtests.services import BacktestService
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels.services import MLModelService
from mlmodels.tests.prices import autoregressive
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

BARS = autoregressive(700, 0.3, seed=5)


def finish(row):
    row.job.claim("host:1")
    row.job.refresh_from_db()
    run(row.job)
    row.refresh_from_db()
    return row


@pytest.fixture
def series(user):
    made = Series.objects.create(user=user, symbol="AR", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=made, bars=BARS)
    return made


@pytest.fixture
def strategy(user, series):
    model = MLModelService.submit_training(
        user=user,
        name="Echo",
        series=series,
        algorithm="logistic_regression",
        features=["log_return_1", "log_return_2", "rsi_14"],
        folds=2,
    )
    assert finish(model).status == "succeeded"
    return StrategyService.create(
        user=user, name="Echo", strategy_type="ml_signal", symbol="AR", parameters={"model": model.pk}
    )


def test_memory_in_returns_pays_out_of_fold_when_trading_is_free(strategy):
    config = SimulationConfig(initial_capital=10_000.0, allow_short=True)
    metrics, details = BacktestEngine(config).run_backtest(BARS, strategy.build(), 365)
    first = int(np.flatnonzero(np.isfinite(details.target))[0])
    assert len(details.simulation.trades) > 20
    # Nothing is traded before the first out-of-fold prediction; the order goes out one bar later.
    assert details.simulation.trades["entry_bar"].min() == first + 1
    # About 58 % of the answers are right, so that a cost-free account must grow.
    assert metrics.total_return > 0.1


def test_a_run_of_a_model_ends_with_its_trades(strategy, user, series):
    result = finish(BacktestService.submit(user=user, strategy=strategy, series=series))
    assert result.status == "succeeded", result.error_detail
    assert result.total_trades > 20
    assert result.parameters["model"] == strategy.parameters["model"]


def test_a_run_on_another_series_within_the_training_period_says_why_it_failed(strategy, user):
    other = Series.objects.create(user=user, symbol="RW", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=other, bars=autoregressive(700, 0.0, seed=77))
    result = finish(BacktestService.submit(user=user, strategy=strategy, series=other))
    assert (result.status, result.error_code) == ("failed", "model_wrong_data")
    assert "use the series it was trained on" in result.error_detail
