"""A series and trainings for the tests of this app."""

import pytest

from algotrade.jobs.runner import run
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels.services import MLModelService
from mlmodels.tests.prices import autoregressive

QUICK = {"features": ["log_return_1", "log_return_2", "rsi_14"], "folds": 2}


@pytest.fixture
def series(user):
    made = Series.objects.create(
        user=user, symbol="AR", timeframe="1d", source="csv", calendar="24/7", timezone="UTC"
    )
    import_bars(series=made, bars=autoregressive(700, 0.3, seed=5))
    return made


@pytest.fixture
def submit(user, series):
    """Queue a quick training; keyword arguments change it."""

    def make(**changes):
        given = {"user": user, "name": "Echo", "series": series, "algorithm": "logistic_regression", **QUICK}
        return MLModelService.submit_training(**{**given, **changes})

    return make


@pytest.fixture
def train(submit):
    """Queue a quick training and run its job in this process."""

    def make(**changes):
        model = submit(**changes)
        finish(model)
        return model

    return make


def finish(model):
    model.job.claim("host:1")
    model.job.refresh_from_db()
    run(model.job)
    model.refresh_from_db()
