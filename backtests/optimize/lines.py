"""Strategies that trade the crossing of two lines, and the lines themselves, each computed once for a whole sweep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
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
_CELLS_A_LINE = 800
"""From so many cells a line on more lines are kept than those: they take a third of the memory of the results."""
_LEAST_LINES = 32
_BYTES = 256 * 2**20
_PIECE = 16 * 2**20
"""Of memory taken at once; so much comes in large pages where the machine has them."""
_CACHE_LINE = 64
_AT_ONCE = 2**16
"""Values computed in one call, so that they lie in the cache until they are stored."""


class CrossingStrategy(Protocol):
    """What a strategy class may add so that sweeps compare lines instead of computing targets.

    Its target must be +1 from each close at which the first line crosses above the second (`strategies.crossing`)
    and -1 from each at which it crosses below; both lines are above 0 and, once defined, stay defined.
    """

    def valid_cells(self, values: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Which combinations `check_parameters` accepts; a value of `values` is one for all or an array of them."""

    def crossing_lines(self, values: Mapping[str, Any]) -> tuple[Keys, Keys]:
        """Numbers that name the two lines of each combination."""

    def lines(self, bars: Bars, keys: Sequence[int]) -> NDArray[np.float64]:
        """The lines of these numbers, shape (n_keys, n_bars); NaN before the first value of each."""


_FACE = ("valid_cells", "crossing_lines", "lines")
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


class Piece:
    """Memory of some lines: a slot of `rows` and `steps` each."""

    def __init__(self, slots: int, width: int) -> None:
        self.rows, self.steps = _aligned((slots, width), np.float64), _aligned((slots, width), np.uint16)
        places = np.arange(slots)
        addresses = (column.ctypes.data + column.strides[0] * places for column in (self.rows, self.steps))
        self.lines = [
            Line(self, *place)
            for place in zip(places.tolist(), *(a.tolist() for a in addresses), strict=True)
        ]


@dataclass(eq=False, slots=True)
class Line:
    """Memory of a line: where its values and steps begin, its first bar with a value, and how many tasks compare it."""

    piece: Piece
    slot: int
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
    values. They are made many at a time: a call of Python, and the change of threads that comes with it, would cost
    more than a short line.
    """

    def __init__(
        self, bars: Bars, compute: Callable[[Bars, Sequence[int]], NDArray[np.float64]], cells: int = 0
    ) -> None:
        self._bars, self._compute = bars, compute
        self._scale = coarse.scale_of(bars.close)
        width = (len(bars) + WORD - 1) // WORD * WORD
        self._width = width + _apart(width)
        self._lines: OrderedDict[int, Line] = OrderedDict()
        self._free: list[Line] = []
        self._lock = threading.Lock()
        most = max(_MOST_LINES, cells // _CELLS_A_LINE)
        self.capacity = min(max(_BYTES // (8 * self._width), _LEAST_LINES), most)

    @contextmanager
    def lent(self, keys: Keys) -> Iterator[Lent]:
        """The lines of `keys`; they stay until the block ends."""
        numbers = keys.tolist()
        lines: list[Line] = []
        try:
            with self._lock:
                found = {key: self._lines.get(key) for key in numbers}
                for key, line in found.items():
                    if line is not None:
                        line.users += 1
                        lines.append(line)
                        self._lines.move_to_end(key)
            missing = [key for key, line in found.items() if line is None]
            step = max(_AT_ONCE // len(self._bars), 1)
            for first in range(0, len(missing), step):
                lines += self._made(missing[first : first + step])
            found.update(zip(missing, lines[len(lines) - len(missing) :], strict=True))
            table = np.array(
                [
                    (line.address, line.steps_address, line.known)
                    for line in found.values()
                    if line is not None
                ],
                dtype=np.int64,
            ).reshape(-1, 3)
            rows, steps, known = np.ascontiguousarray(table.T)
            yield Lent(rows.view(np.uint64), steps.view(np.uint64), known)
        finally:
            with self._lock:
                for line in lines:
                    line.users -= 1

    def _made(self, keys: list[int]) -> list[Line]:
        """Compute lines; those of another thread that was quicker are as good."""
        values = self._compute(self._bars, keys)
        known = np.empty(len(keys), dtype=np.int64)
        with self._lock:
            made = [self._room(before) for before in range(len(keys))]
        for piece, group in groupby(range(len(keys)), key=lambda place: made[place].piece):
            places = list(group)
            slots = np.array([made[place].slot for place in places])
            part = slice(places[0], places[-1] + 1)
            coarse.store_lines_nb(values[part], self._scale, slots, piece.rows, piece.steps, known[part])
        lines = []
        with self._lock:
            for key, room, first in zip(keys, made, known.tolist(), strict=True):
                room.known = first
                line = self._lines.setdefault(key, room)
                if line is not room:
                    self._free.append(room)
                line.users += 1
                lines.append(line)
        return lines

    def _room(self, before: int) -> Line:
        """Memory that no line lies in, when `before` more were taken for lines that are not in it yet."""
        if not self._free and len(self._lines) + before >= self.capacity:
            oldest = next((key for key, line in self._lines.items() if not line.users), None)
            if oldest is not None:
                return self._lines.pop(oldest)
        if not self._free:
            self._free += Piece(min(max(_PIECE // (8 * self._width), 1), self.capacity), self._width).lines
        return self._free.pop()


def _apart(width: int) -> int:
    """Numbers to leave between rows, so that the same bar of many does not want the same place of the cache."""
    return (288 - width) % 8192 if width >= 8192 else 32


def _aligned(shape: tuple[int, int], kind: type) -> NDArray[Any]:
    """Room whose rows begin where a line of the cache does, if their width is a multiple of one."""
    size = np.dtype(kind).itemsize * shape[0] * shape[1]
    room = np.empty(size + _CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % _CACHE_LINE
    return room[first : first + size].view(kind).reshape(shape)
