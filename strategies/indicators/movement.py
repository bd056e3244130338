"""True range, its average, and the directional movement (Wilder)."""

import numpy as np
from numpy.typing import ArrayLike

from strategies.indicators import backends
from strategies.indicators.columns import columns, period_of
from strategies.indicators.results import DirectionalIndex, Line


class Movement:
    """The range of bars and the direction in which it widens."""

    @staticmethod
    def true_range(high: ArrayLike, low: ArrayLike, close: ArrayLike) -> Line:
        """The larger of high - low and the distances of high and low from the close before; from row 1."""
        highs, lows, closes = columns(high=high, low=low, close=close)
        out = np.empty(closes.size)
        backends.ranges().true_range_nb(highs, lows, closes, out)
        return out

    @staticmethod
    def atr(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Line:
        """Average true range in units of price; first defined row `period`.

        The true range has no value at row 0 (there is no close before it). Seeded with the mean of the true
        ranges of rows 1 to `period`, then Wilder's smoothing.
        """
        highs, lows, closes = columns(finite=False, high=high, low=low, close=close)
        bars = period_of("period", period)
        out = np.empty(closes.size)
        if not backends.ranges().atr_nb(highs, lows, closes, bars, out):
            columns(high=highs, low=lows, close=closes)
        return out

    @staticmethod
    def directional_index(
        high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14
    ) -> DirectionalIndex:
        """+DI and -DI (first defined row `period`) with the ADX made of them (row 2 period - 1).

        The first sums of directional movement and true range hold period - 1 values; afterwards each is
        previous - previous / period + new.
        """
        highs, lows, closes = columns(finite=False, high=high, low=low, close=close)
        bars, kernels = period_of("period", period, 2), backends.ranges()
        plus, minus, index = np.empty((3, closes.size))
        if not kernels.directional_nb(highs, lows, closes, bars, plus, minus):
            columns(high=highs, low=lows, close=closes)
        kernels.adx_nb(highs, lows, bars, index)
        return DirectionalIndex(plus, minus, index)

    @staticmethod
    def adx(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Line:
        """Average directional index, 0 to 100; first defined row 2 period - 1.

        The mean of the first `period` values of DX, then Wilder's smoothing.
        """
        highs, lows, closes = columns(finite=False, high=high, low=low, close=close)
        bars = period_of("period", period, 2)
        out = np.empty(highs.size)
        if not (backends.ranges().adx_nb(highs, lows, bars, out) and backends.finite().all_finite_nb(closes)):
            columns(high=highs, low=lows, close=closes)
        return out
