"""When one line crosses another, and which position follows from it. One rule for every strategy.

Two values within 1e-12 of each other (relative) are equal. Two honest ways of summing the same average
differ in the last digit, and where prices sit on a grid such a difference would decide which way a tie
falls.
"""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.aside import aside

Line: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

EQUAL_WITHIN = 1e-12
# Rows of lines that are made a part at a time: small enough for the processor's second cache.
TILE = 32_768


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


def follow_in_tiles(lines: Callable[[int, int], tuple[Line, Line]], size: int, first: int) -> Line:
    """Target as of `follow` for lines that are made some rows at a time and kept by nobody.

    Parameters
    ----------
    lines : callable
        Given a first row and the one after the last, returns those rows of the fast and of the slow line. Of many
        rows two threads make them.
    size : int
        Number of rows.
    first : int
        The first row at which the slow line is defined; both are from there on.

    Returns
    -------
    ndarray of float64, shape (size,)
        The same bytes as `follow` of the whole lines.
    """
    sides, out = np.empty(size, dtype=np.int8), np.empty(size)
    kernels = _kernels()

    def find(starts: range) -> None:
        for start in starts:
            fast, slow = (_line(rows) for rows in lines(start, min(start + TILE, size)))
            kernels.sides_nb(fast, slow, fast, sides[start : start + TILE])

    tiles = range(0, size, TILE)
    rest = aside(lambda: find(tiles[len(tiles) // 2 :]), size)
    find(tiles[: len(tiles) // 2])
    rest()
    kernels.follow_nb(sides, sides, out)  # no row of which is NaN
    out[:first] = np.nan
    return out


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
