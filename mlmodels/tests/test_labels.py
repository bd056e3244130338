"""Labels by hand arithmetic: what a trade that could really be made would have gained."""

import time

import numpy as np
import pytest

from mlmodels.errors import TrainingError
from mlmodels.features import get_feature
from mlmodels.labels import (
    LABELS,
    base_rates,
    effective_rows,
    fixed_horizon,
    get_label,
    register_label,
    rolling_volatility,
    triple_barrier,
)
from mlmodels.tests.prices import autoregressive, from_rows, with_future_changed


def test_the_label_is_what_a_trade_from_the_next_open_gains():
    bars = from_rows((10, 10, 10, 10), (11, 11, 11, 11), (22, 22, 22, 22), (11, 11, 11, 11))
    labels = fixed_horizon(bars, 1)
    # at bar 0: open[2]/open[1] - 1 = 22/11 - 1; at bar 1: open[3]/open[2] - 1 = 11/22 - 1
    np.testing.assert_allclose(labels.returns, [1.0, -0.5, np.nan, np.nan])
    np.testing.assert_array_equal(labels.up, [1.0, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(labels.end, [2, 3, -1, -1])


@pytest.mark.parametrize("horizon", [1, 3, 10])
def test_a_label_looks_exactly_to_its_stated_end(horizon):
    bars = autoregressive(60, 0.0, seed=1)
    labels = fixed_horizon(bars, horizon)
    row = 20
    end = labels.end[row]
    assert end == row + 1 + horizon
    assert fixed_horizon(with_future_changed(bars, end), horizon).returns[row] == labels.returns[row]
    assert fixed_horizon(with_future_changed(bars, end - 1), horizon).returns[row] != labels.returns[row]


def test_more_horizon_than_bars_leaves_no_label():
    labels = fixed_horizon(autoregressive(5, 0.0, seed=1), 10)
    assert not labels.known.any()
    assert np.isnan(labels.up).all()


def quiet_then(*rows):
    """Twenty-two bars whose returns alternate by 1 %, which makes the volatility about 1 %, then the given ones."""
    closes = [100.0 if row % 2 else 101.0 for row in range(22)]
    calm = [(close, close, close, close) for close in closes]
    return from_rows(*calm, *rows)


def test_the_upper_barrier_first_is_a_gain_at_the_barrier():
    bars = quiet_then(
        (100, 100.2, 99.9, 100), (100, 110, 99.9, 105), (100, 100, 100, 100), (100, 100, 100, 100)
    )
    labels = triple_barrier(bars, horizon=2, width=2.0)
    sigma = np.std(np.diff(np.log(bars.close))[1:21], ddof=1)
    # decided at bar 21, entered at open 100 of bar 22, touched in bar 23
    assert labels.returns[21] == pytest.approx(2.0 * sigma)
    assert (labels.up[21], labels.end[21]) == (1.0, 23)


def test_a_bar_that_touches_both_barriers_is_a_loss():
    bars = quiet_then((100, 110, 90, 100), (100, 100, 100, 100), (100, 100, 100, 100), (100, 100, 100, 100))
    labels = triple_barrier(bars, horizon=2, width=2.0)
    assert labels.returns[21] < 0.0
    assert (labels.up[21], labels.end[21]) == (0.0, 22)


def test_an_open_beyond_the_lower_barrier_fills_at_the_open():
    bars = quiet_then((100, 100, 100, 100), (90, 91, 89, 90), (90, 90, 90, 90), (90, 90, 90, 90))
    labels = triple_barrier(bars, horizon=2, width=2.0)
    assert labels.returns[21] == pytest.approx(-0.1)  # 90 / 100 - 1, not the barrier


def test_an_open_beyond_the_upper_barrier_fills_at_the_open_before_the_low():
    bars = quiet_then((100, 100, 100, 100), (120, 120, 80, 100), (90, 90, 90, 90), (90, 90, 90, 90))
    labels = triple_barrier(bars, horizon=2, width=2.0)
    assert labels.returns[21] == pytest.approx(0.2)


def test_no_barrier_touched_ends_at_the_horizon():
    bars = quiet_then(
        (100, 100.2, 99.9, 100), (100, 100.2, 99.9, 100), (100.5, 100.5, 100, 100), (100, 100, 100, 100)
    )
    labels = triple_barrier(bars, horizon=2, width=2.0)
    # entered at open[22] = 100, out at open[24] = 100.5
    assert labels.returns[21] == pytest.approx(0.005)
    assert (labels.up[21], labels.end[21]) == (1.0, 24)


def test_an_incomplete_tail_has_no_label_even_where_a_barrier_was_touched():
    bars = quiet_then((100, 150, 100, 100), (100, 150, 100, 100))
    labels = triple_barrier(bars, horizon=3, width=2.0)
    assert (labels.end[-4:] == -1).all()
    assert np.isnan(labels.up[-4:]).all()


def slow_triple_barrier(bars, horizon, width):
    """The rules bar by bar, as one would read them: the oracle of the quick search."""
    sigma = rolling_volatility(bars.close, 20)
    returns, ends, exits = np.full(len(bars), np.nan), np.full(len(bars), -1), np.full(len(bars), -1)
    for t in range(len(bars) - horizon - 1):
        if not np.isfinite(sigma[t]):
            continue
        entry = bars.open[t + 1]
        upper, lower = entry * (1 + width * sigma[t]), entry * (1 - width * sigma[t])
        price, end, left = bars.open[t + 1 + horizon], t + 1 + horizon, t + 1 + horizon
        for row in range(t + 1, t + 1 + horizon):
            opened_above = row > t + 1 and bars.open[row] >= upper
            if bars.low[row] <= lower and not opened_above:
                price, end, left = min(lower, bars.open[row]), row, row + 1
                break
            if bars.high[row] >= upper:
                price, end, left = max(upper, bars.open[row]), row, row + 1
                break
        returns[t], ends[t], exits[t] = price / entry - 1.0, end, left
    return returns, ends, exits


@pytest.mark.parametrize("horizon", [1, 2, 3, 7, 8, 31, 100])
@pytest.mark.parametrize("width", [0.2, 1.0, 3.0, 10.0])
def test_the_quick_search_finds_what_looking_bar_by_bar_finds(horizon, width):
    bars = autoregressive(400, 0.2, seed=horizon)
    labels = triple_barrier(bars, horizon, width)
    returns, ends, exits = slow_triple_barrier(bars, horizon, width)
    np.testing.assert_array_equal(labels.end, ends)
    np.testing.assert_array_equal(labels.exit, exits)
    np.testing.assert_allclose(labels.returns, returns, rtol=1e-15)


def test_a_barrier_search_of_a_long_period_is_quick():
    """In a web process, before a training: the cost grows with the logarithm of the horizon, not with it."""
    bars = autoregressive(90_000, 0.0, seed=1)
    seconds = []
    for horizon in (16, 250):
        started = time.process_time()
        triple_barrier(bars, horizon, 10.0)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 4.0 * seconds[0] + 0.1  # sixteen times where each bar is looked at


def test_the_volatility_of_barriers_is_the_feature_of_that_name():
    bars = autoregressive(300, 0.0, seed=1)
    np.testing.assert_allclose(
        rolling_volatility(bars.close, 20), get_feature("volatility(20)").compute(bars), rtol=1e-12
    )
    assert np.isnan(rolling_volatility(bars.close[:20], 20)).all()


def test_labels_that_do_not_overlap_count_once_each():
    # Bought at bars 1, 3, 5; sold at 3, 5, 7.
    assert effective_rows(np.array([3, 5, 7]), np.array([0, 2, 4])) == 3.0


def test_overlapping_labels_share_their_bars():
    # Decided at 0, 1, 2 and held at bars 1-2, 2-3 and 3-4: 1, 2, 2 and 1 labels at bars 1 to 4.
    # Average uniqueness (1 + 1/2) / 2, (1/2 + 1/2) / 2, (1/2 + 1) / 2.
    assert effective_rows(np.array([3, 4, 5]), np.array([0, 1, 2])) == pytest.approx(0.75 + 0.5 + 0.75)


def test_the_same_trade_twice_counts_once():
    assert effective_rows(np.array([9, 9]), np.array([4, 4])) == pytest.approx(1.0)
    assert effective_rows(np.array([], dtype=np.int64), np.array([], dtype=np.int64)) == 0.0


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_a_horizon_divides_the_rows(horizon):
    bars = autoregressive(2_000, 0.0, seed=1)
    rates = base_rates(fixed_horizon(bars, horizon))
    assert rates.rows == 2_000 - horizon - 1
    # Inside, each label shares each bar with `horizon` others; the first and the last share less.
    assert rates.effective_rows == pytest.approx(rates.rows / horizon, rel=0.02)
    assert rates.effective_rows >= rates.rows / horizon


def test_quick_barriers_leave_more_to_learn_than_the_horizon_says():
    bars = autoregressive(2_000, 0.0, seed=1)
    near, far = (base_rates(triple_barrier(bars, 50, width)).effective_rows for width in (0.5, 8.0))
    assert near > 5 * far


def test_base_rates_count_outcomes():
    bars = from_rows(*((price, price, price, price) for price in (10, 10, 20, 10, 15, 15)))
    rates = base_rates(fixed_horizon(bars, 1))
    # 20/10 - 1, 10/20 - 1, 15/10 - 1, 15/15 - 1
    assert (rates.rows, rates.up, rates.down, rates.effective_rows) == (4, 0.5, 0.5, 4.0)
    assert rates.mean_return == pytest.approx((1.0 - 0.5 + 0.5 + 0.0) / 4)
    assert (rates.mean_gain, rates.mean_loss) == (0.75, -0.25)
    some = base_rates(fixed_horizon(bars, 1), np.array([0, 2, 5]))
    assert (some.rows, some.up, some.mean_loss) == (2, 1.0, None)


def test_no_label_has_no_rates():
    rates = base_rates(fixed_horizon(autoregressive(5, 0.0, seed=1), 10))
    assert (rates.rows, rates.up, rates.down, rates.effective_rows, rates.mean_return) == (
        0,
        None,
        None,
        0.0,
        None,
    )


def test_labels_are_a_registry():
    assert list(LABELS) == ["fixed_horizon", "triple_barrier"]
    assert get_label("triple_barrier").uses_barriers
    with pytest.raises(TrainingError, match="Did you mean 'triple_barrier'") as caught:
        get_label("tripple_barrier")
    assert list(caught.value.fields) == ["label"]
    with pytest.raises(ValueError, match="registered twice"):
        register_label(LABELS["fixed_horizon"])
    bars = autoregressive(300, 0.0, seed=1)
    np.testing.assert_array_equal(
        LABELS["fixed_horizon"].make(bars, 5, 1.0).returns, fixed_horizon(bars, 5).returns
    )


@pytest.mark.parametrize("count", [0, 1, 2, 21, 22, 23])
def test_few_bars_have_few_labels(count):
    bars = autoregressive(60, 0.0, seed=1).head(count)
    labels = triple_barrier(bars, 1, 1.0)
    assert labels.known.sum() == max(0, count - 22)
    assert len(labels.returns) == count
