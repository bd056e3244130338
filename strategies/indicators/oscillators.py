"""Oscillators: the price within its recent range.

TA-Lib's RSI of a price that never moved is 0 (strongly oversold) where the honest answer is 50, and its CCI
divides rounding noise by itself there.
"""

import numpy as np
from numpy.typing import ArrayLike

from strategies.indicators import backends
from strategies.indicators.columns import column, columns, frozen, period_of
from strategies.indicators.results import Line, Stochastic


class Oscillators:
    """Where the price is within its recent range, and how fast it moves."""

    @staticmethod
    def rsi(values: ArrayLike, period: int = 14) -> Line:
        """Relative strength index, 0 to 100; first defined row `period`.

        Wilder's smoothing, seeded with the mean of the first `period` changes. 50 when the price never moved.
        """
        data, bars = column("values", values, finite=False), period_of("period", period)
        out = np.empty(data.size)
        if not backends.recursions().rsi_nb(data, bars, out):
            column("values", data)
        return out

    @staticmethod
    def stochastic(
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        k_period: int = 14,
        smooth_period: int = 3,
        d_period: int = 3,
    ) -> Stochastic:
        """Slow stochastic, 0 to 100; both lines from row k + smooth + d - 3.

        Raw %K = 100 (close - lowest low) / (highest high - lowest low) over `k_period` bars, 0 when the
        window has no range; %K is its average over `smooth_period` bars, %D the average of %K over
        `d_period`.
        """
        highs, lows, closes = columns(finite=False, high=high, low=low, close=close)
        window = period_of("k_period", k_period)
        smooth, last = period_of("smooth_period", smooth_period), period_of("d_period", d_period)
        k, d = np.empty((2, closes.size))
        if not backends.extremes().stochastic_nb(highs, lows, closes, window, smooth, last, k, d):
            columns(high=highs, low=lows, close=closes)
        return Stochastic(k, d)

    @staticmethod
    def williams_r(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Line:
        """Williams %R, -100 (at the lowest low) to 0 (at the highest high); first defined row period - 1.

        -100 (highest high - close) / (highest high - lowest low) over `period` bars; 0 when the window has
        no range, as TA-Lib's.
        """
        highs, lows, closes = columns(high=high, low=low, close=close)
        bars = period_of("period", period)
        out = np.empty(closes.size)
        backends.extremes().place_in_range_nb(highs, lows, closes, bars, True, out)
        return out

    @staticmethod
    def cci(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 20) -> Line:
        """Commodity channel index; first defined row period - 1.

        With the typical price (high + low + close) / 3: its distance from its average over `period` bars,
        divided by 0.015 times the mean absolute distance of the window from that average. 0 when the
        typical price did not move in the window, or by rounding only (1e-12 of it).
        """
        highs, lows, closes = columns(high=high, low=low, close=close)
        bars = period_of("period", period, 2)
        typical = frozen((highs + lows + closes) / 3.0)
        mean, out = np.empty((2, typical.size))
        backends.windows().moving_average_nb(typical, bars, mean)
        backends.windows().channel_index_nb(typical, mean, bars, out)
        return out

    @staticmethod
    def rate_of_change(values: ArrayLike, period: int = 10) -> Line:
        """Change over `period` bars in percent, 100 (v[t] / v[t-period] - 1); first defined row `period`.

        In percent as TA-Lib's ROC. NaN where the earlier value is 0.
        """
        data, bars = column("values", values), period_of("period", period)
        out = np.full(data.size, np.nan)
        if data.size > bars:
            before = data[:-bars]
            np.divide(data[bars:], before, out=out[bars:], where=before != 0.0)
            out[bars:] = 100.0 * (out[bars:] - 1.0)
        return out
