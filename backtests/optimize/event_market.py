"""The bars of a sweep as its event kernels read them: what a change of position needs of its bar lies together."""

import numpy as np
from numpy.typing import NDArray

from backtests.optimize.compiled import kernel

Floats = NDArray[np.float64]

OPEN, CLOSE, SUMS, SUM_SQUARES, SUM_FALLS = range(5)
MARKET_COLUMNS = 5
BLOCK = 16
BLOCK_COLUMNS = 3


@kernel
def fill_market_nb(open_: Floats, close: Floats, market: Floats, blocks: Floats) -> None:
    """Write a row of `MARKET` a bar; the sums are of r, r^2 and min(r, 0)^2 of the close up to it.

    They are compensated (Neumaier), so that each is right to its last bit. Each whole block of `BLOCK` closes gets
    its least, its greatest, and the lowest share of the greatest before it.
    """
    for i in range(3):
        total = rest = 0.0
        for t in range(len(open_)):
            r = close[t] / close[t - 1] - 1.0 if t > 0 else 0.0
            value = r if i == 0 else r * r if i == 1 or r < 0.0 else 0.0
            grown = total + value
            if abs(total) >= abs(value):
                rest += (total - grown) + value
            else:
                rest += (value - grown) + total
            total = grown
            market[t, SUMS + i] = grown + rest
    for t in range(len(open_)):
        market[t, OPEN] = open_[t]
        market[t, CLOSE] = close[t]
    for b in range(len(open_) // BLOCK):
        low = high = close[b * BLOCK]
        deepest = 1.0
        for t in range(b * BLOCK, (b + 1) * BLOCK):
            low = min(low, close[t])
            high = max(high, close[t])
            deepest = min(deepest, close[t] / high)
        blocks[b, 0], blocks[b, 1], blocks[b, 2] = low, high, deepest
