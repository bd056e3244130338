"""Curves at the same few moments, whatever they do in between."""

import numpy as np
import pytest

from backtests.preview.thinning import Moments


def test_a_short_curve_stays_as_it_is():
    moments = Moments(5, 10)
    values = np.array([1.0, 5.0, 2.0, 4.0, 3.0])
    assert moments.extremes(values).tolist() == values.tolist()
    assert moments.rows.tolist() == [0, 1, 2, 3, 4]
    assert moments.of_rows([0, 3]).tolist() == [0, 3]


def test_each_stretch_keeps_its_lowest_and_highest_in_the_order_they_came():
    # Ten bars at six moments: the first, two stretches of four bars each, the last.
    values = np.array([0.0, 4.0, 9.0, 1.0, 5.0, 2.0, 3.0, 8.0, 7.0, 6.0])
    moments = Moments(10, 6)
    # Bars 1-4 are 4 9 1 5: first the 9, then the 1. Bars 5-8 are 2 3 8 7: first the 2, then the 8.
    assert moments.extremes(values).tolist() == [0.0, 9.0, 1.0, 2.0, 8.0, 6.0]
    assert moments.rows.tolist() == [0, 1, 3, 5, 7, 9]


def test_a_bar_is_drawn_in_its_own_half_of_its_stretch():
    moments = Moments(10, 6)
    assert moments.of_rows(range(10)).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]


@pytest.mark.parametrize("length", [7, 8, 599, 600, 601, 602, 1201, 3270, 100_003])
@pytest.mark.parametrize("limit", [6, 600])
def test_the_moments_rise_fit_the_limit_and_lose_no_peak_and_no_trough(length, limit):
    values = np.random.default_rng(length).normal(size=length).cumsum()
    moments = Moments(length, limit)
    kept = moments.extremes(values)
    assert len(kept) == len(moments) == len(moments.rows) <= limit
    assert (np.diff(moments.rows) > 0).all()
    assert (kept[0], kept[-1]) == (values[0], values[-1])
    assert (kept.min(), kept.max()) == (values.min(), values.max())
    places = moments.of_rows(np.arange(length))
    assert (np.diff(places) >= 0).all()
    assert (places[0], places[-1]) == (0, len(moments) - 1)
    assert np.isin(kept, values).all()


def test_the_moments_do_not_depend_on_the_curve_and_need_a_few_points():
    assert Moments(5000, 600).rows.tolist() == Moments(5000, 600).rows.tolist()
    with pytest.raises(ValueError, match="at least 1 bar and 6 moments"):
        Moments(100, 5)
    with pytest.raises(ValueError, match="at least 1 bar"):
        Moments(0, 600)
