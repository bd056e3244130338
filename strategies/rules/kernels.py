"""The compiled loop from entries and exits to a target. It trusts its input and never raises."""

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import allocating

Flags = NDArray[np.bool_]


@allocating
def target_nb(
    long_entry: Flags,
    long_exits: Flags,
    long_holds: NDArray[np.int64],
    short_entry: Flags,
    short_exits: Flags,
    short_holds: NDArray[np.int64],
    first: int,
) -> NDArray[np.float64]:
    """The wanted position at each close; see `machine.targets` for the rules and the shapes."""
    n = long_entry.size
    out = np.full(n, np.nan)
    position = 0
    since = 0  # the row at which the entry into the present position was decided
    for t in range(first, n):
        passed = t - since
        into_long = long_entry[t] and not short_entry[t] and not long_exits[0, t]
        into_short = short_entry[t] and not long_entry[t] and not short_exits[0, t]
        if position > 0:
            level = 0
            while level < long_holds.size and long_holds[level] <= passed:
                level += 1
            if into_short:
                position, since = -1, t
            elif long_exits[level, t]:
                position = 0
        elif position < 0:
            level = 0
            while level < short_holds.size and short_holds[level] <= passed:
                level += 1
            if into_long:
                position, since = 1, t
            elif short_exits[level, t]:
                position = 0
        elif into_long:
            position, since = 1, t
        elif into_short:
            position, since = -1, t
        out[t] = position
    return out
