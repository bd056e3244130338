"""Compiled loops of features that no indicator is: places between lines, the shape of returns, and their memory.

Sums over windows are `strategies.indicators.kernels`'; these join them, row by row, so that the earlier rows of a
longer input are the same bit for bit. They fill columns that the caller made and trust their input.
"""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel

Line = NDArray[np.float64]

# A deviation below this share of the mean says that returns do not vary; what is left of them is rounding noise.
_NOISE = 1e-4
_EQUAL = 1e-12  # as `TechnicalIndicators.money_flow_index`
_MIDDLE = 0.5  # the place of a price in a range without width


@kernel
def place_nb(price: Line, lower: Line, upper: Line, out: Line) -> None:
    """Where the price is between two lines: 0 at the lower, 1 at the upper; the middle where they are one."""
    for i in range(out.size):
        width = upper[i] - lower[i]
        place = (price[i] - lower[i]) / width
        out[i] = _MIDDLE if width == 0.0 else place


@kernel
def band_position_nb(price: Line, average: Line, deviation: Line, width: float, out: Line) -> None:
    """Where the price is between its average less and plus `width` deviations; the middle where there are none."""
    share = 1.0 / (2.0 * width)
    for i in range(out.size):
        place = _MIDDLE + share * ((price[i] - average[i]) / deviation[i])
        out[i] = _MIDDLE if deviation[i] == 0.0 else place


@kernel
def over_nb(values: Line, average: Line, out: Line) -> None:
    """A value over its average, less 1."""
    for i in range(out.size):
        out[i] = values[i] / average[i] - 1.0


@kernel
def share_nb(values: Line, whole: Line, out: Line) -> None:
    """A value over a whole that may be 0, where there is no share."""
    for i in range(out.size):
        share = values[i] / whole[i]
        out[i] = share if whole[i] > 0.0 else np.nan


@kernel
def signed_volume_nb(close: Line, volume: Line, out: Line) -> None:
    """What each bar adds to the on-balance volume; nothing at row 0."""
    out[:1] = 0.0
    now, before = close[1:], close[:-1]
    traded, found = volume[1:], out[1:]
    for i in range(found.size):
        added = traded[i] if now[i] > before[i] else -traded[i]
        found[i] = 0.0 if now[i] == before[i] else added


@kernel
def money_nb(high: Line, low: Line, close: Line, volume: Line, money: Line) -> None:
    """Typical price times volume."""
    for i in range(money.size):
        money[i] = (high[i] + low[i] + close[i]) / 3.0 * volume[i]


@kernel
def money_flows_nb(high: Line, low: Line, close: Line, volume: Line, rise: Line, fall: Line) -> None:
    """The money of bars whose typical price rose, and of those whose fell; none at row 0."""
    rise[:1], fall[:1] = 0.0, 0.0
    old_high, old_low, old_close = high[:-1], low[:-1], close[:-1]
    top, bottom, last, traded = high[1:], low[1:], close[1:], volume[1:]
    up, down = rise[1:], fall[1:]
    for i in range(up.size):
        typical = (top[i] + bottom[i] + last[i]) / 3.0
        change = typical - (old_high[i] + old_low[i] + old_close[i]) / 3.0
        flow, least = typical * traded[i], _EQUAL * typical
        up[i] = flow if change > least else 0.0
        down[i] = flow if change < -least else 0.0


@kernel
def flow_index_nb(rise: Line, fall: Line, out: Line) -> None:
    """Share of the rising money in all that flowed; the middle where nothing did."""
    for i in range(out.size):
        total = rise[i] + fall[i]
        share = rise[i] / total
        out[i] = share if total > 0.0 else _MIDDLE


@kernel
def skewness_nb(cubes: Line, mean: Line, deviation: Line, window: int, out: Line) -> None:
    """Adjusted Fisher-Pearson skewness from means of cubes and of values, and population deviations."""
    factor = np.sqrt(window * (window - 1.0)) / (window - 2.0)
    for i in range(out.size):
        level, spread = mean[i], deviation[i]
        third = cubes[i] - 3.0 * level * spread * spread - level * level * level
        skewness = factor * third / (spread * spread * spread)
        out[i] = skewness if spread > _NOISE * abs(level) else 0.0


@kernel
def autocorrelation_nb(products: Line, mean: Line, deviation: Line, lag: int, out: Line) -> None:
    """Correlation from means of products with the values `lag` rows before, means and population deviations."""
    both, level, spread, found = products[lag:], mean[lag:], deviation[lag:], out[lag:]
    for i in range(found.size):
        covariance = both[i] - level[i] * mean[i]
        correlation = covariance / (spread[i] * deviation[i])
        varies = spread[i] > _NOISE * abs(level[i]) and deviation[i] > _NOISE * abs(mean[i])
        found[i] = max(-1.0, min(1.0, correlation)) if varies else 0.0
