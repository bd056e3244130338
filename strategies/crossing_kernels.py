"""Compiled passes behind `crossing.py`, one each instead of a dozen over arrays that live for a moment only."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, kernel
from strategies.indicators.kernels import moving_average_nb

Line = NDArray[np.float64]
Flags = NDArray[np.bool_]
Sides = NDArray[np.int8]

EQUAL_WITHIN = 1e-12
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


@allocating
def average_sides_nb(
    values: Line, fast: int, slow: int, start: int, stop: int, tile: int, out: Sides
) -> None:
    """Write `sides_nb` of two simple averages in the rows from `start` to before `stop`, `tile` of them at a time.

    An average needs only the values of its window. Its sums are of blocks of one period each, so that from the start of
    a block on all bits are those of the average of all values.
    """
    near, far = np.empty(tile + 2 * fast), np.empty(tile + 2 * slow)
    for first in range(start, stop, tile):
        after = min(first + tile, stop)
        here = max(0, first // fast - 1) * fast
        there = max(0, first // slow - 1) * slow
        moving_average_nb(values[here:after], fast, near[: after - here])
        moving_average_nb(values[there:after], slow, far[: after - there])
        left, right = near[first - here : after - here], far[first - there : after - there]
        sides_nb(left, right, left, out[first:after])


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
def join_nb(sides: Sides, start: int, out: Line) -> None:
    """Carry the target on into rows from `start` on that `follow_nb` filled as if there were none before.

    That is up to its first target there: from then on what came before no longer matters.
    """
    target = out[start - 1]
    if sides[start] != sides[start - 1] and sides[start] != 0:
        target = float(sides[start])
    t = start
    while t < len(out) and out[t] == 0.0:
        out[t] = target
        t += 1


@kernel
def hold_nb(up: Flags, down: Flags, defined: Flags, out: Line) -> None:
    target = 0.0
    for t in range(len(up)):
        target = 1.0 if up[t] else (-1.0 if down[t] else target)
        out[t] = target if target != 0.0 or defined[t] else np.nan
