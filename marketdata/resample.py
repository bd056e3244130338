"""Putting bars together into a longer timeframe, with numpy alone. Which bars belong together: `marketdata.buckets`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars
from marketdata.buckets import Buckets, Grid
from marketdata.columns import BLOCK, NAMES, ColumnFiles, Columns
from marketdata.errors import ResampleError
from marketdata.timeframes import get_timeframe

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Resampling:
    """What became of the bars: how many longer ones they made, and how many are in none of them.

    `left_out` counts bars outside of the calendar's sessions, `unfinished` those of a last bucket that is still open.
    """

    made: int
    left_out: int
    unfinished: int

    def to_dict(self) -> dict[str, int]:
        """Return plain JSON values."""
        return {"made": self.made, "left_out": self.left_out, "unfinished": self.unfinished}


def merge_groups(bars: Bars, first: NDArray[np.intp], time: NDArray[np.datetime64]) -> Bars:
    """Merge each group of neighbouring bars into one: first open, highest high, lowest low, last close, all volume.

    `first` holds the first row of each group, ascending from 0; `time` labels the groups; both of shape (n_groups,).
    """
    if not len(first):
        return bars.head(0)
    last = np.append(first[1:], len(bars)) - 1
    return Bars.trusted(
        time=time,
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=_sums(bars.volume, first),
    )


def merge_buckets(bars: Bars, buckets: Buckets) -> Bars:
    """Merge the bars of each bucket into one, labelled by it.

    ResampleError names a bar whose volume is more than a number holds.
    """
    kept = bars
    if buckets.rows is not None:
        kept = Bars.trusted(**{name: getattr(bars, name)[buckets.rows] for name in ("time", *COLUMNS)})
    merged = merge_groups(kept, buckets.first, buckets.label.view("datetime64[ns]"))
    endless = np.flatnonzero(np.isinf(merged.volume))
    if endless.size:
        moment = np.datetime_as_string(merged.time[endless[0]], unit="s")
        message = (
            f"The volumes of the bar at {moment} add up to more than a number holds. "
            "Correct the volumes of the bars that it is made of."
        )
        raise ResampleError(message)
    return merged


def _sums(volume: NDArray[np.float64], first: NDArray[np.intp]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):  # infinity then
        sums: NDArray[np.float64] = np.add.reduceat(volume, first)
    return sums


def resample(
    bars: Bars,
    timeframe: str,
    *,
    source_timeframe: str,
    calendar: str | None = None,
    as_of: np.datetime64 | None = None,
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
    calendar : str, optional
        Whose sessions the buckets follow; see `marketdata.buckets`. Without one they are fixed in UTC.
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
        The wanted timeframe is not a multiple of the source, or a longer bar's volume is more than a number holds.
    """
    _check(source_timeframe, timeframe)
    if timeframe == source_timeframe or not len(bars):
        return bars
    grid = Grid(timeframe, source=source_timeframe, calendar=calendar, first=bars.time[0], last=bars.time[-1])
    ticks = grid.ticks(bars.time)
    buckets = grid.place(ticks)
    merged = merge_buckets(bars, buckets)
    return merged.head(_closed(buckets, int(ticks[-1]) + grid.length, as_of))


def resample_columns(
    columns: Columns,
    into: ColumnFiles,
    timeframe: str,
    *,
    source_timeframe: str,
    calendar: str | None = None,
    as_of: np.datetime64 | None = None,
    progress: Progress | None = None,
    size: int = BLOCK,
) -> Resampling:
    """Do what `resample` does block by block, appending to `into`; memory holds a block and one longer bar's rows.

    `progress` hears of the share that is done after each block.
    """
    _check(source_timeframe, timeframe)
    if timeframe == source_timeframe:
        message = f"These are bars of {timeframe} already. Choose a longer timeframe."
        raise ResampleError(message, fields={"timeframe": [message]})
    count = len(columns)
    if not count:
        return Resampling(0, 0, 0)
    ends = (columns.read("time", row, row + 1).view("datetime64[ns]")[0] for row in (0, count - 1))
    grid = Grid(timeframe, source=source_timeframe, calendar=calendar, first=next(ends), last=next(ends))
    start, floor, left_out = 0, None, 0
    for after in [*range(size, count, size), count]:
        block = _read(columns, start, after)
        ticks = grid.ticks(block.time)
        buckets = grid.place(ticks) if floor is None else grid.place(ticks, floor)
        reach = int(ticks[-1]) + grid.length
        whole = len(buckets.first)
        closed = _closed(buckets, reach, as_of) if after == count else max(0, whole - 1)
        merged = merge_buckets(block, buckets).head(closed)
        into.append(time=merged.time.view(np.int64), **{name: getattr(merged, name) for name in COLUMNS})
        # What belongs to the open bucket is read again with the next block.
        keep = buckets.first_row(whole - 1) if whole and (after < count or closed < whole) else len(block)
        within = buckets.rows if buckets.rows is not None else np.arange(len(block))
        left_out += keep - int(np.searchsorted(within, keep))
        if keep:
            floor = int(ticks[keep - 1]) + grid.length
        start += keep
        if progress is not None:
            progress(after / count)
    unfinished = count - start if count > start else 0
    return Resampling(len(into), left_out, unfinished)


def _read(columns: Columns, first: int, after: int) -> Bars:
    read = {name: columns.read(name, first, after) for name in NAMES}
    return Bars.trusted(**read | {"time": read["time"].view("datetime64[ns]")})


def _closed(buckets: Buckets, reach: int, as_of: np.datetime64 | None) -> int:
    """How many buckets cannot change any more: all but perhaps the last."""
    count = len(buckets.first)
    if not count:
        return 0
    if as_of is not None:
        reach = max(reach, int(as_of.astype("datetime64[ns]").astype(np.int64)))
    return count if reach >= int(buckets.end[-1]) else count - 1


def _check(source_timeframe: str, timeframe: str) -> None:
    source, wanted = get_timeframe(source_timeframe), get_timeframe(timeframe)
    if wanted.minutes < source.minutes or wanted.minutes % source.minutes:
        message = f"Bars of {source.name} cannot be merged into {wanted.name}. Choose a longer timeframe."
        raise ResampleError(message, fields={"timeframe": [message]})
