"""From entries and exits to a position: the one state machine behind every strategy with separate rules for both."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Line: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


def latch(on: Flags, off: Flags) -> Flags:
    """True from a row of `on` until the next row of `off` without `on`; False before the first of them."""
    switched = _latest(on | off)
    return (switched >= 0) & on[switched]


def position(long_entry: Flags, long_exit: Flags, short_entry: Flags, short_exit: Flags) -> Line:
    """The target that follows from four columns of conditions, each of shape (n_bars,).

    An entry of the other side ends a position, too (a flip). On one bar an entry beats an exit; two entries at once
    contradict each other and count as none.
    """
    both = long_entry & short_entry
    rise, fall = long_entry & ~both, short_entry & ~both
    is_long = latch(rise, long_exit | fall)
    is_short = latch(fall, short_exit | rise)
    return is_long.astype(np.float64) - is_short.astype(np.float64)


def undecided_until(target: Line, first: int) -> Line:
    """The target with NaN (keep) in the rows before `first`, which no indicator reaches yet."""
    target[: max(0, first)] = np.nan
    return target


def _latest(marked: Flags) -> NDArray[np.intp]:
    """Row of the latest mark up to each row, -1 before the first."""
    rows = np.where(marked, np.arange(marked.size), -1)
    return np.maximum.accumulate(rows) if rows.size else rows
