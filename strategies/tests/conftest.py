"""Strategies for the tests of this app."""

import pytest

from strategies.services import StrategyService


def make_strategy(user, name="Crossover", **changes):
    values = {"strategy_type": "ma_crossover", "symbol": "AAPL"} | changes
    return StrategyService.create(user=user, name=name, **values)


@pytest.fixture
def strategy(user):
    return make_strategy(user)
