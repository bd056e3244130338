"""Several averages of one column in one call, for those who need hundreds of them: a call would cost more than one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from algotrade.compiled import allocating
from strategies.indicators.columns import column, period_of
from strategies.indicators.finite import Line
from strategies.indicators.kernels import moving_average_nb


@allocating
def moving_averages_nb(values: Line, periods: NDArray[np.int64], out: NDArray[np.float64]) -> bool:
    """`moving_average_nb` of each period, one row of `out` each."""
    fine = True
    for i in range(periods.size):
        fine &= moving_average_nb(values, periods[i], out[i])
    return fine


def moving_averages(values: ArrayLike, periods: Sequence[int]) -> NDArray[np.float64]:
    """Simple moving averages, shape (n_periods, n_bars): the same bytes as `TechnicalIndicators.moving_average`."""
    data = column("values", values, finite=False)
    bars = np.array([period_of("period", period) for period in periods], dtype=np.int64)
    out = np.empty((bars.size, data.size))
    if not moving_averages_nb(data, bars, out):
        column("values", data)
    return out
