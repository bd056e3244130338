"""The bars with what several features are made of, computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars
from strategies.indicators import backends

Floats: TypeAlias = NDArray[np.float64]
Made = TypeVar("Made")


class Columns:
    """The columns of some bars; all arrays have shape (n_bars,) and are not to be written to."""

    def __init__(self, bars: Bars) -> None:
        self.bars = _ready(bars)
        self._made: dict[Hashable, object] = {}
        self._free: list[Floats] = []

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, kept under the key. Two threads may make it twice; the results are the same."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])

    def filled(self, key: Hashable, fill: Callable[[Floats], object]) -> Floats:
        """A column that `fill` writes, kept under the key."""

        def make() -> Floats:
            column = np.empty(len(self.bars))
            fill(column)
            column.flags.writeable = False
            return column

        return self.once(key, make)

    @contextmanager
    def scratch(self) -> Iterator[Floats]:
        """A column to write to for the length of a `with` block: fresh memory costs more than most loops do."""
        try:
            column = self._free.pop()
        except IndexError:
            column = np.empty(len(self.bars))
        try:
            yield column
        finally:
            self._free.append(column)

    @property
    def log_close(self) -> Floats:
        """Natural logarithm of the close."""
        return self.filled("log_close", lambda out: np.log(self.bars.close, out=out))

    @property
    def log_returns(self) -> Floats:
        """log(close[t] / close[t - 1]); 0 at row 0, which no window of returns may hold."""

        def fill(out: Floats) -> None:
            out[:1] = 0.0
            np.subtract(self.log_close[1:], self.log_close[:-1], out=out[1:])

        return self.filled("log_returns", fill)

    @property
    def log_range(self) -> Floats:
        """log(high / low)."""

        def fill(out: Floats) -> None:
            np.divide(self.bars.high, self.bars.low, out=out)
            np.log(out, out=out)

        return self.filled("log_range", fill)

    def mean_return(self, window: int) -> Floats:
        """Mean of the last one-bar log returns."""
        return self.filled(
            ("mean return", window),
            lambda out: backends.windows().moving_average_nb(self.log_returns, window, out),
        )

    def return_deviation(self, window: int) -> Floats:
        """Population standard deviation of the last one-bar log returns."""
        return self.filled(
            ("return deviation", window),
            lambda out: backends.windows().deviation_nb(self.log_returns, window, 1.0, out),
        )

    def average(self, window: int) -> Floats:
        """Simple moving average of the close."""
        return self.filled(
            ("average", window),
            lambda out: backends.windows().moving_average_nb(self.bars.close, window, out),
        )

    def deviation(self, window: int) -> Floats:
        """Population standard deviation of the last closes."""
        return self.filled(
            ("deviation", window),
            lambda out: backends.windows().deviation_nb(self.bars.close, window, 1.0, out),
        )


def _ready(bars: Bars) -> Bars:
    """The same bars, their columns of the one kind that compiled loops are made for: in one piece, aligned."""
    columns = {name: getattr(bars, name) for name in COLUMNS}
    if all(column.flags.c_contiguous and column.flags.aligned for column in columns.values()):
        return bars
    return Bars.trusted(time=bars.time, **{name: column.copy() for name, column in columns.items()})


@cache
def loops() -> ModuleType:
    """Our compiled loops, imported on first use: numba takes about a second, and web processes never need it."""
    from mlmodels.features import kernels

    return kernels
