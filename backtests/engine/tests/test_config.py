"""Settings are checked once, all together, in words."""

import json
import math
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal

import numpy as np
import pytest

from algotrade.errors import shown
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("initial_capital", 0),
        ("initial_capital", -5.0),
        ("initial_capital", math.inf),
        ("initial_capital", None),
        ("initial_capital", "1000"),
        ("initial_capital", True),
        ("initial_capital", 10**400),
        ("commission", 1.0),
        ("commission", -0.001),
        ("commission", math.nan),
        ("commission_fixed", -1),
        ("commission_min", -1),
        ("slippage", 1.5),
        ("spread", -0.1),
        ("fill", "open"),
        ("fill", 3),
        ("sizing", "everything"),
        ("size", 0),
        ("whole_units", 1),
        ("allow_short", "yes"),
        ("leverage", 0.5),
        ("leverage", 101),
        ("stop_loss", 0),
        ("stop_loss", 1.0),
        ("take_profit", -0.1),
        ("trailing_stop", 2),
        ("borrow_rate", -0.1),
        ("maintenance_margin", 1.0),
        ("liquidate_at_end", None),
        ("volatility_window", 2.5),
        ("atr_window", 0),
        ("atr_multiple", 0),
    ],
)
def test_a_bad_value_names_field_value_and_remedy(name, value):
    with pytest.raises(ConfigError) as caught:
        SimulationConfig(**{name: value})
    assert list(caught.value.fields) == [name]
    (message,) = caught.value.fields[name]
    assert message.startswith(f"{name} ")
    assert shown(value)[:20] in message
    assert message.endswith(".")
    assert any(verb in message for verb in ("Give", "Choose"))


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        ({"size": 2.0}, "size"),
        ({"sizing": "fraction", "size": 1.5}, "size"),
        ({"sizing": "atr_risk", "size": 1.0}, "size"),
        ({"maintenance_margin": 0.2}, "maintenance_margin"),
        ({"fill": "close", "stop_loss": 0.1}, "stop_loss"),
        ({"fill": "close", "take_profit": 0.1}, "take_profit"),
        ({"fill": "close", "trailing_stop": 0.1}, "trailing_stop"),
        ({"fill": "close", "sizing": "atr_risk", "size": 0.01}, "sizing"),
        ({"volatility_window": 30}, "volatility_window"),
        ({"atr_multiple": 3.0}, "atr_multiple"),
        ({"slippage": 0.9, "spread": 0.5}, "spread"),
    ],
)
def test_a_setting_that_would_have_no_effect_is_refused(chosen, name):
    with pytest.raises(ConfigError) as caught:
        SimulationConfig(**chosen)
    assert name in caught.value.fields


def test_all_problems_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        SimulationConfig.from_dict({"comission": 0.1, "slippage": 2, "stop_loss": "far", "xyz": 1})
    assert set(caught.value.fields) == {"comission", "slippage", "stop_loss", "xyz"}
    assert "Did you mean 'commission'?" in caught.value.fields["comission"][0]
    assert "There are: initial_capital" in caught.value.fields["xyz"][0]


def test_a_configuration_survives_json():
    config = SimulationConfig(commission=0.001, stop_loss=0.05, sizing="fraction", size=0.5)
    assert SimulationConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_numbers_of_any_kind_become_plain_floats():
    config = SimulationConfig(
        initial_capital=Decimal("5000"), commission=np.float64(0.001), allow_short=np.bool_(False), leverage=2
    )
    assert [type(value) for value in (config.initial_capital, config.commission, config.leverage)] == [
        float
    ] * 3
    assert config.allow_short is False


def test_a_configuration_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        SimulationConfig().size = 3.0


def test_every_setting_of_the_contract_exists():
    names = (
        "initial_capital commission commission_fixed commission_min slippage spread fill sizing size whole_units "
        "allow_short leverage stop_loss take_profit trailing_stop borrow_rate maintenance_margin liquidate_at_end"
    )
    assert set(names.split()) <= {field.name for field in fields(SimulationConfig)}
