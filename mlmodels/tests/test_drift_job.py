"""Following the drift of a model's features, as a job run in this process."""

import numpy as np
import pytest

from algotrade.jobs import services as job_services
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from marketdata.bars import Bars
from marketdata.services import import_bars
from mlmodels.errors import ModelBusy, ModelNotReady, NoNewBars
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from mlmodels.tasks import drift as drift_task
from mlmodels.tests.prices import autoregressive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

SETTINGS = {"features": ["log_return(1)", "volatility(10)", "rsi(14)"]}


def grown(series, scale=1.0, count=1_000):
    """More bars after the 700 of the series; their moves are `scale` times as large."""
    old, new = autoregressive(700, 0.3, seed=5), autoregressive(count - 700, 0.3, seed=6)

    def joined(name):
        later = old.close[-1] * (getattr(new, name) / new.open[0]) ** scale
        return np.concatenate((getattr(old, name), later))

    prices = {name: joined(name) for name in ("open", "high", "low", "close")}
    time = old.time[0] + np.arange(count) * np.timedelta64(1, "D")
    import_bars(series=series, bars=Bars(time, **prices, volume=np.concatenate((old.volume, new.volume))))


def check(model):
    """Run the check's job in this process."""
    model = MLModelService.check_drift(model)
    model.drift_job.claim("host:1")
    model.drift_job.refresh_from_db()
    run(model.drift_job)
    model.refresh_from_db()
    return model


def test_features_of_the_same_market_have_not_moved(train, series):
    model = train(**SETTINGS)
    grown(series)
    model = check(model)
    drift = model.drift
    assert (drift["bars"], drift["start"][:10], model.drift_job.state) == (300, "2001-12-01", "succeeded")
    assert {row["name"] for row in drift["features"]} == set(SETTINGS["features"])
    by_name = {row["name"]: row for row in drift["features"]}
    assert by_name["log_return(1)"]["psi"] < 0.1
    assert by_name["log_return(1)"]["label"] == "Return over 1 bar"
    assert (drift["level"], drift["moved"]) == ("stable", 0)
    assert {(row["window_bars"], row["windows"]) for row in drift["features"]} == {(116, 6)}
    assert model.status == "succeeded"


def test_the_columns_of_strategies_are_compared_too(train, series):
    model = train(**SETTINGS, strategies=[{"strategy_type": "rsi", "name": "My RSI"}])
    grown(series)
    drift = check(model).drift
    mine = [row for row in drift["features"] if row["name"].startswith("My RSI: ")]
    assert mine
    assert {row["name"] for row in drift["features"]} == set(model.metrics["reference"])
    assert all(row["psi"] is not None for row in mine)


def test_a_market_three_times_as_wild_shows_in_volatility_first(train, series):
    model = train(**SETTINGS)
    grown(series, scale=3.0)
    drift = check(model).drift
    assert drift["features"][0]["name"] == "volatility(10)"
    assert drift["features"][0]["psi"] > 1.0
    assert (drift["level"], drift["features"][0]["level"]) == ("large", "large")
    assert drift["moved"] > drift["usual"]


def test_a_model_of_before_is_judged_by_its_own_past_windows_too(train, series):
    model = train(**SETTINGS)
    for row in model.metrics["reference"].values():
        row.pop("rows")
    model.save()
    grown(series)
    assert all(row["windows"] == 6 and row["by_chance"] > 0.1 for row in check(model).drift["features"])


def test_what_cannot_be_compared_is_refused_before_a_job_exists(train, submit, series):
    with pytest.raises(ModelNotReady):
        MLModelService.check_drift(submit())
    model = train(**SETTINGS)
    jobs = Job.objects.count()
    with pytest.raises(NoNewBars, match="0 bars after the training"):
        MLModelService.check_drift(model)
    grown(series, count=799)
    with pytest.raises(NoNewBars, match="99 bars after the training"):
        MLModelService.check_drift(model)
    grown(series, count=800)
    model.metrics.pop("reference")
    model.save()
    with pytest.raises(NoNewBars, match="Train it again"):
        MLModelService.check_drift(model)
    assert Job.objects.count() == jobs


def test_one_check_runs_at_a_time_and_can_be_cancelled_and_repeated(train, series):
    model = train(**SETTINGS)
    grown(series)
    first = MLModelService.check_drift(model).drift_job
    with pytest.raises(ModelBusy):
        MLModelService.check_drift(model)
    job_services.request_cancel(first)
    assert check(model).drift["bars"] == 300


def test_deleting_the_model_stops_its_check(train, series):
    model = train(**SETTINGS)
    grown(series)
    job = MLModelService.check_drift(model).drift_job
    MLModelService.delete(model)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not MLModel.objects.exists()


def test_a_model_that_is_deleted_during_its_check_ends_it_in_words(train, series, monkeypatch):
    model = train(**SETTINGS)
    grown(series)
    job = MLModelService.check_drift(model).drift_job
    job.claim("host:1")
    job.refresh_from_db()
    compare = drift_task.drift_of

    def deleted_meanwhile(*given):
        MLModel.objects.filter(pk=model.pk).delete()
        return compare(*given)

    monkeypatch.setattr(drift_task, "drift_of", deleted_meanwhile)
    run(job)
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "model_not_found")
    assert "deleted" in job.error_detail


@pytest.mark.parametrize("way", ["service", "row"])
def test_no_job_leads_to_a_model_that_is_gone(way, train, series):
    model = train(**SETTINGS)
    grown(series)
    model = MLModelService.check_drift(model)
    job = model.drift_job
    assert job.result_url == model.get_absolute_url()
    if way == "service":
        MLModelService.delete(model)
    else:
        model.delete()
    job.refresh_from_db()
    assert job.result_url == ""
