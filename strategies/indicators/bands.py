"""Bands and channels, and the windows behind them.

The deviation is our own: TA-Lib's loses its digits on high calm prices and is not 0 where a price stands still.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from strategies.indicators import backends
from strategies.indicators.columns import column, columns, frozen, period_of, positive
from strategies.indicators.results import BollingerBands, DonchianChannel, KeltnerChannel, Line


class Bands:
    """Windows of the last bars: their spread, extremes and channels."""

    @staticmethod
    def highest(values: ArrayLike, period: int = 20) -> Line:
        """Highest of the last `period` values, this one included; first defined row period - 1."""
        data, bars = column("values", values), period_of("period", period)
        out = np.empty(data.size)
        backends.extremes().highest_nb(data, bars, 1.0, out)
        return out

    @staticmethod
    def lowest(values: ArrayLike, period: int = 20) -> Line:
        """Lowest of the last `period` values, this one included; first defined row period - 1."""
        data, bars = column("values", values), period_of("period", period)
        out = np.empty(data.size)
        backends.extremes().highest_nb(data, bars, -1.0, out)
        return out

    @staticmethod
    def standard_deviation(values: ArrayLike, period: int = 20) -> Line:
        """Population standard deviation (ddof 0) of the last `period` values; first defined row period - 1."""
        data, bars = column("values", values, finite=False), period_of("period", period)
        out = np.empty(data.size)
        if not backends.windows().deviation_nb(data, bars, 1.0, out):
            column("values", data)
        return out

    @staticmethod
    def rolling_volatility(values: ArrayLike, period: int = 20, periods_per_year: float = 252.0) -> Line:
        """Annualised volatility as a fraction; first defined row `period`.

        Sample standard deviation (ddof 1) of the last `period` returns v[t] / v[t-1] - 1, times
        sqrt(periods_per_year). NaN while the window holds a return on 0.
        """
        data, bars = column("values", values), period_of("period", period, 2)
        per_year = positive("periods_per_year", periods_per_year)
        out = np.full(data.size, np.nan)
        if data.size > bars:
            returns = np.full(data.size - 1, np.nan)
            np.divide(data[1:], data[:-1], out=returns, where=data[:-1] != 0.0)
            returns -= 1.0
            sample = math.sqrt(per_year * bars / (bars - 1))
            backends.windows().deviation_nb(frozen(returns), bars, sample, out[1:])
        return out

    @staticmethod
    def bollinger_bands(values: ArrayLike, period: int = 20, num_std: float = 2.0) -> BollingerBands:
        """Moving average plus and minus `num_std` standard deviations; first defined row period - 1.

        The deviation is the population's (ddof 0).
        """
        data, bars = column("values", values, finite=False), period_of("period", period)
        width = positive("num_std", num_std)
        lines = np.empty((3, data.size))
        if not backends.windows().bands_nb(data, bars, width, *lines):
            column("values", data)
        return BollingerBands(*lines)

    @staticmethod
    def donchian_channel(high: ArrayLike, low: ArrayLike, period: int = 20) -> DonchianChannel:
        """Highest high and lowest low of the last `period` bars, this one included; first row period - 1.

        A breakout compares a close with the channel of the bar before. The middle is half way between.
        """
        highs, lows = columns(high=high, low=low)
        bars = period_of("period", period)
        upper, middle, lower = np.empty((3, highs.size))
        backends.extremes().highest_nb(highs, bars, 1.0, upper)
        backends.extremes().highest_nb(lows, bars, -1.0, lower)
        np.add(upper, lower, out=middle)
        middle /= 2.0
        return DonchianChannel(upper, middle, lower)

    @staticmethod
    def keltner_channel(
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        period: int = 20,
        multiple: float = 2.0,
        atr_period: int = 10,
    ) -> KeltnerChannel:
        """Exponential average of the close plus and minus `multiple` times the ATR.

        All three lines start at row max(period - 1, atr_period).
        """
        highs, lows, closes = columns(high=high, low=low, close=close)
        factor = positive("multiple", multiple)
        bars, reach_bars = period_of("period", period), period_of("atr_period", atr_period)
        middle, reach = np.empty((2, closes.size))
        backends.recursions().exponential_average_nb(closes, bars, middle)
        backends.ranges().atr_nb(highs, lows, closes, reach_bars, reach)
        reach *= factor
        middle[np.isnan(reach)] = np.nan
        return KeltnerChannel(middle + reach, middle, middle - reach)
