"""Loops over eight bars at a time say what plain arithmetic says."""

import os

import numpy as np
import pytest

from backtests.engine.tests.cases import random_bars
from backtests.optimize.compiled import forget_stale, kernel
from backtests.optimize.event_kernels import crossing_orders_nb
from backtests.optimize.event_market import deepest_nb, empty_market, extremes_nb, fill_market_nb
from backtests.optimize.vectors import (
    compare_bar,
    compare_coarse,
    compare_word,
    first_one,
    first_outside,
    last_one,
    lowest_highest,
    ones,
    scan_value,
)
from strategies.crossing import above, below, cross_down, cross_up

VALUES = np.random.default_rng(0).uniform(1.0, 2.0, 200)


@kernel
def compared_nb(fast, slow, bar):
    return compare_word(fast, slow, bar)


@kernel
def one_bar_nb(fast, slow, bar):
    return compare_bar(fast, slow, bar)


@kernel
def steps_compared_nb(fast, slow, bar):
    return compare_coarse(fast, slow, bar)


@kernel
def ends_nb(column, first, count):
    return lowest_highest(column, first, count)


@kernel
def scanned_nb(column, first, count, base, slope):
    return scan_value(column, first, count, base, slope)


@kernel
def bits_nb(word):
    return first_one(word), last_one(word), ones(word)


@kernel
def range_nb(market, close, blocks, first, last):
    low, high = extremes_nb(market, close, blocks, first, last)
    return low, high, deepest_nb(market, close, blocks, first, last)


@kernel
def outside_nb(low, high, first, count, floor, ceiling):
    return first_outside(low, high, first, count, floor, ceiling)


def word(flags):
    return sum(int(flag) << i for i, flag in enumerate(flags))


def address(line):
    return np.uint64(line.ctypes.data)


def test_two_lines_compare_as_the_rule_of_crossings_says():
    rng = np.random.default_rng(1)
    fast = rng.uniform(90.0, 110.0, 128)
    slow = np.where(
        rng.random(128) < 0.3, fast * (1.0 + rng.choice([0, 5e-13, -5e-13, 2e-12, -2e-12], 128)), 100.0
    )
    fast[3] = slow[70] = np.nan
    for bar in (0, 64):
        part = slice(bar, bar + 64)
        found = compared_nb(address(fast), address(slow), bar)
        expected = word(above(fast[part], slow[part])), word(below(fast[part], slow[part]))
        assert found == expected
        for t in range(64):
            over, under = one_bar_nb(address(fast), address(slow), bar + t)
            assert (over, under) == (expected[0] >> t & 1, expected[1] >> t & 1)


def test_steps_decide_where_they_differ_by_two():
    rng = np.random.default_rng(2)
    fast = rng.integers(0, 65_535, 128).astype(np.uint16)
    slow = np.clip(fast.astype(int) + rng.integers(-3, 4, 128), 0, 65_534).astype(np.uint16)
    fast[:4], slow[:4] = (0, 65_534, 65_534, 0), (65_534, 0, 65_534, 0)
    apart = fast.astype(int) - slow
    assert steps_compared_nb(address(fast), address(slow), 64) == (
        word(apart[64:] > 1),
        word(apart[64:] < -1),
    )
    assert steps_compared_nb(address(fast), address(slow), 0) == (word(apart[:64] > 1), word(apart[:64] < -1))


@pytest.mark.parametrize("count", range(1, 40))
def test_extremes_and_sums_are_those_of_the_range(count):
    for first in (0, 3, 100):
        part = VALUES[first : first + count]
        assert ends_nb(VALUES, first, count) == (part.min(), part.max())
        worth = 2.5 - 0.7 * part
        r = worth[1:] / worth[:-1] - 1.0
        expected = (r.sum(), (r**2).sum(), (np.minimum(r, 0.0) ** 2).sum(), worth.min(), worth.max())
        np.testing.assert_allclose(scanned_nb(VALUES, first, count - 1, 2.5, -0.7), expected, 1e-13, 1e-15)


@pytest.mark.parametrize("count", range(40))
def test_the_first_bar_outside_is_found(count):
    high = VALUES + 0.1
    for first in (0, 5, 90):
        for floor, ceiling in (
            (1.05, 2.05),
            (np.nan, 2.0),
            (1.1, np.nan),
            (np.nan, np.nan),
            (VALUES[first], 9.0),
        ):
            part = slice(first, first + count)
            hits = np.flatnonzero((VALUES[part] <= floor) | (high[part] >= ceiling))
            expected = first + (int(hits[0]) if hits.size else count)
            assert outside_nb(VALUES, high, first, count, floor, ceiling) == expected


def test_bits_are_found_and_counted():
    assert [bits_nb(np.uint64(bits)) for bits in (1, 40, 1 << 63)] == [(0, 0, 1), (3, 5, 2), (63, 63, 1)]


@pytest.mark.parametrize("seed", range(20))
def test_orders_of_crossings_are_those_of_the_rule(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 300))
    fast, slow = (np.round(rng.uniform(1.0, 2.0, n + 64), 1) for _ in range(2))
    known = int(rng.integers(0, n + 1))
    fast[: int(rng.integers(0, known + 1))] = slow[:known] = np.nan
    fast[n:] = slow[n:] = np.nan
    decided, wanted = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int8)
    count = crossing_orders_nb(address(fast), address(slow), known, n, -1, decided, wanted)
    up, down = cross_up(fast[:n], slow[:n]), cross_down(fast[:n], slow[:n])
    expected, side = [], 0
    for t in range(n):
        if (up[t] or down[t]) and (1 if up[t] else -1) != side:
            side = 1 if up[t] else -1
            expected.append((t, side))
    assert list(zip(decided[:count].tolist(), wanted[:count].tolist(), strict=True)) == expected


def test_prefix_sums_are_right_to_the_last_bits():
    bars = random_bars(np.random.default_rng(3), 2000)
    market, blocks = empty_market(2000)
    fill_market_nb(bars.open, bars.close, market, blocks)
    r = np.concatenate([[0.0], bars.close[1:] / bars.close[:-1] - 1.0]).astype(np.longdouble)
    for column, values in enumerate((r, r * r, np.minimum(r, 0.0) ** 2)):
        np.testing.assert_allclose(market[:, 2 + column], np.cumsum(values).astype(float), 1e-15, 1e-17)


@pytest.mark.parametrize("bars", [1, 15, 16, 17, 200, 700])
def test_extremes_and_the_deepest_fall_of_a_range_are_those_of_its_closes(bars):
    rng = np.random.default_rng(bars)
    close = np.exp(rng.normal(0.0, 0.02, bars).cumsum())
    market, blocks = empty_market(bars)
    fill_market_nb(close, close, market, blocks)
    padded = np.concatenate((close, close[-1:].repeat(9)))
    ranges = [(first, last) for first in range(min(bars, 40)) for last in range(first, bars)]
    for first, last in ranges:
        part = close[first : last + 1]
        deepest = (part / np.maximum.accumulate(part)).min()
        assert range_nb(market, padded, blocks, first, last) == (part.min(), part.max(), deepest)


def test_what_is_cached_is_forgotten_when_any_source_is_newer(tmp_path):
    class Stored:
        py_func = kernel(compared_nb.py_func).py_func

        def __init__(self, index):
            self._cache = self
            self._cache_file = self
            self._index_path = str(index)

    new, old = tmp_path / "new.nbi", tmp_path / "old.nbi"
    for index in (new, old):
        index.write_bytes(b"")
    os.utime(old, (0, 0))
    for index in (new, old, tmp_path / "none.nbi"):
        forget_stale(Stored(index))
    assert new.exists()
    assert not old.exists()
