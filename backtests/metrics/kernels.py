"""Compiled passes over equity and trades. They return plain numbers, NaN where undefined.

All passes add in the order of the bars, so that a figure has the same bytes on every machine.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.engine.compiled import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

# A spread of returns below this is rounding noise of a constant series.
STILL = 1e-14
DAY = 86_400_000_000_000  # nanoseconds
# Returns that passes over the equity hold at a time; a multiple of 4.
TILE = 1024

# Beyond these a running product is put away as a logarithm.
_LITTLE, _MUCH = 1e-100, 1e100


class Path(NamedTuple):
    """What one pass over the equity gathers; lengths in nanoseconds."""

    returns: int  # how many there are, up to and including a ruin
    total: float  # sum of returns
    best: float
    worst: float
    positive: int
    equity: float  # sum of equity
    deepest: float
    troughs: float  # sum of the deepest points of all drawdowns
    depths: float  # sum of squared drawdowns
    below: int  # bars below the last peak
    episodes: int
    lengths: float
    longest: int


class Moments(NamedTuple):
    """Sums over the returns around their mean and around the risk-free rate."""

    second: float
    third: float
    fourth: float
    downside: float
    gains: float
    losses: float


class Tails(NamedTuple):
    """Quantiles and the mean of the returns at or below them."""

    var_95: float
    cvar_95: float
    var_99: float
    cvar_99: float


@kernel
def returns_nb(equity: Floats, out: Floats) -> int:
    """Write r_t = E_t / E_{t-1} - 1; return how many there are: up to and including a ruin."""
    n = count_nb(equity)
    tile_nb(equity, 0, n, out)
    return n


@part
def count_nb(equity: Floats) -> int:
    """How many returns there are: up to and including a ruin."""
    n = len(equity) - 1
    positive = True
    for t in range(n):
        positive &= equity[t] > 0.0
    if positive:
        return n
    for t in range(n):
        if equity[t] <= 0.0:
            return t
    return n


@part
def tile_nb(equity: Floats, start: int, count: int, out: Floats) -> None:
    """Write `count` returns from the one at `start` on.

    Several passes need them. Made anew a tile at a time they stay in the nearest cache, and no array is as long as
    the run.
    """
    values = equity[start : start + count + 1]
    for i in range(count):
        out[i] = values[i + 1] / values[i] - 1.0


@kernel
def is_account_nb(equity: Floats) -> bool:
    """True when all values are finite and at least 0."""
    good = True
    for t in range(len(equity)):
        good &= 0.0 <= equity[t] < np.inf
    return good


@part
def path_nb(equity: Floats, initial: float, time: Ints, count: int, tile: Floats) -> Path:
    """Gather sums of returns, and drawdowns from a first peak of `initial`; one still open ends at the last bar."""
    n, size = len(equity), len(tile)
    positive = below = episodes = longest = peak_at = 0
    total = account = troughs = depths = lengths = deepest = trough = 0.0
    best, worst, peak = -np.inf, np.inf, initial
    for start in range(0, n, size):
        here = max(min(size, count - start), 0)
        tile_nb(equity, start, here, tile)
        for i in range(here):
            positive += tile[i] > 0.0
        for i in range(min(size, n - start)):
            t = start + i
            if i < here:
                total += tile[i]
                best = max(best, tile[i])
                worst = min(worst, tile[i])
            value = equity[t]
            account += value
            if value >= peak:
                peak = value
                if trough < 0.0:
                    length = time[t] - time[peak_at]
                    longest = max(longest, length)
                    lengths += length
                    troughs += trough
                    deepest = min(deepest, trough)
                    episodes += 1
                    trough = 0.0
                peak_at = t
            else:
                depth = value / peak - 1.0
                depths += depth * depth
                below += 1
                trough = min(trough, depth)
    if trough < 0.0:
        length = time[n - 1] - time[peak_at]
        longest = max(longest, length)
        lengths += length
        troughs += trough
        deepest = min(deepest, trough)
        episodes += 1
    return Path(
        count,
        total,
        best,
        worst,
        positive,
        account,
        deepest,
        troughs,
        depths,
        below,
        episodes,
        lengths,
        longest,
    )


@kernel
def moments_nb(equity: Floats, count: int, mean: float, rf: float, tile: Floats) -> Moments:
    """Gather powers of the first `count` returns around `mean`, and what they are above and below `rf`."""
    second = third = fourth = downside = gains = losses = 0.0
    for start in range(0, count, len(tile)):
        here = min(len(tile), count - start)
        tile_nb(equity, start, here, tile)
        for i in range(here):
            d = tile[i] - mean
            square = d * d
            second += square
            third += square * d
            fourth += square * square
            excess = tile[i] - rf
            less = min(excess, 0.0)
            downside += less * less
            losses -= less
            gains += max(excess, 0.0)
    return Moments(second, third, fourth, downside, gains, losses)


@kernel
def mean_nb(values: Floats) -> float:
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total / len(values)


@part
def lowest_nb(equity: Floats, returns: int, below: float, tile: Floats, out: Floats) -> int:
    """Write the returns below a level; return how many, or -1 when there is no room for all."""
    count, size = 0, len(tile)
    for start in range(0, returns, size):
        here = min(size, returns - start)
        if count + here > len(out):
            return -1
        tile_nb(equity, start, here, tile)
        for i in range(here):
            out[count] = tile[i]
            count += tile[i] < below
    return count


@kernel
def account_nb(
    equity: Floats, initial: float, time: Ints, rf: float, tile: Floats, lowest: Floats
) -> tuple[Path, Moments, int]:
    """Gather everything of one equity curve; write the lowest of its returns, at least those of the 5 % tail.

    Returns the sums and how many of `lowest` are written; -1 when the tail could not be told from the rest cheaply.
    `tile` is room for some returns.
    """
    n = count_nb(equity)
    path = path_nb(equity, initial, time, n, tile)
    if n == 0:
        return path, Moments(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0
    mean = path.total / n
    moments = moments_nb(equity, n, mean, rf, tile)
    needed = int((n - 1) * 0.05) + 2
    spread = np.sqrt(moments.second / n)
    for reach in (1.3, 0.8, 0.4):
        count = lowest_nb(equity, n, mean - reach * spread, tile, lowest)
        if count < 0 or count >= needed:
            return path, moments, count
    return path, moments, -1


@kernel
def tails_nb(ranked: Floats, n: int) -> Tails:
    """The quantiles (linear interpolation) of n returns of which the lowest are given in order, and the means below."""
    row, row_99 = int((n - 1) * 0.05), int((n - 1) * 0.01)
    total = cvar_99 = 0.0
    for i in range(row + 1):
        total += ranked[i]
        if i == row_99:
            cvar_99 = total / (row_99 + 1)
    return Tails(quantile_nb(ranked, n, 0.05), total / (row + 1), quantile_nb(ranked, n, 0.01), cvar_99)


@part
def quantile_nb(ranked: Floats, n: int, share: float) -> float:
    place = (n - 1) * share
    row = int(place)
    value: float = ranked[row]
    if place > row:
        value += (ranked[row + 1] - value) * (place - row)
    return value


@kernel
def drawdown_nb(equity: Floats, initial: float, out: Floats) -> None:
    """Write E_t / peak - 1, the starting capital being the first peak."""
    peak = initial
    for t in range(len(equity)):
        peak = max(peak, equity[t])
        out[t] = equity[t] / peak - 1.0


@kernel
def last_of_days_nb(equity: Floats, time: Ints, out: Floats) -> int:
    """Write the last equity of each UTC day; return the number of days."""
    days = 0
    end = time[0]
    for t in range(len(time)):
        if time[t] >= end:
            end = (time[t] // DAY + 1) * DAY
            days += 1
        out[days - 1] = equity[t]
    return days


@kernel
def trade_sums_nb(pnl: Floats, qty: Floats, ret: Floats, entry: Places, leave: Places, out: Floats) -> None:
    """Write the sums `trades.py` names in `SUMS`, in that order."""
    wins = losses = long_trades = long_wins = short_wins = held = 0
    winning = losing = best_run = worst_run = 0
    won = lost = long_pnl = short_pnl = largest = smallest = total = returned = squares = 0.0
    n = len(pnl)
    for i in range(n):  # no branches: whether a trade wins is not predictable
        value = pnl[i]
        win, loss, is_long = value > 0.0, value < 0.0, qty[i] > 0.0
        total += value
        returned += ret[i]
        held += leave[i] - entry[i]
        wins += win
        losses += loss
        won += value if win else 0.0
        lost += value if loss else 0.0
        largest = max(largest, value)
        smallest = min(smallest, value)
        winning = winning + 1 if win else 0
        losing = losing + 1 if loss else 0
        best_run = max(best_run, winning)
        worst_run = max(worst_run, losing)
        long_trades += is_long
        long_pnl += value if is_long else 0.0
        short_pnl += 0.0 if is_long else value
        long_wins += win & is_long
        short_wins += win & (not is_long)
    mean = total / n
    for i in range(n):
        squares += (pnl[i] - mean) * (pnl[i] - mean)
    out[0], out[1], out[2], out[3] = wins, losses, won, lost
    out[4], out[5], out[6], out[7] = largest, smallest, best_run, worst_run
    out[8], out[9], out[10], out[11], out[12] = long_trades, long_wins, short_wins, long_pnl, short_pnl
    out[13], out[14], out[15], out[16] = total, squares, returned, held


@kernel
def compare_nb(
    equity: Floats, other: Floats, tiles: Floats
) -> tuple[int, float, float, float, float, float, float, float, float, int, float, float, int]:
    """Compare the returns of an account with those of another: how many both have, means, sample variances,
    covariance and variance of the difference; then the log growth of both and the number of bars where the other
    rose, and where it fell.
    """
    mean_r = mean_b = log_up_r = log_up_b = log_down_r = log_down_b = 0.0
    up_r = up_b = down_r = down_b = 1.0
    ups = downs = 0
    n, size = min(count_nb(equity), count_nb(other)), tiles.shape[1]
    r, b = tiles[0], tiles[1]
    for start in range(0, n, size):
        here = min(size, n - start)
        tile_nb(equity, start, here, r)
        tile_nb(other, start, here, b)
        for i in range(here):
            mean_r += r[i]
            mean_b += b[i]
            x, y = 1.0 + r[i], 1.0 + b[i]
            up, down = b[i] > 0.0, b[i] < 0.0
            ups += up
            downs += down
            up_r *= x if up else 1.0
            up_b *= y if up else 1.0
            down_r *= x if down else 1.0
            down_b *= y if down else 1.0
            if i & 3 != 0:
                continue
            if not (min(up_r, down_r, down_b) > _LITTLE and max(up_r, up_b, down_r) < _MUCH):
                log_up_r, log_up_b = log_up_r + np.log(up_r), log_up_b + np.log(up_b)
                log_down_r, log_down_b = log_down_r + np.log(down_r), log_down_b + np.log(down_b)
                up_r = up_b = down_r = down_b = 1.0
    mean_r /= n
    mean_b /= n
    rr = bb = rb = dd = 0.0
    for start in range(0, n, size):
        here = min(size, n - start)
        tile_nb(equity, start, here, r)
        tile_nb(other, start, here, b)
        for i in range(here):
            x, y = r[i] - mean_r, b[i] - mean_b
            rr += x * x
            bb += y * y
            rb += x * y
            dd += (x - y) * (x - y)
    free = n - 1
    up = log_up_r + np.log(up_r), log_up_b + np.log(up_b)
    down = log_down_r + np.log(down_r), log_down_b + np.log(down_b)
    return n, mean_r, mean_b, rr / free, bb / free, rb / free, dd / free, *up, ups, *down, downs
