"""Curves of one series thinned to the same few moments, so that a chart's time axis stands still while they change."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

FEWEST_POINTS = 6


class Moments:
    """At most `limit` moments of `length` bars: the first, the last, and two in each of many equal stretches.

    A curve gives each stretch its lowest and its highest value, in the order in which they occurred. So every peak and
    trough is a value that really occurred, drawn at most half a stretch from its bar, and the moments are the same for
    every curve of these bars. (`curves.keep_extremes` keeps the bars themselves: exact times, but other ones for each
    curve.)

    Parameters
    ----------
    length : int
        Number of bars, at least 1.
    limit : int
        The most moments, at least 6.
    """

    def __init__(self, length: int, limit: int) -> None:
        if length < 1 or limit < FEWEST_POINTS:
            raise ValueError(f"{length} bars at {limit} moments: give at least 1 bar and 6 moments.")
        self.length = length
        self.thinned = length > limit
        if not self.thinned:
            self.rows = np.arange(length)
            return
        stretches = (limit - 2) // 2
        self._edges = np.linspace(1, length - 1, stretches + 1).astype(np.int64)
        starts, stops = self._edges[:-1], self._edges[1:]
        self._middles = (starts + stops) // 2
        inner = np.column_stack((starts, self._middles)).ravel()
        self.rows = np.concatenate(([0], inner, [length - 1]))
        longest = int((stops - starts).max())
        self._window = np.minimum(starts[:, None] + np.arange(longest), stops[:, None] - 1)

    def __len__(self) -> int:
        return len(self.rows)

    def extremes(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The curve at these moments, with the lowest and highest value of each stretch.

        Parameters
        ----------
        values : ndarray of float64, shape (length,)
            Finite.

        Returns
        -------
        ndarray of float64, shape (len(self),)
        """
        if not self.thinned:
            return values
        stretches = values[self._window]
        low, high = stretches.argmin(axis=1), stretches.argmax(axis=1)
        lines = np.arange(len(stretches))
        pairs = np.column_stack(
            (stretches[lines, np.minimum(low, high)], stretches[lines, np.maximum(low, high)])
        )
        return np.concatenate((values[:1], pairs.ravel(), values[-1:]))

    def of_rows(self, rows: Iterable[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the moment at which each bar is drawn."""
        bars = np.asarray(rows, dtype=np.int64)
        if not self.thinned:
            return bars
        stretch = np.clip(np.searchsorted(self._edges, bars, side="right") - 1, 0, len(self._middles) - 1)
        moment = 1 + 2 * stretch + (bars >= self._middles[stretch])
        moment = np.where(bars <= 0, 0, moment)
        return np.where(bars >= self.length - 1, len(self.rows) - 1, moment)
