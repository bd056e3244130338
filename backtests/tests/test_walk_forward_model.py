"""A strategy that trains along, audited and run like every other: its dates reach the result."""

import numpy as np
import pytest

from algotrade.jobs.errors import JobCancelled
from algotrade.jobs.runner import run
from backtests.errors import BacktestRefused
from backtests.models import BacktestResult, Sweep
from backtests.robustness.lookahead import audit_lookahead
from backtests.services import BacktestService
from backtests.sweeps import one_cell
from backtests.sweeps.errors import SweepRefused
from backtests.sweeps.services import SweepService
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.features import FeatureKind
from mlmodels.features.registry import temporarily
from mlmodels.strategies import walk
from mlmodels.strategies.walk_forward import MLWalkForwardStrategy
from mlmodels.tests.prices import autoregressive
from mlmodels.tests.walking import BARS, FIRST, QUICK, counted_fits, follow
from strategies.services import StrategyService

MARGINS = [{"name": "margin", "values": [0.0, 0.02]}]


@pytest.fixture(autouse=True)
def _learn_anew():
    walk.memory.forget()


@pytest.fixture
def fits(monkeypatch):
    return counted_fits(monkeypatch)


def test_the_audit_trains_nothing_anew_and_makes_all_its_tests(fits):
    strategy = follow()
    target = strategy.target(BARS)
    made = len(fits)
    found = audit_lookahead(follow(), BARS, target, warmup=strategy.warmup())
    assert (found.passed, found.checked, len(fits)) == (True, 12, made)


def test_the_audit_catches_a_feature_that_leaks(fits):
    def shifted(columns, out):
        out[:-1] = columns.bars.close[1:] / columns.bars.close[:-1]
        out[-1] = np.nan

    leak = FeatureKind(
        "tomorrow",
        "Tomorrow",
        title="Tomorrow",
        summary="A leak.",
        group="returns",
        compute=shifted,
        warmup=lambda: 0,
    )

    class Leaking(MLWalkForwardStrategy):
        def _configuration(self):
            return TrainingConfiguration(features=("log_return(1)", "tomorrow"), horizon=2)

    with temporarily(leak):
        strategy = Leaking(**QUICK)
        found = audit_lookahead(strategy, BARS, strategy.target(BARS), warmup=strategy.warmup())
    assert not found.passed


@pytest.fixture
def series(user):
    made = Series.objects.create(user=user, symbol="AR", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=made, bars=BARS)
    return made


@pytest.fixture
def strategy(user, series):
    return StrategyService.create(
        user=user, name="Along", strategy_type="ml_walk_forward", symbol="AR", parameters=QUICK
    )


def finish(row):
    row.job.claim("host:1")
    row.job.refresh_from_db()
    run(row.job)
    row.refresh_from_db()
    return row


@pytest.mark.django_db(transaction=True)
@pytest.mark.services
class TestARun:
    def test_its_result_holds_the_dates_of_its_trainings(self, user, strategy, fits):
        result = finish(BacktestService.submit(user=user, strategy=strategy))
        assert result.status == "succeeded", result.error_detail
        starts = range(FIRST, 500, 60)
        assert result.retraining == [f"{np.datetime_as_string(BARS.time[row], unit='s')}Z" for row in starts]
        assert result.in_sample_share == 0.0
        # The audit, the lines and the dates have trained nothing anew.
        assert len(fits) == len(starts)
        assert "lookahead" not in {doubt["code"] for doubt in result.warnings}
        assert min(trade["entry_bar"] for trade in result.trades) > FIRST
        assert strategy.use_ml

    def test_the_job_tells_which_model_is_trained(self, user, strategy):
        result = BacktestService.submit(user=user, strategy=strategy)
        told = []
        BacktestService.run_backtest(result, lambda share, words: told.append((share, words)))
        shares = [share for share, _ in told]
        assert shares == sorted(shares)
        said = {words: share for share, words in told}
        assert 0.1 < said["Training model 4 of 6"] < 0.65

    def test_it_ends_where_the_job_is_cancelled_while_a_model_is_trained(self, user, strategy):
        class Stopped(Exception):
            pass

        def stop(share, words):
            if words == "Training model 3 of 6":
                raise Stopped

        with pytest.raises(Stopped):
            BacktestService.run_backtest(BacktestService.submit(user=user, strategy=strategy), stop)

    def test_only_one_of_many_trainings_is_long_for_the_queue_and_so_is_whatever_trains_them_again(
        self, user, strategy, monkeypatch
    ):
        def submitted():
            sweep = SweepService.submit(user=user, strategy=strategy, axes=MARGINS)
            monkeypatch.setattr(one_cell, "the_cell", lambda sweep, cell: (Values(), cell))
            again = BacktestService.rerun(BacktestService.submit(user=user, strategy=strategy))
            checked = one_cell.check_cell(sweep, 0)
            return again.job.is_long, one_cell.run_cell(sweep, 0).job.is_long, checked.is_long

        class Values:
            def values(self, cell):
                return {"margin": 0.0}

        assert submitted() == (False, False, False)
        monkeypatch.setattr("mlmodels.strategies.walk_forward.QUICK_TRAININGS", 5)  # it makes 6
        assert submitted() == (True, True, True)
        monkeypatch.setattr("mlmodels.strategies.walk_forward.QUICK_TRAININGS", 50)
        monkeypatch.setattr("mlmodels.strategies.walk_forward.QUICK_ROWS", 1000)
        assert submitted() == (True, True, True)

    def test_too_many_trainings_are_refused_before_the_job(self, user, series):
        import_bars(series=series, bars=autoregressive(3000, 0.3, seed=5).slice("2001-05-15"))
        strategy = StrategyService.create(
            user=user,
            name="Often",
            strategy_type="ml_walk_forward",
            symbol="AR",
            parameters={**QUICK, "retrain_every": 5},
        )
        with pytest.raises(BacktestRefused) as caught:
            BacktestService.submit(user=user, strategy=strategy)
        assert "trainings; 300 are the most" in caught.value.fields["strategy"][0]
        assert not BacktestResult.objects.exists()
        with pytest.raises(SweepRefused) as caught:
            SweepService.submit(user=user, strategy=strategy, axes=MARGINS)
        assert "trainings; 300 are the most" in caught.value.fields["strategy"][0]
        assert not Sweep.objects.exists()

    def test_a_sweep_tells_which_model_is_trained_and_ends_there_when_cancelled(
        self, user, strategy, monkeypatch
    ):
        told = []

        def stop_at_the_third(context, share, words=""):
            told.append((share, words))
            if words == "Training model 3 of 6":
                raise JobCancelled

        monkeypatch.setattr("algotrade.jobs.context.JobContext.progress", stop_at_the_third)
        found = finish(SweepService.submit(user=user, strategy=strategy, axes=MARGINS))
        assert found.status == "cancelled"
        assert 0.1 < told[-1][0] < 0.6
        assert "Training model 2 of 6" in {words for _, words in told}

    def test_a_sweep_over_the_margin_trains_once_and_over_the_rest_is_refused(self, user, strategy, fits):
        def sweep(name, values):
            return SweepService.submit(user=user, strategy=strategy, axes=[{"name": name, "values": values}])

        found = finish(sweep("margin", [0.0, 0.02, 0.04, 0.06]))
        assert found.status == "succeeded", found.error_detail
        assert found.valid_count == 4
        assert len(fits) == 6
        with pytest.raises(Exception, match="retrain_every"):
            sweep("retrain_every", [50, 60])
