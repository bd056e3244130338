"""The settings of an account over several symbols."""

import pytest

from backtests.engine.errors import ConfigError
from backtests.engine.portfolio_config import PortfolioConfig


def problems_of(**values):
    with pytest.raises(ConfigError) as caught:
        PortfolioConfig.from_dict(values)
    return caught.value.fields


def test_a_configuration_goes_to_json_and_back():
    config = PortfolioConfig(
        rebalance="bars", rebalance_every=5, cash_buffer=0.02, commission=0.001, leverage=2
    )
    assert PortfolioConfig.from_dict(config.to_dict()) == config


def test_settings_of_single_symbols_are_refused_and_not_ignored():
    said = problems_of(stop_loss=0.1, sizing="units", fill="close")
    assert set(said) == {"stop_loss", "sizing", "fill"}
    assert "stop_loss does not act on a portfolio" in said["stop_loss"][0]


def test_unknown_names_and_bad_values_are_told_together():
    said = problems_of(rebalanse="month", cash_buffer=1.0, commission=-1, rebalance="year")
    assert "Did you mean 'rebalance'?" in said["rebalanse"][0]
    assert "cash_buffer 1.0 is out of range" in said["cash_buffer"][0]
    assert "commission -1 is out of range" in said["commission"][0]
    assert "Choose one of bars, day, week, month, signal" in said["rebalance"][0]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"rebalance_every": 5}, "rebalance_every", "only acts with"),
        ({"rebalance": "bars", "rebalance_every": 2.5}, "rebalance_every", "has decimals"),
        ({"rebalance": "bars", "rebalance_every": 0}, "rebalance_every", "out of range"),
        ({"min_trade": True}, "min_trade", "not a number"),
        ({"rebalance": None}, "rebalance", "unknown"),
        ({"leverage": 0.5}, "leverage", "out of range"),
        ({"spread": 0.9, "slippage": 0.9}, "spread", "take the whole price"),
        ({"cash_buffer": float("nan")}, "cash_buffer", "out of range"),
    ],
)
def test_a_bad_value_is_refused_with_the_remedy(values, field, said):
    assert said in problems_of(**values)[field][0]
