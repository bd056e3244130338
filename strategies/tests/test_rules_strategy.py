"""The strategy of the user's own rules: equal to the built-in ones, tuned by name, sized, drawn, told."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import marketdata.samples
from strategies.errors import ParameterError
from strategies.library import MACDStrategy, MovingAverageCrossoverStrategy, RSIStrategy
from strategies.library.rules import RuleStrategy
from strategies.params import FloatParam, IntParam
from strategies.rules.examples import EXAMPLES
from strategies.tests.prices import bars_of, random_bars

NAN = math.nan
SAMPLES = sorted(Path(marketdata.samples.__file__).parent.glob("*.csv"))
BARS = random_bars(400)
WRITTEN = {example.key: example for example in EXAMPLES}


def same(found, expected):
    assert np.array_equal(found, expected, equal_nan=True), np.flatnonzero(found != expected)[:5]


def written(key, **numbers):
    """The example of this key with other numbers in its named values."""
    example = WRITTEN[key]
    values = {
        name: {**said, "minimum": 1, "maximum": 1000, "value": numbers.get(name, said["value"])}
        for name, said in example.values.items()
    }
    return RuleStrategy(**example.rules, values=values)


def in_tenths(seed, count=3000):
    """Prices on a grid of 0.1, where averages often tie."""
    steps = np.random.default_rng(seed).integers(-3, 4, count)
    return bars_of(np.maximum(50, 1000 + np.cumsum(steps)) / 10)


def real(path):
    table = np.genfromtxt(path, delimiter=",", names=True, usecols=(4,), dtype=None, encoding="utf-8")
    return bars_of(table[table.dtype.names[0]])


def assert_equal_to_the_built_ins(bars):
    for fast, slow in ((10, 30), (5, 10), (2, 4), (20, 50), (1, 200)):
        built_in = MovingAverageCrossoverStrategy(fast_period=fast, slow_period=slow)
        same(written("ma_crossover", fast=fast, slow=slow).target(bars), built_in.target(bars))
    for fast, slow in ((5, 20), (12, 26)):
        built_in = MovingAverageCrossoverStrategy(fast_period=fast, slow_period=slow, ma_type="ema")
        rules = {role: text.replace("sma", "ema") for role, text in WRITTEN["ma_crossover"].rules.items()}
        values = {
            "fast": {"value": fast, "minimum": 1, "maximum": 99},
            "slow": {"value": slow, "minimum": 1, "maximum": 99},
        }
        same(RuleStrategy(**rules, values=values).target(bars), built_in.target(bars))
    for period, low, high in ((14, 30, 70), (2, 10, 90), (7, 50, 51)):
        built_in = RSIStrategy(period=period, oversold=low, overbought=high)
        same(written("rsi", period=period, oversold=low, overbought=high).target(bars), built_in.target(bars))
    for fast, slow, signal in ((12, 26, 9), (3, 10, 5)):
        built_in = MACDStrategy(fast_period=fast, slow_period=slow, signal_period=signal)
        same(written("macd", fast=fast, slow=slow, signal=signal).target(bars), built_in.target(bars))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_rule_written_out_equals_the_built_in_strategy_on_real_prices(path):
    bars = real(path)
    assert len(bars) > 1000
    assert_equal_to_the_built_ins(bars)


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_written_out_equals_the_built_in_strategy_where_averages_tie(seed):
    assert_equal_to_the_built_ins(in_tenths(seed))


@pytest.mark.parametrize("seed", range(4))
def test_a_rule_written_out_equals_the_built_in_strategy_where_only_rounding_moves_the_price(seed):
    """Prices in their last digit: the MACD's lines cross all the time, and the price's scale calls that noise."""
    moving = random_bars(120, seed=seed).close
    jitter = np.random.default_rng(seed).integers(-1, 2, 500) * np.spacing(moving[-1])
    bars = bars_of(np.concatenate([moving, moving[-1] + jitter]))
    assert_equal_to_the_built_ins(bars)
    assert not np.diff(written("macd").target(bars)[400:]).any()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 400), max_size=120).map(lambda ticks: bars_of([tick / 10 for tick in ticks]))
    | st.floats(1e-3, 1e6).map(lambda price: bars_of(np.full(90, price)))
)
def test_a_rule_written_out_equals_the_built_in_strategy_on_any_prices(bars):
    assert_equal_to_the_built_ins(bars)


@pytest.mark.parametrize("key", ["ma_crossover", "rsi", "macd"])
def test_the_warm_up_is_that_of_the_built_in_strategy(key):
    built_in = {"ma_crossover": MovingAverageCrossoverStrategy, "rsi": RSIStrategy, "macd": MACDStrategy}[
        key
    ]()
    assert written(key).warmup() == built_in.warmup()


@pytest.mark.parametrize("key", WRITTEN)
def test_each_example_is_accepted_and_trades(key):
    strategy = RuleStrategy(**WRITTEN[key].rules, values=WRITTEN[key].values)
    target = strategy.target(random_bars(2520))
    assert len(set(target[~np.isnan(target)])) > 1
    assert np.flatnonzero(~np.isnan(target))[0] <= strategy.warmup()


# -- parameters ---------------------------------------------------------------------------------------------
def test_defaults_are_for_those_who_write_no_rule():
    assert RuleStrategy().parameters["long_exit"]
    only = RuleStrategy(short_entry="close < 1").parameters
    assert (only["long_entry"], only["long_exit"], only["values"]) == ("", "", {})


def test_a_refused_rule_says_where():
    with pytest.raises(ParameterError) as caught:
        RuleStrategy(long_entry="close > smaa(close, 5)", long_exit="close <")
    assert caught.value.fields == {
        "long_entry": ["Character 9: There is no function 'smaa'. Did you mean 'sma'?"],
        "long_exit": ["Character 8: The rule ends too early. Something is missing here."],
    }


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"long_entry": 3}, "long_entry"),
        ({"long_entry": "x" * 3000}, "long_entry"),
        ({"long_entry": "close > a", "values": {"a": {"value": 1}}}, "values"),
        ({"long_entry": "close > a", "values": [1]}, "values"),
        ({"long_entry": "close > 1", "entry": "x"}, "entry"),
        ({"long_entry": " ", "short_entry": ""}, "long_entry"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, name):
    with pytest.raises(ParameterError) as caught:
        RuleStrategy(**parameters)
    assert list(caught.value.fields) == [name]


VALUES = {
    "fast": {"value": 10, "minimum": 2, "maximum": 50, "step": 1, "label": "Quick"},
    "level": {"value": 0.5, "minimum": 0, "maximum": 1, "step": 0.25},
}
STORED = {"long_entry": "close > sma(close, fast) * level", "values": VALUES}


def test_named_values_come_in_the_order_in_which_the_rules_use_them():
    bounds = {"value": 5, "minimum": 2, "maximum": 60}
    parameters = {"long_entry": "sma(close, second) > sma(close, b)", "long_exit": "close < sma(close, a)"}
    for names in (("a", "b", "second", "idle"), ("idle", "second", "b", "a")):
        stored = RuleStrategy.clean_parameters({**parameters, "values": dict.fromkeys(names, bounds)})
        assert [param.name for param in RuleStrategy.tunable(stored)] == ["second", "b", "a", "idle"]


def test_named_values_are_what_can_be_tuned():
    fast, level = RuleStrategy.tunable(RuleStrategy.clean_parameters(STORED))
    assert isinstance(fast, IntParam)
    assert (fast.name, fast.label, fast.default, fast.minimum, fast.maximum) == ("fast", "Quick", 10, 2, 50)
    assert isinstance(level, FloatParam)
    assert level.grid() == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_tuning_puts_the_numbers_in_place_and_keeps_the_rest():
    tuned = RuleStrategy.tuned(STORED, {"fast": 20, "level": 1})
    assert tuned["values"]["fast"] == {**VALUES["fast"], "value": 20}
    assert tuned["values"]["level"]["value"] == 1.0
    assert tuned["long_entry"] == STORED["long_entry"]
    assert VALUES["fast"]["value"] == 10
    same(RuleStrategy(**tuned).target(BARS), RuleStrategy(long_entry="close > sma(close, 20)").target(BARS))


@pytest.mark.parametrize("values", [{"fast": 1}, {"fast": 2.5}, {"slow": 3}, {"level": "x"}])
def test_tuning_beyond_the_bounds_is_refused_by_name(values):
    with pytest.raises(ParameterError) as caught:
        RuleStrategy.tuned(STORED, values)
    assert list(caught.value.fields) == list(values)


def test_tuning_to_what_a_rule_cannot_have_is_refused():
    macd = RuleStrategy.clean_parameters({**WRITTEN["macd"].rules, "values": WRITTEN["macd"].values})
    with pytest.raises(ParameterError, match=r"fast .30. is not below slow .26."):
        RuleStrategy.tuned(macd, {"fast": 30})


# -- size, lines, words -------------------------------------------------------------------------------------
def test_the_size_is_a_share_at_each_close_and_undefined_where_it_is_not_above_0():
    bars = bars_of([10, 12, 8, 16])
    assert RuleStrategy(long_entry="close > 1").size(bars) is None
    same(RuleStrategy(long_entry="close > 1", size="0.25").size(bars), [0.25] * 4)
    same(RuleStrategy(long_entry="close > 1", size="(close - close[1]) / 4").size(bars), [NAN, 0.5, NAN, 2.0])
    same(RuleStrategy(long_entry="close > 1", size="1 / (close - 8)").size(bars), [0.5, 0.25, NAN, 0.125])


def test_lines_of_the_price_and_one_unit_below_it_are_drawn():
    rules = {
        "long_entry": "close > sma(close, 5) and rsi(close, 14) < 70 and volume > sma(volume, 9) and adx() > 20",
        "long_exit": "close < donchian_lower(9)[1] or sma(rsi(close, 14), 3) > 80",
    }
    overlays = RuleStrategy(**rules).overlays(BARS)
    assert [(overlay.name, overlay.pane) for overlay in overlays] == [
        ("sma(close, 5)", "price"),
        ("rsi(close, 14)", "own"),
        ("adx(14)", "own"),
        ("donchian_lower(9)", "price"),
        ("sma(rsi(close, 14), 3)", "own"),
    ]
    assert all(overlay.values.shape == (400,) for overlay in overlays)
    many = " and ".join(f"close > sma(close, {period})" for period in range(2, 12))
    assert len(RuleStrategy(long_entry=many).overlays(BARS)) == 6


def test_rules_are_told_in_words_with_their_numbers():
    said = RuleStrategy(**STORED, long_exit="hold for fast bars", size="level").describe_rules()
    assert said == (
        "Buy when the close is above the 10-bar average of the close * 0.5.",
        "Sell when 10 bars have passed since the entry was decided.",
        "Enter with this share of the cash: 0.5.",
    )


def test_columns_that_were_returned_can_be_changed_without_harm():
    strategy = RuleStrategy(long_entry="close > sma(close, 5)", size="sma(close, 5)")
    before = strategy.size(BARS).copy()
    strategy.size(BARS)[:] = 0
    strategy.overlays(BARS)[0].values[:] = 0
    same(strategy.size(BARS), before)
