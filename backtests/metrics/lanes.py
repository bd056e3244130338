"""Sums kept in lanes, so that the processor adds several returns at a time.

Lane i of a sum takes what is found at place i of each tile of `LANES` returns; at the end the lanes are added in pairs.
That order is the same on every machine, whatever its width, so that a figure has the same bytes everywhere. It is also
the more exact one: the rounding error grows with the length of a lane only.
"""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import part

Floats = NDArray[np.float64]

LANES = 256  # a power of 2


@part
def returns_tile_nb(values: Floats, out: Floats) -> None:
    """Write the return from each value to the next one."""
    for i in range(len(out)):
        out[i] = values[i + 1] / values[i] - 1.0


@part
def steady_nb(equity: Floats, count: int) -> float:
    """The return which, the same at each of the first `count` bars, leads to the same value; 0 where there is none.

    Powers of returns are summed around it: so near the mean nothing is lost when they are moved there. Cut to
    single precision it does not depend on the last bit of a machine's power function.
    """
    growth = equity[count] / equity[0] if count > 0 else 0.0
    if not 0.0 < growth < np.inf:
        return 0.0
    return np.float64(np.float32(growth ** (1.0 / count) - 1.0))


@part
def total_nb(lanes: Floats) -> float:
    """Add the lanes in pairs; what is in them is lost."""
    half = len(lanes) // 2
    while half > 0:
        left, right = lanes[:half], lanes[half : 2 * half]
        for i in range(len(left)):
            left[i] += right[i]
        half //= 2
    total: float = lanes[0]
    return total
