import math

import numpy as np
import pytest

from benchmarks.peers.agreement import compare
from benchmarks.peers.ratios import sharpe_with_first_bar

RUN = {"final_equity": 10_500.0, "trades": 31, "equity": [10_000.0, 10_200.0, 10_500.0]}


def test_equal_results_agree():
    found = compare(RUN, dict(RUN))
    assert found.holds
    assert found.worst == 0.0
    assert found.names == ("equity", "final_equity", "trades")


def test_a_difference_of_one_part_in_a_million_still_agrees_and_two_do_not():
    assert compare(RUN, RUN | {"final_equity": 10_500.0 * (1 + 9e-7)}).holds
    apart = compare(RUN, RUN | {"final_equity": 10_500.0 * (1 + 2e-6)})
    assert not apart.holds
    assert apart.worst_name == "final_equity"
    assert str(apart).startswith("DIFFERS: final_equity by 2.0e-06")


def test_one_bar_of_a_curve_is_enough_to_differ():
    assert not compare(RUN, RUN | {"equity": [10_000.0, 10_201.0, 10_500.0]}).holds


def test_one_trade_more_differs():
    assert not compare(RUN, RUN | {"trades": 32}).holds


def test_a_curve_of_another_length_differs():
    assert not compare(RUN, RUN | {"equity": [10_000.0, 10_500.0]}).holds


def test_results_without_a_common_figure_do_not_agree():
    found = compare({"final_equity": 1.0}, {"sharpe_ratio": 1.0})
    assert not found.holds
    assert str(found) == "nothing to compare"


def test_undefined_agrees_with_undefined_only():
    assert compare({"sharpe_ratio": math.nan}, {"sharpe_ratio": math.nan}).holds
    assert not compare({"sharpe_ratio": math.nan}, {"sharpe_ratio": 0.0}).holds


def test_a_sweep_agrees_when_enough_combinations_are_equal_in_every_figure():
    ours = {"final_equity": [1.0, 2.0, 3.0, 4.0], "trades": [1.0, 1.0, 1.0, 1.0]}
    theirs = {"final_equity": [1.0, 2.5, 3.0, 4.0], "trades": [1.0, 1.0, 2.0, 1.0]}
    found = compare(ours, theirs, needed=0.5)
    assert found.share == 0.5  # the second differs in equity, the third in trades
    assert found.holds
    assert not compare(ours, theirs, needed=0.6).holds


def test_the_sharpe_ratio_with_a_return_of_zero_in_front_is_that_of_the_longer_series():
    returns = np.array([0.01, -0.02, 0.03, 0.005, -0.001])
    longer = np.concatenate(([0.0], returns))
    sharpe, volatility = (
        returns.mean() / returns.std(ddof=1) * np.sqrt(252),
        returns.std(ddof=1) * np.sqrt(252),
    )
    wanted = longer.mean() / longer.std(ddof=1) * np.sqrt(252)
    assert sharpe_with_first_bar(sharpe, volatility, 6, 252.0) == pytest.approx(wanted, rel=1e-12)
