"""From probabilities to targets, margins and the trading part of a report; pure, with a simulator by hand."""

import math

import numpy as np
import pytest

from mlmodels import trading
from mlmodels.tests.prices import autoregressive
from mlmodels.trading import Traded, curve, margin_sweep, margins_for, targets_of, traded_rows
from mlmodels.trials import Trials, trials_of

NAN = math.nan


def by_hand(bars, targets, *, cost_rate, short_trades, periods_per_year):
    """Counts changes of the target; the equity is the number of the target."""
    found = []
    for number, target in enumerate(targets):
        changes = int((np.diff(np.nan_to_num(target), prepend=0.0) != 0.0).sum())
        equity = np.full(len(bars), 1.0 + number)
        found.append(
            Traded(number * cost_rate, NAN, NAN, NAN, 0.0, changes, float((target != 0).mean()), equity)
        )
    return found


def test_a_prediction_is_acted_on_beyond_the_margin_only():
    probability = np.array([NAN, 0.5, 0.52, 0.5201, 0.48, 0.4799, NAN, 0.9])
    np.testing.assert_array_equal(targets_of(probability, 0.02), [NAN, 0, 0, 1, 0, -1, NAN, 1])
    np.testing.assert_array_equal(
        targets_of(probability, 0.02, short_trades=False), [NAN, 0, 0, 1, 0, 0, NAN, 1]
    )
    np.testing.assert_array_equal(targets_of(probability), [NAN, 0, 1, 1, -1, -1, NAN, 1])


@pytest.mark.parametrize("reach", [0.0004, 0.0131, 0.08, 0.1, 0.27, 0.5])
def test_margins_go_from_none_to_where_nothing_is_acted_on(reach):
    probability = np.array([NAN, 0.5, 0.5 - reach, 0.5 + reach / 3])
    margins = margins_for(probability)
    assert margins[0] == 0.0
    assert 4 <= len(margins) <= trading.MOST_MARGINS
    assert len(set(np.diff(margins).round(9))) == 1
    if reach <= trading.LARGEST_MARGIN:
        assert not targets_of(probability[1:], margins[-1]).any()
        assert targets_of(probability[1:], margins[-2]).any()
    else:
        assert margins[-1] <= trading.LARGEST_MARGIN


def test_without_a_spread_there_is_one_margin():
    assert margins_for(np.array([0.5, 0.5])) == (0.0,)
    assert margins_for(np.array([NAN])) == (0.0,)


def test_only_bars_from_the_first_prediction_on_are_traded():
    bars = autoregressive(10, 0.0, seed=1)
    probability = np.array([NAN, NAN, 0.6, NAN, 0.45, 0.6, 0.5, 0.4, 0.6, 0.6])
    found = margin_sweep(by_hand, bars, probability, margin=0.05, cost_rate=0.25, short_trades=True)
    np.testing.assert_array_equal(found.time, bars.time[2:])
    # The model's own margin comes first, buy-and-hold last; it enters once.
    assert found.model.equity[0] == 1.0
    assert found.buy_and_hold.trades == 1
    assert found.buy_and_hold.equity[0] == 1.0 + len(found.margins)
    assert [point.margin for point in found.margins] == sorted({*margins_for(probability), 0.05})


def test_a_report_holds_plain_values_and_no_nan():
    bars = autoregressive(6, 0.0, seed=1)
    found = margin_sweep(by_hand, bars, np.array([NAN, 0.6, 0.4, 0.6, 0.4, 0.6]), cost_rate=0.25)
    told = found.to_dict()
    assert told["start"] == "2000-01-02T00:00:00Z"
    assert told["end"] == "2000-01-06T00:00:00Z"
    assert told["sharpe"] is None
    assert told["equity"][0] == [946771200, 1.0]
    assert set(told["buy_and_hold"]) == {"net_return", "sharpe", "max_drawdown", "equity"}
    thresholds = found.thresholds()
    assert (thresholds["cost_rate"], thresholds["short_trades"]) == (0.25, True)
    assert set(thresholds["points"][0]) == {"margin", "net_return", "trades", "exposure", "sharpe"}


@pytest.mark.parametrize(
    "probability", [[NAN, NAN, NAN], [NAN, NAN, 0.7]], ids=["none", "on the last bar alone"]
)
def test_what_nobody_could_trade_is_not_traded(probability):
    bars = autoregressive(3, 0.0, seed=1)
    assert traded_rows(np.array(probability)) is None
    assert margin_sweep(by_hand, bars, np.array(probability)) is None


def test_a_long_curve_keeps_its_ends_and_extremes():
    equity = np.cumsum(np.random.default_rng(3).standard_normal(50_000))
    time = np.datetime64("2020-01-01", "ns") + np.arange(50_000) * np.timedelta64(60, "s")
    points = curve(time, equity)
    values = [value for _, value in points]
    assert len(points) <= trading.MOST_POINTS
    assert (min(values), max(values)) == (equity.min(), equity.max())
    assert (values[0], values[-1]) == (equity[0], equity[-1])
    assert points == sorted(points)


def test_a_training_counts_its_model_its_search_and_its_margins():
    def point(margin, sharpe):
        return {"margin": margin, "net_return": 0.1, "trades": 3, "exposure": 0.5, "sharpe": sharpe}

    report = {
        "trading": {"sharpe": 1.0},
        "thresholds": {"points": [point(0.0, 1.0), point(0.01, 0.5), point(0.02, None)]},
        "search": {"method": "grid", "trials": [{"number": 1}, {"number": 2}]},
    }
    # 1 model, 2 trials of the search, 2 margins beyond the used one; ratios per bar, at 4 bars a year.
    assert trials_of(report, 4.0) == Trials(5, (0.5, 0.25))
    assert trials_of({"trading": None, "thresholds": None, "search": None}, 252.0) == Trials(1, ())
