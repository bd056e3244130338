"""Lines of indicators that outlive one evaluation, for the bars that were used last."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np

from marketdata.bars import Bars

MOST_BYTES = 48 * 2**20


class Cache:
    """Lines by expression for one set of bars; the least recently used go when the room is used up.

    Other bars empty it. Bars are immutable and recognised by being the same object, which is held here, so an
    address that is used again cannot be mistaken. Safe under threads.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._lines: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0

    def get(self, bars: Bars, key: Hashable) -> Any:
        """The lines kept under the key, or None."""
        with self._lock:
            if self._bars is not bars or key not in self._lines:
                return None
            self._lines.move_to_end(key)
            return self._lines[key]

    def put(self, bars: Bars, key: Hashable, lines: Any) -> None:
        """Keep one line or a tuple of them; they must not be changed afterwards."""
        size = _bytes(lines)
        with self._lock:
            if self._bars is not bars:
                self._bars, self._bytes = bars, 0
                self._lines.clear()
            if size > self.most_bytes or key in self._lines:
                return
            self._lines[key] = lines
            self._bytes += size
            while self._bytes > self.most_bytes:
                _, oldest = self._lines.popitem(last=False)
                self._bytes -= _bytes(oldest)

    def __len__(self) -> int:
        return len(self._lines)


def _bytes(lines: Any) -> int:
    arrays = lines if isinstance(lines, tuple) else (lines,)
    return sum(np.asarray(line).nbytes for line in arrays)
