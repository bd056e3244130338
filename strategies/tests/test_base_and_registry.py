"""What a strategy class promises, and the register of types."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from strategies import registry
from strategies.base import BaseStrategy
from strategies.errors import ParameterError, SignalError, UnknownStrategyType
from strategies.library import MovingAverageCrossoverStrategy, RSIStrategy
from strategies.params import IntParam, ReferenceParam
from strategies.tests.prices import random_bars

BARS = random_bars(30)


class Framed(BaseStrategy):
    """Written over frames, as a notebook user would."""

    key, label, summary = "framed", "Framed", "Long when the bar rose."
    params = (IntParam("level", default=1, minimum=0, maximum=9, label="Level"),)

    def generate_signals(self, data):
        return pd.DataFrame({"signal": np.where(data["close"] > data["open"], 1.0, 0.0)}, index=data.index)


def test_defaults_fill_what_is_left_out():
    assert MovingAverageCrossoverStrategy(slow_period=50).parameters == {
        "fast_period": 10,
        "slow_period": 50,
        "ma_type": "sma",
    }
    assert repr(RSIStrategy()) == "RSIStrategy(period=14, oversold=30.0, overbought=70.0)"


def test_all_refused_parameters_are_named_at_once():
    with pytest.raises(ParameterError) as caught:
        MovingAverageCrossoverStrategy(fast_perid=5, slow_period=900, ma_type="wma")
    assert set(caught.value.fields) == {"fast_perid", "slow_period", "ma_type"}
    assert "Did you mean 'fast_period'?" in caught.value.fields["fast_perid"][0]


def test_a_name_like_no_other_is_answered_with_those_that_exist():
    with pytest.raises(ParameterError, match="There are: period, oversold, overbought"):
        RSIStrategy(zzz=1)


@pytest.mark.parametrize(
    ("strategy", "given", "field"),
    [
        (MovingAverageCrossoverStrategy, {"fast_period": 30}, "fast_period"),
        (MovingAverageCrossoverStrategy, {"fast_period": 40, "slow_period": 20}, "fast_period"),
        (RSIStrategy, {"oversold": 70, "overbought": 70}, "oversold"),
    ],
)
def test_values_that_do_not_go_together_are_refused_at_the_field(strategy, given, field):
    with pytest.raises(ParameterError) as caught:
        strategy(**given)
    assert list(caught.value.fields) == [field]


def test_a_reference_is_required():
    class Modelled(BaseStrategy):
        params = (ReferenceParam("model", kind="ml_model", label="Model"),)

        def target(self, bars):
            return np.zeros(len(bars))

    with pytest.raises(ParameterError, match="required"):
        Modelled()
    assert Modelled(model=3).parameters == {"model": 3}


def test_a_strategy_over_frames_has_a_target():
    assert np.array_equal(Framed().target(BARS), np.where(BARS.close > BARS.open, 1.0, 0.0))


def test_a_class_that_implements_neither_face_cannot_be_written():
    with pytest.raises(TypeError, match="must implement target"):
        type("Nothing", (BaseStrategy,), {})


def test_parameter_names_are_identifiers_used_once():
    twice = (Framed.params[0], Framed.params[0])
    with pytest.raises(TypeError, match="each used once"):
        type("Twice", (Framed,), {"params": twice})


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"sign": [1.0] * 30}), "no column 'signal'"),
        (pd.DataFrame({"signal": [1.0] * 29}), "29 rows for 30 bars"),
        (pd.DataFrame({"signal": [0.5] * 30}), r"at row 0 is 0\.5"),
    ],
)
def test_signals_that_are_no_target_are_refused_in_words(frame, said):
    strategy = type("Wrong", (Framed,), {"generate_signals": lambda self, data: frame})()
    with pytest.raises(SignalError, match=said):
        strategy.target(BARS)


def test_the_register_finds_a_type_and_refuses_a_second_holder_of_its_key():
    with registry.temporarily(Framed):
        assert registry.get_strategy_class("framed") is Framed
        assert "framed" in registry.names()
        with pytest.raises(ValueError, match="belongs to Framed already"):
            registry.register(type("Other", (Framed,), {}))
    assert "framed" not in registry.names()


def test_a_type_is_taken_back_even_when_the_block_fails():
    with pytest.raises(RuntimeError), registry.temporarily(Framed):
        raise RuntimeError
    assert "framed" not in registry.names()


def test_a_type_without_a_name_cannot_be_registered():
    with pytest.raises(TypeError, match="has no summary"):
        registry.register(type("Nameless", (Framed,), {"key": "nameless", "summary": ""}))


@pytest.mark.parametrize("key", ["ma_crosover", "nonsense", "", None, ["rsi"], "x" * 10_000])
def test_a_miss_names_what_exists(key):
    with pytest.raises(UnknownStrategyType) as caught:
        registry.get_strategy_class(key)
    assert "ma_crossover" in caught.value.detail or "Did you mean" in caught.value.detail
    assert len(caught.value.detail) < 300


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_naming_the_strategies_costs_neither_pandas_nor_a_compiler():
    done = run(
        "import sys, strategies.library\n"
        "print([m for m in ('pandas', 'numba', 'talib', 'scipy', 'sklearn') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr
