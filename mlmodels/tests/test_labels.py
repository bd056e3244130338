"""Labels by hand arithmetic: what a trade that could really be made would have gained."""

import numpy as np
import pytest

from mlmodels.labels import fixed_horizon, triple_barrier
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
