"""People and strategies for the tests of this app."""

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from strategies.services import StrategyService


def make_user(name):
    return get_user_model().objects.create_user(name, f"{name}@example.org")


def make_strategy(user, name="Crossover", **changes):
    values = {"strategy_type": "ma_crossover", "symbol": "AAPL"} | changes
    return StrategyService.create(user=user, name=name, **values)


@pytest.fixture
def owner(db):
    return make_user("owner")


@pytest.fixture
def stranger(db):
    return make_user("stranger")


@pytest.fixture
def strategy(owner):
    return make_strategy(owner)


@pytest.fixture
def api(owner):
    client = APIClient()
    client.force_authenticate(owner)
    return client


@pytest.fixture
def strange_api(stranger):
    client = APIClient()
    client.force_authenticate(stranger)
    return client


@pytest.fixture
def page(client, owner):
    client.force_login(owner, backend="accounts.backends.EmailOrUsernameBackend")
    return client


@pytest.fixture
def strange_page(stranger):
    from django.test import Client

    client = Client()
    client.force_login(stranger, backend="accounts.backends.EmailOrUsernameBackend")
    return client
