"""The compiled loops against their own Python source, and where their blocks and tiles meet."""

import numpy as np
import pytest

from strategies.errors import IndicatorError
from strategies.indicators import TechnicalIndicators as Ti
from strategies.indicators import extremes, finite, kernels, lanes, ranges, recursions
from strategies.indicators.many import moving_averages
from strategies.indicators.warm import warm_up
from strategies.tests.prices import random_bars

LONG = random_bars(5_000)
BARS = random_bars(300)
HLC = (BARS.high, BARS.low, BARS.close)
FLAT = np.concatenate([BARS.close[:120], np.full(60, 100.1), BARS.close[:60]])

CASES = [
    (kernels.moving_average_nb, (BARS.close, 14), 1),
    (kernels.moving_average_nb, (BARS.close, 3), 1),
    (kernels.bands_nb, (FLAT, 23, 2.0), 3),
    (kernels.deviation_nb, (FLAT, 14, 1.0), 1),
    (extremes.highest_nb, (BARS.close, 14, -1.0), 1),
    (extremes.place_in_range_nb, (*HLC, 14, True), 1),
    (extremes.stochastic_nb, (*HLC, 14, 3, 3), 2),
    (kernels.channel_index_nb, (FLAT, Ti.moving_average(FLAT, 14), 14), 1),
    (recursions.exponential_average_nb, (BARS.close, 14), 1),
    (recursions.macd_nb, (BARS.close, 12, 26, 9), 3),
    (recursions.rsi_nb, (FLAT, 14), 1),
    (ranges.true_range_nb, HLC, 1),
    (ranges.atr_nb, (*HLC, 14), 1),
    (ranges.directional_nb, (*HLC, 14), 2),
    (ranges.adx_nb, (BARS.high, BARS.low, 14), 1),
]


def recursion(news, weight):
    state, states = 0.0, np.empty(lanes.LANES)
    for lane, value in enumerate(news):
        states[lane] = state = state * weight + value
    return states


def read(column, row, count):
    return np.concatenate([column[row : row + count], np.zeros(lanes.LANES - count)])


def write(column, row, count, value):
    column[row : row + count] = value[:count]


# What `lanes` says in the compiler's words, in numpy's.
PLAIN = {
    "load": read,
    "store": write,
    "spread": lambda number: np.full(lanes.LANES, number),
    "last": lambda value: np.full(lanes.LANES, value[-1]),
    "first": lambda value: value[0],
    "chosen": lambda left, right, yes, no: np.where(np.greater(left, right), yes, no) + np.zeros(lanes.LANES),
    "moved": lambda before, value: np.concatenate([before[-1:], value[:-1]]),
    "moved_by_two": lambda before, value: np.concatenate([before[-2:], value[:-2]]),
    "moved_by_four": lambda before, value: np.concatenate([before[-4:], value[:-4]]),
    "total": np.sum,
    "root": np.sqrt,
    "faded": recursion,
    "powers": lambda weight: weight ** np.arange(1.0, lanes.LANES + 1.0),
}


def say_plainly(monkeypatch):
    for module in (kernels, recursions, ranges):
        for name, value in list(vars(module).items()):
            if name in PLAIN:
                monkeypatch.setattr(module, name, PLAIN[name])
            elif hasattr(value, "py_func") and not name.endswith(
                "_nb"
            ):  # a step that kernels take into themselves
                monkeypatch.setattr(module, name, value.py_func)


def test_every_instruction_has_a_plain_form():
    assert set(PLAIN) == {name for name, value in vars(lanes).items() if hasattr(value, "_defn")}


@pytest.mark.parametrize(
    ("kernel", "arguments", "lines"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_compiled_loop_equals_its_python_source(kernel, arguments, lines, monkeypatch):
    compiled, plain = np.empty((2, lines, arguments[0].size))
    returned = kernel(*arguments, *compiled)
    say_plainly(monkeypatch)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert kernel.py_func(*arguments, *plain) == returned
    np.testing.assert_allclose(compiled, plain, rtol=1e-10, atol=1e-11)


def test_every_kernel_with_a_line_to_fill_is_compared_with_its_source():
    def public(module):
        names = [n for n in vars(module) if n.endswith("_nb") and not n.startswith("_")]
        return {n for n in names if getattr(module, n).py_func.__module__ == module.__name__}

    found = public(kernels) | public(extremes) | public(recursions) | public(ranges)
    assert {kernel.py_func.__name__ for kernel, _, _ in CASES} == found


def test_many_averages_are_the_averages_one_by_one():
    periods = [1, 3, 8, 50, 299, 300, 301]
    for period, row in zip(periods, moving_averages(BARS.close, periods), strict=True):
        assert row.tobytes() == Ti.moving_average(BARS.close, period).tobytes()
    with pytest.raises(IndicatorError, match="row 7"):
        moving_averages(np.where(np.arange(300) == 7, np.nan, BARS.close), periods)


@pytest.mark.parametrize("period", [1, 2, 3, 20, 250])
def test_a_recursion_in_eights_is_the_recursion_row_by_row(period):
    weight = 2.0 / (period + 1.0)
    for count in (*range(period, period + 19), 3_000):
        close = LONG.close[:count]
        expected = close[:period].mean()
        for value in close[period:]:
            expected += weight * (value - expected)
        found = Ti.exponential_moving_average(close, period)
        assert abs(found[-1] / expected - 1.0) < 1e-13


@pytest.mark.parametrize(("fast", "slow", "signal"), [(2, 3, 1), (3, 5, 2), (12, 26, 9), (2, 40, 21)])
def test_macd_in_strides_is_the_recursion_row_by_row(fast, slow, signal):
    weights, begin = [2.0 / (period + 1.0) for period in (fast, slow, signal)], slow + signal - 2
    for count in (*range(begin + 1, begin + 28), 1_500):
        close = LONG.close[:count]
        near, far = close[slow - fast : slow].mean(), close[:slow].mean()
        line = [near - far]
        for value in close[slow:]:
            near, far = near + weights[0] * (value - near), far + weights[1] * (value - far)
            line.append(near - far)
        average = [np.mean(line[:signal])]
        for value in line[signal:]:
            average.append(average[-1] + weights[2] * (value - average[-1]))
        found = Ti.macd(close, fast, slow, signal)
        expected = np.array(line[signal - 1 :]), np.array(average)
        np.testing.assert_allclose(found.macd[begin:], expected[0], rtol=0, atol=1e-11)
        np.testing.assert_allclose(found.signal[begin:], expected[1], rtol=0, atol=1e-11)
        np.testing.assert_allclose(found.histogram[begin:], expected[0] - expected[1], rtol=0, atol=1e-11)
        assert np.isnan([line[:begin] for line in (found.macd, found.signal, found.histogram)]).all()


def test_macd_of_a_value_that_is_not_finite_is_refused_in_every_row():
    for row in range(100):
        for bad in (np.nan, np.inf, -np.inf):
            column = np.array(LONG.close[:100])
            column[row] = bad
            for periods in ((12, 26, 9), (2, 3, 1)):
                with pytest.raises(IndicatorError, match=f"values is .* at row {row}"):
                    Ti.macd(column, *periods)


def test_no_row_of_an_eight_hangs_on_what_follows_it():
    bars = random_bars(90, seed=4)
    columns = [np.round(column, 1) for column in (bars.high, bars.low, bars.close)]
    columns[0][50:62] = columns[1][50:62] = columns[2][50:62] = columns[2][50]

    def lines(high, low, close):
        return [
            Ti.exponential_moving_average(close, 3),
            Ti.rsi(close, 2),
            *Ti.macd(close, 3, 5, 2),
            *Ti.macd(close, 2, 3, 1),
            Ti.atr(high, low, close, 3),
            *Ti.directional_index(high, low, close, 2),
        ]

    whole = lines(*columns)
    for count in range(1, 90):
        for long, short in zip(whole, lines(*(column[:count] for column in columns)), strict=True):
            assert short.tobytes() == long[:count].tobytes(), count


def test_adx_stands_still_while_no_movement_is_left():
    high = np.concatenate([LONG.high[:1100], np.full(3000, LONG.high[1099]), LONG.high[1100:1200]])
    low = np.concatenate([LONG.low[:1100], np.full(3000, LONG.low[1099]), LONG.low[1100:1200]])
    weight, ups, downs, expected = 0.5, 0.0, 0.0, np.full(high.size, np.nan)
    index = np.zeros(high.size)
    for t in range(1, high.size):
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        ups = ups * (weight if t > 1 else 1.0) + (up if up > max(down, 0.0) else 0.0)
        downs = downs * (weight if t > 1 else 1.0) + (down if down > max(up, 0.0) else 0.0)
        index[t] = 100.0 * abs(ups - downs) / (ups + downs) if ups + downs > 1e-290 else -1.0
    average = expected[3] = (index[2] + index[3]) / 2.0
    for t in range(4, high.size):
        average += (index[t] - average) / 2.0 if index[t] >= 0.0 else 0.0
        expected[t] = average
    assert (index[2200:4000] == -1.0).all()
    np.testing.assert_allclose(Ti.adx(high, low, LONG.close[: high.size], 2), expected, rtol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_in_every_column_and_row(bad):
    for row in (*range(45), 83, 84, 90, 98, 99):
        for place, name in enumerate(("high", "low", "close")):
            columns = [np.array(column[:100]) for column in HLC]
            columns[place][row] = bad
            for indicator in (Ti.atr, Ti.adx, Ti.directional_index, Ti.stochastic):
                with pytest.raises(IndicatorError, match=f"{name} is .* at row {row}"):
                    indicator(*columns)
        for indicator in (
            Ti.rsi,
            Ti.macd,
            Ti.exponential_moving_average,
            Ti.bollinger_bands,
            Ti.moving_average,
        ):
            with pytest.raises(IndicatorError, match=f"row {row}"):
                indicator(columns[2])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 1, 7, 8, 100])
def test_a_value_that_is_not_finite_is_seen_in_every_row(bad, row):
    values = BARS.close[:101].copy()
    assert finite.all_finite_nb(values)
    values[row] = bad
    assert not finite.all_finite_nb(values)
    assert finite.all_finite_nb(np.array([1.7e308, -1.7e308, 0.0, -0.0, 5e-324]))


def test_warming_up_compiles_every_loop():
    assert warm_up() > 0.0
    cases = {kernel for kernel, _, _ in CASES}
    assert all(kernel.signatures for kernel in cases)


@pytest.mark.parametrize("spike", [-90.0, 1e3, 1e6])
def test_a_spike_that_opens_a_block_leaves_the_deviation_its_digits(spike):
    # The sums are of distances from that value, which is then far from all others of the window.
    values = BARS.close.copy()
    values[20::20] += spike
    exact = np.lib.stride_tricks.sliding_window_view(values.astype(np.longdouble), 20).std(axis=1)
    found = Ti.standard_deviation(values, 20)[19:]
    np.testing.assert_allclose(found, exact.astype(np.float64), rtol=1e-13)
    bands = Ti.bollinger_bands(values, 20, 2.0)
    np.testing.assert_allclose(bands.upper - bands.middle, 2.0 * Ti.standard_deviation(values, 20), rtol=1e-9)


def test_long_windows_and_many_tiles_agree_with_the_definition():
    close = LONG.close
    for period in (1, 2, 7, 8, 31, 64, 1000, 1300):
        windows = np.lib.stride_tricks.sliding_window_view(close, period)
        at = slice(period - 1, None)
        np.testing.assert_allclose(Ti.moving_average(close, period)[at], windows.mean(axis=1), rtol=1e-13)
        np.testing.assert_allclose(
            Ti.standard_deviation(close, period)[at], windows.std(axis=1), rtol=1e-11, atol=1e-12
        )
        np.testing.assert_array_equal(Ti.highest(close, period)[at], windows.max(axis=1))
        np.testing.assert_array_equal(Ti.lowest(close, period)[at], windows.min(axis=1))
