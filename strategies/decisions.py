"""A target without its repetitions: where a strategy changes its mind, and to what."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Line: TypeAlias = NDArray[np.float64]


class Decisions(NamedTuple):
    """The closes at which the wanted position changes. Of a long run they are a small part of its target.

    Attributes
    ----------
    length : int
        How many bars were looked at.
    start : int
        The first bar that could be decided; a target has NaN (keep) before, and 0 from there to the first decision.
    bars : ndarray of int32, shape (n_decisions,)
        Rising.
    targets : ndarray of int8, shape (n_decisions,)
        The position wanted from each of them on: -1, 0 or +1.
    """

    length: int
    start: int
    bars: NDArray[np.int32]
    targets: NDArray[np.int8]

    def target(self) -> Line:
        """The wanted position at each close, shape (length,), as `BaseStrategy.target` gives it."""
        out = np.empty(self.length)
        out[: self.start] = np.nan
        ends = np.append(self.bars, self.length)
        out[self.start : ends[0]] = 0.0
        out[ends[0] :] = np.repeat(self.targets.astype(np.float64), np.diff(ends))
        return out
