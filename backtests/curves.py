"""Long curves made short enough for a page, without losing a peak or a trough. numpy only."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.charts import MAX_POINTS as MAX_CANDLES

MAX_POINTS = 5_000
SPARK_POINTS = 60
SECOND = 1_000_000_000


def finite(value: Any) -> float | None:
    """A number as JSON can hold it: None where it is undefined."""
    number = float(value)
    return number if math.isfinite(number) else None


def seconds(time: NDArray[np.datetime64]) -> list[int]:
    """Times as whole seconds since 1970, which is what the charts read."""
    ticks: list[int] = (time.astype("datetime64[ns]").view(np.int64) // SECOND).tolist()
    return ticks


def keep_extremes(values: NDArray[np.float64], limit: int = MAX_POINTS, also: Iterable[int] = ()) -> Any:
    """Rows to keep of a long curve, at most `limit`, ascending.

    The curve is cut into equal stretches and the lowest and the highest row of each is kept, with both ends and
    the rows of `also`; so every peak and every trough that a page could show is a row that really occurred.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite values.
    limit : int
        The most rows to keep; at least 8 more than `also` holds.
    also : iterable of int
        Rows that must be kept.
    """
    length = len(values)
    if length <= limit:
        return np.arange(length)
    must = [0, length - 1, *also]
    stretches = (limit - len(must)) // 2
    edges = np.linspace(0, length, stretches + 1).astype(np.int64)
    rows = [
        row
        for start, stop in pairwise(edges)
        for row in (start + np.argmin(values[start:stop]), start + np.argmax(values[start:stop]))
    ]
    return np.unique(np.array([*must, *rows], dtype=np.int64))


def sparkline(values: NDArray[np.float64], points: int = SPARK_POINTS) -> list[float]:
    """A few evenly spaced values of a curve, first and last among them, with six significant digits."""
    rows = np.unique(np.linspace(0, len(values) - 1, min(points, len(values))).round().astype(np.int64))
    return [float(f"{value:.6g}") for value in values[rows]]


def stretches(length: int, limit: int = MAX_CANDLES) -> NDArray[np.int64]:
    """First rows of the groups of bars that `marketdata.charts.downsample` draws as one candle each."""
    return np.arange(0, length, max(1, -(-length // limit)), dtype=np.int64)


def stretch_ends(starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Last row of each group that `stretches` made."""
    return np.append(starts[1:], length) - 1
