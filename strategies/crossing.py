"""When one line crosses another, and which position follows from it. One rule for every strategy.

Two values within 1e-12 of each other (relative) are equal. Two honest ways of summing the same average
differ in the last digit, and where prices sit on a grid such a difference would decide which way a tie
falls.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Line: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

EQUAL_WITHIN = 1e-12


def above(left: Line, right: Line | float, *, scale: Line | None = None) -> Flags:
    """Rows where `left` is above `right` by more than rounding noise; False where either is NaN.

    `scale` is the size of the numbers the lines were made from. A difference of two averages may itself be
    close to 0 while its rounding noise is that of the averages, so such lines are compared on the price's
    scale.
    """
    size = np.maximum(np.abs(left), np.abs(right))
    if scale is not None:
        size = np.maximum(size, np.abs(scale))
    found: Flags = left - right > EQUAL_WITHIN * size
    return found


def below(left: Line, right: Line | float, *, scale: Line | None = None) -> Flags:
    """Rows where `left` is below `right` by more than rounding noise; False where either is NaN."""
    size = np.maximum(np.abs(left), np.abs(right))
    if scale is not None:
        size = np.maximum(size, np.abs(scale))
    found: Flags = right - left > EQUAL_WITHIN * size
    return found


def cross_up(fast: Line, slow: Line, *, scale: Line | None = None) -> Flags:
    """Rows t where fast > slow and, at t - 1, fast <= slow.

    Both lines must be defined at t - 1: being above already when the warm-up ends is not a crossing.
    """
    return _crossed(above(fast, slow, scale=scale), fast, slow)


def cross_down(fast: Line, slow: Line, *, scale: Line | None = None) -> Flags:
    """Rows t where fast < slow and, at t - 1, fast >= slow."""
    return _crossed(below(fast, slow, scale=scale), fast, slow)


def hold(up: Flags, down: Flags, defined: Flags) -> Line:
    """Target that is +1 from a row of `up` until a row of `down`, then -1 until the next `up`.

    0 before the first of them; NaN (keep what was there) in rows that are not yet defined.
    """
    rows = np.arange(up.size)
    latest = np.maximum.accumulate(np.where(up | down, rows, -1)) if up.size else rows
    target = np.where(latest < 0, 0.0, np.where(up[latest], 1.0, -1.0))
    return np.where(defined | (latest >= 0), target, np.nan)


def _crossed(beyond: Flags, fast: Line, slow: Line) -> Flags:
    crossed = np.zeros(beyond.size, dtype=np.bool_)
    known = ~(np.isnan(fast) | np.isnan(slow))
    crossed[1:] = beyond[1:] & ~beyond[:-1] & known[:-1]
    return crossed
