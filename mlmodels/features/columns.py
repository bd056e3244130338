"""The bars with what several features are made of, computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from types import ModuleType
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars

Floats: TypeAlias = NDArray[np.float64]
Made = TypeVar("Made")


class Columns:
    """The columns of some bars; all arrays have shape (n_bars,) and are not to be written to."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self._made: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, kept under the key. Two threads may make it twice; the results are the same."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])

    @property
    def log_close(self) -> Floats:
        """Natural logarithm of the close."""
        return self.once("log_close", lambda: read_only(np.log(self.bars.close)))

    @property
    def log_returns(self) -> Floats:
        """log(close[t] / close[t - 1]); 0 at row 0, which no window of returns may hold."""
        return self.once(
            "log_returns", lambda: read_only(np.diff(self.log_close, prepend=self.log_close[:1]))
        )

    @property
    def log_range(self) -> Floats:
        """log(high / low)."""
        return self.once("log_range", lambda: read_only(np.log(self.bars.high / self.bars.low)))

    @property
    def typical(self) -> Floats:
        """(high + low + close) / 3."""
        return self.once(
            "typical", lambda: read_only((self.bars.high + self.bars.low + self.bars.close) / 3.0)
        )


def read_only(values: Floats) -> Floats:
    """The same array, which nobody can write to: the one kind of array that compiled loops are made for."""
    values.flags.writeable = False
    return values


@cache
def loops() -> ModuleType:
    """Our compiled loops, imported on first use: numba takes about a second, and web processes never need it."""
    from mlmodels.features import kernels

    return kernels
