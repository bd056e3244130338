"""The bars of a sweep as its event kernels read them: what a change of position needs of its bar lies together."""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.compiled import kernel, part
from backtests.optimize.vectors import last_one, lowest_highest

Floats = NDArray[np.float64]

OPEN, CLOSE, SUMS, SUM_SQUARES, SUM_FALLS = range(5)
LOW_SO_FAR, HIGH_SO_FAR, DEEPEST_SO_FAR, LOW_TO_COME, HIGH_TO_COME, DEEPEST_TO_COME = range(5, 11)
MARKET_COLUMNS = 11
BLOCK = 16
LOWEST, HIGHEST, DEEPEST = range(3)


def empty_market(bars: int) -> tuple[Floats, Floats]:
    """Room for (market, blocks) of so many bars."""
    blocks = bars // BLOCK
    return np.empty((bars, MARKET_COLUMNS)), np.empty((max(blocks.bit_length(), 1), blocks, 3))


@kernel
def fill_market_nb(open_: Floats, close: Floats, market: Floats, blocks: Floats) -> None:
    """Write a row of `market` a bar, and the extremes of blocks of bars.

    Parameters
    ----------
    open_, close : ndarray, shape (n_bars,)
    market : ndarray, shape (n_bars, MARKET_COLUMNS)
        The sums are of r, r^2 and min(r, 0)^2 of the close up to the bar, compensated (Neumaier), so that each is
        right to its last bit. The extremes, and the lowest share of the greatest close before it, are of the closes
        of the bar's block up to it, and from it on.
    blocks : ndarray, shape (levels, n_bars // BLOCK, 3)
        Least and greatest close of 2 ** level whole blocks from each on, and the lowest share of the greatest close
        before it.
    """
    n = len(open_)
    for i in range(3):
        total = rest = 0.0
        for t in range(n):
            r = close[t] / close[t - 1] - 1.0 if t > 0 else 0.0
            value = r if i == 0 else r * r if i == 1 or r < 0.0 else 0.0
            grown = total + value
            if abs(total) >= abs(value):
                rest += (total - grown) + value
            else:
                rest += (value - grown) + total
            total = grown
            market[t, SUMS + i] = grown + rest
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        low = high = close[start]
        deepest = 1.0
        for t in range(start, end):
            market[t, OPEN] = open_[t]
            market[t, CLOSE] = close[t]
            low, high = min(low, close[t]), max(high, close[t])
            deepest = min(deepest, close[t] / high)
            market[t, LOW_SO_FAR], market[t, HIGH_SO_FAR], market[t, DEEPEST_SO_FAR] = low, high, deepest
        if end - start == BLOCK:
            b = start // BLOCK
            blocks[0, b, LOWEST], blocks[0, b, HIGHEST], blocks[0, b, DEEPEST] = low, high, deepest
        low = high = close[end - 1]
        deepest = 1.0
        for back in range(end - start):
            t = end - 1 - back
            low, high = min(low, close[t]), max(high, close[t])
            deepest = min(deepest, low / close[t])
            market[t, LOW_TO_COME], market[t, HIGH_TO_COME], market[t, DEEPEST_TO_COME] = low, high, deepest
    for level in range(1, blocks.shape[0]):
        half = 1 << (level - 1)
        for b in range(blocks.shape[1] - 2 * half + 1):
            one, two = blocks[level - 1, b], blocks[level - 1, b + half]
            blocks[level, b, LOWEST] = min(one[LOWEST], two[LOWEST])
            blocks[level, b, HIGHEST] = max(one[HIGHEST], two[HIGHEST])
            blocks[level, b, DEEPEST] = min(one[DEEPEST], two[DEEPEST], two[LOWEST] / one[HIGHEST])


@part
def extremes_nb(market: Floats, close: Floats, blocks: Floats, first: int, last: int) -> tuple[float, float]:
    """Least and greatest close from bar `first` to `last`, in a few steps however many bars that are."""
    begin, end = first // BLOCK + 1, last // BLOCK
    if end < begin:
        low, high = lowest_highest(close, first, last - first + 1)
        return low, high
    low = min(market[first, LOW_TO_COME], market[last, LOW_SO_FAR])
    high = max(market[first, HIGH_TO_COME], market[last, HIGH_SO_FAR])
    if begin < end:
        level: int = last_one(np.uint64(end - begin))
        other = end - (1 << level)
        low = min(low, min(blocks[level, begin, LOWEST], blocks[level, other, LOWEST]))
        high = max(high, max(blocks[level, begin, HIGHEST], blocks[level, other, HIGHEST]))
    return low, high


@part
def deepest_nb(market: Floats, close: Floats, blocks: Floats, first: int, last: int) -> float:
    """The lowest share of the greatest close before it that a close from bar `first` to `last` is.

    The whole blocks between are two overlapping runs of a power of two; a fall that lies in neither reaches from
    before the second into what follows the first.
    """
    begin, end = first // BLOCK + 1, last // BLOCK
    deepest = 1.0
    if end < begin:
        peak = close[first]
        for t in range(first + 1, last + 1):
            peak = max(peak, close[t])
            deepest = min(deepest, close[t] / peak)
        return deepest
    deepest = min(market[first, DEEPEST_TO_COME], market[last, DEEPEST_SO_FAR])
    peak = market[first, HIGH_TO_COME]
    if begin < end:
        level: int = last_one(np.uint64(end - begin))
        other = end - (1 << level)
        deepest = min(deepest, min(blocks[level, begin, DEEPEST], blocks[level, other, DEEPEST]))
        low = min(blocks[level, begin, LOWEST], blocks[level, other, LOWEST])
        high = max(blocks[level, begin, HIGHEST], blocks[level, other, HIGHEST])
        deepest = min(deepest, low / peak)
        peak = max(peak, high)
        more = other - begin
        if more > 0:
            part_level: int = last_one(np.uint64(more))
            size = 1 << part_level
            before = max(blocks[part_level, begin, HIGHEST], blocks[part_level, other - size, HIGHEST])
            after = begin + (1 << level)
            low = min(blocks[part_level, after, LOWEST], blocks[part_level, end - size, LOWEST])
            deepest = min(deepest, low / before)
    return float(min(deepest, market[last, LOW_SO_FAR] / peak))
