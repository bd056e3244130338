"""What is refused before a run starts, and that nothing is stored then."""

import datetime as dt

import pytest

from algotrade.errors import NotFound
from algotrade.jobs.errors import QueueFull
from algotrade.jobs.models import Job
from backtests.errors import BacktestRefused
from backtests.models import BacktestResult
from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from marketdata.models import Series
from marketdata.services import import_bars
from strategies.errors import StrategyError
from strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def refused(submit, **changes):
    with pytest.raises(BacktestRefused) as caught:
        submit(**changes)
    assert not BacktestResult.objects.exists()
    assert not Job.objects.exists()
    return caught.value.fields


def test_result_and_job_are_stored_together(submit, user):
    result = submit()
    job = Job.objects.get()
    assert result.job == job
    assert job.payload == {"result_id": result.pk}
    assert (job.owner, job.title, job.state) == (user, "Crossing on WAVE", "queued")
    assert result.status == "queued"


def test_left_out_dates_take_the_whole_series(submit):
    result = submit()
    assert (result.start_date, result.end_date) == (dt.date(2020, 1, 1), dt.date(2021, 2, 3))


def test_left_out_capital_is_the_strategy_s(submit, strategy):
    strategy.initial_capital = 2500
    strategy.save()
    assert submit().configuration["initial_capital"] == 2500.0
    assert submit(configuration={"initial_capital": 900}).configuration["initial_capital"] == 900.0


def test_a_left_out_series_is_found_by_symbol_and_own_before_shared(submit, series):
    shared = Series.objects.create(symbol="WAVE", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=shared, bars=wavy_bars(900))
    assert submit(series=None).series == series


def test_no_fitting_series_says_which_data_is_missing(submit, strategy):
    Strategy.objects.filter(pk=strategy.pk).update(symbol="NONE")
    strategy.refresh_from_db()
    assert "NONE" in refused(submit, series=None)["series"][0]


def test_a_period_outside_the_data_names_the_data_s_range(submit):
    fields = refused(submit, start_date=dt.date(2019, 12, 31), end_date=dt.date(2022, 1, 1))
    assert set(fields) == {"start_date", "end_date"}
    assert "2020-01-01" in fields["start_date"][0]
    assert "2021-02-03" in fields["end_date"][0]


def test_a_period_that_ends_before_it_starts_is_refused(submit):
    fields = refused(submit, start_date=dt.date(2020, 6, 1), end_date=dt.date(2020, 5, 1))
    assert "swap" in fields["start_date"][0]


def test_one_bar_is_not_enough(submit):
    fields = refused(submit, start_date=dt.date(2020, 6, 1), end_date=dt.date(2020, 6, 1))
    assert "at least 2" in fields["start_date"][0]


def test_a_period_within_the_warm_up_is_refused(submit):
    fields = refused(submit, start_date=dt.date(2020, 6, 1), end_date=dt.date(2020, 6, 8))
    assert "after 8" in fields["start_date"][0]
    assert submit(start_date=dt.date(2020, 6, 1), end_date=dt.date(2020, 6, 9))


def test_bad_settings_are_refused_one_by_one_with_the_other_problems(submit):
    fields = refused(
        submit,
        configuration={"commission": 5, "comission": 0.1, "stop_loss": -1},
        start_date=dt.date(2019, 1, 1),
    )
    assert set(fields) == {
        "configuration.commission",
        "configuration.comission",
        "configuration.stop_loss",
        "start_date",
    }
    assert "commission" in fields["configuration.comission"][0]


def test_parameters_that_no_longer_fit_are_refused(submit, strategy):
    Strategy.objects.filter(pk=strategy.pk).update(parameters={"fast_period": 50, "slow_period": 8})
    strategy.refresh_from_db()
    assert "fast_period" in refused(submit)["strategy"][0]


def test_an_empty_series_is_refused(submit, user):
    empty = Series.objects.create(user=user, symbol="EMPTY", timeframe="1d", source="csv", calendar="24/7")
    assert "no bars" in refused(submit, series=empty)["series"][0]


def test_somebody_else_s_strategy_or_series_is_not_found(submit, other_user):
    with pytest.raises(NotFound):
        submit(user=other_user)
    foreign = Series.objects.create(
        user=other_user, symbol="THEIRS", timeframe="1d", source="csv", calendar="24/7"
    )
    import_bars(series=foreign, bars=wavy_bars())
    with pytest.raises(NotFound):
        submit(series=foreign)
    assert not BacktestResult.objects.exists()


def test_a_full_queue_stores_no_result(submit, settings):
    settings.JOB_MAX_QUEUED_PER_USER = 1
    submit()
    with pytest.raises(QueueFull):
        submit()
    assert BacktestResult.objects.count() == 1


def test_strategy_classes_are_found_by_type():
    assert BacktestService.get_strategy_class("rsi").key == "rsi"
    with pytest.raises(StrategyError, match="ma_crossover"):
        BacktestService.get_strategy_class("ma_crosover")


def test_deleting_a_waiting_one_cancels_its_job(submit):
    result = submit()
    assert BacktestService.delete([result]) == 1
    job = Job.objects.get()
    assert (job.state, job.result_url) == ("cancelled", "")
