"""Strategies that trade the crossing of two lines, and the lines themselves, each computed once for a whole sweep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.vectors import WORD
from marketdata.bars import Bars
from strategies.base import BaseStrategy

Keys = NDArray[np.int64]

_MOST_LINES = 160
_LEAST_LINES = 32
_BYTES = 256 * 2**20
_PIECE = 16 * 2**20
"""Of memory taken at once; so much comes in large pages where the machine has them."""
_HEAD = 4096


class CrossingStrategy(Protocol):
    """What a strategy class may add so that sweeps compare lines instead of computing targets.

    Its target must be +1 from each close at which the first line crosses above the second (`strategies.crossing`)
    and -1 from each at which it crosses below; both lines are above 0 and, once defined, stay defined.
    """

    def valid_cells(self, values: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Which combinations `check_parameters` accepts; a value of `values` is one for all or an array of them."""

    def crossing_lines(self, values: Mapping[str, Any]) -> tuple[Keys, Keys]:
        """Numbers that name the two lines of each combination."""

    def line(self, bars: Bars, key: int) -> NDArray[np.float64]:
        """The line of that number: one value a bar, NaN before its first."""


_FACE = ("valid_cells", "crossing_lines", "line")
_DECIDES = ("target", "size", "generate_signals", "tuned", "check_parameters", "clean_parameters")


def as_crossing(strategy_class: type[BaseStrategy]) -> CrossingStrategy | None:
    """The class as a `CrossingStrategy`, or None when it is none (or decides differently from the one it extends)."""
    if not all(hasattr(strategy_class, name) for name in _FACE):
        return None
    ancestry = strategy_class.__mro__
    home = next(place for place, base in enumerate(ancestry) if "crossing_lines" in vars(base))
    if any(name in vars(base) for base in ancestry[:home] for name in _DECIDES):
        return None
    return cast(CrossingStrategy, strategy_class)


@dataclass(eq=False, slots=True)
class Line:
    """A line in the store: its row of memory, its first bar with a value, and how many tasks compare it now."""

    row: NDArray[np.float64]
    known: int = 0
    users: int = 0


class LineStore:
    """Lines by number, padded for the kernels; those not used for longest make room when there are too many.

    Their memory is taken in pieces of many lines and used again: new pages for each line would cost more than its
    values.
    """

    def __init__(self, bars: Bars, compute: Callable[[Bars, int], NDArray[np.float64]]) -> None:
        self._bars, self._compute = bars, compute
        self._width = (len(bars) + WORD - 1) // WORD * WORD
        self._lines: OrderedDict[int, Line] = OrderedDict()
        self._free: list[NDArray[np.float64]] = []
        self._lock = threading.Lock()
        self.capacity = min(max(_BYTES // (8 * self._width), _LEAST_LINES), _MOST_LINES)

    @contextmanager
    def lent(self, keys: Keys) -> Iterator[tuple[NDArray[np.uint64], Keys]]:
        """The addresses of the lines of `keys`, and their first bars with a value; they stay until the block ends."""
        numbers = keys.tolist()
        lines: list[Line] = []
        try:
            with self._lock:
                lines = [self._lines[key] for key in numbers if key in self._lines]
                missing = [key for key in numbers if key not in self._lines]
                for line in lines:
                    line.users += 1
            for key in missing:
                lines.append(self._made(key))
            with self._lock:
                for key in numbers:
                    self._lines.move_to_end(key)
                ordered = [self._lines[key] for key in numbers]
            addresses = [line.row.__array_interface__["data"][0] for line in ordered]
            yield (
                np.array(addresses, dtype=np.uint64),
                np.array([line.known for line in ordered], dtype=np.int64),
            )
        finally:
            with self._lock:
                for line in lines:
                    line.users -= 1

    def _made(self, key: int) -> Line:
        """Compute a line; the one of another thread that was quicker is as good."""
        values = self._compute(self._bars, key)
        n = len(values)
        with self._lock:
            row = self._room()
        row[:n] = values
        row[n:] = np.nan
        made = Line(row, _first_known(values))
        with self._lock:
            line = self._lines.setdefault(key, made)
            if line is not made:
                self._free.append(row)
            line.users += 1
        return line

    def _room(self) -> NDArray[np.float64]:
        """A row that no line lies in."""
        if not self._free and len(self._lines) >= self.capacity:
            oldest = next((key for key, line in self._lines.items() if not line.users), None)
            if oldest is not None:
                return self._lines.pop(oldest).row
        if not self._free:
            step = self._width + _apart(self._width)
            rows = min(max(_PIECE // (8 * step), 1), self.capacity)
            self._free.extend(np.empty((rows, step))[:, : self._width])
        return self._free.pop()


def _apart(width: int) -> int:
    """Numbers to leave between rows, so that the same bar of many does not want the same place of the cache."""
    return (264 - width) % 8192 if width >= 8192 else 8


def _first_known(values: NDArray[np.float64]) -> int:
    """The first bar with a value; the number of bars when there is none."""
    for end in (_HEAD, len(values)):
        head = values[:end]
        known = int(np.isnan(head).argmin())
        if head[known] == head[known]:
            return known
    return len(values)
