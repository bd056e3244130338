"""Compiled passes behind `crossing.py`, one each instead of a dozen over arrays that live for a moment only."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel
from strategies.crossing import EQUAL_WITHIN

Line = NDArray[np.float64]
Flags = NDArray[np.bool_]
Sides = NDArray[np.int8]

UNKNOWN = np.int8(2)


@kernel
def cross_nb(fast: Line, slow: Line, scale: Line, side: float, out: Flags) -> None:
    """Write the rows where `fast` gets beyond `slow`: above for a side of 1, below for -1."""
    before = True  # nothing is known before the first row, so it is no cross
    for t in range(len(fast)):
        size = max(abs(fast[t]), abs(slow[t]), abs(scale[t]))
        beyond = side * (fast[t] - slow[t]) > EQUAL_WITHIN * size and scale[t] == scale[t]
        out[t] = beyond and not before
        before = beyond or fast[t] != fast[t] or slow[t] != slow[t]


@kernel
def sides_nb(fast: Line, slow: Line, scale: Line, out: Sides) -> None:
    """Write where `fast` is: 1 above `slow`, -1 below, 0 within rounding of it, UNKNOWN where one of them is NaN.

    Written without branches, so that the compiler handles several rows at once.
    """
    for t in range(len(fast)):
        left, right, third = abs(fast[t]), abs(slow[t]), abs(scale[t])
        size = left if left > right else right
        size = third if third > size else size
        gap = fast[t] - slow[t]
        told = scale[t] == scale[t]
        above = (gap > EQUAL_WITHIN * size) & told
        below = (-gap > EQUAL_WITHIN * size) & told
        known = (fast[t] == fast[t]) & (slow[t] == slow[t])
        out[t] = np.int8(above) - np.int8(below) if known else UNKNOWN


@kernel
def follow_nb(sides: Sides, slow: Line, out: Line) -> None:
    """Write +1 from a cross upwards, -1 from one downwards, 0 before the first, NaN while `slow` is not defined."""
    n = len(sides)
    before = UNKNOWN
    target = 0.0
    t = 0
    while t < n and target == 0.0:
        if sides[t] != before:
            if before != UNKNOWN and sides[t] != UNKNOWN:
                target = float(sides[t])
            before = sides[t]
        out[t] = target if target != 0.0 or slow[t] == slow[t] else np.nan
        t += 1
    while t < n:
        if sides[t] != before:
            if before != UNKNOWN and sides[t] != UNKNOWN and sides[t] != 0:
                target = float(sides[t])
            before = sides[t]
        out[t] = target
        t += 1


@kernel
def hold_nb(up: Flags, down: Flags, defined: Flags, out: Line) -> None:
    """Write +1 from a row of `up` on, -1 from one of `down`, 0 before the first, NaN where not yet `defined`."""
    target = 0.0
    for t in range(len(up)):
        target = 1.0 if up[t] else (-1.0 if down[t] else target)
        out[t] = target if target != 0.0 or defined[t] else np.nan
