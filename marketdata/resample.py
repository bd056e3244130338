"""Putting bars together into a longer timeframe, with numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.errors import ResampleError
from marketdata.timeframes import MINUTES_A_DAY, get_timeframe

# 1970-01-01 was a Thursday: weeks that start on Monday begin four days later.
_MONDAY_OFFSET = np.timedelta64(4, "D").astype("timedelta64[ns]").astype(np.int64)


def bucket_starts(time: NDArray[np.datetime64], timeframe: str) -> NDArray[np.datetime64]:
    """Return the start of the `timeframe` bucket that each time falls into, shape (n,).

    Buckets are fixed in UTC: minutes and hours count from midnight, days start at midnight, weeks on Monday.
    """
    span = get_timeframe(timeframe)
    ticks = time.astype("datetime64[ns]").view(np.int64)
    shift = _MONDAY_OFFSET if span.minutes > MINUTES_A_DAY else np.int64(0)
    return ((ticks - shift) // span.nanoseconds * span.nanoseconds + shift).view("datetime64[ns]")


def merge_groups(bars: Bars, first: NDArray[np.int64], time: NDArray[np.datetime64]) -> Bars:
    """Merge each group of neighbouring bars into one: first open, highest high, lowest low, last close, all volume.

    `first` holds the first row of each group, ascending from 0; `time` labels the groups; both of shape (n_groups,).
    """
    last = np.append(first[1:], len(bars)) - 1
    return Bars.trusted(
        time=time,
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, first),
    )


def resample(
    bars: Bars, timeframe: str, *, source_timeframe: str, as_of: np.datetime64 | None = None
) -> Bars:
    """Aggregate `bars` into `timeframe`.

    Parameters
    ----------
    bars : Bars
        Bars of `source_timeframe`, each labelled by its start.
    timeframe : str
        The wanted timeframe; longer than the source and a whole multiple of it.
    source_timeframe : str
        What `bars` are.
    as_of : datetime64, optional
        The present moment: a last bucket that ended by then is closed, whatever the last bar says.

    Returns
    -------
    Bars
        One bar per bucket that holds any source bar, labelled by the bucket's start: first open, highest
        high, lowest low, last close, sum of volumes. The last one is left out while it is open, that is
        unless the last source bar reaches the bucket's end (or `as_of` has passed it), so that no value of a
        returned bar can still change.

    Raises
    ------
    ResampleError
        The wanted timeframe is not a multiple of the source.
    """
    source, wanted = get_timeframe(source_timeframe), get_timeframe(timeframe)
    if wanted.minutes < source.minutes or wanted.minutes % source.minutes:
        message = f"Bars of {source.name} cannot be merged into {wanted.name}. Choose a longer timeframe."
        raise ResampleError(message, fields={"timeframe": [message]})
    if wanted == source or not len(bars):
        return bars
    labels = bucket_starts(bars.time, timeframe)
    first = np.flatnonzero(np.concatenate(([True], labels[1:] != labels[:-1])))
    merged = merge_groups(bars, first, labels[first])
    bucket_end = labels[-1] + np.timedelta64(wanted.nanoseconds, "ns")
    reached = bars.time[-1] + np.timedelta64(source.nanoseconds, "ns")
    closed = reached >= bucket_end or (as_of is not None and as_of >= bucket_end)
    return merged if closed else merged.head(len(merged) - 1)
