"""What is known of a training before it is queued."""

import datetime as dt
import time

import numpy as np
import pytest

from algotrade.jobs.models import Job
from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels.errors import TrainingError
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from mlmodels.tests.conftest import QUICK

pytestmark = pytest.mark.django_db


def looked(user, chosen, **changes):
    return MLModelService.foresee(
        user, **{"series": chosen, "algorithm": "logistic_regression", **QUICK, **changes}
    )


def test_what_is_foreseen_is_what_the_training_then_does(user, series, train):
    found = looked(user, series)
    model = train()
    assert not found.problems
    assert (found.bars, found.warmup) == (700, 14)
    assert found.usable_rows == model.metrics["labelled_rows"]
    assert found.base_rates.up == pytest.approx(model.metrics["base_rates"]["up"])
    for before, after in zip(found.folds, model.metrics["folds"], strict=True):
        assert {name: after[name] for name in before} == before
    assert Job.objects.count() == MLModel.objects.count() == 1


def test_combinatorial_folds_and_a_search_are_counted(user, series):
    found = looked(user, series, validation="combinatorial", folds=4, test_folds=2, controls=False)
    assert len(found.folds) == 6
    assert found.fits == 7
    assert looked(user, series, search="random", search_trials=5, controls=False).fits > found.fits


def test_more_folds_than_can_be_drawn_are_counted_only(user, series):
    made = {"validation": "combinatorial", "folds": 10, "test_folds": 3, "controls": False}
    short = looked(user, series, features=["log_return(1)"], **made)
    assert not short.problems
    assert (short.folds, short.fits) == ((), 121)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"series": None}, "series"),
        ({"series": 10**9}, "series"),
        ({"horizon": 0}, "horizon"),
        ({"folds": 20, "horizon": 60}, "folds"),
        ({"features": ["volume_change(1)", "price"]}, "features"),
        ({"algorithm": "oracle"}, "algorithm"),
        ({"start_date": dt.date(2001, 1, 1), "end_date": dt.date(2000, 1, 1)}, "end_date"),
        ({"start_date": dt.date(2050, 1, 1)}, "start_date"),
        ({"end_date": dt.date(1950, 1, 1)}, "end_date"),
        ({"hyperparameters": {"strenght": 1}}, "hyperparameters.strenght"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_problems_are_told_by_field_and_are_those_of_the_training(user, series, changes, field):
    found = looked(user, series, **changes)
    assert found.problems[field][0]
    given = {"series": series, "algorithm": "logistic_regression", "name": "A", **QUICK, **changes}
    with pytest.raises(TrainingError) as caught:
        MLModelService.submit_training(user=user, **given)
    assert field in caught.value.fields


def test_base_rates_are_told_although_the_folds_do_not_fit(user, series):
    found = looked(user, series, folds=20, horizon=60)
    assert 0.3 < found.base_rates.up < 0.7
    assert found.folds == ()


def test_a_strangers_series_is_not_looked_at(other_user, series):
    found = looked(other_user, series)
    assert found.base_rates is None
    assert "series" in found.problems


def test_the_largest_training_is_looked_at_within_a_second(user):
    made = Series.objects.create(
        user=user, symbol="LONG", timeframe="1h", source="csv", calendar="24/7", timezone="UTC"
    )
    count = 250_000
    close = 100.0 * np.exp(np.cumsum(0.001 * np.random.default_rng(1).standard_normal(count)))
    opened = np.concatenate(([100.0], close[:-1]))
    bars = Bars(
        time=np.datetime64("1990-01-01", "ns") + np.arange(count) * np.timedelta64(1, "h"),
        open=opened,
        high=np.maximum(opened, close) * 1.001,
        low=np.minimum(opened, close) * 0.999,
        close=close,
        volume=np.ones(count),
    )
    import_bars(series=made, bars=bars)
    started = time.process_time()
    found = looked(user, made, label="triple_barrier", horizon=50, validation="combinatorial", folds=8)
    assert time.process_time() - started < 1.5
    assert len(found.folds) == 28
