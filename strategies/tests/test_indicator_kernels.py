"""The compiled loops against their own Python source, and where their blocks and tiles meet."""

import numpy as np
import pytest

from strategies.errors import IndicatorError
from strategies.indicators import TechnicalIndicators as Ti
from strategies.indicators import finite, kernels, ranges, recursions
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
    (kernels.highest_nb, (BARS.close, 14, -1.0), 1),
    (kernels.place_in_range_nb, (*HLC, 14, True), 1),
    (kernels.stochastic_nb, (*HLC, 14, 3, 3), 2),
    (kernels.channel_index_nb, (FLAT, Ti.moving_average(FLAT, 14), 14), 1),
    (recursions.exponential_average_nb, (BARS.close, 14), 1),
    (recursions.macd_nb, (BARS.close, 12, 26, 9), 3),
    (recursions.rsi_nb, (FLAT, 14), 1),
    (ranges.true_range_nb, HLC, 1),
    (ranges.atr_nb, (*HLC, 14), 1),
    (ranges.directional_nb, (*HLC, 14), 2),
    (ranges.adx_nb, (BARS.high, BARS.low, 14), 1),
]


@pytest.mark.parametrize(
    ("kernel", "arguments", "lines"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_compiled_loop_equals_its_python_source(kernel, arguments, lines):
    compiled, plain = np.empty((2, lines, arguments[0].size))
    returned = kernel(*arguments, *compiled)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert kernel.py_func(*arguments, *plain) == returned
    np.testing.assert_allclose(compiled, plain, rtol=1e-10, atol=1e-11)


def test_every_kernel_with_a_line_to_fill_is_compared_with_its_source():
    def public(module):
        names = [n for n in vars(module) if n.endswith("_nb") and not n.startswith("_")]
        return {n for n in names if getattr(module, n).py_func.__module__ == module.__name__}

    helpers = {"powers_nb", "blocks_nb", "decay_nb", "averages_nb"}
    found = public(kernels) | public(recursions) | public(ranges)
    assert {kernel.py_func.__name__ for kernel, _, _ in CASES} == found - helpers


def test_many_averages_are_the_averages_one_by_one():
    periods = [1, 3, 8, 50, 299, 300, 301]
    for period, row in zip(periods, moving_averages(BARS.close, periods), strict=True):
        assert row.tobytes() == Ti.moving_average(BARS.close, period).tobytes()
    with pytest.raises(IndicatorError, match="row 7"):
        moving_averages(np.where(np.arange(300) == 7, np.nan, BARS.close), periods)


def test_a_recursion_in_blocks_is_the_recursion_row_by_row():
    # More than one tile (8 blocks of 256), a part of a tile and a part of a block.
    news = np.random.default_rng(2).normal(size=2 * recursions.TILE + 700)
    for weight in (0.0, 0.5, 13 / 14, 0.9999):
        state, expected = 3.0, np.empty(news.size)
        for row, value in enumerate(news):
            state = state * weight + value
            expected[row] = state
        found, powers, state = news.copy(), recursions.powers_nb(weight), 3.0
        for start in range(0, news.size, recursions.TILE):
            state = recursions.decay_nb(found[start : start + recursions.TILE], powers, state)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-10)


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
