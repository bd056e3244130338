"""From the request to the stored result, with a real snapshot and the real engine, in this process."""

import datetime as dt
import time

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from algotrade.jobs.services import requeue
from backtests.engine import BacktestEngine, SimulationConfig
from backtests.models import METRIC_COLUMNS, BacktestResult
from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from marketdata.services import import_bars
from strategies.base import BaseStrategy
from strategies.library import MovingAverageCrossoverStrategy
from strategies.registry import temporarily
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


class Faulty(BaseStrategy):
    key = "faulty"
    label = "Faulty"
    summary = "Returns something that is no target."

    def target(self, bars):
        return np.full(len(bars), 7.0)


class Broken(BaseStrategy):
    key = "broken"
    label = "Broken"
    summary = "Fails inside."

    def target(self, bars):
        raise ZeroDivisionError("secret detail")


class CancelsItself(BaseStrategy):
    """Asks for its own job to be cancelled, then keeps computing until it is noticed."""

    key = "cancels_itself"
    label = "Cancels itself"
    summary = "For a test."

    def target(self, bars):
        Job.objects.get(kind="backtests.run", state="running").request_cancel()
        time.sleep(2.5)
        return np.ones(len(bars))


class KnowsItsBars(BaseStrategy):
    """Follows a model that was trained on a quarter of the bars."""

    key = "knows_its_bars"
    label = "Knows its bars"
    summary = "For a test."

    def target(self, bars):
        return np.ones(len(bars))

    def in_sample_share(self, bars):
        return 0.25


class DeletesItself(BaseStrategy):
    key = "deletes_itself"
    label = "Deletes itself"
    summary = "For a test."

    def target(self, bars):
        BacktestService.delete(BacktestResult.objects.select_related("job"))
        return np.ones(len(bars))


@pytest.fixture
def finish():
    """Claim the job of a result and run it here, as a job's process would."""

    def work(result):
        job = Job.objects.get(pk=result.job_id)
        assert job.claim("test:1")
        run(job)
        return BacktestResult.objects.get(pk=result.pk)

    return work


def own_strategy(user, cls):
    return StrategyService.create(user=user, name=cls.label, strategy_type=cls.key, symbol="WAVE")


def test_a_run_ends_with_metrics_trades_and_curves(finished):
    assert finished.status == "succeeded"
    assert finished.finished_at is not None
    assert finished.total_trades == len(finished.trades) > 10
    assert finished.bar_count == len(finished.equity_curve) == 400
    assert 2 <= len(finished.sparkline) <= 60
    assert {overlay["name"] for overlay in finished.overlays} == {"SMA 3", "SMA 8"}
    assert finished.engine_version
    assert finished.duration_ms > 0
    assert finished.job.state == "succeeded"
    assert finished.job.result_url == finished.get_absolute_url()


def test_the_stored_numbers_equal_those_of_the_engine_run_alone(finished):
    config = SimulationConfig(initial_capital=10_000.0, commission=0.001, slippage=0.0005)
    strategy = MovingAverageCrossoverStrategy(fast_period=3, slow_period=8)
    metrics, details = BacktestEngine(config).run_backtest(wavy_bars(), strategy, periods_per_year=365)
    for name in METRIC_COLUMNS:
        assert getattr(finished, name) == metrics.to_dict()[name], name
    assert finished.metrics == metrics.to_dict()
    assert finished.undefined == metrics.undefined
    assert [row[1] for row in finished.equity_curve] == details.simulation.equity.tolist()
    assert [row[2] for row in finished.equity_curve] == details.benchmark_equity.tolist()
    assert [row[3] for row in finished.equity_curve] == details.drawdown.tolist()
    assert [trade["pnl"] for trade in finished.trades] == details.simulation.trades["pnl"].tolist()


def test_the_profits_of_the_stored_trades_add_up_to_the_final_equity(finished):
    total = 10_000.0 + sum(trade["pnl"] for trade in finished.trades)
    assert total == pytest.approx(finished.final_equity, rel=1e-12)


def test_trades_carry_utc_times_and_a_reason(finished):
    trade = finished.trades[0]
    assert dt.datetime.fromisoformat(trade["entry_time"]).tzinfo == dt.UTC
    assert trade["side"] in {"long", "short"}
    assert {trade["reason"] for trade in finished.trades} <= {"signal", "end"}


def test_only_the_bars_of_the_period_are_used(submit, finish):
    result = finish(submit(start_date=dt.date(2020, 3, 1), end_date=dt.date(2020, 6, 30)))
    assert result.bar_count == 31 + 30 + 31 + 30
    assert result.equity_curve[0][0] == dt.datetime(2020, 3, 1, tzinfo=dt.UTC).timestamp()


def test_a_strategy_that_returns_nonsense_fails_in_words(user, submit, finish):
    with temporarily(Faulty):
        result = finish(submit(strategy=own_strategy(user, Faulty)))
    assert result.status == "failed"
    assert result.error_code == "target_invalid"
    assert "7" in result.error_detail
    assert result.trades == []
    assert result.total_return is None


def test_an_unforeseen_failure_keeps_its_details_to_the_log(user, submit, finish):
    with temporarily(Broken):
        result = finish(submit(strategy=own_strategy(user, Broken)))
    assert (result.status, result.error_code) == ("failed", "internal_error")
    assert "secret" not in result.error_detail


def test_a_strategy_whose_model_saw_the_bars_is_labelled(user, submit, finish):
    with temporarily(KnowsItsBars):
        result = finish(submit(strategy=own_strategy(user, KnowsItsBars)))
    assert {"code": "in_sample_model", "share": 0.25} in result.warnings


def test_a_failed_run_can_be_tried_again_in_place(user, submit, finish):
    with temporarily(Faulty):
        failed = finish(submit(strategy=own_strategy(user, Faulty)))
    BacktestResult.objects.filter(pk=failed.pk).update(strategy_type="ma_crossover")
    requeue(failed.job)
    failed.refresh_from_db()
    assert (failed.status, failed.error_code, failed.finished_at) == ("queued", "", None)
    assert finish(failed).status == "succeeded"


def test_a_running_one_is_cancelled_and_stores_nothing(user, submit, finish):
    with temporarily(CancelsItself):
        result = finish(submit(strategy=own_strategy(user, CancelsItself)))
    assert result.status == "cancelled"
    assert result.total_trades is None
    assert result.equity_curve == []


def test_a_waiting_one_is_cancelled_at_once(submit):
    result = BacktestService.cancel(submit())
    assert result.status == "cancelled"
    assert Job.objects.get().state == "cancelled"


def test_a_result_deleted_while_it_is_computed_leaves_nothing_behind(user, submit):
    with temporarily(DeletesItself):
        result = submit(strategy=own_strategy(user, DeletesItself))
        job = Job.objects.get(pk=result.job_id)
        assert job.claim("test:1")
        run(job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert job.result_url == ""
    assert not BacktestResult.objects.exists()


def test_the_frozen_request_survives_an_edit_of_the_strategy(strategy, submit, finish):
    result = submit()
    StrategyService.update(strategy, name="Renamed", parameters={"fast_period": 20, "slow_period": 90})
    done = finish(result)
    assert done.strategy_name == "Crossing"
    assert done.parameters == {"fast_period": 3, "slow_period": 8, "ma_type": "sma"}
    assert {overlay["name"] for overlay in done.overlays} == {"SMA 3", "SMA 8"}


def test_the_frozen_request_survives_the_strategy_s_end(strategy, submit, finish):
    result = submit()
    StrategyService.delete(strategy)
    done = finish(result)
    assert done.status == "succeeded"
    assert done.strategy is None
    assert done.strategy_name == "Crossing"


def test_new_bars_do_not_change_what_a_run_reads(series, submit, finish):
    result = submit()
    import_bars(series=series, bars=wavy_bars(500, first_day="2020-06-01"))
    series.refresh_from_db()
    done = finish(result)
    assert series.bar_count > 400
    assert done.bar_count == 400
    assert done.snapshot_sha256 == done.snapshot.sha256 != series.content_sha256


def test_running_again_gives_the_same_numbers(series, finished, finish):
    import_bars(series=series, bars=wavy_bars(500, first_day="2020-06-01"))
    again = finish(BacktestService.rerun(finished))
    assert again.pk != finished.pk
    assert again.metrics == finished.metrics
    assert again.trades == finished.trades
    assert again.snapshot_sha256 == finished.snapshot_sha256


def test_deleting_a_user_takes_series_and_results_along(user, finished):
    user.delete()
    assert not BacktestResult.objects.exists()
    assert not get_user_model().objects.filter(username="ada").exists()
