"""Moving averages, and the MACD made of them.

The moving average is our own: TA-Lib's running sum keeps the rounding error of values long gone.
"""

import numpy as np
from numpy.typing import ArrayLike

from strategies.errors import IndicatorError
from strategies.indicators import backends
from strategies.indicators.columns import column, period_of
from strategies.indicators.results import Line, Macd


class Averages:
    """The averages and what is made of them."""

    @staticmethod
    def moving_average(values: ArrayLike, period: int = 20) -> Line:
        """Simple moving average; first defined row period - 1."""
        data, bars = column("values", values, finite=False), period_of("period", period)
        out = np.empty(data.size)
        if not backends.windows().moving_average_nb(data, bars, out):
            column("values", data)
        return out

    @staticmethod
    def exponential_moving_average(values: ArrayLike, period: int = 20) -> Line:
        """Exponential moving average with weight 2 / (period + 1), first defined row period - 1.

        Seeded with the simple average of the first `period` values.
        """
        data, bars = column("values", values, finite=False), period_of("period", period)
        out = np.empty(data.size)
        if not backends.recursions().exponential_average_nb(data, bars, out):
            column("values", data)
        return out

    @staticmethod
    def macd(values: ArrayLike, fast_period: int = 12, slow_period: int = 26, signal_period: int = 9) -> Macd:
        """Moving average convergence/divergence; all three lines from row slow + signal - 2.

        Both averages start at row slow - 1: the fast one is seeded with the mean of the `fast` values
        before it.
        """
        data = column("values", values, finite=False)
        fast, slow = period_of("fast_period", fast_period, 2), period_of("slow_period", slow_period, 2)
        signal = period_of("signal_period", signal_period)
        if fast >= slow:
            message = f"fast_period {fast} is not below slow_period {slow}. Give the shorter one as fast."
            raise IndicatorError(message, fields={"fast_period": [message]})
        lines = np.empty((3, data.size))
        if not backends.recursions().macd_nb(data, fast, slow, signal, *lines):
            column("values", data)
        return Macd(*lines)
