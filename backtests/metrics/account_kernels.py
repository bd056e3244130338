"""One compiled pass over an account: sums of its returns, its drawdowns and the lowest returns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel, part
from backtests.metrics.kernels import TAIL, count_nb
from backtests.metrics.lanes import LANES, Floats, returns_tile_nb, steady_nb, total_nb

Ints = NDArray[np.int64]

# Rows of the room that the pass works in, each of `LANES` numbers.
_TILE, _FIRST, _SECOND, _THIRD, _FOURTH, _DOWN, _GAINS, _LOSSES, _EQUITY, _DEPTHS = range(10)
ROWS = 10
# The level of the lowest returns is guessed from some stretches of some, so many standard deviations below the mean.
_SAMPLES, _SAMPLE, _REACH = 128, 16, 1.3
# Of the 64 bits of a number: the place of its sign, and all others.
_SIGN, _REST = 63, np.int64(2**63 - 1)


class Path(NamedTuple):
    """What the pass gathers of the account and its drawdowns; lengths in nanoseconds."""

    returns: int  # how many there are, up to and including a ruin
    mean: float  # of the returns
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


class Falls(NamedTuple):
    """Drawdowns so far. `trough` is the deepest point of the one under way, 0 without one; `depths` is of tiles with a
    new peak alone."""

    peak: float
    peak_at: int
    trough: float
    deepest: float
    troughs: float
    depths: float
    below: int
    episodes: int
    lengths: float
    longest: int


@kernel
def account_nb(
    equity: Floats, initial: float, time: Ints, rf: float, room: Floats, lowest: Floats
) -> tuple[Path, Moments, int]:
    """Gather everything of one equity curve; write the lowest of its returns, at least those of the 5 % tail.

    Returns the sums and how many of `lowest` are written; -1 when the tail could not be told from the rest cheaply.
    `room` has shape (ROWS, LANES).
    """
    n, count = len(equity), count_nb(equity)
    shift, level = steady_nb(equity, count), level_nb(equity, count)
    room[:] = 0.0
    falls = Falls(initial, 0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0.0, 0)
    bits = equity.view(np.int64)
    positive = found = 0
    best, worst = rank_nb(-np.inf), rank_nb(np.inf)
    for start in range(0, n, LANES):
        stop = min(start + LANES, n)
        here = min(stop, count) - start
        if here > 0:
            tile = room[_TILE, :here]
            returns_tile_nb(equity[start : start + here + 1], tile)
            add_returns_nb(tile, shift, rf, room)
            above, top, bottom = ranks_nb(tile.view(np.int64))
            positive, best, worst = positive + above, max(best, top), min(worst, bottom)
            if found >= 0:
                found = keep_lowest_nb(tile, level, found, lowest)
        falls = falls_nb(equity[start:stop], bits[start:stop], time, start, falls, room)
    if falls.trough < 0.0:  # one still open ends at the last bar
        falls = risen_nb(falls, falls.trough, time[n - 1] - time[falls.peak_at])
    first = total_nb(room[_FIRST])
    path = Path(
        count,
        shift + first / count if count > 0 else np.nan,
        ranked_nb(best),
        ranked_nb(worst),
        positive,
        total_nb(room[_EQUITY]),
        falls.deepest,
        falls.troughs,
        falls.depths + total_nb(room[_DEPTHS]),
        falls.below,
        falls.episodes,
        falls.lengths,
        falls.longest,
    )
    enough = found >= int((count - 1) * TAIL) + 2 or count == 0
    return path, moments_nb(room, count, first), found if enough else -1


@part
def add_returns_nb(returns: Floats, shift: float, rf: float, room: Floats) -> None:
    """Add a tile of returns to the sums. One or two sums a loop: the compiler must see that no two arrays overlap, and
    gives up on more."""
    first, second, third, fourth = room[_FIRST], room[_SECOND], room[_THIRD], room[_FOURTH]
    for i in range(len(returns)):
        d = returns[i] - shift
        first[i] += d
        second[i] += d * d
    for i in range(len(returns)):
        d = returns[i] - shift
        square = d * d
        third[i] += square * d
        fourth[i] += square * square
    down, losses, gains = room[_DOWN], room[_LOSSES], room[_GAINS]
    for i in range(len(returns)):
        excess = returns[i] - rf
        less = excess if excess < 0.0 else 0.0
        down[i] += less * less
        losses[i] -= less
    for i in range(len(returns)):
        excess = returns[i] - rf
        gains[i] += excess if excess > 0.0 else 0.0


@part
def ranks_nb(bits: Ints) -> tuple[int, np.int64, np.int64]:
    """How many of a tile of returns are above 0, and the ranks of the highest and the lowest, from their bits.

    Of numbers as such the compiler compares one at a time, of integers several.
    """
    positive, highest, lowest = 0, ~_REST, _REST
    for i in range(len(bits)):
        rank = bits[i] ^ ((bits[i] >> _SIGN) & _REST)
        positive += bits[i] > 0
        highest, lowest = max(highest, rank), min(lowest, rank)
    return positive, highest, lowest


@part
def rank_nb(value: float) -> np.int64:
    """An integer in the order of the numbers: their bits, turned round below 0."""
    bits = np.float64(value).view(np.int64)
    return bits ^ ((bits >> _SIGN) & _REST)


@part
def ranked_nb(rank: np.int64) -> float:
    """The number of a rank."""
    bits = np.int64(rank ^ ((rank >> _SIGN) & _REST))
    return bits.view(np.float64)


@part
def moments_nb(room: Floats, count: int, first: float) -> Moments:
    """Move the sums of powers from the shift to the mean, which is `first / count` away from it."""
    second, third, fourth = total_nb(room[_SECOND]), total_nb(room[_THIRD]), total_nb(room[_FOURTH])
    d = first / count if count > 0 else 0.0
    square = d * d
    return Moments(
        max(second - count * square, 0.0),
        third - 3.0 * d * second + 2.0 * count * square * d,
        fourth - 4.0 * d * third + 6.0 * square * second - 3.0 * count * square * square,
        total_nb(room[_DOWN]),
        total_nb(room[_GAINS]),
        total_nb(room[_LOSSES]),
    )


@part
def falls_nb(values: Floats, bits: Ints, time: Ints, start: int, falls: Falls, room: Floats) -> Falls:
    """Follow the account through a tile. `bits` are those of `values`, which are at least 0: in the same order.

    Mostly there is no new peak; then several bars are compared at once.
    """
    account = room[_EQUITY]
    for i in range(len(values)):
        account[i] += values[i]
    top, bottom = bits[0], bits[0]
    for i in range(len(bits)):
        top, bottom = max(top, bits[i]), min(bottom, bits[i])
    highest, lowest = np.int64(top), np.int64(bottom)
    if highest.view(np.float64) >= falls.peak:
        return new_peak_nb(values, time, start, falls)
    peak, depths = falls.peak, room[_DEPTHS]
    scale = 1.0 / peak
    for i in range(len(values)):
        depth = (values[i] - peak) * scale
        depths[i] += depth * depth
    trough = min(falls.trough, lowest.view(np.float64) / peak - 1.0)
    return Falls(
        peak,
        falls.peak_at,
        trough,
        falls.deepest,
        falls.troughs,
        falls.depths,
        falls.below + len(values),
        falls.episodes,
        falls.lengths,
        falls.longest,
    )


@part
def new_peak_nb(values: Floats, time: Ints, start: int, falls: Falls) -> Falls:
    """Follow the account bar by bar through a tile in which it gets to a peak."""
    peak, peak_at, trough, depths, below = falls.peak, falls.peak_at, falls.trough, 0.0, 0
    for i in range(len(values)):
        value = values[i]
        if value < peak:
            depth = value / peak - 1.0
            depths += depth * depth
            below += 1
            trough = min(trough, depth)
            continue
        if trough < 0.0:
            falls = risen_nb(falls, trough, time[start + i] - time[peak_at])
            trough = 0.0
        peak, peak_at = value, start + i
    return Falls(
        peak,
        peak_at,
        trough,
        falls.deepest,
        falls.troughs,
        falls.depths + depths,
        falls.below + below,
        falls.episodes,
        falls.lengths,
        falls.longest,
    )


@part
def risen_nb(falls: Falls, trough: float, length: int) -> Falls:
    """End the drawdown under way, whose deepest point and length are given."""
    return Falls(
        falls.peak,
        falls.peak_at,
        0.0,
        min(falls.deepest, trough),
        falls.troughs + trough,
        falls.depths,
        falls.below,
        falls.episodes + 1,
        falls.lengths + length,
        max(falls.longest, length),
    )


@part
def level_nb(equity: Floats, count: int) -> float:
    """A level that some more than the lowest 5 % of the returns are below, guessed from a sample of them."""
    step = max(count // _SAMPLES, _SAMPLE)
    total = squares = 0.0
    sampled = 0
    for start in range(0, count, step):
        values = equity[start : min(start + _SAMPLE, count) + 1]
        for i in range(1, len(values)):
            r = values[i] / values[i - 1] - 1.0
            total += r
            squares += r * r
            sampled += 1
    if sampled == 0:
        return 0.0
    mean = total / sampled
    level: float = mean - _REACH * np.sqrt(max(squares / sampled - mean * mean, 0.0))
    return level


@part
def keep_lowest_nb(returns: Floats, level: float, found: int, lowest: Floats) -> int:
    """Write the returns below the level behind those found before; return how many, or -1 without room for them."""
    if found + len(returns) > len(lowest):
        return -1
    for i in range(len(returns)):
        lowest[found] = returns[i]
        found += returns[i] < level
    return found
