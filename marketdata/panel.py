"""Bars of several symbols beside each other, on the union of their times. numpy only.

The rule for missing bars, which the engine and the strategies over several symbols share: a row exists where any of
the symbols has a bar. A symbol without a bar in a row has NaN there. It cannot be traded in that row and is worth its
last close. Nothing is filled in, so that nobody mistakes a price that was carried for one that was traded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars
from marketdata.errors import BarsError

MOST_SYMBOLS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Open, high, low, close and volume of several symbols, oldest first. Made by `Panel.of`.

    Attributes
    ----------
    symbols : tuple of str
        Names of the columns, each once.
    time : ndarray of datetime64[ns], shape (n_bars,)
        UTC, strictly increasing: every time at which at least one symbol has a bar.
    open, high, low, close, volume : ndarray of float64, shape (n_bars, n_symbols)
        NaN in all five where the symbol has no bar. Read-only, contiguous by rows.
    """

    symbols: tuple[str, ...]
    time: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        return f"Panel({', '.join(self.symbols)}; {len(self)} rows)"

    @classmethod
    def of(cls, bars: Mapping[str, Bars]) -> Self:
        """Put the bars of each symbol beside each other.

        Parameters
        ----------
        bars : mapping of str to Bars
            At least one symbol, each with at least one bar; the order is that of the columns. The same symbol
            should be labelled the same way in all of them (daily bars at midnight UTC, for example): times are
            compared exactly.

        Raises
        ------
        BarsError
            No symbols, too many, or a symbol without bars.
        """
        if not 1 <= len(bars) <= MOST_SYMBOLS:
            raise BarsError(
                f"A panel has 1 to {MOST_SYMBOLS} symbols, not {len(bars)}. Choose fewer or some."
            )
        empty = [symbol for symbol, own in bars.items() if not len(own)]
        if empty:
            raise BarsError(
                f"{', '.join(empty)} has no bars in this period. Choose a period in which every symbol has some."
            )
        time = np.unique(np.concatenate([own.time for own in bars.values()]))
        columns = {name: np.full((len(time), len(bars)), np.nan) for name in COLUMNS}
        for place, own in enumerate(bars.values()):
            rows = np.searchsorted(time, own.time)
            for name, table in columns.items():
                table[rows, place] = getattr(own, name)
        return cls._trusted(tuple(bars), time, columns)

    @classmethod
    def _trusted(
        cls,
        symbols: tuple[str, ...],
        time: NDArray[np.datetime64],
        columns: Mapping[str, NDArray[np.float64]],
    ) -> Self:
        for array in (time, *columns.values()):
            array.flags.writeable = False
        return cls(symbols, time, **columns)

    def head(self, n: int) -> Self:
        """Return the first `n` rows (all of them when there are fewer). A symbol may then have no bar at all."""
        rows = max(0, min(n, len(self)))
        return type(self)(self.symbols, self.time[:rows], **{c: getattr(self, c)[:rows] for c in COLUMNS})

    @property
    def traded(self) -> NDArray[np.bool_]:
        """Where a symbol has a bar, shape (n_bars, n_symbols)."""
        return ~np.isnan(self.close)

    def last_close(self) -> NDArray[np.float64]:
        """The close of each symbol's last bar so far, shape (n_bars, n_symbols); NaN before its first bar."""
        rows = np.where(self.traded, np.arange(len(self))[:, None], -1)
        latest = np.maximum.accumulate(rows, axis=0) if len(self) else rows
        known = np.take_along_axis(self.close, np.maximum(latest, 0), axis=0)
        return np.where(latest >= 0, known, np.nan)

    def bars(self, symbol: str) -> Bars:
        """Return the bars of one symbol, without the rows in which it has none."""
        if symbol not in self.symbols:
            raise BarsError(f"{symbol!r} is not in this panel. There are: {', '.join(self.symbols)}.")
        place = self.symbols.index(symbol)
        rows = self.traded[:, place]
        columns = {name: np.ascontiguousarray(getattr(self, name)[rows, place]) for name in COLUMNS}
        return Bars.trusted(time=self.time[rows], **columns)
