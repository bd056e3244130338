"""The indicators, with one convention each.

TA-Lib does the arithmetic where its convention is the one written here. The moving average, the bands and
the RSI are our own: TA-Lib's running sums keep the rounding error of values long gone, its variance loses
digits on high calm prices, and its RSI of a flat price is 0 (strongly oversold) where the honest answer is
50.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strategies.errors import IndicatorError
from strategies.indicators import backends
from strategies.indicators.columns import column, columns, period
from strategies.indicators.results import BollingerBands, DirectionalIndex, Line, Macd, Stochastic


class TechnicalIndicators:
    """Indicators over columns of prices, oldest first.

    Every function takes ndarrays (or anything numpy reads as one, a pandas Series too) of shape (n_bars,) and
    returns float64 arrays of the same length. Rows before the first defined one are NaN; an input that is
    too short gives NaN throughout. Row t depends on rows up to t only. A NaN or an infinity in the input,
    columns of different lengths and a period out of bounds raise `IndicatorError` naming the row or the
    bounds.
    """

    @staticmethod
    def moving_average(values: ArrayLike, period: int = 20) -> Line:
        """Simple moving average; first defined row period - 1."""
        data, bars = column("values", values), _period("period", period)
        return _line(backends.kernels().moving_average_nb(data, bars))

    @staticmethod
    def exponential_moving_average(values: ArrayLike, period: int = 20) -> Line:
        """Exponential moving average with weight 2 / (period + 1), first defined row period - 1.

        Seeded with the simple average of the first `period` values.
        """
        data, bars = column("values", values), _period("period", period)
        return _line(backends.talib().EMA(data, bars))

    @staticmethod
    def rsi(values: ArrayLike, period: int = 14) -> Line:
        """Relative strength index, 0 to 100; first defined row `period`.

        Wilder's smoothing, seeded with the mean of the first `period` changes. 50 when the price never moved.
        """
        data, bars = column("values", values), _period("period", period)
        return _line(backends.kernels().rsi_nb(data, bars))

    @staticmethod
    def macd(values: ArrayLike, fast_period: int = 12, slow_period: int = 26, signal_period: int = 9) -> Macd:
        """Moving average convergence/divergence; all three lines from row slow + signal - 2.

        Both averages start at row slow - 1: the fast one is seeded with the mean of the `fast` values
        before it.
        """
        data = column("values", values)
        fast, slow = _period("fast_period", fast_period, 2), _period("slow_period", slow_period, 2)
        signal = _period("signal_period", signal_period)
        if fast >= slow:
            message = f"fast_period {fast} is not below slow_period {slow}. Give the shorter one as fast."
            raise IndicatorError(message, fields={"fast_period": [message]})
        return Macd(*map(_line, backends.talib().MACD(data, fast, slow, signal)))

    @staticmethod
    def bollinger_bands(values: ArrayLike, period: int = 20, num_std: float = 2.0) -> BollingerBands:
        """Moving average plus and minus `num_std` standard deviations; first defined row period - 1.

        The deviation is the population's (ddof 0).
        """
        data, bars = column("values", values), _period("period", period)
        if isinstance(num_std, bool) or not isinstance(num_std, (int, float, np.number)):
            raise _bad_width(num_std)
        width = float(num_std)
        if not (math.isfinite(width) and width > 0.0):
            raise _bad_width(num_std)
        mean, deviation = backends.kernels().mean_and_deviation_nb(data, bars)
        return BollingerBands(mean + width * deviation, mean, mean - width * deviation)

    @staticmethod
    def atr(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Line:
        """Average true range in units of price; first defined row `period`.

        The true range has no value at row 0 (there is no close before it). Seeded with the mean of the true
        ranges of rows 1 to `period`, then Wilder's smoothing.
        """
        highs, lows, closes = columns(high=high, low=low, close=close)
        return _line(backends.talib().ATR(highs, lows, closes, _period("period", period)))

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
        highs, lows, closes = columns(high=high, low=low, close=close)
        window = _period("k_period", k_period)
        smooth, last = _period("smooth_period", smooth_period), _period("d_period", d_period)
        k, d = np.full(closes.size, np.nan), np.full(closes.size, np.nan)
        raw = _raw_stochastic(highs, lows, closes, window)[window - 1 :]
        first = window + smooth + last - 3
        if first < closes.size:
            average = backends.kernels().moving_average_nb
            slow = average(raw, smooth)[smooth - 1 :]
            k[first:] = slow[last - 1 :]
            d[first:] = average(slow, last)[last - 1 :]
        return Stochastic(k, d)

    @staticmethod
    def adx(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Line:
        """Average directional index, 0 to 100; first defined row 2 period - 1.

        The mean of the first `period` values of DX, then Wilder's smoothing.
        """
        highs, lows, closes = columns(high=high, low=low, close=close)
        return _line(backends.talib().ADX(highs, lows, closes, _period("period", period, 2)))

    @staticmethod
    def directional_index(
        high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14
    ) -> DirectionalIndex:
        """+DI and -DI (first defined row `period`) with the ADX made of them (row 2 period - 1).

        The first sums of directional movement and true range hold period - 1 values; afterwards each is
        previous - previous / period + new.
        """
        prices, bars = columns(high=high, low=low, close=close), _period("period", period, 2)
        ta = backends.talib()
        return DirectionalIndex(*(_line(f(*prices, bars)) for f in (ta.PLUS_DI, ta.MINUS_DI, ta.ADX)))


_period = period  # inside the class `period` is the name of an argument


def _line(values: object) -> Line:
    return np.asarray(values, dtype=np.float64)


def _raw_stochastic(
    high: NDArray[np.float64], low: NDArray[np.float64], close: NDArray[np.float64], window: int
) -> Line:
    if window == 1:  # TA-Lib's extremes want two bars
        highest, lowest = high, low
    else:
        highest, lowest = backends.talib().MAX(high, window), backends.talib().MIN(low, window)
    spread = highest - lowest
    raw = np.where(np.isnan(spread), np.nan, 0.0)
    np.divide(close - lowest, spread, out=raw, where=spread > 0.0)
    return raw * 100.0


def _bad_width(value: object) -> IndicatorError:
    message = f"num_std is {value!r}. Give a finite number of standard deviations above 0."
    return IndicatorError(message, fields={"num_std": [message]})
