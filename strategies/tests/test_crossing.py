"""The one rule of crossing and holding."""

import math

import numpy as np
import pytest

from strategies import crossing_kernels
from strategies.crossing import above, below, cross_down, cross_up, decide_averages, follow, hold
from strategies.indicators import TechnicalIndicators

NAN = math.nan


def line(*values):
    return np.array(values, dtype=float)


def rows(flags):
    return np.flatnonzero(flags).tolist()


def test_a_cross_is_above_now_and_not_above_before():
    fast, slow = line(1, 3, 3, 1, 2, 3), line(2, 2, 2, 2, 2, 2)
    assert rows(cross_up(fast, slow)) == [1, 5]  # row 4 only touches: the cross comes when it leaves upwards
    assert rows(cross_down(fast, slow)) == [3]


def test_being_above_already_at_the_end_of_warm_up_is_no_cross():
    fast, slow = line(NAN, 3, 3, 3), line(NAN, NAN, 2, 2)
    assert rows(cross_up(fast, slow)) == []


def test_a_difference_of_rounding_noise_is_no_cross():
    slow = np.full(4, 100.1)
    fast = slow * (1 + np.array([-1e-13, 1e-13, -1e-13, 1e-13]))
    assert rows(cross_up(fast, slow)) == rows(cross_down(fast, slow)) == []
    assert rows(cross_up(slow * (1 + np.array([0, 0, 2e-12, 0])), slow)) == [2]


def test_lines_near_zero_are_compared_on_the_scale_they_were_made_from():
    noise, zero = line(-3e-15, 2e-15), line(0, 0)
    assert rows(cross_up(noise, zero)) == [1]
    assert rows(cross_up(noise, zero, scale=line(100, 100))) == []


def test_above_and_below_are_false_where_a_line_is_not_defined():
    assert rows(above(line(NAN, 5), 3.0)) == [1]
    assert rows(below(line(1, NAN), 3.0)) == [0]


def test_the_position_holds_until_the_opposite_cross():
    up = np.array([False, False, True, False, False, False])
    down = np.array([False, False, False, False, True, False])
    defined = np.array([False, True, True, True, True, True])
    assert np.array_equal(hold(up, down, defined), [NAN, 0, 1, 1, -1, -1], equal_nan=True)


def test_no_bars_hold_no_position():
    nothing = np.zeros(0, dtype=bool)
    assert hold(nothing, nothing, nothing).shape == (0,)


def plain_cross(beyond, fast, slow):
    """The rule written with numpy, as a check on the compiled one."""
    crossed = np.zeros(beyond.size, dtype=bool)
    known = ~(np.isnan(fast) | np.isnan(slow))
    crossed[1:] = beyond[1:] & ~beyond[:-1] & known[:-1]
    return crossed


def plain_hold(up, down, defined):
    latest = np.maximum.accumulate(np.where(up | down, np.arange(up.size), -1))
    target = np.where(latest < 0, 0.0, np.where(up[latest], 1.0, -1.0))
    return np.where(defined | (latest >= 0), target, NAN)


def random_lines(seed):
    """Lines on a coarse grid (many ties), with rounding noise, undefined beginnings and holes."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 120))
    fast, slow = (np.round(rng.normal(0, 2, n)) * (1 + rng.choice([0, 1e-13, 3e-12], n)) for _ in range(2))
    for values in (fast, slow):
        values[: rng.integers(0, n + 1) // 3] = NAN
        values[rng.random(n) < 0.03] = NAN
        values[rng.random(n) < 0.02] = rng.choice([np.inf, -np.inf])
    scale = np.where(rng.random(n) < 0.05, NAN, rng.choice([1.0, 1e11], n)) if seed % 2 else None
    return fast, slow, scale


@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_compiled_rule_equals_the_one_written_with_numpy():
    crosses = 0
    for seed in range(500):
        fast, slow, scale = random_lines(seed)
        up = plain_cross(above(fast, slow, scale=scale), fast, slow)
        down = plain_cross(below(fast, slow, scale=scale), fast, slow)
        defined = ~np.isnan(slow)
        assert np.array_equal(cross_up(fast, slow, scale=scale), up), seed
        assert np.array_equal(cross_down(fast, slow, scale=scale), down), seed
        assert np.array_equal(hold(up, down, defined), plain_hold(up, down, defined), equal_nan=True), seed
        followed = follow(fast, slow, scale=scale)
        assert np.array_equal(followed, plain_hold(up, down, defined), equal_nan=True), seed
        crosses += up.sum() + down.sum()
    assert crosses > 2000


@pytest.mark.filterwarnings("ignore:invalid value")
def test_compiled_crossing_equals_its_python_twin(monkeypatch):
    fast, slow, scale = random_lines(7)
    compiled = cross_up(fast, slow, scale=scale), follow(fast, slow, scale=scale)
    for name in ("cross_nb", "sides_nb", "follow_nb"):
        monkeypatch.setattr(crossing_kernels, name, getattr(crossing_kernels, name).py_func)
    plain = cross_up(fast, slow, scale=scale), follow(fast, slow, scale=scale)
    assert np.array_equal(compiled[0], plain[0])
    assert np.array_equal(compiled[1], plain[1], equal_nan=True)


def test_the_decisions_of_averages_are_the_changes_of_the_target_that_follows_them():
    rng = np.random.default_rng(5)
    for n in (1, 2, 19, 20, 21, 40, 41, *range(600, 800)):  # the middle comes before, at and after a cross
        walk = 100.0 + np.cumsum(rng.integers(-1, 2, n)) * 0.01  # on a coarse grid: many ties
        for values in (walk, np.full(n, 5.0), np.arange(n) + 1.0):
            for fast, slow in ((2, 3), (3, 20)):
                lines = (TechnicalIndicators.moving_average(values, period) for period in (fast, slow))
                decided = decide_averages(values, fast, slow)
                said = n, fast, slow
                assert np.array_equal(decided.target(), follow(*lines), equal_nan=True), said
                assert np.all(np.diff(decided.bars) > 0), said
                assert np.all(np.diff(decided.targets) != 0), said
