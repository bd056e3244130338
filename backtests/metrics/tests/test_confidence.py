"""Published examples, and the behaviour at the edges."""

import math

import numpy as np
import pytest

from backtests.metrics.confidence import (
    estimate_sharpe,
    minimum_track_record,
    probabilistic_sharpe_ratio,
    standard_error,
)


def test_the_published_example_of_a_hedge_fund():
    # 24 months with mean 0.036, deviation 0.079, skewness -2.448 and kurtosis 10.164.
    assert probabilistic_sharpe_ratio(0.036 / 0.079, 24, -2.448, 10.164) == pytest.approx(0.9127, abs=5e-4)


def test_the_standard_error_of_normal_returns_by_hand():
    # variance 1 + 0.5 * 0.2^2 = 1.02; 1.02 / 50 = 0.0204; root = 0.142829
    assert standard_error(0.2, 51) == pytest.approx(0.142829, abs=1e-6)


def test_a_ratio_of_zero_is_positive_with_even_odds():
    assert probabilistic_sharpe_ratio(0.0, 100) == pytest.approx(0.5)


def test_the_minimum_track_record_is_where_the_probability_reaches_its_confidence():
    n = minimum_track_record(0.1, -0.5, 6.0)
    assert probabilistic_sharpe_ratio(0.1, round(n), -0.5, 6.0) == pytest.approx(0.95, abs=1e-3)


def test_a_ratio_that_is_not_positive_never_gets_long_enough():
    assert math.isnan(minimum_track_record(-0.1))


def test_an_estimate_uses_the_sample_deviation_and_raw_kurtosis():
    returns = np.array([0.01, -0.02, 0.03, 0.0])
    # mean 0.005; deviations .005 -.025 .025 -.005; squares 25 625 625 25 (e-6): m2 = 325e-6, s = sqrt(1300e-6 / 3)
    estimate = estimate_sharpe(returns)
    assert estimate.ratio == pytest.approx(0.005 / math.sqrt(1300e-6 / 3))
    # cubes cancel: skewness 0; fourths (625 + 390625) * 2 e-12 / 4 / (325e-6)^2 = 1.8521
    variance = 1 + (1.852071 - 1) / 4 * estimate.ratio**2
    assert estimate.standard_error == pytest.approx(math.sqrt(variance / 3), rel=1e-5)
    assert estimate.low < 0.0 < estimate.high


def test_more_of_the_same_returns_narrow_the_interval():
    returns = np.random.default_rng(3).normal(0.001, 0.01, 250)
    short, long = estimate_sharpe(returns), estimate_sharpe(np.tile(returns, 4))
    assert long.high - long.low == pytest.approx((short.high - short.low) / 2, rel=0.01)


@pytest.mark.parametrize("returns", [[], [0.1], [0.1, 0.2], [0.0, 0.0, 0.0], [0.01] * 50])
def test_too_few_or_equal_returns_have_no_estimate(returns):
    assert math.isnan(estimate_sharpe(returns).ratio)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # 2,000 samples of 250 normal returns whose true per-bar ratio is 0.1: 95 % give or take three standard errors.
    samples = np.random.default_rng(11).normal(0.001, 0.01, (2000, 250))
    estimates = [estimate_sharpe(sample) for sample in samples]
    covered = np.mean([estimate.low <= 0.1 <= estimate.high for estimate in estimates])
    assert covered == pytest.approx(0.95, abs=0.015)
