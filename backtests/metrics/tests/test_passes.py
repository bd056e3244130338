"""The passes that add in lanes, against sums written the obvious way."""

import numpy as np
import pytest

from backtests.metrics import account_kernels, comparison_kernels
from backtests.metrics.kernels import last_of_days_nb
from backtests.metrics.lanes import LANES

LENGTHS = (2, 3, LANES, LANES + 1, LANES + 2, 5 * LANES - 3, 40 * LANES)
DAY = 86_400_000_000_000


def curve(seed, n, *, drift=0.0, spread=0.01):
    """A positive account value at each of n closes."""
    steps = np.random.default_rng(seed).normal(drift, spread, n - 1)
    values = 100.0 * np.concatenate([[1.0], np.cumprod(1.0 + np.maximum(steps, -0.9))])
    values.flags.writeable = False
    return values


def passed(equity, initial=100.0, rf=0.0001):
    lowest = np.empty(len(equity) // 4 + 2 * LANES)
    time = np.arange(len(equity), dtype=np.int64) * DAY
    time.flags.writeable = False
    room = np.full((account_kernels.ROWS, LANES), np.nan)  # what was in it does not matter
    path, moments, found = account_kernels.account_nb(equity, initial, time, rf, room, lowest)
    return path, moments, lowest[: max(found, 0)], found


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_an_account_is_gathered_like_by_whole_arrays(n, drift):
    equity = curve(n, n, drift=drift)
    path, moments, lowest, found = passed(equity)
    r, rf = equity[1:] / equity[:-1] - 1.0, 0.0001
    d = r - r.mean()
    assert (path.returns, path.positive) == (n - 1, int((r > 0).sum()))
    assert (path.best, path.worst) == (r.max(), r.min())
    assert path.mean == pytest.approx(r.mean(), rel=1e-11, abs=1e-17)
    assert path.equity == pytest.approx(equity.sum(), rel=1e-12)
    for power, value in ((2, moments.second), (3, moments.third), (4, moments.fourth)):
        scale = (np.abs(d) ** power).sum()
        assert value == pytest.approx((d**power).sum(), abs=1e-12 * scale + 1e-30)
    assert moments.downside == pytest.approx((np.minimum(r - rf, 0) ** 2).sum(), rel=1e-12)
    assert moments.gains == pytest.approx(np.maximum(r - rf, 0).sum(), rel=1e-12)
    assert moments.losses == pytest.approx(-np.minimum(r - rf, 0).sum(), rel=1e-12)
    if found >= 0:
        assert found >= int((n - 2) * 0.05) + 2
        assert sorted(lowest) == sorted(r)[:found]


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("drift", [-0.001, 0.0, 0.02])
@pytest.mark.parametrize("initial", [90.0, 100.0, 130.0])
def test_drawdowns_are_those_of_a_walk_from_bar_to_bar(n, drift, initial):
    equity = curve(n, n, drift=drift)
    path = passed(equity, initial)[0]
    peak, peak_at, trough, depths, below, ends = initial, 0, 0.0, 0.0, 0, []
    for t, value in enumerate(equity):
        if value >= peak:
            if trough < 0.0:
                ends.append((trough, t - peak_at))
            peak, peak_at, trough = value, t, 0.0
        else:
            depth = value / peak - 1.0
            depths, below, trough = depths + depth * depth, below + 1, min(trough, depth)
    if trough < 0.0:
        ends.append((trough, n - 1 - peak_at))
    assert (path.below, path.episodes) == (below, len(ends))
    assert path.deepest == min([trough for trough, _ in ends], default=0.0)
    assert path.troughs == pytest.approx(sum(trough for trough, _ in ends), rel=1e-12)
    assert path.lengths == sum(length for _, length in ends) * DAY
    assert path.longest == max([length for _, length in ends], default=0) * DAY
    assert path.depths == pytest.approx(depths, rel=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.01, -0.0003])
def test_equal_returns_do_not_vary(rate):
    equity = 100.0 * (1.0 + rate) ** np.arange(1500.0)
    equity.flags.writeable = False
    path, moments, _, _ = passed(equity)
    assert path.mean == pytest.approx(rate, abs=1e-15)
    assert moments.second / path.returns < 1e-28


def test_a_ruin_is_the_last_return():
    equity = np.concatenate([curve(5, 700), np.zeros(300)])
    equity.flags.writeable = False
    path, moments, _, _ = passed(equity)
    r = equity[1:701] / equity[:700] - 1.0
    assert (path.returns, path.worst, path.deepest) == (700, -1.0, -1.0)
    assert moments.second == pytest.approx(((r - r.mean()) ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize("n", [2, *LENGTHS])
@pytest.mark.parametrize(
    "jump", [1.0, 1e9]
)  # of the second the products leave the numbers, were none put away
def test_two_accounts_are_compared_like_by_whole_arrays(n, jump):
    equity, other = curve(1, n) * jump ** (np.arange(n) % 2), curve(2, n + 5) * jump ** (np.arange(n + 5) % 2)
    for values in (equity, other):
        values.flags.writeable = False
    both = comparison_kernels.compare_nb(equity, other, np.full((comparison_kernels.ROWS, LANES), np.nan))
    r, b = equity[1:] / equity[:-1] - 1.0, other[1:n] / other[: n - 1] - 1.0
    assert both.bars == n - 1
    assert (both.rises, both.falls) == (int((b > 0).sum()), int((b < 0).sum()))
    assert both.mean == pytest.approx(r.mean(), rel=1e-11)
    assert both.other_mean == pytest.approx(b.mean(), rel=1e-11)
    if n > 2:
        (var_r, cov), (_, var_b) = np.cov(r, b)
        assert both.variance == pytest.approx(var_r, rel=1e-11)
        assert both.other_variance == pytest.approx(var_b, rel=1e-11)
        assert both.covariance == pytest.approx(cov, abs=1e-11 * (var_r + var_b))
        assert both.variance_of_difference == pytest.approx(np.var(r - b, ddof=1), rel=1e-11)
    for found, returns, where in (
        (both.growth_in_rises, r, b > 0),
        (both.other_growth_in_rises, b, b > 0),
        (both.growth_in_falls, r, b < 0),
        (both.other_growth_in_falls, b, b < 0),
    ):
        logs = np.log1p(returns[where])
        assert found == pytest.approx(logs.sum(), abs=1e-12 * max(1.0, np.abs(logs).sum()))


@pytest.mark.parametrize("seed", range(20))
def test_the_last_of_each_day_is_found_whatever_the_gaps(seed):
    random = np.random.default_rng(seed)
    steps = random.choice([1, 60, 3600, 50_000, 86_400, 400_000], size=500, p=random.dirichlet(np.ones(6)))
    time = np.int64(1_700_000_000) * 10**9 + np.cumsum(steps) * 10**9
    time.flags.writeable = False
    equity, out = curve(seed, 500), np.empty(500)
    days = last_of_days_nb(equity, time, out)
    last = [t for t in range(500) if t == 499 or time[t] // DAY != time[t + 1] // DAY]
    assert out[:days].tolist() == equity[last].tolist()
