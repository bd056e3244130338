"""Whether features follow from the bars that they are given at all.

What is remembered from other bars, or looked up by date in a table, stays the same however the future is changed: no
audit of the future can see that it comes from there. So the bars are exchanged: backwards, dearer, at the same times.
A column that does not notice must be one of the calendar: it notices other hours and days, and it does not notice a
move by 28 years, after which the same dates fall on the same days of the week.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars

Floats: TypeAlias = NDArray[np.float64]
Computed: TypeAlias = Callable[[Bars], Floats]

DEARER = 1.3
SOME_TIME = np.timedelta64(41 * 24 * 60 + 43, "m")
ROUND_OF_THE_CALENDAR = np.timedelta64(28 * 1461 // 4, "D")
LAST_ROUND = np.datetime64("2072-01-01", "ns")
"""Beyond it 28 years would pass the leap day that 2100 does not have."""


def detached(bars: Bars, values_of: Computed, whole: Floats) -> NDArray[np.bool_]:
    """Which columns do not follow from the bars; shape (n_features,).

    Parameters
    ----------
    values_of : callable
        Gives the features of bars, shape (n_bars, n_features).
    whole : ndarray
        What it gives for these bars. Columns that never change are not judged.
    """
    suspects = _vary(whole) & ~_differ(whole, values_of(_others(bars)))
    if not suspects.any():
        return suspects
    later = _differ(whole, values_of(_at(bars, bars.time + SOME_TIME)))
    years = -ROUND_OF_THE_CALENDAR if bars.time[-1] >= LAST_ROUND else ROUND_OF_THE_CALENDAR
    of_the_calendar = later & ~_differ(whole, values_of(_at(bars, bars.time + years)))
    return suspects & ~of_the_calendar


def _vary(values: Floats) -> NDArray[np.bool_]:
    known = (column[np.isfinite(column)] for column in values.T)
    return np.array([column.size > 1 and column.min() < column.max() for column in known], dtype=np.bool_)


def _differ(one: Floats, other: Floats) -> NDArray[np.bool_]:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.asarray(~same.all(axis=0))


def _others(bars: Bars) -> Bars:
    columns = {name: getattr(bars, name)[::-1] * DEARER + (name == "volume") for name in COLUMNS}
    return Bars.trusted(time=bars.time, **columns)


def _at(bars: Bars, time: NDArray[np.datetime64]) -> Bars:
    return Bars.trusted(time=time, **{name: getattr(bars, name) for name in COLUMNS})
