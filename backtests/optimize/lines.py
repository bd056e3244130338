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

from backtests.optimize import coarse
from backtests.optimize.vectors import WORD
from marketdata.bars import Bars
from strategies.base import BaseStrategy

Keys = NDArray[np.int64]
Addresses = NDArray[np.uint64]

_MOST_LINES = 160
_LEAST_LINES = 32
_BYTES = 256 * 2**20
_PIECE = 16 * 2**20
"""Of memory taken at once; so much comes in large pages where the machine has them."""


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
    """A line in the store: its rows of memory and where they begin, its first bar with a value, and how many tasks
    compare it now."""

    row: NDArray[np.float64]
    steps: NDArray[np.uint16]
    address: int
    steps_address: int
    known: int = 0
    users: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Lent:
    """Lines as the kernels take them, one value a line.

    Parameters
    ----------
    rows, steps : ndarray of uint64
        Addresses of their values and of their steps (see `coarse`).
    known : ndarray of int64
        Their first bars with a value.
    """

    rows: Addresses
    steps: Addresses
    known: Keys


class LineStore:
    """Lines by number, padded for the kernels; those not used for longest make room when there are too many.

    Their memory is taken in pieces of many lines and used again: new pages for each line would cost more than its
    values.
    """

    def __init__(self, bars: Bars, compute: Callable[[Bars, int], NDArray[np.float64]]) -> None:
        self._bars, self._compute = bars, compute
        self._scale = coarse.scale_of(bars.close)
        self._width = (len(bars) + WORD - 1) // WORD * WORD
        self._lines: OrderedDict[int, Line] = OrderedDict()
        self._free: list[Line] = []
        self._lock = threading.Lock()
        self.capacity = min(max(_BYTES // (8 * self._width), _LEAST_LINES), _MOST_LINES)

    @contextmanager
    def lent(self, keys: Keys) -> Iterator[Lent]:
        """The lines of `keys`; they stay until the block ends."""
        numbers = keys.tolist()
        lines: list[Line] = []
        try:
            with self._lock:
                found = [self._lines.get(key) for key in numbers]
                for key, line in zip(numbers, found, strict=True):
                    if line is not None:
                        line.users += 1
                        lines.append(line)
                        self._lines.move_to_end(key)
            for place, line in enumerate(found):
                if line is None:
                    found[place] = made = self._made(numbers[place])
                    lines.append(made)
            table = np.array(
                [(line.address, line.steps_address, line.known) for line in found if line is not None],
                dtype=np.int64,
            ).reshape(-1, 3)
            rows, steps, known = np.ascontiguousarray(table.T)
            yield Lent(rows.view(np.uint64), steps.view(np.uint64), known)
        finally:
            with self._lock:
                for line in lines:
                    line.users -= 1

    def _made(self, key: int) -> Line:
        """Compute a line; the one of another thread that was quicker is as good."""
        values = self._compute(self._bars, key)
        with self._lock:
            made = self._room()
        made.known = coarse.store_line_nb(values, self._scale, made.row, made.steps)
        with self._lock:
            line = self._lines.setdefault(key, made)
            if line is not made:
                self._free.append(made)
            line.users += 1
        return line

    def _room(self) -> Line:
        """Memory that no line lies in."""
        if not self._free and len(self._lines) >= self.capacity:
            oldest = next((key for key, line in self._lines.items() if not line.users), None)
            if oldest is not None:
                return self._lines.pop(oldest)
        if not self._free:
            step = self._width + _apart(self._width)
            count = min(max(_PIECE // (8 * step), 1), self.capacity)
            rows, steps = np.empty((count, step)), np.empty((count, step), dtype=np.uint16)
            first, first_steps = rows.ctypes.data, steps.ctypes.data
            self._free.extend(
                Line(
                    row[: self._width], some[: self._width], first + 8 * step * i, first_steps + 2 * step * i
                )
                for i, (row, some) in enumerate(zip(rows, steps, strict=True))
            )
        return self._free.pop()


def _apart(width: int) -> int:
    """Numbers to leave between rows, so that the same bar of many does not want the same place of the cache."""
    return (264 - width) % 8192 if width >= 8192 else 8
