"""Compiled passes over equity, returns and trades. They return plain numbers, NaN where undefined."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A spread of returns below this is rounding noise of a constant series.
STILL = 1e-14


@njit(cache=True, nogil=True, error_model="numpy")
def returns_nb(equity: Floats, out: Floats) -> int:
    """Write r_t = E_t / E_{t-1} - 1 up to a ruin; return how many."""
    for t in range(1, len(equity)):
        if equity[t - 1] <= 0.0:
            return t - 1
        out[t - 1] = equity[t] / equity[t - 1] - 1.0
    return len(equity) - 1


@njit(cache=True, nogil=True, error_model="numpy")
def moments_nb(r: Floats, rf: float) -> tuple[float, float, float, float, float, float, float]:
    """Mean, sample std, skewness, excess kurtosis, mean squared shortfall, sums above and below rf."""
    n = len(r)
    mean = 0.0
    for i in range(n):
        mean += r[i]
    mean = mean / n if n > 0 else np.nan
    m2 = m3 = m4 = downside = above = below = 0.0
    for i in range(n):
        d = r[i] - mean
        square = d * d
        m2 += square
        m3 += square * d
        m4 += square * square
        excess = r[i] - rf
        if excess < 0.0:
            downside += excess * excess
            below -= excess
        else:
            above += excess
    std = np.sqrt(m2 / (n - 1)) if n > 1 else np.nan
    skewness = kurtosis = np.nan
    if std > STILL:
        m2, m3, m4 = m2 / n, m3 / n, m4 / n
        skewness = m3 / m2**1.5
        kurtosis = m4 / (m2 * m2) - 3.0
    return mean, std, skewness, kurtosis, downside / n if n > 0 else np.nan, above, below


@njit(cache=True, nogil=True, error_model="numpy")
def drawdown_nb(equity: Floats, initial: float, out: Floats) -> None:
    """Write E_t / peak - 1, the starting capital being the first peak."""
    peak = initial
    for t in range(len(equity)):
        peak = max(peak, equity[t])
        out[t] = equity[t] / peak - 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def drawdown_stats_nb(depth: Floats, time: Ints) -> tuple[float, float, float, int, float, int, int]:
    """Deepest, sum of deepest points, sum of squares, bars below, sum of lengths, number and longest of episodes."""
    n = len(depth)
    deepest = 0.0
    squares = 0.0
    troughs = 0.0
    lengths = 0.0
    longest = 0
    below = 0
    episodes = 0
    trough = 0.0
    peak_at = 0
    for t in range(n):
        d = depth[t]
        squares += d * d
        if d < 0.0:
            below += 1
            trough = min(trough, d)
        if trough < 0.0 and (d >= 0.0 or t == n - 1):
            length = time[t] - time[peak_at]
            longest = max(longest, length)
            lengths += length
            troughs += trough
            deepest = min(deepest, trough)
            episodes += 1
            trough = 0.0
        if d >= 0.0:
            peak_at = t
    return deepest, troughs, squares, below, lengths, episodes, longest


@njit(cache=True, nogil=True, error_model="numpy")
def trade_sums_nb(pnl: Floats, qty: Floats, out: Floats) -> None:
    """Write the sums `trades.py` names in `SUMS`, in that order."""
    wins = losses = long_trades = long_wins = short_wins = best_run = worst_run = 0
    won = lost = long_pnl = short_pnl = largest = smallest = 0.0
    run = 0
    for i in range(len(pnl)):
        value = pnl[i]
        if value > 0.0:
            wins += 1
            won += value
            largest = max(largest, value)
            run = run + 1 if run > 0 else 1
            best_run = max(best_run, run)
        elif value < 0.0:
            losses += 1
            lost += value
            smallest = min(smallest, value)
            run = run - 1 if run < 0 else -1
            worst_run = max(worst_run, -run)
        else:
            run = 0
        if qty[i] > 0.0:
            long_trades += 1
            long_pnl += value
            long_wins += value > 0.0
        else:
            short_pnl += value
            short_wins += value > 0.0
    out[0], out[1], out[2], out[3] = wins, losses, won, lost
    out[4], out[5], out[6], out[7] = largest, smallest, best_run, worst_run
    out[8], out[9], out[10], out[11], out[12] = long_trades, long_wins, short_wins, long_pnl, short_pnl


@njit(cache=True, nogil=True, error_model="numpy")
def compare_nb(r: Floats, b: Floats) -> tuple[float, float, float, float, float, float]:
    """Means of both, sample variances of both, sample covariance, sample variance of the difference."""
    n = len(r)
    mean_r = mean_b = 0.0
    for i in range(n):
        mean_r += r[i]
        mean_b += b[i]
    mean_r /= n
    mean_b /= n
    rr = bb = rb = dd = 0.0
    for i in range(n):
        x = r[i] - mean_r
        y = b[i] - mean_b
        rr += x * x
        bb += y * y
        rb += x * y
        dd += (x - y) * (x - y)
    return mean_r, mean_b, rr / (n - 1), bb / (n - 1), rb / (n - 1), dd / (n - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def capture_nb(r: Floats, b: Floats) -> tuple[float, float, int, float, float, int]:
    """Log growth of both and the number of bars where the benchmark rose, then where it fell."""
    up_r = up_b = down_r = down_b = 0.0
    ups = downs = 0
    for i in range(len(r)):
        if b[i] > 0.0:
            up_r += np.log1p(r[i])
            up_b += np.log1p(b[i])
            ups += 1
        elif b[i] < 0.0:
            down_r += np.log1p(r[i])
            down_b += np.log1p(b[i])
            downs += 1
    return up_r, up_b, ups, down_r, down_b, downs
