"""Looking at a longer timeframe without looking ahead: its bars are seen only after they have closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.resample import bucket_starts, merge_groups
from marketdata.timeframes import get_timeframe

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


def higher_timeframe(bars: Bars, timeframe: str, *, source_timeframe: str | None = None) -> HigherTimeframe:
    """Put `bars` together into `timeframe` as they would have been seen live.

    Parameters
    ----------
    bars : Bars
        Shorter bars, labelled by their start.
    timeframe : str
        For example "1d" or "1w"; days start at midnight UTC, weeks on Monday.
    source_timeframe : str, optional
        What `bars` are. With it a longer bar is known at the close of the shorter bar that reaches its end; without
        it, or where that bar is missing (a week ends on Friday), at the close of the first shorter bar that starts
        after its end. Never earlier.

    Returns
    -------
    HigherTimeframe
        Without the bucket that is still open at the last row. A longer input leaves all this in place.
    """
    span = get_timeframe(timeframe).nanoseconds
    reach = get_timeframe(source_timeframe).nanoseconds if source_timeframe else 0
    labels = bucket_starts(bars.time, timeframe)
    first = (
        np.flatnonzero(np.concatenate(([True], labels[1:] != labels[:-1]))) if len(bars) else np.empty(0, int)
    )
    ends = labels[first] + np.timedelta64(span, "ns")
    known_at = np.searchsorted(bars.time + np.timedelta64(reach, "ns"), ends, side="left")
    closed = int(np.searchsorted(known_at, len(bars), side="left"))
    merged = merge_groups(bars, first, labels[first]) if len(bars) else bars
    return HigherTimeframe(merged.head(closed), known_at[:closed], len(bars))
