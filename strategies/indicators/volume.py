"""Indicators that use the traded volume."""

import numpy as np
from numpy.typing import ArrayLike

from strategies.indicators import backends
from strategies.indicators.columns import columns, frozen, period_of
from strategies.indicators.results import Line

EQUAL_WITHIN = 1e-12


class Volume:
    """Prices weighed by what was traded."""

    @staticmethod
    def vwap(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, period: int = 20) -> Line:
        """Rolling volume-weighted average price; first defined row period - 1.

        Sum of typical price (high + low + close) / 3 times volume over the last `period` bars, divided by
        their volume. NaN where the window traded nothing.
        """
        highs, lows, closes, volumes = columns(high=high, low=low, close=close, volume=volume)
        bars = period_of("period", period)
        average = backends.windows().moving_average_nb
        traded, value = np.empty((2, closes.size))
        average(volumes, bars, traded)
        average(frozen((highs + lows + closes) / 3.0 * volumes), bars, value)
        out = np.full(closes.size, np.nan)
        np.divide(value, traded, out=out, where=traded > 0.0)
        return out

    @staticmethod
    def on_balance_volume(close: ArrayLike, volume: ArrayLike) -> Line:
        """On-balance volume, from row 0, where it is that bar's volume (as TA-Lib's).

        Each later bar adds its volume when the close rose, subtracts it when it fell.
        """
        closes, volumes = columns(close=close, volume=volume)
        signed = volumes.copy()
        signed[1:] *= np.sign(np.diff(closes))
        return np.cumsum(signed)

    @staticmethod
    def money_flow_index(
        high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, period: int = 14
    ) -> Line:
        """Money flow index, 0 to 100; first defined row `period`.

        Money flow is typical price (high + low + close) / 3 times volume, positive when the typical price
        rose, negative when it fell; the index is the positive share of the last `period` flows. Typical prices
        within 1e-12 of each other (relative) are equal: two bars of the same sum may differ by rounding, and a
        bar's flow must not hang on that. 50 when the window has no flow (TA-Lib says 0, strongly oversold,
        there and for any flow below 1).
        """
        highs, lows, closes, volumes = columns(high=high, low=low, close=close, volume=volume)
        bars = period_of("period", period)
        out = np.full(closes.size, np.nan)
        if closes.size > bars:
            typical = (highs + lows + closes) / 3.0
            change, flow = np.diff(typical), (typical * volumes)[1:]
            least = EQUAL_WITHIN * np.abs(typical[1:])
            average = backends.windows().moving_average_nb
            rise, fall = np.empty((2, flow.size))
            average(frozen(np.where(change > least, flow, 0.0)), bars, rise)
            average(frozen(np.where(change < -least, flow, 0.0)), bars, fall)
            total = rise + fall
            out[bars:] = 0.5
            np.divide(rise, total, out=out[1:], where=total > 0.0)
            out[bars:] *= 100.0
        return out
