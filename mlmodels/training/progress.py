"""One progress bar shared out among nested steps; it never goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

Progress: TypeAlias = Callable[[float, str], None]


def counted(bars: int) -> str:
    """1234567 -> 1 234 567: thousands parted as the pages part them."""
    return f"{bars:,}".replace(",", "\u202f")


class Part:
    """A stretch of the bar. What the listener raises ends the training."""

    def __init__(self, listener: Progress, low: float = 0.0, high: float = 1.0) -> None:
        self._listener, self._low, self._high = listener, low, high
        self._said = (0.0, "")

    def tell(self, share: float, message: str) -> None:
        """Say how much of this stretch is done (0 to 1) and what is going on."""
        self._said = (share, message)
        self._listener(self._low + (self._high - self._low) * min(1.0, max(0.0, share)), message)

    def again(self) -> None:
        """Say the last thing again, so that whoever listens can stop the work."""
        self.tell(*self._said)

    def ticks(self, message: str) -> Callable[[float], None]:
        """A listener for the share done alone."""
        return lambda share: self.tell(share, message)

    def divided(self, weights: Sequence[float]) -> list[Part]:
        """Stretches in proportion to the weights."""
        edges = np.concatenate(([0.0], np.cumsum(weights) / np.sum(weights)))
        edges = self._low + (self._high - self._low) * edges
        edges[-1] = self._high
        return [Part(self._listener, float(low), float(high)) for low, high in pairwise(edges)]


def rising(listener: Progress) -> Part:
    """The whole bar; a share that would lie before the last one is told as the last one."""
    highest = 0.0

    def tell(share: float, message: str) -> None:
        nonlocal highest
        highest = max(highest, share)
        listener(highest, message)

    return Part(tell)
