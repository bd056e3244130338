"""Compiled search for the crosses of two simple averages, a tile of rows at a time: no average is kept."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating, kernel, part
from strategies.crossing_kernels import UNKNOWN, Line, Sides, sides_nb
from strategies.indicators.kernels import moving_average_nb

Places = NDArray[np.int32]


@allocating
def average_changes_nb(
    values: Line, fast: int, slow: int, start: int, stop: int, tile: int, bars: Places, sides: Sides
) -> int:
    """Write the rows from `start` to before `stop` in which the fast average gets to another side of the slow one.

    With each row goes the side as of `sides_nb`. The first row is always among them. Returns how many there are. The
    averages are made of `tile` rows at a time.

    An average needs only the values of its window. Its sums are of blocks of one period each, so that from the start of
    a block on all bits are those of the average of all values.
    """
    near, far = np.empty(tile + 2 * fast), np.empty(tile + 2 * slow)
    room = np.full(tile + 1, UNKNOWN)
    count = 0
    for first in range(start, stop, tile):
        after = min(first + tile, stop)
        here = max(0, first // fast - 1) * fast
        there = max(0, first // slow - 1) * slow
        moving_average_nb(values[here:after], fast, near[: after - here])
        moving_average_nb(values[there:after], slow, far[: after - there])
        left, right = near[first - here : after - here], far[first - there : after - there]
        found = room[: 1 + after - first]  # the first of them is of the row before
        sides_nb(left, right, left, found[1:])
        count += changes_nb(found, first, bars[count:], sides[count:])
        room[0] = found[after - first]
    return count


@part
def changes_nb(found: Sides, first: int, bars: Places, sides: Sides) -> int:
    """Write the rows whose side is not that of the row before; `found` starts with the side before row `first`."""
    count = 0
    before, now = found[:-1], found[1:]
    for i in range(len(now)):  # no branch may fail
        bars[count] = first + i
        count += now[i] != before[i]
    for i in range(count):
        sides[i] = now[bars[i] - first]
    return count


@kernel
def crosses_nb(bars: Places, sides: Sides) -> int:
    """Keep those changes of side that are crosses to the side not wanted already; return how many.

    Getting within rounding (a side of 0) decides nothing, leaving it again does.
    """
    kept, before, target = 0, UNKNOWN, np.int8(0)
    for i in range(len(bars)):
        bar, side = bars[i], sides[i]
        if side != before and before != UNKNOWN and side != 0 and side != target:
            bars[kept], sides[kept], target = bar, side, side
            kept += 1
        before = side
    return kept
