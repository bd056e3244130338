"""Looking at a longer timeframe without looking ahead: its bars are seen only after they have closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.buckets import Grid
from marketdata.resample import merge_buckets

Line = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HigherTimeframe:
    """Bars of a longer timeframe and the moment from which each can be seen.

    Attributes
    ----------
    bars : Bars
        The longer bars that have closed within the data, labelled by their start. The first one covers only what the
        data holds of it.
    visible_from : ndarray of int, shape (n_longer_bars,)
        The row of the shorter bars at whose close each longer bar is known.
    """

    bars: Bars
    visible_from: NDArray[np.intp]
    base_count: int

    def align(self, values: Line) -> Line:
        """Return, for each shorter bar, the value of the latest longer bar that has closed by then.

        Parameters
        ----------
        values : ndarray of float, shape (n_longer_bars,)

        Returns
        -------
        ndarray of float, shape (n_base_bars,)
            NaN before the first longer bar has closed.
        """
        latest = np.searchsorted(self.visible_from, np.arange(self.base_count), side="right") - 1
        padded = np.append(values, np.nan)  # -1, none seen yet, finds the NaN at the end
        return padded[latest]


def higher_timeframe(
    bars: Bars, timeframe: str, *, source_timeframe: str | None = None, calendar: str | None = None
) -> HigherTimeframe:
    """Put `bars` together into `timeframe` as they would have been seen live.

    Parameters
    ----------
    bars : Bars
        Shorter bars, labelled by their start.
    timeframe : str
        For example "1d" or "1w".
    source_timeframe : str, optional
        What `bars` are. With it a longer bar is known at the close of the shorter bar that reaches its end; without
        it, or where that bar is missing, at the close of the first shorter bar that starts after its end. Never
        earlier.
    calendar : str, optional
        Whose sessions the longer bars follow: a day of "XNYS" ends at the close of New York, early closes included,
        and its bar is known at the close of the session's last shorter bar. Without one days start at midnight UTC and
        weeks on Monday. The rules are in `marketdata.buckets`.

    Returns
    -------
    HigherTimeframe
        Without the bucket that is still open at the last row. A longer input leaves all this in place.
    """
    if not len(bars):
        return HigherTimeframe(bars, np.empty(0, dtype=np.intp), 0)
    grid = Grid(timeframe, source=source_timeframe, calendar=calendar, first=bars.time[0], last=bars.time[-1])
    ticks = grid.ticks(bars.time)
    buckets = grid.place(ticks)
    known_at = np.searchsorted(ticks + grid.length, buckets.end, side="left")
    closed = int(np.searchsorted(known_at, len(bars), side="left"))
    return HigherTimeframe(merge_buckets(bars, buckets).head(closed), known_at[:closed], len(bars))
