"""The one rule of crossing and holding."""

import math

import numpy as np

from strategies.crossing import above, below, cross_down, cross_up, hold

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
