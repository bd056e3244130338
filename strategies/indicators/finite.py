"""The one compiled look at a column before anything is computed from it."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel

Line = NDArray[np.float64]

_EXPONENT = np.int64(0x7FF0000000000000)


@kernel
def all_finite_nb(values: Line) -> bool:
    """Whether no value is NaN or infinite: those have all bits of the exponent set."""
    bits = values.view(np.int64)
    largest = np.int64(0)
    for i in range(bits.size):
        largest = max(largest, bits[i] & _EXPONENT)
    return bool(largest != _EXPONENT)
