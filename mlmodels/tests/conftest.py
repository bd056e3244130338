import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from algotrade.jobs.runner import run
from marketdata.models import Series
from marketdata.services import import_bars
from mlmodels.services import MLModelService
from mlmodels.tests.prices import autoregressive

QUICK = {"features": ["log_return_1", "log_return_2", "rsi_14"], "folds": 2}


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def _user(name, **fields):
    return get_user_model().objects.create_user(name, f"{name}@example.com", "long-enough-1", **fields)


@pytest.fixture
def owner(db):
    return _user("owner")


@pytest.fixture
def stranger(db):
    return _user("stranger")


@pytest.fixture
def staff(db):
    return _user("staff", is_staff=True, is_superuser=True)


@pytest.fixture
def series(owner):
    made = Series.objects.create(
        user=owner, symbol="AR", timeframe="1d", source="csv", calendar="24/7", timezone="UTC"
    )
    import_bars(series=made, bars=autoregressive(700, 0.3, seed=5))
    return made


@pytest.fixture
def submit(owner, series):
    """Queue a quick training; keyword arguments change it."""

    def make(**changes):
        given = {"user": owner, "name": "Echo", "series": series, "algorithm": "logistic_regression", **QUICK}
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


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def script(user):
    client = APIClient()
    client.force_authenticate(user)
    return client
