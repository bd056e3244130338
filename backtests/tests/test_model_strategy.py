"""A trained model traded through the same engine, with the same fees, as every other strategy."""

import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from algotrade.errors import InvalidInput
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from backtests import ledger
from backtests.engine import BacktestEngine, SimulationConfig
from backtests.models import TrialCount
from backtests.robustness.deflated import deflated_sharpe_ratio
from backtests.services import BacktestService
from backtests.sweeps import one_cell
from backtests.sweeps.services import SweepService
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels import store
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from mlmodels.tests.prices import autoregressive
from mlmodels.trading import targets_of
from strategies.errors import StrategyInvalid
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


@pytest.fixture
def insisting(user, strategy):
    """The same strategy of one who wants the final model on its own training bars, too."""
    parameters = {**strategy.parameters, "in_sample": True}
    return StrategyService.create(
        user=user, name="Insisting", strategy_type="ml_signal", symbol="AR", parameters=parameters
    )


def test_what_is_traded_are_the_out_of_fold_predictions(strategy):
    record = store.open_record(MLModel.objects.get())
    target = strategy.build().target(BARS)
    np.testing.assert_array_equal(target, targets_of(record.probability, 0.0, True))
    known = np.isfinite(record.probability)
    np.testing.assert_array_equal(target[known], np.sign(record.probability[known] - 0.5))
    assert np.isnan(target[~known]).all()


def test_the_report_has_the_figures_of_a_backtest_with_its_costs(strategy, user, series):
    model = MLModel.objects.get()
    record = store.open_record(model)
    result = finish(
        BacktestService.submit(
            user=user,
            strategy=strategy,
            series=series,
            start_date=record.first_prediction.astype("datetime64[D]").item(),
            configuration={"commission": model.metrics["thresholds"]["cost_rate"]},
        )
    )
    trading = model.metrics["trading"]
    for name, column in (
        ("net_return", "total_return"),
        ("sharpe", "sharpe_ratio"),
        ("max_drawdown", "max_drawdown"),
        ("trades", "total_trades"),
        ("exposure", "exposure"),
    ):
        assert trading[name] == getattr(result, column), name
    assert trading["buy_and_hold"]["net_return"] == result.benchmark_return


def test_the_dates_of_its_folds_reach_the_result(strategy, user, api, api_other, page):
    result = finish(BacktestService.submit(user=user, strategy=strategy))
    record = store.open_record(MLModel.objects.get())
    starts = [int(np.flatnonzero(record.fold == number)[0]) for number in (1, 2)]
    assert result.retraining == [f"{np.datetime_as_string(BARS.time[row], unit='s')}Z" for row in starts]
    told = api.get(f"/api/backtests/{result.pk}/").json()
    assert (told["retraining"], told["in_sample_share"]) == (result.retraining, 0.0)
    assert api_other.get(f"/api/backtests/{result.pk}/").status_code == 404
    shown = page.get(result.get_absolute_url()).content.decode()
    assert all(f'datetime="{moment}"' in shown for moment in result.retraining)
    assert "IN-SAMPLE" not in shown
    marks = page.get(reverse("backtests:candles_data", args=[result.pk])).json()["markers"]
    assert [mark["text"] for mark in marks if mark["kind"] == "model"] == ["New model", "New model"]
    file = page.get(reverse("backtests:retraining_csv", args=[result.pk]))
    rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert rows == [["model", "decides_from"], ["1", result.retraining[0]], ["2", result.retraining[1]]]


def test_the_dates_are_nobody_elses(strategy, user, client, page_other):
    result = finish(BacktestService.submit(user=user, strategy=strategy))
    assert page_other.get(reverse("backtests:retraining_csv", args=[result.pk])).status_code == 404
    assert client.get(reverse("backtests:retraining_csv", args=[result.pk])).status_code == 302


def test_who_insists_gets_a_result_that_says_in_sample_wherever_it_stands(insisting, user, api, page):
    result = finish(BacktestService.submit(user=user, strategy=insisting))
    assert result.status == "succeeded", result.error_detail
    assert 0.2 < result.in_sample_share < 0.5
    first, *_ = result.verdicts
    assert (first.code, first.severe, first.label) == (
        "in_sample_model",
        True,
        "IN-SAMPLE: the model had seen these bars",
    )
    mark = 'class="tag tag-in-sample">IN-SAMPLE<'
    shown = page.get(result.get_absolute_url()).content.decode()
    assert mark in shown.partition("</h1>")[0]
    assert "data-in-sample" in shown
    for place in ("backtests:list", "backtests:dashboard", "strategies:list"):
        assert (
            page.get(reverse(place)).content.decode().count(mark) == 1
        )  # among the latest, not among the best
    assert api.get(f"/api/backtests/{result.pk}/").json()["in_sample_share"] == result.in_sample_share
    assert api.get("/api/backtests/").json()["results"][0]["in_sample_share"] == result.in_sample_share
    head, row = csv.reader(
        io.StringIO(b"".join(page.get(reverse("backtests:export")).streaming_content).decode())
    )
    assert float(row[head.index("in_sample_share")]) == result.in_sample_share
    assert "IN-SAMPLE-" in page.get(reverse("backtests:equity_csv", args=[result.pk]))["Content-Disposition"]


def test_in_sample_another_series_is_traded_and_told(insisting, user):
    other = Series.objects.create(user=user, symbol="RW", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=other, bars=autoregressive(700, 0.0, seed=77))
    result = finish(BacktestService.submit(user=user, strategy=insisting, series=other))
    assert result.status == "succeeded", result.error_detail
    assert result.in_sample_share > 0.9


def test_a_sweep_over_in_sample_decisions_is_refused(insisting, user):
    with pytest.raises(Exception, match="Turn “in_sample” off"):
        SweepService.submit(
            user=user, strategy=insisting, axes=[{"name": "margin", "values": [0.0, 0.02, 0.04]}]
        )


def test_results_from_before_this_was_kept_still_open(strategy, user, api, page):
    result = finish(BacktestService.submit(user=user, strategy=strategy))
    result.model_use.delete()
    told = api.get(f"/api/backtests/{result.pk}/").json()
    assert (told["retraining"], told["in_sample_share"]) == ([], 0.0)
    assert page.get(result.get_absolute_url()).status_code == 200
    assert page.get(reverse("backtests:list")).status_code == 200
    assert b"".join(page.get(reverse("backtests:trades_csv", args=[result.pk])).streaming_content)


def test_what_a_training_tried_makes_a_later_verdict_stricter(strategy, user, series):
    counted = TrialCount.objects.get(source="training")
    points = MLModel.objects.get().metrics["thresholds"]["points"]
    assert counted.count == len(points) > 10  # the model at its own margin, and each other margin
    result = finish(BacktestService.submit(user=user, strategy=strategy))
    assert ledger.totals(user=user, series=series).count == counted.count + 1
    per_bar = result.sharpe_ratio / np.sqrt(result.periods_per_year)
    variance = (
        counted.sharpe_squares / counted.sharpe_count - (counted.sharpe_sum / counted.sharpe_count) ** 2
    )
    alone, among = (
        deflated_sharpe_ratio(per_bar, result.bar_count - 1, trials=trials, variance=variance)
        for trials in (1, counted.count + 1)
    )
    assert among < alone
    # The verdict of the next run knows it.
    TrialCount.objects.filter(source="training").update(count=10_000)
    doubts = {doubt["code"]: doubt for doubt in finish(BacktestService.rerun(result)).warnings}
    assert doubts["many_trials"]["trials"] == 10_002


def test_what_a_deleted_model_decided_is_not_computed_again_and_its_strategy_can_be_renamed(strategy, user):
    result = finish(BacktestService.submit(user=user, strategy=strategy))
    sweep = finish(
        SweepService.submit(user=user, strategy=strategy, axes=[{"name": "margin", "values": [0.0, 0.1]}])
    )
    assert (result.status, sweep.status) == ("succeeded", "succeeded")
    MLModelService.delete(MLModel.objects.get(), detach=True)
    jobs = Job.objects.count()
    for again in (
        lambda: BacktestService.rerun(result),
        lambda: SweepService.rerun(sweep),
        lambda: one_cell.run_cell(sweep, 0),
        lambda: one_cell.check_cell(sweep, 0),
    ):
        with pytest.raises(InvalidInput) as caught:
            again()
        assert "it was deleted, or is not yours" in caught.value.fields["strategy"][0]
    assert Job.objects.count() == jobs

    assert StrategyService.update(strategy, name="Silent").name == "Silent"
    with pytest.raises(StrategyInvalid) as refused:
        StrategyService.update(strategy, merge=True, parameters={"margin": 0.2})
    assert list(refused.value.fields) == ["parameters.model"]
