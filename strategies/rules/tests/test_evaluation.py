"""What rules compute, by hand on a few bars; what is undefined; and that nothing comes from the future."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.bars import Bars
from strategies.indicators import TechnicalIndicators as Ti
from strategies.rules import bind, first_row, parse
from strategies.rules.cache import Cache
from strategies.rules.evaluation import Evaluation
from strategies.rules.functions import COLUMNS, FUNCTIONS
from strategies.rules.signatures import Sort
from strategies.rules.tests.programs import conditions
from strategies.rules.tests.texts import condition, number, same
from strategies.rules.tree import Kind
from strategies.tests.prices import bars_of, random_bars

NAN = math.nan
BARS = random_bars(300, seed=11)
FEW = bars_of([10, 12, 11, 11, 14, 8])  # opens: 10 10 12 11 11 14


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close[1]", [NAN, 10, 12, 11, 11, 14]),
        ("close - close[1]", [NAN, 2, -1, 0, 3, -6]),
        ("1 + 2 * 3 - 8 / 4", [5] * 6),
        ("close / (close - close[1])", [NAN, 6, -11, NAN, 14 / 3, -8 / 6]),
        ("-close + 0", [-10, -12, -11, -11, -14, -8]),
        ("sma(close, 2)", [NAN, 11, 11.5, 11, 12.5, 11]),
        ("sum(close, 3)", [NAN, NAN, 33, 34, 36, 33]),
        ("highest(close, 2)", [NAN, 12, 12, 11, 14, 14]),
        ("lowest(close, 2)[1]", [NAN, NAN, 10, 11, 11, 11]),
        ("stdev(close, 2)", [NAN, 1, 0.5, 0, 1.5, 3]),
        ("roc(close, 1)", [NAN, 20, -100 / 12, 0, 300 / 11, -600 / 14]),
        ("abs(close - 11)", [1, 1, 0, 0, 3, 3]),
        ("min(open, close, 11)", [10, 10, 11, 11, 11, 8]),
        ("max(open, close)", [10, 12, 12, 11, 14, 14]),
        ("sqrt(close - 10)", [0, math.sqrt(2), 1, 1, 2, NAN]),
        ("log(close - 11)", [NAN, 0, NAN, NAN, math.log(3), NAN]),
        ("true_range()", [NAN, 2, 1, 0, 3, 6]),
        ("obv()", [1000, 2000, 1000, 1000, 2000, 1000]),
        ("hl2", [10, 11, 11.5, 11, 12.5, 11]),
        ("hlc3", [10, 34 / 3, 34 / 3, 11, 39 / 3, 30 / 3]),
        ("ohlc4", [10, 11, 11.5, 11, 12.5, 11]),
        ("bars_since(close < 12)", [0, 1, 0, 0, 1, 0]),
        ("bars_since(close > 13)", [NAN, NAN, NAN, NAN, 0, 1]),
        ("count(close > 10, 3)", [NAN, NAN, 2, 3, 3, 2]),
        ("count(close > 10, 7)", [NAN] * 6),
        # 2020-01-01 was a Wednesday
        ("day_of_week", [3, 4, 5, 6, 7, 1]),
        ("day_of_month", [1, 2, 3, 4, 5, 6]),
        ("month * 100 + hour", [100] * 6),
    ],
)  # fmt: skip
def test_numbers_by_hand(text, expected):
    np.testing.assert_allclose(number(text, FEW), expected, rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close > 11", "010010"),
        ("close >= 11", "011110"),
        ("close < 11", "100001"),
        ("close <= 11", "101101"),
        ("close == 11", "001100"),
        ("close != 11", "110011"),
        ("close[1] > 11", "001001"),
        ("not close > 11", "101101"),
        ("close > 11 or open == 10", "110010"),
        ("close > 11 and open == 10", "010000"),
        ("(close > 11)[1]", "001001"),
        ("true", "111111"),
        ("1 > 2", "000000"),
        # sma 2:         -  11  11.5  11  12.5  11; close: 10 12 11 11 14 8
        # above at the first defined bar is no crossing; equal at bar 3, above at bar 4
        ("crossover(close, sma(close, 2))", "000010"),
        ("crossunder(close, sma(close, 2))", "001001"),
        ("crossover(11.5, close)", "001001"),
        ("crossunder(close, 11.5)", "001001"),
        ("rising(close)", "010010"),
        ("falling(close)", "001001"),
        ("rising(high, 2)", "000000"),
        ("falling(low, 2)", "000000"),
        # undefined compares as False, whichever way it is asked
        ("log(close - 11) < 1", "010000"),
        ("log(close - 11) != 5", "010010"),
        ("log(close - 11) == log(close - 11)", "010010"),
        ("1 / (close - close[1]) >= 0", "010010"),
    ],
)  # fmt: skip
def test_conditions_by_hand(text, expected):
    found = condition(text, FEW)
    assert "".join("1" if truth else "0" for truth in found) == expected


def test_rising_twice_needs_two_rises_in_a_row():
    bars = bars_of([1, 2, 3, 4, 3, 4, 5])
    same(condition("rising(close, 2)", bars), [False, False, True, True, False, False, True])
    same(condition("falling(-close, 2)", bars), [False, False, True, True, False, False, True])


def test_an_indicator_of_an_indicator_starts_after_both_warm_ups():
    rsi = Ti.rsi(BARS.close, 14)
    expected = np.concatenate([np.full(14, NAN), Ti.moving_average(rsi[14:], 5)])
    same(number("sma(rsi(close, 14), 5)", BARS), expected)


def test_a_hole_in_a_source_starts_the_indicator_anew():
    bars = bars_of([1, 2, 3, 4, 5, 6, 7, 8, 9])
    # 1 / (close - 4) is undefined at bar 3: -1/3 -1/2 -1 | . | 1 1/2 1/3 1/4 1/5
    expected = [NAN, -5 / 12, -0.75, NAN, NAN, 0.75, 5 / 12, 7 / 24, 9 / 40]
    np.testing.assert_allclose(number("sma(1 / (close - 4), 2)", bars), expected, equal_nan=True)


def test_too_few_bars_and_none_give_nothing_and_no_accident():
    for function in FUNCTIONS.values():
        for count in (0, 1, 2):
            assert condition(function.example, BARS.head(count)).shape == (count,)


def test_too_large_is_undefined_and_not_infinite():
    assert np.isnan(number("close * 1e300 * 1e300", FEW)).all()
    assert not condition("close * 1e300 * 1e300 > 1", FEW).any()
    assert np.isnan(number("sma(close * 1e300 * 1e300, 2)", FEW)).all()


# -- what counts as equal -----------------------------------------------------------------------------------
def test_values_within_rounding_noise_are_equal():
    bars = bars_of([0.1 + 0.2, 0.3, 0.3 * (1 + 3e-12), 0.3])
    same(condition("close == 0.3", bars), [True, True, False, True])
    same(condition("close > 0.3", bars), [False, False, True, False])
    same(condition("close >= 0.3", bars), [True] * 4)


def test_a_difference_is_compared_on_the_scale_of_what_was_subtracted():
    bars = bars_of(np.full(400, 100.1))
    for text in (
        "ema(close, 12) - ema(close, 26)",
        "macd(close, 12, 26, 9)",
        "sma(close, 10) * 3 - sma(close, 7) * 3",
        "(sma(close, 10) - sma(close, 7)) / 2",
        "abs(sma(close, 10) - sma(close, 7))",
        "sma(close * 1.1 - open * 1.1, 3)",
        "log(sma(close, 10) / sma(close, 7))",
        "sma(close, 10) / sma(close, 7) - 1",
    ):
        assert not condition(f"{text} > 0 or {text} < 0 or {text} != 0", bars).any(), text
        assert not condition(f"crossover({text}, 0) or crossunder({text}, 0)", bars).any(), text


# -- first rows ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "function",
    [f for f in FUNCTIONS.values() if f.result is Kind.NUMBER and f.name != "bars_since"],
    ids=lambda function: function.name,
)
def test_the_first_row_is_where_the_function_says(function):
    given = ", ".join(
        "close > open" if argument.sort is Sort.TRUTH else "4" if argument.sort is Sort.BARS else "close"
        for argument in function.arguments
        if argument.default is None
    )
    text = f"{function.name}({given})"
    tree = bind(parse(text, gives=Kind.NUMBER), {})
    assert np.flatnonzero(~np.isnan(number(text, BARS)))[0] == first_row(tree)


def test_first_rows_add_up_through_lags_and_sources():
    tree = bind(parse("crossover(sma(rsi(close, 14), 5)[2], 50) or close > highest(high, 30)[1]"), {})
    assert first_row(tree) == 30  # the highest of 30 bars is there at row 29, lagged at row 30
    assert first_row(bind(parse("crossover(sma(rsi(close, 14), 5)[12], 50)"), {})) == 14 + 4 + 12
    assert first_row(bind(parse("crossover(close, sma(close, 10))"), {}), event=1) == 10


# -- the future ---------------------------------------------------------------------------------------------
def altered(bars, row, seed):
    """The same bars before `row`, others from there on."""
    later = random_bars(len(bars), seed=seed)
    columns = {
        name: np.concatenate([getattr(bars, name)[:row], getattr(later, name)[row:] * 1.7])
        for name in ("open", "high", "low", "close", "volume")
    }
    return Bars(bars.time, **columns)


SHORT = random_bars(60, seed=3)


@settings(max_examples=120, deadline=None)
@given(text=conditions(), row=st.integers(1, 59), seed=st.integers(0, 5))
def test_no_rule_sees_the_future(text, row, seed):
    try:
        tree = bind(parse(text), {}, text)
    except ValueError:
        return  # too large, or a constant that has no value
    whole = Evaluation(SHORT, [tree]).condition(tree)
    same(Evaluation(SHORT.head(row), [tree]).condition(tree), whole[:row])
    same(Evaluation(altered(SHORT, row, seed), [tree]).condition(tree)[:row], whole[:row])


@pytest.mark.parametrize("name", [*FUNCTIONS, *COLUMNS])
def test_no_function_and_no_column_sees_the_future(name):
    text = FUNCTIONS[name].example if name in FUNCTIONS else f"{name} > 0"
    whole = condition(text, BARS)
    for row in (1, 25, 120, 299):
        same(condition(text, BARS.head(row)), whole[:row])
        same(condition(text, altered(BARS, row, 5))[:row], whole[:row])


# -- sharing ------------------------------------------------------------------------------------------------
def test_each_indicator_is_computed_once_also_by_its_number_and_its_name(monkeypatch):
    asked = []
    monkeypatch.setattr(
        Ti, "moving_average", lambda values, period: asked.append(period) or np.asarray(values)
    )
    text = "sma(close, fast) > sma(close, 10) and sma(close, 5 + 5)[1] > sma(close, slow)"
    condition(text, FEW, fast=10, slow=3)
    assert sorted(asked) == [3, 10]


def test_lines_of_one_indicator_share_one_computation(monkeypatch):
    asked = []
    macd = Ti.macd
    monkeypatch.setattr(Ti, "macd", lambda *given: asked.append(1) or macd(*given))
    condition("crossover(macd(close), macd_signal(close)) and macd_histogram() > 0", BARS)
    assert len(asked) == 1


def test_a_shared_cache_serves_the_next_rule_and_other_bars_empty_it(monkeypatch):
    asked = []
    average = Ti.moving_average
    monkeypatch.setattr(Ti, "moving_average", lambda *given: asked.append(1) or average(*given))
    cache = Cache()
    tree = bind(parse("close > sma(close, 5)"), {})
    first = Evaluation(BARS, [tree], cache).condition(tree)
    same(Evaluation(BARS, [tree], cache).condition(tree), first)
    assert len(asked) == 1
    other = BARS.head(100)
    same(Evaluation(other, [tree], cache).condition(tree), first[:100])
    assert len(asked) == 2


def test_the_cache_keeps_to_its_room():
    cache = Cache(most_bytes=10_000)
    line = np.zeros(500)  # 4,000 bytes
    for key in "abc":
        cache.put(BARS, key, line)
    assert cache.get(BARS, "a") is None
    assert cache.get(BARS, "c") is line
    cache.put(BARS, "large", np.zeros(5_000))
    assert len(cache) == 2
