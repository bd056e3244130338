"""The published and the adjusted bars of one symbol, held beside each other where both have one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import Columns, first_row_from


class AlignedCloses:
    """The columns of `raw` and one more, "adj_close": the close of `adjusted` at the same time, NaN without one."""

    names = ("time", "open", "high", "low", "close", "volume", "adj_close")

    def __init__(self, raw: Columns, adjusted: Columns) -> None:
        self._raw, self._adjusted = raw, adjusted

    def __len__(self) -> int:
        return len(self._raw)

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return the rows `first` to `after` (excluded) of a column."""
        if name != "adj_close":
            return self._raw.read(name, first, after)
        time = self._raw.read("time", first, after)
        found = np.full(len(time), np.nan)
        if not len(time):
            return found
        low = first_row_from(self._adjusted, int(time[0]))
        high = first_row_from(self._adjusted, int(time[-1]) + 1)
        other = self._adjusted.read("time", low, high)
        if len(other):
            place = np.minimum(np.searchsorted(other, time), len(other) - 1)
            both = other[place] == time
            found[both] = self._adjusted.read("close", low, high)[place[both]]
        return found
