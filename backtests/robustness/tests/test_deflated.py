"""The deflated Sharpe ratio: published figures, and what more trials do to it."""

import math

import numpy as np
import pytest

from backtests.robustness.deflated import deflated_sharpe_ratio, expected_maximum


@pytest.mark.parametrize(("trials", "expected"), [(10, 1.5746), (45, 2.2356), (100, 2.5306)])
def test_the_expected_maximum_is_the_published_one(trials, expected):
    assert expected_maximum(trials) == pytest.approx(expected, abs=5e-5)


def test_the_expected_maximum_is_near_that_of_simulated_trials():
    drawn = np.random.default_rng(3).standard_normal((40_000, 45)).max(axis=1)
    assert expected_maximum(45) == pytest.approx(drawn.mean(), abs=0.05)


@pytest.mark.parametrize(("trials", "expected"), [(100, 0.9004), (46, 0.9505)])
def test_the_published_example_comes_out(trials, expected):
    # A yearly ratio of 2.5 over 1,250 days; the yearly ratios of the trials have a variance of 0.5.
    deflated = deflated_sharpe_ratio(
        2.5 / math.sqrt(250), 1250, -3.0, 10.0, trials=trials, variance=0.5 / 250
    )
    assert deflated == pytest.approx(expected, abs=5e-5)


def test_one_trial_deflates_nothing_and_more_trials_deflate_more():
    chances = [deflated_sharpe_ratio(0.1, 500, trials=trials, variance=0.001) for trials in (1, 2, 10, 1000)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == pytest.approx(0.9872, abs=1e-3)


@pytest.mark.parametrize(("trials", "variance"), [(0, 0.1), (5, math.nan)])
def test_without_trials_or_their_spread_it_is_undefined(trials, variance):
    assert math.isnan(deflated_sharpe_ratio(0.1, 500, trials=trials, variance=variance))
