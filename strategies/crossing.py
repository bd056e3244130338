"""When one line crosses another, and which position follows from it. One rule for every strategy.

Two values within 1e-12 of each other (relative) are equal. Two honest ways of summing the same average
differ in the last digit, and where prices sit on a grid such a difference would decide which way a tie
falls.
"""

from functools import cache
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.aside import aside
from strategies.decisions import Decisions

Line: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

EQUAL_WITHIN = 1e-12
# Rows of averages that are made at a time: small enough for the processor's second cache.
TILE = 8192


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
    return _crossed(fast, slow, scale, 1.0)


def cross_down(fast: Line, slow: Line, *, scale: Line | None = None) -> Flags:
    """Rows t where fast < slow and, at t - 1, fast >= slow."""
    return _crossed(fast, slow, scale, -1.0)


def follow(fast: Line, slow: Line, *, scale: Line | None = None) -> Line:
    """Target that is +1 from each cross upwards and -1 from each downwards, as `hold` of both crosses, in one pass.

    0 before the first of them; NaN (keep what was there) while `slow` is not defined.
    """
    sides, out = np.empty(len(fast), dtype=np.int8), np.empty(len(fast))
    kernels, right = _kernels(), _line(slow)
    kernels.sides_nb(_line(fast), right, _line(fast if scale is None else scale), sides)
    kernels.follow_nb(sides, right, out)
    return out


def decide_averages(values: Line, fast: int, slow: int) -> Decisions:
    """The decisions in the target that `follow` makes of the simple averages of two periods; no average is kept.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite. Of very many, two threads look at a half each.
    fast, slow : int
        Periods, the shorter one first.
    """
    from strategies.crossing_averages import average_changes_nb, crosses_nb

    line, n = _line(values), len(values)
    bars, sides = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int8)
    start = min(slow - 1, n)
    middle = max(n // 2, start)

    def find(first: int, after: int) -> int:
        return int(average_changes_nb(line, fast, slow, first, after, TILE, bars[first:], sides[first:]))

    rest = aside(lambda: find(middle, n), n)
    count = find(start, middle)
    before, more = slice(start, start + count), slice(middle, middle + rest())
    bars, sides = np.concatenate((bars[before], bars[more])), np.concatenate((sides[before], sides[more]))
    kept = crosses_nb(bars, sides)
    return Decisions(n, start, bars[:kept], sides[:kept])


def hold(up: Flags, down: Flags, defined: Flags) -> Line:
    """Target that is +1 from a row of `up` until a row of `down`, then -1 until the next `up`.

    0 before the first of them; NaN (keep what was there) in rows that are not yet defined.
    """
    out = np.empty(up.size)
    _kernels().hold_nb(up, down, defined, out)
    return out


def _crossed(fast: Line, slow: Line, scale: Line | None, side: float) -> Flags:
    out = np.empty(len(fast), dtype=np.bool_)
    _kernels().cross_nb(_line(fast), _line(slow), _line(fast if scale is None else scale), side, out)
    return out


def _line(values: Line) -> Line:
    """Read-only and contiguous, so that one compiled signature serves every giver."""
    line = np.ascontiguousarray(values, dtype=np.float64).view()
    line.flags.writeable = False
    return line


@cache
def _kernels() -> ModuleType:
    """The compiled loops, imported on first use: the web process only needs the names of strategies."""
    from strategies import crossing_kernels

    return crossing_kernels
