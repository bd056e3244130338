"""People, prices and a strategy that the tests of this app share."""

import numpy as np
import pytest
from django.urls import reverse

from algotrade.jobs.context import JobContext
from algotrade.jobs.models import Job
from backtests.models import BacktestResult
from backtests.services import BacktestService
from backtests.tasks import run_backtest
from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import import_bars
from strategies.services import StrategyService

FIRST_DAY = "2020-01-01"


def wavy_bars(count: int = 400, first_day: str = FIRST_DAY) -> Bars:
    """Daily bars that swing and stumble, so that averages cross often and some trades lose; the same each time."""
    rows = np.arange(count)
    steps = np.random.default_rng(7).normal(0.0, 0.02, count)
    close = 100.0 * np.exp(0.05 * np.sin(rows / 7.0) + np.cumsum(steps))
    opened = np.concatenate(([close[0]], close[:-1]))
    return Bars(
        time=np.datetime64(first_day, "D") + rows.astype("timedelta64[D]"),
        open=opened,
        high=np.maximum(opened, close) + 0.5,
        low=np.minimum(opened, close) - 0.5,
        close=close,
        volume=np.full(count, 1000.0),
    )


def url(name: str, *args: object) -> str:
    """The address of a page of this app."""
    return reverse(f"backtests:{name}", args=args)


@pytest.fixture
def series(user):
    made = Series.objects.create(
        user=user, symbol="WAVE", timeframe="1d", source="csv", calendar="24/7", name="Wave"
    )
    import_bars(series=made, bars=wavy_bars())
    made.refresh_from_db()
    return made


@pytest.fixture
def strategy(user):
    return StrategyService.create(
        user=user,
        name="Crossing",
        strategy_type="ma_crossover",
        symbol="WAVE",
        parameters={"fast_period": 3, "slow_period": 8},
    )


@pytest.fixture
def submit(user, strategy, series):
    """Ask for a run; keyword arguments replace what is asked for."""

    def make(**changes):
        asked = {"user": user, "strategy": strategy, "series": series} | changes
        return BacktestService.submit(**asked)

    return make


@pytest.fixture
def finish():
    """Compute a result and end its job, without the runner around it (which would leave the test's transaction)."""

    def work(result):
        job = Job.objects.get(pk=result.job_id)
        assert job.claim("test:1")
        job.succeed(run_backtest(JobContext(job)), {"queue_seconds": 0.01})
        return BacktestResult.objects.get(pk=result.pk)

    return work


@pytest.fixture
def finished(submit, finish):
    return finish(submit(configuration={"commission": 0.001, "slippage": 0.0005}))
